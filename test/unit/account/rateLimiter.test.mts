import { inspect } from 'node:util';
import {
	accountIdOf,
	DOCUMENTED_RATES,
	documentedUnless,
	rateLimiterOf,
	rememberedAccounts,
} from '../../../nodes/EmojiVideo/account/rateLimiter';
import type { Clock } from '../../../nodes/EmojiVideo/base/clock';
import type { Bucket, Acquire } from '../../../nodes/EmojiVideo/dashscope/client';
import { createVirtualClock } from '../support/virtualClock.mts';

let accounts = 0;
/** An account that no other test has used. */
const freshAccount = () => accountIdOf(`sk-${accounts++}`, 'https://dashscope.aliyuncs.com');

/** Takes many slots at once; the moments at which they came, in ms from now. */
async function slots(
	count: number,
	bucket: Bucket,
	paces: Acquire[],
	clock = createVirtualClock(),
) {
	const start = clock.now();
	const moments: number[] = [];
	const all = Array.from({ length: count }, async (_, index) => {
		await paces[index % paces.length]?.(bucket);
		moments.push(clock.now() - start);
	});
	await clock.until(Promise.all(all));
	return moments;
}

const mostPerSecond = (moments: number[]) =>
	Math.max(...moments.map((from) => moments.filter((at) => at >= from && at < from + 1000).length));

it('the rate limiter sends no burst after the process was busy', async () => {
	const clock = createVirtualClock();
	let stalledUntil = 0;
	// No timer fires while the process is busy, so all due waiters wake together.
	const busy = {
		now: () => clock.now(),
		sleep: async (ms: number) => await clock.sleep(Math.max(ms, stalledUntil - clock.now())),
	};
	const start = clock.now();
	stalledUntil = start + 700;
	const moments = await slots(
		60,
		'query',
		[rateLimiterOf(freshAccount(), DOCUMENTED_RATES, busy)],
		clock,
	);
	expect(mostPerSecond(moments)).toBeLessThanOrEqual(20);
});

it('the documented rates are one detection, one creation, twenty queries and a hundred policies per second', () => {
	expect(DOCUMENTED_RATES).toEqual({ detect: 1, create: 1, query: 20, policy: 100 });
});

describe('a rate limiter', () => {
	it.each<[Bucket, number, number]>([
		['detect', 10, 1],
		['create', 10, 1],
		['query', 100, 20],
	])('lets through in bucket %s, of %i waiting, %i in any second', async (bucket, count, most) => {
		const clock = createVirtualClock();
		const moments = await slots(
			count,
			bucket,
			[rateLimiterOf(freshAccount(), DOCUMENTED_RATES, clock)],
			clock,
		);
		expect(moments).toHaveLength(count);
		expect(mostPerSecond(moments)).toBeLessThanOrEqual(most);
		expect(moments.at(-1)).toBeLessThan((count / most) * 1100);
	});

	it('keeps the full space after a request that woke late, as on a busy machine', async () => {
		const clock = createVirtualClock();
		let sleeps = 0;
		const busy: Clock = {
			now: () => clock.now(),
			sleep: async (ms, signal) => await clock.sleep(ms + (sleeps++ % 3 === 0 ? 400 : 0), signal),
		};
		const moments = await slots(
			9,
			'create',
			[rateLimiterOf(freshAccount(), DOCUMENTED_RATES, busy)],
			clock,
		);
		expect(moments).toHaveLength(9);
		expect(mostPerSecond(moments)).toBe(1);
	});

	it('is shared by all executions with the same account', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const paces = [1, 2, 3].map(() => rateLimiterOf(account, DOCUMENTED_RATES, clock));
		const moments = await slots(9, 'create', paces, clock);
		expect(mostPerSecond(moments)).toBe(1);
		expect(moments.at(-1)).toBeGreaterThan(8000);
	});

	it('is not shared by different accounts', async () => {
		const clock = createVirtualClock();
		const paces = [1, 2, 3].map(() => rateLimiterOf(freshAccount(), DOCUMENTED_RATES, clock));
		expect(await slots(3, 'create', paces, clock)).toEqual([0, 0, 0]);
	});

	it('paces each bucket on its own', async () => {
		const clock = createVirtualClock();
		const acquire = rateLimiterOf(freshAccount(), DOCUMENTED_RATES, clock);
		const start = clock.now();
		await clock.until(Promise.all([acquire('detect'), acquire('create'), acquire('query')]));
		expect(clock.now()).toBe(start);
	});

	it('uses the rate of the execution that sends', async () => {
		const clock = createVirtualClock();
		const fast = rateLimiterOf(freshAccount(), { ...DOCUMENTED_RATES, create: 10 }, clock);
		// Ten spaces of 109 ms; the second request also waits for the start of a slot.
		expect((await slots(11, 'create', [fast], clock)).at(-1)).toBeLessThan(1200);
	});

	it('ends a wait on Stop', async () => {
		const clock = createVirtualClock();
		const acquire = rateLimiterOf(freshAccount(), DOCUMENTED_RATES, clock);
		const stop = new AbortController();
		const start = clock.now();
		await acquire('create');
		const second = acquire('create', stop.signal);
		stop.abort();
		await second;
		expect(clock.now()).toBe(start);
		expect(clock.sleepers()).toBe(0);
	});
});

