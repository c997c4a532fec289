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
import type { Clock } from '../clock';
import { fail, STOPPED, succeed } from '../result';
import type { FailureKind, Result } from '../result';
import { isLoopback, isPrivate } from './publicHosts';

export type Body = Extract<IN8nHttpFullResponse['body'], { unshift: unknown; destroy: unknown }>;

export interface LinkTools {
	functions: IExecuteFunctions | IPollFunctions;
	clock: Clock;
	signal?: AbortSignal;
	/** The account is a sandbox on this machine: what it links to is too. */
	allowLoopback: boolean;
}

/** What is asked of a link. */
export interface LinkRequest {
	/** What a message calls it, e.g. "The video link". */
	name: string;
	headers: IDataObject;
	nextStep: string;
}

/** An open answer: its body still has to be read, or destroyed. */
export interface OpenLink {
	headers: IN8nHttpFullResponse['headers'];
	body: Body;
}

const MAX_REDIRECTS = 3;
const TIMEOUT_MS = 120_000;

/** Whether a link may be followed. */
export function checkLink(
	url: URL | undefined,
	{ name, nextStep }: LinkRequest,
	{ allowLoopback }: LinkTools,
): Result<URL> {
	const refuse = (message: string) => fail({ kind: 'refused', message, nextStep });
	const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
	if (!url || !isWeb || url.username || url.password) return refuse(`${name} is not a web address`);
	if (isPrivate(url) && !(allowLoopback && isLoopback(url))) {
		return refuse(`${name} leads into a private network (${url.hostname})`);
	}
	return succeed(url);
}

const isRedirect = (status: number) => status >= 300 && status < 400;
const isPassing = (status: number) => status >= 500 || status === 429;

/** Opens a link as a stream; 200 and 206 are answers, anything else is a failure. */
export async function openLink(
	url: URL,
	request: LinkRequest,
	tools: LinkTools,
	hops = 0,
): Promise<Result<OpenLink>> {
	const { name, headers, nextStep } = request;
	const refuse = (message: string, kind: FailureKind = 'refused') =>
		fail({ kind, message, nextStep });
	const checked = checkLink(url, request, tools);
	if (!checked.ok) return checked;
	let answer: IN8nHttpFullResponse;
	try {
		answer = (await tools.functions.helpers.httpRequest({
			method: 'GET',
			url: url.href,
			headers: { ...headers, 'Accept-Encoding': 'identity' },
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			timeout: TIMEOUT_MS,
			abortSignal: tools.signal,
		})) as IN8nHttpFullResponse;
	} catch {
		if (tools.signal?.aborted) return fail(STOPPED);
		return refuse(`${name} leads to a host that did not answer`, 'noAnswer');
	}
	const status = answer.statusCode;
	const body = answer.body as Body;
	if (status === 200 || status === 206) return succeed({ headers: answer.headers, body });
	body.destroy();
	const { location } = answer.headers;
	if (isRedirect(status) && typeof location === 'string' && hops < MAX_REDIRECTS) {
		if (!URL.canParse(location, url.href)) return refuse(`${name} redirects to no address`);
		return await openLink(new URL(location, url.href), request, tools, hops + 1);
	}
	if (status === 403 || status === 404) {
		return refuse(`${name} has expired or is not valid (HTTP ${status})`);
	}
	const message = `${name} was answered with HTTP ${status}`;
	return refuse(message, isPassing(status) ? 'noAnswer' : 'refused');
}

/**
 * Works on a body for a limited time: n8n's own limit ends with the first byte. A body that takes
 * longer, or that nobody wants any more because of Stop, breaks off.
 */
export async function whileOpen<T>(
	body: Body,
	timeoutMs: number,
	{ clock, signal }: LinkTools,
	work: () => Promise<T>,
): Promise<T> {
	const done = new AbortController();
	const limit = AbortSignal.any(signal ? [signal, done.signal] : [done.signal]);
	const end = clock.sleep(timeoutMs, limit).then(() => body.destroy(new Error('Broken off')));
	try {
		return await work();
	} finally {
		done.abort();
		await end;
	}
}
