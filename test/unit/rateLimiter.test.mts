import { inspect } from 'node:util';
import {
	accountIdOf,
	DOCUMENTED_RATES,
	documentedUnless,
	rateLimiterOf,
	rememberedAccounts,
	reserve,
} from '../../nodes/EmojiVideo/batch/rateLimiter';
import type { Clock } from '../../nodes/EmojiVideo/clock';
import type { Bucket, Acquire } from '../../nodes/EmojiVideo/dashscope/client';
import { createVirtualClock } from './virtualClock.mts';

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

describe('reserve', () => {
	it('gives the first slot at once', () => {
		expect(reserve(0, 5000, 1).at).toBe(5000);
	});

	it('gives the next slot a little more than its share of a second later', () => {
		const { next } = reserve(0, 5000, 20);
		expect(next - 5000).toBeGreaterThan(50);
		expect(next - 5000).toBeLessThan(55);
		expect(reserve(next, 5001, 20).at).toBe(next);
	});

	it('does not save up slots that nobody took', () => {
		expect(reserve(1000, 90_000, 1)).toEqual({ at: 90_000, next: reserve(0, 90_000, 1).next });
	});
});

it('sends no second share at once after the process was busy', async () => {
	const clock = createVirtualClock();
	let stalledUntil = 0;
	// Nobody is woken while the process is busy: all that were due wake together.
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

it('paces as documented: one detection, one creation, twenty queries, a hundred policies a second', () => {
	expect(DOCUMENTED_RATES).toEqual({ detect: 1, create: 1, query: 20, policy: 100 });
});

describe('a pace', () => {
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

	it('keeps the space behind one that woke late, as on a busy machine', async () => {
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

	it('is shared by all that use the same account', async () => {
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

	it('keeps the lanes apart', async () => {
		const clock = createVirtualClock();
		const acquire = rateLimiterOf(freshAccount(), DOCUMENTED_RATES, clock);
		const start = clock.now();
		await clock.until(Promise.all([acquire('detect'), acquire('create'), acquire('query')]));
		expect(clock.now()).toBe(start);
	});

	it('goes by the rate of the user who asks', async () => {
		const clock = createVirtualClock();
		const fast = rateLimiterOf(freshAccount(), { ...DOCUMENTED_RATES, create: 10 }, clock);
		// Ten spaces of 109 ms; the second one waits for the beginning of a slot.
		expect((await slots(11, 'create', [fast], clock)).at(-1)).toBeLessThan(1200);
	});

	it('ends the wait for a slot on Stop', async () => {
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

describe('a pace that is shared', () => {
	it('has its places back from those who left', async () => {
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

	it('is not slowed down for the others by one that goes slowly', async () => {
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

	it('lets executions with the same slow rate share it', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const rates = { ...DOCUMENTED_RATES, create: 0.5 };
		const paces = [1, 2].map(() => rateLimiterOf(account, rates, clock));
		expect((await slots(5, 'create', paces, clock)).at(-1)).toBeGreaterThanOrEqual(8000);
	});

	it('does not remember accounts that nobody uses any more', async () => {
		const clock = createVirtualClock(Date.UTC(2100, 0, 1));
		for (let nth = 0; nth < 50; nth++) {
			await rateLimiterOf(freshAccount(), DOCUMENTED_RATES, clock)('query');
			await clock.advance(60_000);
		}
		expect(rememberedAccounts()).toBeLessThan(20);
	});

	it('leaves slots to other processes after a 429, in its own bucket only', async () => {
		const clock = createVirtualClock();
		const acquire = rateLimiterOf(freshAccount(), DOCUMENTED_RATES, clock);
		acquire.answered?.('detect', clock.now(), 'refused');
		const detections = await slots(5, 'detect', [acquire], clock);
		const gaps = detections.slice(1).map((at, index) => at - (detections[index] ?? 0));
		expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2 * 1090 - 1);
		expect((await slots(5, 'create', [acquire], clock)).at(-1)).toBeLessThan(5 * 1090 + 1);
	});

	it('is not held up by one that is due and never wakes', async () => {
		const clock = createVirtualClock();
		const account = freshAccount();
		const never = async () => await new Promise<void>(() => undefined);
		const dead = rateLimiterOf(account, DOCUMENTED_RATES, { now: () => clock.now(), sleep: never });
		const alive = rateLimiterOf(account, DOCUMENTED_RATES, clock);
		await alive('create');
		void dead('create');
		const start = clock.now();
		await clock.advance(32_000);
		await clock.until(alive('create'));
		expect(clock.now() - start).toBeLessThan(33_000);
	});

	it('one that was only late stands in line again', async () => {
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
});

describe('the name of an account', () => {
	it('differs by key and by address', () => {
		const ids = [
			accountIdOf('sk-a', 'https://a.example'),
			accountIdOf('sk-b', 'https://a.example'),
			accountIdOf('sk-a', 'https://b.example'),
		];
		expect(new Set(ids).size).toBe(3);
		expect(accountIdOf('sk-a', 'https://a.example')).toBe(ids[0]);
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

it('a rate that the user has not given is the documented one', () => {
	expect(documentedUnless({ create: undefined, detect: 3 })).toEqual({
		...DOCUMENTED_RATES,
		detect: 3,
	});
});