/** The rate limiter of a process in which a sleeping request never wakes. */
const neverWaking = (account: string, clock: Clock) =>
	rateLimiterOf(account, DOCUMENTED_RATES, {
		now: () => clock.now(),
		sleep: async () => await new Promise<void>(() => undefined),
	});

describe('a rate limiter with several executions', () => {
	it('closes the gap after waiting requests were stopped', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const acquire = rateLimiterOf(account, DOCUMENTED_RATES, clock);
		const stop = new AbortController();
		const left = Array.from({ length: 1000 }, async () => await acquire('query', stop.signal));
		await clock.advance(200);
		stop.abort();
		await Promise.all(left);
		const start = clock.now();
		await clock.until(acquire('query'));
		expect(clock.now() - start).toBeLessThanOrEqual(60);
	});

	it('does not slow down others if one execution has a slow rate', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const slow = rateLimiterOf(account, { ...DOCUMENTED_RATES, create: 0.01 }, clock);
		const usual = rateLimiterOf(account, DOCUMENTED_RATES, clock);
		const start = clock.now();
		const slowMoments: number[] = [];
		const slowOnes = [1, 2, 3].map(async () => {
			await slow('create');
			slowMoments.push(clock.now() - start);
		});
		const moments = await slots(10, 'create', [usual], clock);
		expect(moments.at(-1)).toBeLessThan(12_000);
		await clock.until(Promise.all(slowOnes));
		expect(slowMoments[1]).toBeGreaterThanOrEqual(100_000);
		expect(slowMoments[2]).toBeGreaterThanOrEqual(200_000);
	});

	it('lets executions with the same slow rate share that rate', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const rates = { ...DOCUMENTED_RATES, create: 0.5 };
		const paces = [1, 2].map(() => rateLimiterOf(account, rates, clock));
		expect((await slots(5, 'create', paces, clock)).at(-1)).toBeGreaterThanOrEqual(8000);
	});

	it('forgets accounts that are no longer used', async () => {
		const clock = createVirtualClock(Date.UTC(2100, 0, 1));
		for (let nth = 0; nth < 50; nth++) {
			await rateLimiterOf(freshAccount(), DOCUMENTED_RATES, clock)('query');
			await clock.advance(60_000);
		}
		expect(rememberedAccounts()).toBeLessThan(20);
	});

	it('leaves slots to other processes after a 429, only in the same bucket', async () => {
		const clock = createVirtualClock();
		const acquire = rateLimiterOf(freshAccount(), DOCUMENTED_RATES, clock);
		acquire.recordOutcome?.('detect', clock.now(), 'throttled');
		const detections = await slots(5, 'detect', [acquire], clock);
		const gaps = detections.slice(1).map((at, index) => at - (detections[index] ?? 0));
		expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2 * 1090 - 1);
		expect((await slots(5, 'create', [acquire], clock)).at(-1)).toBeLessThan(5 * 1090 + 1);
	});

	it('is not blocked by a due request that never wakes', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const dead = neverWaking(account, clock);
		const alive = rateLimiterOf(account, DOCUMENTED_RATES, clock);
		await alive('create');
		void dead('create');
		const start = clock.now();
		await clock.advance(32_000);
		await clock.until(alive('create'));
		expect(clock.now() - start).toBeLessThan(33_000);
	});

	it('lets a request that was only late join the queue again', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const busy = {
			now: () => clock.now(),
			sleep: async (ms: number, signal?: AbortSignal) => await clock.sleep(ms + 40_000, signal),
		};
		const late = rateLimiterOf(account, DOCUMENTED_RATES, busy);
		const alive = rateLimiterOf(account, DOCUMENTED_RATES, clock);
		await alive('create');
		const start = clock.now();
		const moments: number[] = [];
		const lateOne = late('create').then(() => void moments.push(clock.now() - start));
		await clock.advance(33_000);
		await clock.until(alive('create'));
		expect(moments).toEqual([]);
		await clock.until(lateOne);
		expect(moments).toHaveLength(1);
		expect(moments[0]).toBeLessThan(90_000);
	});

	it('lets all waiting requests leave one by one after n8n was blocked for longer than the limit', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const heldUp = {
			now: () => clock.now(),
			sleep: async (ms: number, signal?: AbortSignal) => await clock.sleep(ms + 40_000, signal),
		};
		const late = rateLimiterOf(account, DOCUMENTED_RATES, heldUp);
		await late('create');
		const left: number[] = [];
		const waiting = Array.from({ length: 5 }, async () => {
			await late('create');
			left.push(clock.now());
		});
		await clock.advance(33_000);
		await clock.until(rateLimiterOf(account, DOCUMENTED_RATES, clock)('create'));
		await clock.until(Promise.all(waiting));
		const gaps = left.slice(1).map((at, index) => at - (left[index] ?? 0));
		expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1089);
		expect(clock.sleepers()).toBe(0);
	});

	it('does not let delayed requests wake each other repeatedly while they wait for a slot', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const heldUpUntil = clock.now() + 40_000;
		let looks = 0;
		const heldUp = {
			now: () => {
				if (++looks > 2000) throw new Error('They wake each other again and again.');
				return clock.now();
			},
			sleep: async (ms: number, signal?: AbortSignal) =>
				await clock.sleep(Math.max(ms, heldUpUntil - clock.now()), signal),
		};
		const late = rateLimiterOf(account, DOCUMENTED_RATES, heldUp);
		for (let refused = 0; refused < 4; refused++)
			late.recordOutcome?.('create', clock.now(), 'throttled');
		const waiting = Array.from({ length: 6 }, async () => await late('create'));
		await clock.until(Promise.all(waiting));
		expect(looks).toBeLessThan(200);
	});

	it('lets requests behind one that never wakes leave, even if no new one arrives', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const dead = neverWaking(account, clock);
		const alive = rateLimiterOf(account, DOCUMENTED_RATES, clock);
		await alive('create');
		void dead('create');
		const start = clock.now();
		await clock.until(Promise.all([alive('create'), alive('create'), alive('create')]));
		expect(clock.now() - start).toBeLessThan(36_000);
	});
});

