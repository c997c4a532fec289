/**
 * One HTTP request to a host that is not trusted to behave. Rules: one time limit over connection,
 * headers and body, and Stop ends all three; no redirect is followed; what is read is bounded. n8n's own
 * time limit ends with the first byte, and a body that stalls does not end by being destroyed, so the
 * work is raced against the limit as well as told of it.
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
	/** For everything: connection, headers, body. */
	timeoutMs: number;
	/** Until the first byte of the answer, where that is to be shorter. */
	firstByteMs?: number;
}

/** An answer whose body is still open. */
export interface SafeResponse {
	status: number;
	/** Lower-case names. */
	headers: IN8nHttpFullResponse['headers'];
	body: Body;
	/** Ends the request, and the work on its answer with this error. */
	breakOff: (reason: Error) => void;
}

export interface RequestTools {
	clock: Clock;
	/** Aborts when the user stops the execution. */
	signal?: AbortSignal;
}

const BROKEN_OFF = new Error('Broken off');

/** n8n gives text instead of a stream where there is no body. */
const close = (body: unknown) => {
	if (typeof body === 'object' && body !== null && 'destroy' in body) (body as Body).destroy();
};

/**
 * Sends a request and works on its answer, both within the request's time limit.
 * @param send n8n's helper, with or without a credential
 * @param use what is made of the answer, whatever its status; the body is closed behind it
 * @throws what the helper or `use` throws, or an error when time ran out or the execution was stopped
 */
export async function withResponse<T>(
	send: (options: IHttpRequestOptions) => Promise<IN8nHttpFullResponse>,
	{ method, url, query, headers, body, timeoutMs, firstByteMs = timeoutMs }: SafeRequest,
	{ clock, signal }: RequestTools,
	use: (answer: SafeResponse) => Promise<T>,
): Promise<T> {
	const ended = new AbortController();
	const breakOff = () => ended.abort(BROKEN_OFF);
	const callOffLimit = runAfter(clock, timeoutMs, breakOff);
	const callOffFirstByte = runAfter(clock, firstByteMs, breakOff);
	const forgetStop = signal && onAbort(signal, breakOff);
	const brokenOff = new Promise<never>((_, reject) => {
		onAbort(ended.signal, () => reject(ended.signal.reason as Error));
	});
	const work = async (): Promise<T> => {
		const answer = await send({
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
		callOffFirstByte();
		const open = {
			status: answer.statusCode,
			headers: answer.headers,
			body: answer.body as Body,
			breakOff: (reason: Error) => ended.abort(reason),
		};
		try {
			return await use(open);
		} finally {
			close(open.body);
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
 * The pieces of a body as they come. How long its reader takes for one does not count.
 * @param stallMs the longest until the next one comes
 * @param stalled is called when none has
 */
export async function* steadily(
	pieces: AsyncIterable<Buffer>,
	stallMs: number,
	{ clock }: Pick<RequestTools, 'clock'>,
	stalled: () => void,
): AsyncGenerator<Buffer> {
	const ended = new AbortController();
	/** Since when the next piece is waited for; not while the last one is being worked with. */
	let since: number | undefined = clock.now();
	// One sleeper for all pieces: a video has hundreds.
	const watch = async () => {
		while (!ended.signal.aborted) {
			const leftMs = (since ?? clock.now()) + stallMs - clock.now();
			if (leftMs <= 0) return stalled();
			await clock.sleep(leftMs, ended.signal);
		}
	};
	void watch();
	try {
		for await (const piece of pieces) {
			since = undefined;
			yield piece;
			since = clock.now();
		}
	} finally {
		ended.abort();
	}
}

/**
 * A body as text.
 * @param maxBytes the most that it may have
 * @throws RangeError when it is larger, and whatever the stream throws
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
