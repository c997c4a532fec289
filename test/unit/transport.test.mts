/** The wire: what a request carries, and what becomes of one that breaks off. No exception comes out of it. */
import type { IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';
import { createSend } from '../../nodes/EmojiVideo/dashscope/transport';
import type { ApiRequest } from '../../nodes/EmojiVideo/dashscope/transport';
import { fail, STOPPED, succeed } from '../../nodes/EmojiVideo/result';
import { createVirtualClock } from './virtualClock.mts';

const URL = 'https://dashscope.example';
const QUESTION: ApiRequest = { method: 'GET', path: '/api/v1/tasks/a', timeoutMs: 1000 };

const ANSWER = { statusCode: 200, headers: { date: 'today' }, body: '{}' };

/** Sends one request; n8n's helper does this with it. */
async function send(
	helper: () => unknown,
	request: ApiRequest = QUESTION,
	signals: AbortSignal[] = [],
) {
	const asked: IHttpRequestOptions[] = [];
	const functions = {
		getCredentials: () => undefined,
		helpers: {
			httpRequestWithAuthentication: async (_: string, options: IHttpRequestOptions) => {
				asked.push(options);
				return await Promise.resolve(helper());
			},
		},
	} as unknown as IExecuteFunctions;
	const clock = createVirtualClock();
	const door = createSend(functions, 'dashScopeApi', URL, clock, ...signals);
	return { asked, result: await door(request) };
}

const throwing = (error: unknown) => () => {
	throw error;
};

/** An error that stands behind this many others. */
const behind = (depth: number, error: unknown): unknown =>
	depth === 0 ? error : { message: 'wrapped', cause: behind(depth - 1, error) };

const broke = (words = '') =>
	fail({
		kind: 'noAnswer',
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
	it('goes to the account’s address, asks for JSON and has a body only where there is one', async () => {
		const { asked, result } = await send(() => ANSWER, { ...QUESTION, headers: { 'X-A': '1' } });
		expect(asked).toMatchObject([{ method: 'GET', url: `${URL}/api/v1/tasks/a` }]);
		expect(asked[0]?.headers).toEqual({ Accept: 'application/json', 'X-A': '1' });
		expect(result).toEqual(succeed({ httpStatus: 200, headers: { date: 'today' }, text: '{}' }));
	});

	it('says that its body is JSON', async () => {
		const { asked } = await send(() => ANSWER, { ...QUESTION, method: 'POST', body: { a: 1 } });
		expect(asked).toMatchObject([{ method: 'POST', body: { a: 1 } }]);
		expect(asked[0]?.headers).toEqual({
			Accept: 'application/json',
			'Content-Type': 'application/json',
		});
	});

	it.each([false, true])('is not sent after Stop (paid for: %j)', async (isPaid) => {
		const request = { ...QUESTION, isPaid };
		const { asked, result } = await send(() => ANSWER, request, [AbortSignal.abort()]);
		expect([asked, result]).toEqual([[], fail(STOPPED)]);
	});
});

describe('a request that broke off', () => {
	it.each([
		['ECONNREFUSED', 'connection refused'],
		['ENOTFOUND', 'host name not found'],
		['EAI_AGAIN', 'host name could not be looked up'],
		['EHOSTUNREACH', 'host unreachable'],
		['ENETUNREACH', 'network unreachable'],
		['EADDRNOTAVAIL', 'address not available'],
	])('with %s was not sent: it may be sent again', async (code, words) => {
		expect((await send(throwing({ code }))).result).toEqual(notReached(words));
	});

	it.each([
		['ECONNRESET', 'connection reset'],
		['EPIPE', 'connection closed'],
		['ETIMEDOUT', 'no answer in time'],
		['ECONNABORTED', 'no answer in time'],
	])('with %s may have been heard', async (code, words) => {
		expect((await send(throwing({ code }))).result).toEqual(broke(` (${words})`));
	});

	it.each([0, 1, 5])('has its reason behind %i other errors', async (depth) => {
		const error = behind(depth, { code: 'ECONNREFUSED' });
		expect((await send(throwing(error))).result).toEqual(notReached('connection refused'));
	});

	const circle: { cause?: unknown } = {};
	circle.cause = circle;

	it.each([
		['an error without a code', new Error('x')],
		['a code that nobody knows', { code: 'E_ODD' }],
		['a code behind which another stands', { code: 'E_ODD', cause: { code: 'ECONNREFUSED' } }],
		['a reason too far behind', behind(6, { code: 'ECONNREFUSED' })],
		['an error in a circle', circle],
		['an error because of nothing', { cause: null }],
		['text', 'ECONNREFUSED'],
		['nothing', undefined],
		['null', null],
	])('with %s may have been heard, and gives no reason', async (_, error) => {
		expect((await send(throwing(error))).result).toEqual(broke());
	});

	it('may have its reason behind an error whose code is a number', async () => {
		const error = { code: 7, cause: { code: 'ENOTFOUND' } };
		expect((await send(throwing(error))).result).toEqual(notReached('host name not found'));
	});

	it('by Stop may have been heard', async () => {
		const stop = new AbortController();
		const { result } = await send(
			() => {
				stop.abort();
				throw new Error('canceled');
			},
			QUESTION,
			[stop.signal],
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

it('an answer of more than 2 MB is none', async () => {
	const most = 2 * 1024 * 1024;
	const sized = (bytes: number) => () => ({ ...ANSWER, body: 'x'.repeat(bytes) });
	expect((await send(sized(most))).result).toMatchObject({ ok: true });
	expect((await send(sized(most + 1))).result).toEqual(broke());
});