/** At the start of a default slot, so that moments are multiples of 1,090 ms. */
const ON_A_SLOT_MS = 1090 * 1_600_000_000 + 0.073 * 1090;

/** Sends an account's requests by name and records when each leaves, in ms from the start. */
function timetable(startMs = ON_A_SLOT_MS) {
	const clock = createVirtualClock(startMs);
	const account = freshAccount();
	const left: string[] = [];
	const go = (name: string, perSecond: number, bucket: Bucket = 'create', signal?: AbortSignal) => {
		const acquire = rateLimiterOf(account, { ...DOCUMENTED_RATES, [bucket]: perSecond }, clock);
		return acquire(bucket, signal).then(
			() => void left.push(`${name} ${Math.round(clock.now() - startMs)}`),
		);
	};
	return { clock, go, left, account };
}

describe('the order in which the requests of an account leave', () => {
	it('has even spaces from the first request on', async () => {
		const { clock, go, left } = timetable();
		await clock.until(Promise.all(['a', 'b', 'c'].map((name) => go(name, 1))));
		expect(left).toEqual(['a 0', 'b 1090', 'c 2180']);
	});

	it('lets a request leave at once after a pause, even in the middle of a slot', async () => {
		const { clock, go, left } = timetable();
		await clock.until(go('a', 1));
		await clock.advance(5000);
		await clock.until(go('b', 1));
		await clock.until(go('c', 1));
		expect(left).toEqual(['a 0', 'b 5000', 'c 6540']);
	});

	it("keeps the account's space after a slow request, and the slow space between slow ones", async () => {
		const { clock, go, left } = timetable();
		const all = [go('slow', 0.1), go('usual', 1), go('slow too', 0.1)];
		await clock.until(Promise.all(all));
		expect(left).toEqual(['slow 0', 'usual 1090', 'slow too 10900']);
	});

	it('lets a request leave at once if it arrives exactly when the rate allows it', async () => {
		const { clock, go, left } = timetable(ON_A_SLOT_MS + 500);
		await go('a', 1);
		await clock.advance(1090);
		await clock.until(go('b', 1));
		expect(left).toEqual(['a 0', 'b 1090']);
	});

	it('lets a later request with a faster rate overtake, whichever rate came first', async () => {
		const { clock, go, left } = timetable();
		await go('nobody', 1, 'create', AbortSignal.abort());
		await clock.until(Promise.all([go('slow', 0.1), go('slow too', 0.1), go('usual', 1)]));
		expect(left).toEqual(['nobody 0', 'slow 0', 'usual 1090', 'slow too 10900']);
	});

	it('lets requests with a faster rate than the documented one leave at that rate', async () => {
		const { clock, go, left } = timetable(545 * 3_200_000_000 + 0.073 * 545);
		await clock.until(Promise.all([go('a', 2), go('b', 2), go('c', 2)]));
		expect(left).toEqual(['a 0', 'b 545', 'c 1090']);
	});

	it.each([
		[0.5, 0.25, 0.25],
		[0.5, 0.25, 0.5],
		[0.25, 0.5, 0.5],
	])(
		'serves the earlier of two requests at rates %d and %d, even if rate %d was used before',
		async (rate, other, seen) => {
			const { clock, go, left } = timetable();
			await go('stopped', seen, 'create', AbortSignal.abort());
			await go('first', 1);
			await clock.until(Promise.all([go('x', rate), go('y', other)]));
			expect(left).toEqual(['stopped 0', 'first 0', 'x 1090', 'y 2180']);
		},
	);

	it('skips a request that was stopped before it arrived', async () => {
		const { clock, go, left } = timetable();
		await go('stopped', 1, 'create', AbortSignal.abort());
		expect(clock.sleepers()).toBe(0);
		await clock.until(go('a', 1));
		expect(left).toEqual(['stopped 0', 'a 0']);
	});

	it('moves up when a waiting request is stopped', async () => {
		const { clock, go, left } = timetable();
		const stop = new AbortController();
		const all = [go('a', 1), go('b', 1, 'create', stop.signal), go('c', 1), go('d', 1)];
		await clock.advance(500);
		stop.abort();
		await clock.until(Promise.all(all));
		expect(left).toEqual(['a 0', 'b 500', 'c 1090', 'd 2180']);
	});

	it('is separate for each bucket, so a 429 in one does not affect another', async () => {
		const { clock, go, left, account } = timetable();
		const acquire = rateLimiterOf(account, DOCUMENTED_RATES, clock);
		acquire.recordOutcome?.('detect', clock.now(), 'throttled');
		await clock.until(Promise.all([go('a', 1), go('b', 1)]));
		expect(left).toEqual(['a 0', 'b 1090']);
	});

	it('uses half of the slots after a 429, and all of them again after successes', async () => {
		const { clock, account } = timetable();
		const acquire = rateLimiterOf(account, DOCUMENTED_RATES, clock);
		acquire.recordOutcome?.('create', clock.now(), 'throttled');
		const moments: number[] = [];
		for (let nth = 0; nth < 40; nth++) {
			await clock.until(acquire('create'));
			moments.push(Math.floor(clock.now() / 1090));
			acquire.recordOutcome?.('create', clock.now(), 'taken');
		}
		const gaps = moments.slice(1).map((at, nth) => at - (moments[nth] ?? 0));
		expect(gaps.slice(0, 5)).toEqual([2, 2, 2, 2, 2]);
		expect(gaps.slice(-12)).toEqual(Array.from({ length: 12 }, () => 1));
	});
});

