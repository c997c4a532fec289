/**
 * Sends one HTTP request to a host that we do not trust. Rules: one time limit covers connection, headers and
 * body. Stop ends all three. We follow no redirect and limit the bytes that we read. n8n's own time limit
 * ends at the first byte, and destroying a stalled body does not settle pending reads. So we also race the
 * work against the time limit.
 */
import type { IDataObject, IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';
import { runAfter } from '../base/clock';
import type { Clock } from '../base/clock';
import { onAbort } from '../base/onAbort';

export type Body = Extract<IN8nHttpFullResponse['body'], { unshift: unknown; destroy: unknown }>;

export interface SafeRequest {
	method: 'GET' | 'POST';
	url: string;
	query?: IDataObject;
	headers: IDataObject;
	body?: object;
	/** The time limit for connection, headers and body together. */
	timeoutMs: number;
	/** The time limit until the first byte of the response; by default `timeoutMs`. */
	firstByteMs?: number;
}

/** A response whose body is still open. */
export interface SafeResponse {
	status: number;
	/** By lower-case names. */
	headers: IN8nHttpFullResponse['headers'];
	body: Body;
	/** Ends the request, and rejects the work on the response with this error. */
	breakOff: (reason: Error) => void;
}

export interface RequestTools {
	clock: Clock;
	/** Breaks the request off. */
	signal?: AbortSignal;
}

const BROKEN_OFF = new Error('Broken off');

/** Closes a body. n8n returns text instead of a stream if there is none. */
const closeBody = (body: unknown) => {
	if (typeof body === 'object' && body !== null && 'destroy' in body) (body as Body).destroy();
};

/** An aborted request rejects within this many microtasks (n8n 2.40.7: fewer than 20). */
const MICROTASKS = 100;

/** Waits for the error of an aborted request, because it shows whether the connection was ever ready. */
async function ownErrorFirst(): Promise<void> {
	for (let turn = 0; turn < MICROTASKS; turn++) await Promise.resolve();
}

/**
 * Sends a request and processes its response, both within the request's time limit.
 * @param send n8n's helper, with or without a credential
 * @param use processes a response of any status; afterwards the body is closed
 * @throws the error of the helper or of `use`, or an error if the time limit or Stop ended the request
 */
export async function withResponse<T>(
	send: (options: IHttpRequestOptions) => Promise<IN8nHttpFullResponse>,
	{ method, url, query, headers, body, timeoutMs, firstByteMs = timeoutMs }: SafeRequest,
	{ clock, signal }: RequestTools,
	use: (response: SafeResponse) => Promise<T>,
): Promise<T> {
	const ended = new AbortController();
	const breakOff = () => ended.abort(BROKEN_OFF);
	const callOffLimit = runAfter(clock, timeoutMs, breakOff);
	const callOffFirstByte = runAfter(clock, firstByteMs, breakOff);
	const forgetStop = signal && onAbort(signal, breakOff);
	let hasResponded = false;
	const brokenOff = new Promise<never>((_, reject) => {
		onAbort(ended.signal, () => {
			const end = () => reject(ended.signal.reason as Error);
			if (hasResponded) end();
			else void ownErrorFirst().then(end);
		});
	});
	const work = async (): Promise<T> => {
		const response = await send({
			method,
			url,
			qs: query,
			headers,
			body,
			timeout: firstByteMs,
			abortSignal: ended.signal,
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
		});
		hasResponded = true;
		callOffFirstByte();
		const open = {
			status: response.statusCode,
			headers: response.headers,
			body: response.body as Body,
			breakOff: (reason: Error) => ended.abort(reason),
		};
		try {
			return await use(open);
		} finally {
			closeBody(open.body);
		}
	};
	try {
		return await Promise.race([work(), brokenOff]);
	} finally {
		callOffLimit();
		callOffFirstByte();
		forgetStop?.();
	}
}

/**
 * Yields the pieces of a body, and notices if no piece comes for a while. The reader's own time does not count.
 * @param stallMs the longest time between two pieces
 * @param stalled is called once that time has passed
 */
export async function* readWithoutStalls(
	pieces: AsyncIterable<Buffer>,
	stallMs: number,
	{ clock }: Pick<RequestTools, 'clock'>,
	stalled: () => void,
): AsyncGenerator<Buffer> {
	const ended = new AbortController();
	/** When we began to wait for the next piece; `undefined` while the reader processes one. */
	let waitingSince: number | undefined = clock.now();
	// One timer serves all pieces, because a video has hundreds of them.
	const watch = async () => {
		while (!ended.signal.aborted) {
			const leftMs = (waitingSince ?? clock.now()) + stallMs - clock.now();
			if (leftMs <= 0) return stalled();
			await clock.sleep(leftMs, ended.signal);
		}
	};
	void watch();
	try {
		for await (const piece of pieces) {
			waitingSince = undefined;
			yield piece;
			waitingSince = clock.now();
		}
	} finally {
		ended.abort();
	}
}

/**
 * Reads a body as text.
 * @param maxBytes the largest body that is accepted
 * @throws RangeError if the body is larger, or the stream's own error
 */
export async function readText(body: Body | string, maxBytes: number): Promise<string> {
	const chunks: Buffer[] = [];
	let size = 0;
	const pieces: AsyncIterable<Buffer | string> | string[] =
		typeof body === 'string' ? [body] : body;
	for await (const chunk of pieces) {
		const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
		size += bytes.length;
		if (size > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
		chunks.push(bytes);
	}
	return Buffer.concat(chunks).toString('utf8');
}
