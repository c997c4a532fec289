/**
 * Sends one HTTP request through n8n's helper and returns a response or a failure, never an exception.
 * Rules: n8n adds the key, only here and only for the account's URL. Redirects are not followed. The size of a
 * response is limited.
 */
import type {
	IExecuteFunctions,
	IHttpRequestOptions,
	IN8nHttpFullResponse,
	IPollFunctions,
} from 'n8n-workflow';
import type { Clock } from '../base/clock';
import { connectionFaultOf } from '../base/connectionFaults';
import { fail, STOPPED, succeed } from '../base/result';
import type { Stop } from '../base/stop';
import { readText, withResponse } from '../net/safeRequest';
import type { Failure, Result } from '../base/result';

export interface ApiRequest {
	method: 'GET' | 'POST';
	/** Follows the base URL, e.g. `/api/v1/tasks/...`. */
	path: string;
	query?: Record<string, string | number>;
	headers?: Record<string, string>;
	body?: object;
	timeoutMs: number;
	/** The paid submit. Only Stop ends it early, because its response names the paid task. */
	isPaid?: boolean;
}

export interface HttpResponse {
	httpStatus: number;
	/** Lower-case names. */
	headers: Record<string, unknown>;
	text: string;
}

export type Send = (request: ApiRequest) => Promise<Result<HttpResponse>>;

/** The largest response is a page of the task list, about 50 KB. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

/** Stop also ends a request in progress. DashScope may have acted on it. */
const STOPPED_UNDER_WAY: Failure = {
	...STOPPED,
	kind: 'interrupted',
	message: 'The execution was stopped while a request to DashScope was under way',
};

const CHECK_NETWORK =
	'Check the network of the n8n host and the endpoint of the credential, then run again.';

function networkFailure(error: unknown, baseUrl: string) {
	const fault = connectionFaultOf(error);
	const cause = fault ? ` (${fault.words})` : '';
	return fail({
		kind: fault?.notSent ? 'unreachable' : 'noResponse',
		message: fault?.notSent
			? `DashScope could not be reached at ${baseUrl}${cause}`
			: `The connection to DashScope at ${baseUrl} broke before an answer came${cause}`,
		nextStep: fault?.nextStep ?? CHECK_NETWORK,
		...(fault?.lasts && { lasts: true }),
	});
}

/**
 * The execution without its cancel signal. n8n puts that signal in place of the request's own for every
 * authenticated request. Then a time limit could not end a request, and after Stop no request could be sent. The
 * request's own signal includes Stop.
 */
const withoutCancelSignal = (functions: IExecuteFunctions | IPollFunctions) =>
	({
		getCredentials: functions.getCredentials.bind(functions),
		getNode: () => functions.getNode(),
		helpers: functions.helpers,
		logger: functions.logger,
	}) as unknown as IExecuteFunctions;

/** What requests to an account are sent with. */
export interface SendOptions {
	/** The node's execution or poll. */
	functions: IExecuteFunctions | IPollFunctions;
	/** Name of the credential type that authenticates. */
	credentialType: string;
	/** The account's base URL, without a slash at the end. */
	baseUrl: string;
	clock: Clock;
	stop: Stop;
}

/** Creates the transport to the account, which uses n8n's `httpRequestWithAuthentication`. */
export function createSend({ functions, credentialType, baseUrl, clock, stop }: SendOptions): Send {
	const caller = withoutCancelSignal(functions);
	return async ({ method, path, query, headers, body, timeoutMs, isPaid }) => {
		if (stop.batchEnd.aborted) return fail(STOPPED);
		const signal = isPaid ? stop.userStop : stop.batchEnd;
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
			return await withResponse(ask, request, { clock, signal }, async (answer) =>
				succeed({
					httpStatus: answer.status,
					headers: answer.headers,
					text: await readText(answer.body, MAX_ANSWER_BYTES),
				}),
			);
		} catch (error) {
			return signal.aborted ? fail(STOPPED_UNDER_WAY) : networkFailure(error, baseUrl);
		}
	};
}
