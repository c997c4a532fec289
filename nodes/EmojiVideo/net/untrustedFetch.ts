/**
 * Follows a link from the network or from a user. We do not trust it: each hop of a redirect must lead to a
 * public host. Rule: we never send the API key. These are plain `httpRequest` calls without a credential.
 */
import type {
	IDataObject,
	IExecuteFunctions,
	IN8nHttpFullResponse,
	IPollFunctions,
} from 'n8n-workflow';
import { connectionFaultOf } from '../base/connectionFaults';
import type { ConnectionFault } from '../base/connectionFaults';
import { fail, STOPPED, succeed } from '../base/result';
import type { Failure, FailureKind, Result } from '../base/result';
import { readLinkExpiry, showMoment } from './linkExpiry';
import { isLoopback, isPrivate } from './publicHosts';
import { judgeHost } from './resolvedHosts';
import { readText, withResponse } from './safeRequest';
import type { Clock } from '../base/clock';
import type { Stop } from '../base/stop';
import type { SafeResponse } from './safeRequest';

export interface LinkTools {
	functions: IExecuteFunctions | IPollFunctions;
	clock: Clock;
	stop: Stop;
	/** The account is a sandbox on this machine, so its links may lead to this machine. */
	allowLoopback: boolean;
}

/** How to request a link, and how messages describe it. */
export interface LinkRequest {
	/** What messages call the link, e.g. "The video link". */
	name: string;
	headers: IDataObject;
	nextStep: string;
	/** The time limit of one hop, with its body. */
	timeoutMs: number;
	/** The message for a body that broke off, e.g. "The download broke off". */
	brokenOff: string;
}

/**
 * - `hidden`: a proxy hides the host's address, so we did not send the request.
 * - `missing`: the storage host has no file, although the link is valid by its own date.
 */
export type LinkObstacle = 'hidden' | 'missing';
type LinkFailure = { ok: false; failure: Failure; obstacle?: LinkObstacle };
/** A `Result` whose failure may name an obstacle that the caller handles. */
export type LinkResult<T> = Extract<Result<T>, { ok: true }> | LinkFailure;

/** Ends a response that stalls. Its message is shown to the user. */
export class Stalled extends Error {}

/** No source; a browser allows 20 (Fetch standard, 4.4). */
const MAX_REDIRECTS = 3;
/** The time limit until a host sends its first byte. No source. */
const FIRST_BYTE_MS = 60_000;

/** Error responses of storage hosts are a few lines of XML. */
const MAX_ERROR_BYTES = 64 * 1024;

const linkFailure = (
	{ nextStep }: LinkRequest,
	message: string,
	kind: FailureKind = 'rejected',
): LinkFailure => fail({ kind, message, nextStep });

/** Checks by the URL alone whether we may follow a link. */
export function checkLink(
	url: URL | undefined,
	request: LinkRequest,
	{ allowLoopback }: LinkTools,
): Result<URL> {
	const { name } = request;
	const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
	if (!url || !isWeb || url.username || url.password) {
		return linkFailure(request, `${name} is not a web address`);
	}
	if (isPrivate(url) && !(allowLoopback && isLoopback(url))) {
		return linkFailure(request, `${name} leads into a private network (${url.hostname})`);
	}
	return succeed(url);
}

/** Checks by DNS whether we may connect to a host; `undefined` if so. */
async function checkHost(
	url: URL,
	request: LinkRequest,
	{ functions, allowLoopback }: LinkTools,
): Promise<LinkFailure | undefined> {
	if (allowLoopback && isLoopback(url)) return undefined;
	const { name } = request;
	switch (await judgeHost(url, functions.helpers)) {
		case 'public':
			return undefined;
		case 'private':
			return linkFailure(
				request,
				`${name} leads into a private network (${url.hostname}, by its address)`,
			);
		case 'hidden': {
			const message = `${name} leads to ${url.hostname}, whose address a proxy hides from n8n`;
			return { ...linkFailure(request, message), obstacle: 'hidden' };
		}
	}
}

/** RFC 9110 section 15.5.8: only a proxy sends it, in place of forwarding the request. */
const PROXY_REFUSED = 407;

const isRedirect = (status: number) => status >= 300 && status < 400;
const isPassing = (status: number) => status >= 500 || status === 429;

/** What OSS and S3 say of a link after its end, e.g. "Request has expired." */
const SAYS_EXPIRED = /<Message>[^<]{0,300}expired/i;

