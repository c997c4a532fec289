import type { Failure, FailureKind, Result } from '../../../nodes/EmojiVideo/base/result';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import { backoffMs, RETRIED, withRetry } from '../../../nodes/EmojiVideo/dashscope/retry';
import type { RequestKind } from '../../../nodes/EmojiVideo/dashscope/retry';
import { createVirtualClock } from '../support/virtualClock.mts';

const failureOf = (kind: FailureKind, more: Partial<Failure> = {}): Failure => ({
	kind,
	message: kind,
	nextStep: 'Try again.',
	...more,
});

const ALL_KINDS: FailureKind[] = [
	'invalid',
	'rejected',
	'unauthorized',
	'throttled',
	'unavailable',
	'unreachable',
	'intermediary',
	'noResponse',
	'unreadable',
	'portrait',
	'task',
	'timeLimit',
	'stopped',
];

/** Sends with the given failures first, then with success; what came of it, and when it was sent. */
async function send(
	kind: RequestKind,
	failures: Failure[],
	last: Result<string> = succeed('done'),
	signal?: AbortSignal,
) {
	const clock = createVirtualClock();
	const start = clock.now();
	const sentAt: number[] = [];
	const result = await clock.until(
		withRetry(
			kind,
			clock,
			async () => {
				const failure = failures[sentAt.length];
				sentAt.push(clock.now() - start);
				return Promise.resolve(failure ? fail(failure) : last);
			},
			signal,
		),
	);
	return { result, sentAt, clock };
}

describe('a pause between attempts', () => {
	it('doubles with each attempt, up to a minute', () => {
		const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 30].map((attempt) =>
			backoffMs(attempt, failureOf('throttled'), 0.999_999),
		);
		const rounded = pauses.map((ms) => Math.round(ms / 100) / 10);
		expect(rounded).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
	});

	it('varies by half of its length', () => {
		expect(backoffMs(4, failureOf('throttled'), 0)).toBe(4000);
		expect(backoffMs(4, failureOf('throttled'), 0.5)).toBe(6000);
	});

	it('is at least as long as Retry-After asks, up to 10 minutes', () => {
		expect(backoffMs(1, failureOf('throttled', { retryAfterMs: 20_000 }), 0)).toBe(20_000);
		expect(backoffMs(8, failureOf('throttled', { retryAfterMs: 1 }), 0)).toBe(30_000);
		expect(backoffMs(1, failureOf('throttled', { retryAfterMs: 36_000_000 }), 0)).toBe(600_000);
	});
});

describe('a paid write', () => {
	it('is sent again after throttling', async () => {
		const { result, sentAt } = await send('paidWrite', [
			failureOf('throttled'),
			failureOf('throttled'),
		]);
		expect(result).toEqual(succeed('done'));
		expect(sentAt).toHaveLength(3);
	});

	it('is sent again after it was not sent', async () => {
		const { result, sentAt } = await send('paidWrite', [failureOf('unreachable')]);
		expect(result).toEqual(succeed('done'));
		expect(sentAt).toHaveLength(2);
	});

	it.each(ALL_KINDS.filter((kind) => kind !== 'throttled' && kind !== 'unreachable'))(
		'is not sent again after %s',
		async (kind) => {
			const { result, sentAt } = await send('paidWrite', [failureOf(kind)]);
			expect(result).toEqual(fail(failureOf(kind)));
			expect(sentAt).toEqual([0]);
		},
	);

	it('is not sent again if its response is lost after throttling', async () => {
		const { result, sentAt } = await send('paidWrite', [
			failureOf('throttled'),
			failureOf('noResponse'),
		]);
		expect(result).toMatchObject({ ok: false, failure: { kind: 'noResponse' } });
		expect(sentAt).toHaveLength(2);
	});
});

describe.each<RequestKind>(['read', 'freeWrite'])('a %s', (kind) => {
	const passing: FailureKind[] = [
		'throttled',
		'unavailable',
		'unreachable',
		'intermediary',
		'noResponse',
		'unreadable',
	];

	it.each(passing)('is sent again after %s', async (failure) => {
		const { result, sentAt } = await send(kind, [failureOf(failure)]);
		expect(result).toEqual(succeed('done'));
		expect(sentAt).toHaveLength(2);
		expect(sentAt[1]).toBeGreaterThanOrEqual(500);
	});

	it.each(ALL_KINDS.filter((other) => !passing.includes(other)))(
		'is not sent again after %s',
		async (failure) => {
			const { sentAt } = await send(kind, [failureOf(failure)]);
			expect(sentAt).toEqual([0]);
		},
	);
});

