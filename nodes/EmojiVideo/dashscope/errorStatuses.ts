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
}

const LATER: Meaning = {
	title: 'DashScope has a problem of its own',
	nextStep: 'Nothing is wrong with the workflow. Try again later.',
};
const GATEWAY: Meaning = {
	title: 'The request ran out of time, or a gateway gave it up',
	nextStep: 'Try again; if there is a gateway in front of DashScope, raise its time limit.',
};

/** The meaning of an HTTP status if the code has none. The first match counts. */
export const BY_STATUS: StatusRow[] = [
	// DashScope may have received the request and acted.
	{ from: 408, to: 408, kind: 'noResponse', ...GATEWAY },
	{ from: 499, to: 499, kind: 'noResponse', ...GATEWAY },
	{ from: 504, to: 504, kind: 'noResponse', ...GATEWAY },
	// RFC 9110 section 15.5.20, RFC 8470 section 5.2: try another connection, or later.
	{ from: 421, to: 421, kind: 'unavailable', ...LATER },
	{ from: 425, to: 425, kind: 'unavailable', ...LATER },
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
		kind: 'rejected',
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