describe('a due request that does not leave', () => {
	/** When a request leaves that arrives this much after one that is due at 1,090 ms and never wakes. */
	async function behindDead(afterMs: number) {
		const { clock, go, left, account } = timetable();
		const dead = neverWaking(account, clock);
		await go('a', 1);
		void dead('create');
		await clock.advance(1090 + afterMs);
		void go('b', 1);
		await clock.advance(5000);
		return left;
	}

	it('blocks the next request for 30 seconds at most', async () => {
		expect(await behindDead(24_999)).toEqual(['a 0']);
	});

	it.each([25_000, 29_900, 30_000])(
		'is not waited for after that by one that came %i ms behind it',
		async (afterMs) => expect(await behindDead(afterMs)).toEqual(['a 0', 'b 31090']),
	);
});

describe('the memory of idle accounts', () => {
	const pace = (account: string, clock: Clock, rates = DOCUMENTED_RATES) =>
		rateLimiterOf(account, rates, clock);

	it('lasts ten minutes', async () => {
		const clock = createVirtualClock(Date.UTC(2200, 0, 1));
		await pace(freshAccount(), clock)('policy');
		const before = rememberedAccounts();
		await clock.advance(600_000);
		await pace(freshAccount(), clock)('policy');
		expect(rememberedAccounts()).toBe(before + 1);
		await clock.advance(1);
		await pace(freshAccount(), clock)('policy');
		expect(rememberedAccounts()).toBe(before + 1);
	});

	it('keeps an account as long as a request waits', async () => {
		const clock = createVirtualClock(Date.UTC(2201, 0, 1));
		const account = freshAccount();
		const slow = pace(account, clock, { ...DOCUMENTED_RATES, create: 0.001 });
		await pace(account, clock)('create');
		await clock.until(slow('create'));
		const start = clock.now();
		const moments: number[] = [];
		const second = slow('create').then(() => moments.push(clock.now() - start));
		await clock.advance(900_000);
		await pace(freshAccount(), clock)('policy');
		const third = slow('create').then(() => moments.push(clock.now() - start));
		await clock.until(Promise.all([second, third]));
		expect(moments[0]).toBeGreaterThanOrEqual(1_090_000 - 30);
		expect(moments[1]).toBeGreaterThanOrEqual(2 * 1_090_000 - 60);
	});

	it('keeps an account that sent a request a minute ago', async () => {
		const clock = createVirtualClock(Date.UTC(2202, 0, 1));
		const account = freshAccount();
		const slow = pace(account, clock, { ...DOCUMENTED_RATES, create: 0.01 });
		await slow('create');
		const start = clock.now();
		await clock.advance(60_000);
		await pace(freshAccount(), clock)('policy');
		await clock.until(slow('create'));
		expect(clock.now() - start).toBeGreaterThanOrEqual(109_000 - 30);
	});
});