describe('a series of failures', () => {
	const forever = (failure: Failure) => Array.from({ length: 500 }, () => failure);

	it.each<[FailureKind, number]>([
		['throttled', 30],
		['unavailable', 2],
		['unreadable', 2],
	])('of kind %s ends after %i minutes with the last failure', async (kind, minutes) => {
		const { result, clock, sentAt } = await send('read', forever(failureOf(kind)));
		expect(result).toEqual(fail(failureOf(kind)));
		expect(sentAt.at(-1)).toBeGreaterThan((minutes - 1.1) * 60_000);
		expect(sentAt.at(-1)).toBeLessThanOrEqual(minutes * 60_000);
		expect(clock.sleepers()).toBe(0);
	});

	it('of unknown limits ends after 10 minutes', async () => {
		const unknown = failureOf('throttled', { isUnknownLimit: true });
		const { sentAt } = await send('read', forever(unknown));
		expect(sentAt.at(-1)).toBeGreaterThan(8.9 * 60_000);
		expect(sentAt.at(-1)).toBeLessThanOrEqual(10 * 60_000);
	});

	it('that seem to last ends after two attempts, 5 seconds apart', async () => {
		const lasting = failureOf('unreachable', { lasts: true });
		expect((await send('read', forever(lasting))).sentAt).toEqual([0, 5000]);
		expect((await send('read', [lasting])).result).toEqual(succeed('done'));
	});

	it('ends before a pause that would be too long', async () => {
		const { sentAt } = await send('read', [failureOf('unavailable', { retryAfterMs: 300_000 })]);
		expect(sentAt).toEqual([0]);
	});

	it.each([
		[120_000, [0, 120_000]],
		[120_001, [0]],
	])('accepts a pause of %i ms only within the limit', async (retryAfterMs, expected) => {
		const { sentAt } = await send('read', [failureOf('unavailable', { retryAfterMs })]);
		expect(sentAt).toEqual(expected);
	});

	it.each([
		[480_000, [0, 10, 20, 30, 32, 42, 52, 60]],
		[480_001, [0, 10, 20, 30, 32, 42, 52]],
	])(
		'ends after an hour if the kinds of failure change, with a last pause of %i ms',
		async (lastMs, minutes) => {
			const throttled = failureOf('throttled', { retryAfterMs: 600_000 });
			const { sentAt } = await send('read', [
				throttled,
				throttled,
				throttled,
				failureOf('unavailable', { retryAfterMs: 120_000 }),
				throttled,
				throttled,
				failureOf('throttled', { retryAfterMs: lastMs }),
			]);
			expect(sentAt.map((ms) => ms / 60_000)).toEqual(minutes);
		},
	);
});

it('a detection that was only throttled is repeated after an unreadable response', async () => {
	const throttled = failureOf('throttled');
	const failures = [throttled, throttled, throttled, failureOf('unreadable')];
	const { result, sentAt } = await send('detection', failures);
	expect(result).toEqual(succeed('done'));
	expect(sentAt).toHaveLength(5);
});

it('Stop ends a pause between attempts at once', async () => {
	const clock = createVirtualClock();
	const start = clock.now();
	const stop = new AbortController();
	let sent = 0;
	const result = withRetry(
		'read',
		clock,
		async () => {
			sent++;
			return Promise.resolve(fail(failureOf('throttled', { retryAfterMs: 60_000 })));
		},
		stop.signal,
	);
	await clock.advance(1000);
	stop.abort();
	expect(await clock.until(result)).toMatchObject({ ok: false, failure: { kind: 'stopped' } });
	expect(sent).toBe(1);
	expect(clock.now() - start).toBe(1000);
});

it('a read is repeated after every failure that allows a second paid write', () => {
	for (const kind of RETRIED.paidWrite) expect(RETRIED.read).toContain(kind);
});

it('the patience with one kind of failure starts at its first failure in a row', async () => {
	const tenThrottled = Array.from({ length: 10 }, () => failureOf('throttled'));
	const { result } = await send('read', [...tenThrottled, failureOf('unavailable')]);
	expect(result.ok).toBe(true);
});
