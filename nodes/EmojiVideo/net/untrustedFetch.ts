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
import { fail, STOPPED, succeed } from '../base/result';
import type { Failure, FailureKind, Result } from '../base/result';
import { isLoopback, isPrivate } from './publicHosts';
import { withResponse } from './safeRequest';
import type { RequestTools, SafeResponse } from './safeRequest';

export interface LinkTools extends RequestTools {
	functions: IExecuteFunctions | IPollFunctions;
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

/** Ends a response that stalls. Its message is shown to the user. */
export class Stalled extends Error {}

/** No source; a browser allows 20 (Fetch standard, 4.4). */
const MAX_REDIRECTS = 3;
/** The time limit until a host sends its first byte. No source. */
const FIRST_BYTE_MS = 60_000;

const linkFailure = (
	{ nextStep }: LinkRequest,
	message: string,
	kind: FailureKind = 'rejected',
): { ok: false; failure: Failure } => fail({ kind, message, nextStep });

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

/** A TUN proxy answers DNS queries with addresses of this range (RFC 2544) and resolves the names itself. */
const isStandIn = (error: object) => 'ip' in error && /^198\.1[89]\./.test(String(error.ip));

/**
 * Checks by DNS whether a host has a public address. Nodes have no DNS, but n8n 2.40 and newer offers a
 * look-up (docs/n8n.md, "Where requests may go"). Older versions of n8n check only the name.
 */
async function checkAddress(
	url: URL,
	request: LinkRequest,
	{ functions, allowLoopback }: LinkTools,
): Promise<Result<URL>> {
	const { getSecureEgressFilter } = functions.helpers as Partial<IExecuteFunctions['helpers']>;
	if (!getSecureEgressFilter || (allowLoopback && isLoopback(url))) return succeed(url);
	try {
		const found = await getSecureEgressFilter('enforced').validateUrl(url);
		if (found.ok || isStandIn(found.error)) return succeed(url);
	} catch {
		// n8n cannot resolve the name. Behind a proxy, the proxy resolves it.
		return succeed(url);
	}
	const where = `${request.name} leads into a private network (${url.hostname}, by its address)`;
	return linkFailure(request, where);
}

const isRedirect = (status: number) => status >= 300 && status < 400;
const isPassing = (status: number) => status >= 500 || status === 429;

/** Makes a failure of a status that is not 200 or 206. */
function buildStatusFailure(request: LinkRequest, status: number) {
	const { name } = request;
	return status === 403 || status === 404
		? linkFailure(request, `${name} has expired or is not valid (HTTP ${status})`)
		: linkFailure(
				request,
				`${name} was answered with HTTP ${status}`,
				isPassing(status) ? 'noResponse' : 'rejected',
			);
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
): Promise<Result<T>> {
	const { name, headers, timeoutMs } = request;
	const checked = checkLink(url, request, tools);
	if (!checked.ok) return checked;
	const reachable = await checkAddress(url, request, tools);
	if (!reachable.ok) return reachable;
	let redirect: string | undefined;
	let hasResponded = false;
	try {
		const result = await withResponse<Result<T>>(
			async (options) =>
				(await tools.functions.helpers.httpRequest(options)) as IN8nHttpFullResponse,
			{
				method: 'GET',
				url: url.href,
				headers: { ...headers, 'Accept-Encoding': 'identity' },
				timeoutMs,
				firstByteMs: FIRST_BYTE_MS,
			},
			tools,
			async (response) => {
				hasResponded = true;
				const { location } = response.headers;
				if (response.status === 200 || response.status === 206) return await use(response);
				if (isRedirect(response.status) && typeof location === 'string') redirect = location;
				return buildStatusFailure(request, response.status);
			},
		);
		if (redirect === undefined || hops >= MAX_REDIRECTS) return result;
	} catch (error) {
		if (tools.signal?.aborted) return fail(STOPPED);
		return hasResponded
			? linkFailure(
					request,
					error instanceof Stalled ? error.message : request.brokenOff,
					'noResponse',
				)
			: linkFailure(request, `${name} leads to a host that did not answer`, 'noResponse');
	}
	return URL.canParse(redirect, url.href)
		? await fetchUntrusted(new URL(redirect, url.href), request, tools, use, hops + 1)
		: linkFailure(request, `${name} redirects to no address`);
}
