/** The transport: the parts of a request, and the failure of one that breaks. It never throws. */
import { setImmediate as nextRound } from 'node:timers/promises';
import type { IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';
import { createSend } from '../../../nodes/EmojiVideo/dashscope/transport';
import type { ApiRequest } from '../../../nodes/EmojiVideo/dashscope/transport';
import { fail, STOPPED, succeed } from '../../../nodes/EmojiVideo/base/result';
import { createVirtualClock } from '../support/virtualClock.mts';
import { createStop, neverStops } from '../../../nodes/EmojiVideo/base/stop';

const URL = 'https://dashscope.example';
const QUESTION: ApiRequest = { method: 'GET', path: '/api/v1/tasks/a', timeoutMs: 1000 };

const ANSWER = { statusCode: 200, headers: { date: 'today' }, body: '{}' };

/** Sends one request; n8n's helper does this with it. */
async function send(helper: () => unknown, request: ApiRequest = QUESTION, stop = neverStops()) {
	const asked: IHttpRequestOptions[] = [];
	const types: string[] = [];
	const functions = {
		getCredentials: () => undefined,
		helpers: {
			httpRequestWithAuthentication: async (type: string, options: IHttpRequestOptions) => {
				types.push(type);
				asked.push(options);
				return await Promise.resolve(helper());
			},
		},
	} as unknown as IExecuteFunctions;
	const clock = createVirtualClock();
	const door = createSend({
		functions,
		credentialType: 'dashScopeApi',
		baseUrl: URL,
		clock,
		stop,
	});
	return { asked, types, result: await door(request) };
}

const throwing = (error: unknown) => () => {
	throw error;
};

/** An error that stands behind this many others. */
const behind = (depth: number, error: unknown): unknown =>
	depth === 0 ? error : { message: 'wrapped', cause: behind(depth - 1, error) };

const broke = (words = '') =>
	fail({
		kind: 'noResponse',
		message: `The connection to DashScope at ${URL} broke before an answer came${words}`,
		nextStep:
			'Check the network of the n8n host and the endpoint of the credential, then run again.',
	});
const notReached = (words: string) =>
	fail({
		kind: 'unreachable',
		message: `DashScope could not be reached at ${URL} (${words})`,
		nextStep:
			'Check the network of the n8n host and the endpoint of the credential, then run again.',
	});

describe('a request', () => {
	it('goes to the account’s URL, asks for JSON, and has a body only if one is given', async () => {
		const { asked, result } = await send(() => ANSWER, { ...QUESTION, headers: { 'X-A': '1' } });
		expect(asked).toMatchObject([{ method: 'GET', url: `${URL}/api/v1/tasks/a` }]);
		expect(asked[0]?.headers).toEqual({ Accept: 'application/json', 'X-A': '1' });
		expect(result).toEqual(succeed({ httpStatus: 200, headers: { date: 'today' }, text: '{}' }));
	});

	it('declares its body as JSON', async () => {
		const { asked } = await send(() => ANSWER, { ...QUESTION, method: 'POST', body: { a: 1 } });
		expect(asked).toMatchObject([{ method: 'POST', body: { a: 1 } }]);
		expect(asked[0]?.headers).toEqual({
			Accept: 'application/json',
			'Content-Type': 'application/json',
		});
	});

	it.each([false, true])('is not sent after Stop (paid: %j)', async (isPaid) => {
		const request = { ...QUESTION, isPaid };
		const { stop } = createStop(AbortSignal.abort());
		const { asked, result } = await send(() => ANSWER, request, stop);
		expect([asked, result]).toEqual([[], fail(STOPPED)]);
	});
});

describe('a request whose connection fails', () => {
	it.each([
		['ECONNREFUSED', 'connection refused'],
		['ENOTFOUND', 'host name not found'],
		['EAI_AGAIN', 'host name could not be looked up'],
		['EHOSTUNREACH', 'host unreachable'],
		['ENETUNREACH', 'network unreachable'],
		['EADDRNOTAVAIL', 'address not available'],
	])('with %s was not sent', async (code, words) => {
		expect((await send(throwing({ code }))).result).toEqual(notReached(words));
	});

	it.each([
		['ECONNRESET', 'connection reset'],
		['EPIPE', 'connection closed'],
		['ETIMEDOUT', 'no answer in time'],
		['ECONNABORTED', 'no answer in time'],
	])('with %s may have reached DashScope', async (code, words) => {
		expect((await send(throwing({ code }))).result).toEqual(broke(` (${words})`));
	});

	it.each([0, 1, 5])('has its error code behind %i other errors', async (depth) => {
		const error = behind(depth, { code: 'ECONNREFUSED' });
		expect((await send(throwing(error))).result).toEqual(notReached('connection refused'));
	});

	const circle: { cause?: unknown } = {};
	circle.cause = circle;

	it.each([
		['an error without a code', new Error('x')],
		['an unknown code', { code: 'E_ODD' }],
		['an unknown code before a known one', { code: 'E_ODD', cause: { code: 'ECONNREFUSED' } }],
		['a code too deep in the chain', behind(6, { code: 'ECONNREFUSED' })],
		['an error in a circle', circle],
		['an error with a null cause', { cause: null }],
		['text', 'ECONNREFUSED'],
		['nothing', undefined],
		['null', null],
	])('with %s may have reached DashScope, and the message has no cause', async (_, error) => {
		expect((await send(throwing(error))).result).toEqual(broke());
	});

	it('can have its error code behind an error whose code is a number', async () => {
		const error = { code: 7, cause: { code: 'ENOTFOUND' } };
		expect((await send(throwing(error))).result).toEqual(notReached('host name not found'));
	});

	it('because of Stop may have reached DashScope', async () => {
		const stop = new AbortController();
		const { result } = await send(
			() => {
				stop.abort();
				throw new Error('canceled');
			},
			QUESTION,
			createStop(stop.signal).stop,
		);
		expect(result).toEqual(
			fail({
				...STOPPED,
				kind: 'interrupted',
				message: 'The execution was stopped while a request to DashScope was under way',
			}),
		);
	});
});

describe('Stop and the end of a batch', () => {
	/** A door with both signals, whose request stays open for ever; what the helper was called with. */
	function openDoor() {
		const stopped = new AbortController();
		const { stop, endBatch } = createStop(stopped.signal);
		const asked: Array<{ caller: Record<string, unknown>; signal: AbortSignal | undefined }> = [];
		const node = { name: 'Emoji Video' };
		const functions = {
			node,
			getCredentials(this: unknown) {
				return this;
			},
			getNode() {
				return this.node;
			},
			getExecutionCancelSignal: () => stopped.signal,
			logger: { name: 'the log' },
			helpers: {
				async httpRequestWithAuthentication(
					this: Record<string, unknown>,
					_: string,
					{ abortSignal }: { abortSignal?: AbortSignal },
				) {
					asked.push({ caller: this, signal: abortSignal });
					return await new Promise(() => undefined);
				},
			},
		};
		const door = createSend({
			functions: functions as unknown as IExecuteFunctions,
			credentialType: 'dashScopeApi',
			baseUrl: URL,
			clock: createVirtualClock(),
			stop,
		});
		return { endBatch, stopped, asked, functions, door };
	}

	it('end an unpaid request at once', async () => {
		const { endBatch, asked, door } = openDoor();
		const result = door(QUESTION);
		endBatch();
		expect(await result).toMatchObject({ failure: { kind: 'interrupted' } });
		expect(asked[0]?.signal?.aborted).toBe(true);
	});

	it('end a paid request only on Stop', async () => {
		const { endBatch, stopped, asked, door } = openDoor();
		const result = door({ ...QUESTION, isPaid: true });
		endBatch();
		await nextRound();
		expect(asked[0]?.signal?.aborted).toBe(false);
		stopped.abort();
		expect(await result).toMatchObject({ failure: { kind: 'interrupted' } });
		expect(asked[0]?.signal?.aborted).toBe(true);
	});

	it('reach the request by its own signal, because n8n gets an execution without one', async () => {
		const { endBatch, asked, functions, door } = openDoor();
		const result = door(QUESTION);
		endBatch();
		await result;
		const caller = asked[0]?.caller as Record<string, () => unknown>;
		expect(Object.keys(caller).sort()).toEqual(['getCredentials', 'getNode', 'helpers', 'logger']);
		expect(caller['getNode']?.()).toBe(functions.node);
		expect(caller['getCredentials']?.()).toBe(functions);
		expect(caller['helpers']).toBe(functions.helpers);
		expect(caller['logger']).toBe(functions.logger);
	});
});

it('a request without a response fails when its time is over', async () => {
	const clock = createVirtualClock();
	const start = clock.now();
	const functions = {
		getCredentials: () => undefined,
		helpers: { httpRequestWithAuthentication: async () => await new Promise(() => undefined) },
	} as unknown as IExecuteFunctions;
	const door = createSend({
		functions,
		credentialType: 'dashScopeApi',
		baseUrl: URL,
		clock,
		stop: neverStops(),
	});
	expect(await clock.until(door(QUESTION))).toEqual(broke());
	expect(clock.now() - start).toBe(QUESTION.timeoutMs);
});

it('a request names the credential type and has its query', async () => {
	const { asked, types } = await send(() => ANSWER, { ...QUESTION, query: { page_no: 1 } });
	expect(types).toEqual(['dashScopeApi']);
	expect(asked).toMatchObject([{ qs: { page_no: 1 }, disableFollowRedirect: true }]);
});

it('a response of more than 2 MB counts as lost', async () => {
	const most = 2 * 1024 * 1024;
	const sized = (bytes: number) => () => ({ ...ANSWER, body: 'x'.repeat(bytes) });
	expect((await send(sized(most))).result).toMatchObject({ ok: true });
	expect((await send(sized(most + 1))).result).toEqual(broke());
});