/** Makes a failure of a 403 or 404. Only the link's own date, or the storage host, can say that it has expired. */
async function buildMissingFailure(
	url: URL,
	request: LinkRequest,
	{ status, headers, body }: SafeResponse,
	now: number,
): Promise<LinkFailure> {
	const { name } = request;
	const expiresAt = readLinkExpiry(url);
	const isXml = String(headers['content-type']).includes('xml');
	const words = isXml ? await readText(body, MAX_ERROR_BYTES).catch(() => '') : '';
	if (SAYS_EXPIRED.test(words) || (expiresAt !== undefined && now >= expiresAt)) {
		const when =
			expiresAt === undefined ? '' : ` The link was valid until ${showMoment(expiresAt)}.`;
		const failure = linkFailure(request, `${name} has expired (HTTP ${status})`);
		return fail({ ...failure.failure, nextStep: `${request.nextStep}${when}` });
	}
	const file = status === 403 ? 'a file that may not be read' : 'no file';
	const message = `${name} leads to ${file} (HTTP ${status})`;
	if (expiresAt === undefined) return linkFailure(request, message);
	const valid = `although it is valid until ${showMoment(expiresAt)}`;
	return { ...linkFailure(request, `${message}, ${valid}`), obstacle: 'missing' };
}

/** Makes a failure of a status that is not 200 or 206. */
async function buildStatusFailure(
	url: URL,
	request: LinkRequest,
	response: SafeResponse,
	now: number,
): Promise<LinkFailure> {
	const { status } = response;
	if (status === PROXY_REFUSED) {
		const message = `${request.name} could not be opened: the proxy refused the connection (HTTP 407)`;
		return fail({ kind: 'unreachable', message, nextStep: request.nextStep, lasts: true });
	}
	if (status === 403 || status === 404) {
		return await buildMissingFailure(url, request, response, now);
	}
	return linkFailure(
		request,
		`${request.name} was answered with HTTP ${status}`,
		isPassing(status) ? 'noResponse' : 'rejected',
	);
}

/** n8n's own SSRF protection, if the operator has switched it on, throws an error with the blocked address. */
const isBlockedByN8n = (error: unknown): error is { ip: string } =>
	typeof error === 'object' && error !== null && 'ip' in error && typeof error.ip === 'string';

/** Makes a failure of an exception. */
function buildThrownFailure(
	url: URL,
	request: LinkRequest,
	error: unknown,
	hasResponded: boolean,
): LinkFailure {
	const { name, brokenOff, nextStep } = request;
	if (isBlockedByN8n(error)) {
		return fail({
			kind: 'rejected',
			message: `${name} was blocked by n8n's SSRF protection (${url.hostname} has the address ${error.ip})`,
			nextStep: `${nextStep} Ask the operator of n8n to add the host to N8N_SSRF_ALLOWED_HOSTNAMES, or its address range to N8N_SSRF_ALLOWED_IP_RANGES.`,
		});
	}
	if (!hasResponded) {
		const {
			words,
			notSent,
			lasts,
			nextStep: remedy,
		}: Partial<ConnectionFault> = connectionFaultOf(error) ?? {};
		const reached = notSent ? 'could not be reached' : 'did not answer';
		const cause = words === undefined ? '' : ` (${words})`;
		return fail({
			kind: notSent ? 'unreachable' : 'noResponse',
			message: `${name} leads to a host that ${reached}${cause}`,
			nextStep: [remedy, nextStep].filter(Boolean).join(' '),
			...(lasts && { lasts }),
		});
	}
	const message = error instanceof Stalled ? error.message : brokenOff;
	return linkFailure(request, message, 'noResponse');
}

/**
 * Opens a link and processes its response. Any status except 200 and 206 is a failure.
 * @param use processes the response; if it throws, the body counts as broken off
 */
export async function fetchUntrusted<T>(
	url: URL,
	request: LinkRequest,
	tools: LinkTools,
	use: (response: SafeResponse) => Promise<Result<T>>,
	hops = 0,
): Promise<LinkResult<T>> {
	const { name, headers, timeoutMs } = request;
	const checked = checkLink(url, request, tools);
	if (!checked.ok) return checked;
	const unreachable = await checkHost(url, request, tools);
	if (unreachable) return unreachable;
	let redirect: string | undefined;
	let hasResponded = false;
	try {
		const result = await withResponse<LinkResult<T>>(
			async (options) =>
				(await tools.functions.helpers.httpRequest(options)) as IN8nHttpFullResponse,
			{
				method: 'GET',
				url: url.href,
				headers: { ...headers, 'Accept-Encoding': 'identity' },
				timeoutMs,
				firstByteMs: FIRST_BYTE_MS,
			},
			{ clock: tools.clock, signal: tools.stop.batchEnd },
			async (response) => {
				hasResponded = true;
				const { location } = response.headers;
				if (response.status === 200 || response.status === 206) return await use(response);
				if (isRedirect(response.status) && typeof location === 'string') redirect = location;
				return await buildStatusFailure(url, request, response, tools.clock.now());
			},
		);
		if (redirect === undefined || hops >= MAX_REDIRECTS) return result;
	} catch (error) {
		if (tools.stop.batchEnd.aborted) return fail(STOPPED);
		return buildThrownFailure(url, request, error, hasResponded);
	}
	return URL.canParse(redirect, url.href)
		? await fetchUntrusted(new URL(redirect, url.href), request, tools, use, hops + 1)
		: linkFailure(request, `${name} redirects to no address`);
}
