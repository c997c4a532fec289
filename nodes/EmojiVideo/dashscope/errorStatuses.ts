/** HTTP statuses as data: the meaning of each for the user and for a retry, if the error code has none. */
import type { FailureKind } from '../base/result';
import { ITEM_FIELDS, KEY, RIGHTS } from './errorCodes';
import type { Meaning } from './errorCodes';

/**
 * The HTTP status that the error page lists for codes of this form, for an error body with HTTP 200. After a code
 * that is not in the table, DashScope may have acted, as after any 5xx.
 */
export const STATUS_OF_CODES: Array<{ codes: RegExp; status: number }> = [
	{ codes: /^(429|throttling\b|limit_)/i, status: 429 },
	{ codes: /^(401|invalid_?api_?key|not authorized|unauthorized)/i, status: 401 },
	{ codes: /^(403|accessdenied\b|\w+\.accessdenied)/i, status: 403 },
	{
		codes: /^(400|invalid|badrequest|unsupported|data_?inspection|ipinfring)/i,
		status: 400,
	},
];

interface StatusRow extends Meaning {
	from: number;
	/** The last status of the row. Absent: the row has no upper end. */
	to?: number;
	kind: FailureKind;
	/** HTTP itself defines this meaning, so it does not matter which server responded. */
	isProtocol?: true;
	/** The same request will probably fail again. */
	lasts?: true;
}

const LATER: Meaning = {
	title: 'DashScope has a problem of its own',
	nextStep: 'Nothing is wrong with the workflow. Try again later.',
};
const GATEWAY: Meaning = {
	title: 'The request ran out of time, or a gateway gave it up',
	nextStep: 'Try again; if there is a gateway in front of DashScope, raise its time limit.',
};

const PROXY: Meaning = {
	title: 'The proxy refused the connection',
	nextStep:
		'Check HTTPS_PROXY of the n8n host, with its user name and password, or ask the operator of the proxy. The request did not reach DashScope.',
};

/** A response without an error code of DashScope. */
export const INTERMEDIARY: Meaning = {
	title: 'A firewall or proxy responded instead of DashScope',
	nextStep:
		'Try again. If it happens again, allow requests from the n8n host to DashScope in that firewall or proxy, and check the endpoint of the credential: a Custom URL ends before /api/v1.',
};

/** The meaning of an HTTP status if the code has none. The first match counts. */
export const BY_STATUS: StatusRow[] = [
	// RFC 9110 section 15.5.8, RFC 6585 section 6: a proxy did not forward the request.
	{ from: 407, to: 407, kind: 'unreachable', isProtocol: true, lasts: true, ...PROXY },
	{ from: 511, to: 511, kind: 'unreachable', isProtocol: true, lasts: true, ...PROXY },
	// DashScope may have received the request and acted.
	{ from: 408, to: 408, kind: 'noResponse', isProtocol: true, ...GATEWAY },
	{ from: 499, to: 499, kind: 'noResponse', isProtocol: true, ...GATEWAY },
	{ from: 504, to: 504, kind: 'noResponse', isProtocol: true, ...GATEWAY },
	// RFC 9110 section 15.5.20, RFC 8470 section 5.2: try another connection, or later.
	{ from: 421, to: 421, kind: 'unavailable', isProtocol: true, ...LATER },
	{ from: 425, to: 425, kind: 'unavailable', isProtocol: true, ...LATER },
	{ from: 500, kind: 'unavailable', ...LATER },
	{
		from: 430,
		kind: 'rejected',
		title: 'DashScope refused the request',
		nextStep: 'Check the endpoint of the credential.',
	},
	{
		from: 429,
		to: 429,
		kind: 'throttled',
		isProtocol: true,
		title: 'The account is over its request limit',
		nextStep: 'Try again in a minute.',
	},
	{
		from: 404,
		kind: 'rejected',
		title: 'The endpoint does not serve the DashScope API',
		nextStep: 'Check the endpoint of the credential; a Custom URL ends before /api/v1.',
	},
	{
		from: 403,
		to: 403,
		kind: 'unauthorized',
		title: 'DashScope denied access',
		nextStep: RIGHTS.nextStep,
	},
	{ from: 401, kind: 'unauthorized', ...KEY },
	{
		from: 400,
		kind: 'rejected',
		title: 'DashScope refused the request',
		nextStep: ITEM_FIELDS.nextStep,
	},
	{
		from: 300,
		kind: 'unreachable',
		isProtocol: true,
		lasts: true,
		title: 'The endpoint redirects elsewhere',
		nextStep: 'The API key is not sent across a redirect. Check the endpoint of the credential.',
	},
	{
		from: 0,
		kind: 'unreadable',
		title: 'The answer is not one of DashScope',
		nextStep: 'Check that the endpoint of the credential is DashScope or a gateway in front of it.',
	},
];