describe('the name of an account in memory', () => {
	it('differs by key and by base URL', () => {
		const ids = [
			accountIdOf('sk-a', 'https://a.example'),
			accountIdOf('sk-b', 'https://a.example'),
			accountIdOf('sk-a', 'https://b.example'),
		];
		expect(new Set(ids).size).toBe(3);
		expect(accountIdOf('sk-a', 'https://a.example')).toBe(ids[0]);
		// 256 bits in characters that are safe in file names and keys.
		for (const id of ids) expect(id).toMatch(/^[\w-]{43}$/);
	});

	it('does not contain the key, in any spelling', () => {
		const key = 'sk-very-secret-key';
		const id = accountIdOf(key, 'https://a.example');
		const spellings = [
			key,
			...['base64', 'base64url', 'hex'].map((encoding) =>
				Buffer.from(key).toString(encoding as BufferEncoding),
			),
		];
		for (const spelling of spellings) expect(id).not.toContain(spelling);
		const acquire = rateLimiterOf(id, DOCUMENTED_RATES, createVirtualClock());
		expect(inspect(acquire, { showHidden: true, depth: 9 })).not.toContain(key);
	});
});

it('a rate that the user sets replaces the documented one, in each bucket', () => {
	const given = { detect: 2, create: 3, query: 4, policy: 5 };
	expect(documentedUnless(given)).toEqual(given);
	expect(documentedUnless({})).toEqual(DOCUMENTED_RATES);
});

it('a rate that the user does not set is the documented one', () => {
	expect(documentedUnless({ create: undefined, detect: 3 })).toEqual({
		...DOCUMENTED_RATES,
		detect: 3,
	});
});
