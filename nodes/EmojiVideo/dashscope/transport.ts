/**
 * The wire: one HTTP request through n8n's helper, one answer or a failure, never an exception.
 * Rules: n8n adds the key, only here and only for the account's own URL; no redirect is followed;
 * an answer may not grow beyond what the API can mean.
 */
import type {
	IExecuteFunctions,
	IHttpRequestOptions,
	IN8nHttpFullResponse,
	IPollFunctions,
} from 'n8n-workflow';
import type { Clock } from '../base/clock';
import { fail, STOPPED, succeed } from '../base/result';
import { readText, withResponse } from '../net/safeRequest';
import type { Failure, Result } from '../base/result';

export interface ApiRequest {
	method: 'GET' | 'POST';
	/** From the base URL on, e.g. `/api/v1/tasks/...`. */
	path: string;
	query?: Record<string, string | number>;
	headers?: Record<string, string>;
	body?: object;
	timeoutMs: number;
	/** Its answer is worth waiting for: it names what was paid for. */
	isPaid?: boolean;
}

export interface HttpResponse {
	httpStatus: number;
	/** Lower-case names. */
	headers: Record<string, unknown>;
	text: string;
}

export type Send = (request: ApiRequest) => Promise<Result<HttpResponse>>;

/** A page of the task list is the largest answer there is, about 50 KB. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

interface NetworkFault {
	/** In words: n8n replaces any message that contains one of Node's codes by a canned text. */
	words: string;
	/** No connection was made, so nothing was sent. */
	notSent?: true;
}

/** Node.js' error codes, and axios' own for its time limit. */
const NETWORK_FAULTS: Record<string, NetworkFault> = {
	ECONNREFUSED: { words: 'connection refused', notSent: true },
	ENOTFOUND: { words: 'host name not found', notSent: true },
	EAI_AGAIN: { words: 'host name could not be looked up', notSent: true },
	EHOSTUNREACH: { words: 'host unreachable', notSent: true },
	ENETUNREACH: { words: 'network unreachable', notSent: true },
	EADDRNOTAVAIL: { words: 'address not available', notSent: true },
	ECONNRESET: { words: 'connection reset' },
	EPIPE: { words: 'connection closed' },
	ETIMEDOUT: { words: 'no answer in time' },
	ECONNABORTED: { words: 'no answer in time' },
};

/** n8n wraps network errors, so the code is looked for along the chain of causes. */
function networkCode(error: unknown): string | undefined {
	let current = error;
	for (let depth = 0; depth < 6 && typeof current === 'object' && current !== null; depth++) {
		const { code, cause } = current as { code?: unknown; cause?: unknown };
		if (typeof code === 'string') return code;
		current = cause;
	}
	return undefined;
}

/** Stop also cuts a request that is under way; DashScope may have acted on it. */
const STOPPED_UNDER_WAY: Failure = {
	...STOPPED,
	kind: 'interrupted',
	message: 'The execution was stopped while a request to DashScope was under way',
};

function networkFailure(error: unknown, baseUrl: string) {
	const fault = NETWORK_FAULTS[networkCode(error) ?? ''];
	const cause = fault ? ` (${fault.words})` : '';
	return fail({
		kind: fault?.notSent ? 'unreachable' : 'noResponse',
		message: fault?.notSent
			? `DashScope could not be reached at ${baseUrl}${cause}`
			: `The connection to DashScope at ${baseUrl} broke before an answer came${cause}`,
		nextStep:
			'Check the network of the n8n host and the endpoint of the credential, then run again.',
	});
}

/**
 * n8n gives every authenticated request the cancel signal of the execution that asks, if it has one, in
 * the place of the request's own: a time limit would then end nothing, and after Stop nothing could be
 * sent any more. This is the execution without that signal; Stop is part of the request's own.
 */
const withoutCancelSignal = (functions: IExecuteFunctions | IPollFunctions) =>
	({
		getCredentials: functions.getCredentials.bind(functions),
		getNode: () => functions.getNode(),
		helpers: functions.helpers,
		logger: functions.logger,
	}) as unknown as IExecuteFunctions;

/**
 * The door to the account: sends requests with n8n's `httpRequestWithAuthentication`.
 * @param functions the node's execution or poll
 * @param credentialType name of the credential type that authenticates
 * @param baseUrl the account's base URL, without a slash at the end
 * @param signal nothing is sent any more, and what is under way is cut
 * @param stopped cuts what is paid for; the end of a batch by its own does not
 */
export function createSend(
	functions: IExecuteFunctions | IPollFunctions,
	credentialType: string,
	baseUrl: string,
	clock: Clock,
	signal?: AbortSignal,
	stopped = signal,
): Send {
	const caller = withoutCancelSignal(functions);
	return async ({ method, path, query, headers, body, timeoutMs, isPaid }) => {
		if (signal?.aborted) return fail(STOPPED);
		const cut = isPaid ? stopped : signal;
		const request = {
			method,
			url: `${baseUrl}${path}`,
			query,
			headers: {
				Accept: 'application/json',
				...(body ? { 'Content-Type': 'application/json' } : {}),
				...headers,
			},
			body,
			timeoutMs,
		};
		const ask = async (options: IHttpRequestOptions) =>
			(await functions.helpers.httpRequestWithAuthentication.call(
				caller,
				credentialType,
				options,
			)) as IN8nHttpFullResponse;
		try {
			return await withResponse(ask, request, { clock, signal: cut }, async (answer) =>
				succeed({
					httpStatus: answer.status,
					headers: answer.headers,
					text: await readText(answer.body, MAX_ANSWER_BYTES),
				}),
			);
		} catch (error) {
			return cut?.aborted ? fail(STOPPED_UNDER_WAY) : networkFailure(error, baseUrl);
		}
	};
}
