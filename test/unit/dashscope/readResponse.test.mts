/** From an HTTP response to a value or a failure: statuses, bodies and headers. */
import { z } from 'zod';
import { aheadOf, readResponse } from '../../../nodes/EmojiVideo/dashscope/readResponse';
import type { Reading } from '../../../nodes/EmojiVideo/dashscope/readResponse';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';

const NOW = Date.UTC(2025, 9, 14, 3, 28, 4);

const anything: Reading<unknown> = { schema: z.unknown() };

const read = (
	text: string,
	{
		httpStatus = 200,
		headers = {},
		reading = anything,
	}: {
		httpStatus?: number;
		headers?: Record<string, unknown>;
		reading?: Reading<unknown>;
	} = {},
) => readResponse({ httpStatus, headers, text }, reading, NOW);

const unreadable = (httpStatus: number) =>
	fail({
		kind: 'unreadable',
		message: 'DashScope gave an answer that this package cannot read',
		nextStep:
			'Check that the endpoint of the credential is DashScope. If it is, the API has changed: look for a new version of this package.',
		httpStatus,
	});

describe('a response', () => {
	it.each([200, 201, 299])('with HTTP %i is read', (httpStatus) => {
		expect(read('{"a":1}', { httpStatus })).toEqual(succeed({ value: { a: 1 }, raw: { a: 1 } }));
	});

	it.each([0, 100, 199, 300, 302, 400, 500])('with HTTP %i is a failure', (httpStatus) => {
		expect(read('{"a":1}', { httpStatus })).toMatchObject({ ok: false, failure: { httpStatus } });
	});

	it.each(['no JSON', '\uFEFF <html>No</html>'])(
		'%j is the word of a firewall or proxy',
		(text) => {
			expect(read(text)).toMatchObject({ failure: { kind: 'intermediary', httpStatus: 200 } });
		},
	);

	it.each(['', '{"cut', '[', 'null', '"text"', '7', 'true'])(
		'%j is unreadable with every schema',
		(text) => {
			expect(read(text)).toEqual(unreadable(200));
		},
	);

	it('is read without its keys named __proto__', () => {
		const { raw } = (read('{"a":1,"__proto__":{"b":2}}') as { value: { raw: object } }).value;
		expect(Object.entries(raw)).toEqual([['a', 1]]);
	});

	it('is read without a byte order mark before its JSON, and keeps one inside a text', () => {
		const body = { a: 'x\uFEFFy' };
		const result = succeed({ value: body, raw: body });
		expect(read(`\uFEFF${JSON.stringify(body)}`)).toEqual(result);
		expect(read(JSON.stringify(body))).toEqual(result);
	});
});

it.each([
	[400, true],
	[401, false],
	[403, false],
	[500, false],
])('a body that is a result despite HTTP %i counts as one: %j', (httpStatus, ok) => {
	const reading = { ...anything, isAnswer: () => true };
	expect(read('{"a":1}', { httpStatus, reading })).toMatchObject({ ok });
});

describe('Retry-After', () => {
	const later = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString();

	it.each<[unknown, number | undefined]>([
		['7', 7000],
		['120', 120_000],
		['0', 0],
		[later(90), 90_000],
		[later(90).replace('GMT', '+0000'), 90_000],
		[later(90).slice('Tue, '.length), 90_000],
		[later(-90), 0],
		['7s', undefined],
		['soon', undefined],
		['', undefined],
		[7, undefined],
		[['7', '8'], undefined],
		[undefined, undefined],
	])('%j means a pause of %j ms', (value, retryAfterMs) => {
		const refused = read('', { httpStatus: 429, headers: { 'retry-after': value } });
		expect(refused).toMatchObject({ failure: { kind: 'throttled' } });
		expect(refused.ok || refused.failure.retryAfterMs).toBe(retryAfterMs);
	});

	it('also counts for an error body with HTTP 200', () => {
		const reading: Reading<unknown> = { schema: z.object({ output: z.object({}) }) };
		expect(
			read('{"code":"Throttling"}', { headers: { 'retry-after': '7' }, reading }),
		).toMatchObject({ failure: { kind: 'throttled', httpStatus: 200, retryAfterMs: 7000 } });
	});
});

it.each<[unknown, number | undefined]>([
	[new Date(NOW + 5000).toUTCString(), 5000],
	[new Date(NOW - 5000).toUTCString(), -5000],
	['Wed Nov 25 03:00:00 2026', undefined],
	['soon', undefined],
	[NOW, undefined],
	[undefined, undefined],
])('a Date header of %j means that the clock is ahead by %j ms', (date, ms) => {
	expect(aheadOf({ httpStatus: 200, headers: { date }, text: '' }, NOW)).toBe(ms);
});
