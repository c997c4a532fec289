/**
 * Follows a link that came from the network or from a user. It is not trusted: public hosts only, and
 * every hop of a redirect is checked like the first. Rule: the API key never goes along; this is plain
 * `httpRequest`, without a credential.
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
	/** The account is a sandbox on this machine: what it links to is too. */
	allowLoopback: boolean;
}

/** What is asked of a link. */
export interface LinkRequest {
	/** What a message calls it, e.g. "The video link". */
	name: string;
	headers: IDataObject;
	nextStep: string;
	/** For the whole of one hop. */
	timeoutMs: number;
	/** What became of a body that broke off, e.g. "The download broke off". */
	brokenOff: string;
}

/** Why an answer was broken off; its message is for the user. */
export class Stalled extends Error {}

const MAX_REDIRECTS = 3;
const FIRST_BYTE_MS = 60_000;

const linkFailure = (
	{ nextStep }: LinkRequest,
	message: string,
	kind: FailureKind = 'rejected',
): { ok: false; failure: Failure } => fail({ kind, message, nextStep });

/** Whether a link may be followed. */
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

/** Proxies for a whole machine give names addresses of this range (RFC 2544), and look them up themselves. */
const isStandIn = (error: object) => 'ip' in error && /^198\.1[89]\./.test(String(error.ip));

/**
 * Whether the host's name leads to a public address. A node cannot look names up, but n8n can, from 2.40
 * on (docs/n8n.md, "Where requests may go"); before, a name is as good as it looks.
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
		// A name that n8n cannot look up; behind a proxy, it is the proxy that can.
		return succeed(url);
	}
	const where = `${request.name} leads into a private network (${url.hostname}, by its address)`;
	return linkFailure(request, where);
}

const isRedirect = (status: number) => status >= 300 && status < 400;
const isPassing = (status: number) => status >= 500 || status === 429;

/** What an answer that is not the file means. */
function statusFailure(request: LinkRequest, status: number) {
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
 * Opens a link and works on what it leads to; 200 and 206 are answers, anything else is a failure.
 * @param use what is made of the answer; an exception in it counts as a body that broke off
 */
export async function fetchUntrusted<T>(
	url: URL,
	request: LinkRequest,
	tools: LinkTools,
	use: (answer: SafeResponse) => Promise<Result<T>>,
	hops = 0,
): Promise<Result<T>> {
	const { name, headers, timeoutMs } = request;
	const checked = checkLink(url, request, tools);
	if (!checked.ok) return checked;
	const reachable = await checkAddress(url, request, tools);
	if (!reachable.ok) return reachable;
	let redirect: string | undefined;
	let hasAnswered = false;
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
			async (answer) => {
				hasAnswered = true;
				const { location } = answer.headers;
				if (answer.status === 200 || answer.status === 206) return await use(answer);
				if (isRedirect(answer.status) && typeof location === 'string') redirect = location;
				return statusFailure(request, answer.status);
			},
		);
		if (redirect === undefined || hops >= MAX_REDIRECTS) return result;
	} catch (error) {
		if (tools.signal?.aborted) return fail(STOPPED);
		return hasAnswered
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
