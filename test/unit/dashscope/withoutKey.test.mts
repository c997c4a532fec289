/** Responses and failures never contain the key, in any form of writing. */
import fc from 'fast-check';
import { createClient } from '../../../nodes/EmojiVideo/dashscope/client';
import { cutKey, INSTEAD_OF_KEY, withoutKey } from '../../../nodes/EmojiVideo/dashscope/withoutKey';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../nodes/EmojiVideo/base/result';
import { shownText } from '../../../nodes/EmojiVideo/dashscope/tolerant';
import { quickClock } from '../../contract/quickClient.mts';
import { expectProperty } from '../../properties.mts';

const KEY = 'sk-0123456789abcdef/+"x';

const clientWith = (body: string, httpStatus: number) =>
	createClient(
		withoutKey(async () => Promise.resolve(succeed({ httpStatus, headers: {}, text: body })), KEY),
		async () => Promise.resolve(),
		quickClock(),
	);

const escaped = [...KEY]
	.map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
	.join('');

it.each([
	['as it is', JSON.stringify(KEY)],
	['with slashes escaped', JSON.stringify(KEY).replaceAll('/', '\\/')],
	['as escapes', `"${escaped}"`],
	[
		'as escapes in upper case',
		`"${escaped.replaceAll(/u00../g, (code) => `u${code.slice(1).toUpperCase()}`)}"`,
	],
	['in an address', `"https://a.example/?key=${encodeURIComponent(KEY)}"`],
	['in other letters', JSON.stringify(KEY.toUpperCase())],
])('the key %s is removed from errors and from responses', async (_, text) => {
	const refused = await clientWith(
		`{"code":"X","message":${text},"request_id":${text}}`,
		400,
	).getTask('t');
	const answered = await clientWith(
		`{"request_id":${text},"output":{"task_status":"FAILED","message":${text},"more":[${text}]}}`,
		200,
	).getTask('t');
	for (const result of [refused, answered]) {
		expect(JSON.stringify(result)).not.toMatch(/0123456789abcdef/i);
		expect(JSON.stringify(result)).toContain(INSTEAD_OF_KEY);
	}
	expect(answered).toMatchObject({ ok: true });
});

it('the key is removed from network failures', async () => {
	const send = withoutKey(
		async () => Promise.resolve(fail({ kind: 'noResponse', message: `at ${KEY}`, nextStep: KEY })),
		KEY,
	);
	const result = await send({ method: 'GET', path: '/', timeoutMs: 1 });
	expect(JSON.stringify(result)).not.toContain('0123456789abcdef');
});

it('a response and a failure keep everything but the key', async () => {
	const request = { method: 'GET', path: '/', timeoutMs: 1 } as const;
	const answer = { httpStatus: 418, headers: { date: 'today' }, text: `<${KEY}>` };
	expect(await withoutKey(async () => Promise.resolve(succeed(answer)), KEY)(request)).toEqual(
		succeed({ ...answer, text: `<${INSTEAD_OF_KEY}>` }),
	);
	const failure: Failure = {
		kind: 'noResponse',
		message: `at ${KEY}.`,
		nextStep: `No ${KEY}`,
		code: 'c',
	};
	const failed = fail(failure);
	expect(await withoutKey(async () => Promise.resolve(failed), KEY)(request)).toEqual(
		fail({
			kind: 'noResponse',
			message: `at ${INSTEAD_OF_KEY}.`,
			nextStep: `No ${INSTEAD_OF_KEY}`,
			code: 'c',
		}),
	);
});

it.each([
	['sk.12345+', 'sk.12345+', true],
	['sk.12345+', 'skx12345+', false],
	['sk.12345+', 'sk.123455', false],
	['sk.12345+', 'sk%2e12345%2B', true],
	['sk.12345+', 'sk%02e12345+', false],
	['sk.12345+', 'sk\\u002E12345\\+', true],
	['sk.12345+', 'sk\\u2e12345+', false],
	['sk.12345+', '\\u0073k.12345+', true],
])('the key %s is in the text %s: %j', (key, text, hasKey) =>
	expect(cutKey(key)(`<${text}>`)).toBe(`<${hasKey ? INSTEAD_OF_KEY : text}>`),
);

it('a response without the key stays the same, and one with the key stays JSON', () => {
	const cut = cutKey(KEY);
	expectProperty(
		fc.property(fc.json(), (json) => {
			if (cut(json) !== json) throw new Error(json);
		}),
		500,
	);
	expect(JSON.parse(cut(JSON.stringify({ [KEY]: KEY })))).toEqual({
		[INSTEAD_OF_KEY]: INSTEAD_OF_KEY,
	});
});

it('a key of fewer than 8 characters is not removed', () => {
	expect(cutKey('a')('banana')).toBe('banana');
	expect(cutKey('1234567')('=1234567')).toBe('=1234567');
	expect(cutKey('12345678')('=12345678')).toBe(`=${INSTEAD_OF_KEY}`);
});

it('a megabyte of text that is almost the key is read in linear time', () => {
	const almost = KEY.slice(0, -1).repeat(40_000);
	expect(cutKey(KEY)(almost)).toBe(almost);
});

describe('a text of the service in a message', () => {
	it.each([
		['controls', 'a\u0000b\u001B[31mc\u0085', 'ab[31mc'],
		['marks of direction', 'a\u202Eb\u2066c\u200Fd', 'abcd'],
		['invisible characters', 'a\u200Bb\uFEFFc\u00ADd', 'ab cd'],
		['lines', 'a\r\nb\n\tc\u2028d', 'a b c d'],
		['a half of a pair', 'a\uD83Db', 'ab'],
	])('does not contain %s', (_, text, expected) => {
		expect(shownText(text, 100)).toBe(expected);
	});

	it('is not cut inside a surrogate pair', () => {
		expect(shownText('😀'.repeat(100), 9)).toBe(`${'😀'.repeat(4)}...`);
	});

	it('keeps Chinese and emoji', () => {
		expect(shownText('图片无法下载 😀', 100)).toBe('图片无法下载 😀');
	});

	it('is short in code and request ID', async () => {
		const long = 'x'.repeat(5000);
		const body = JSON.stringify({ code: long, message: long, request_id: long });
		const result = await clientWith(body, 400).getTask('t');
		const { code, requestId, serviceMessage } = result.ok ? {} : result.failure;
		expect([code?.length, requestId?.length, serviceMessage?.length]).toEqual([103, 103, 503]);
	});
});
