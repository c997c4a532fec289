/**
 * Several processes share one account and cannot talk to each other. Each has its own rate limiter. They
 * meet only at the service, which accepts one request in any second and throttles the others.
 */
import {
	accountIdOf,
	DOCUMENTED_RATES,
	rateLimiterOf,
} from '../../../nodes/EmojiVideo/account/rateLimiter';
import {
	recordAccepted,
	allSlots,
	hasAllSlots,
	nextSlot,
	recordThrottled,
} from '../../../nodes/EmojiVideo/account/slots';
import type { Slots } from '../../../nodes/EmojiVideo/account/slots';
import { createClient } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Send } from '../../../nodes/EmojiVideo/dashscope/transport';
import { succeed } from '../../../nodes/EmojiVideo/base/result';
import { createRandom } from '../../../lab/stage/random.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import type { VirtualClock } from '../support/virtualClock.mts';

const SLOT_MS = 1000;
const at = (slot: number) => slot * SLOT_MS + 100;

describe('the slots of a process', () => {
	it('are all twelve, at the full rate, if it was never throttled', () => {
		const moments = [5_000_200];
		for (let nth = 0; nth < 20; nth++) {
			moments.push(nextSlot(allSlots(), (moments.at(-1) ?? 0) + SLOT_MS, SLOT_MS));
		}
		const spent = (moments.at(-1) ?? 0) - (moments[0] ?? 0);
		expect(spent).toBeGreaterThanOrEqual(20 * SLOT_MS);
		expect(spent).toBeLessThanOrEqual(21 * SLOT_MS);
	});

	it('are halved by a throttled request, which loses its own slot', () => {
		const { own } = recordThrottled(allSlots(), at(5), SLOT_MS, 0);
		expect(own).toEqual([0, 2, 4, 6, 8, 10]);
	});

	it('hold the next request back until one of them comes', () => {
		const slots = recordThrottled(allSlots(), at(5), SLOT_MS, 0);
		const next = nextSlot(slots, at(6) + 500, SLOT_MS);
		expect(Math.floor(next / SLOT_MS)).toBe(8);
	});

	it('are not missed by a sleep that ends slightly late', () => {
		const slots = recordThrottled(allSlots(), at(5), SLOT_MS, 0);
		const begin = nextSlot(slots, 8 * SLOT_MS, SLOT_MS);
		expect(nextSlot(slots, begin + 25, SLOT_MS)).toBe(begin);
		expect(nextSlot(slots, begin + 200, SLOT_MS)).toBeGreaterThan(begin + SLOT_MS);
	});

	it('grow by one after a row of successes, each time sooner', () => {
		let slots = recordThrottled(allSlots(), at(5), SLOT_MS, 0);
		let now = at(6);
		const gains: number[] = [];
		for (let sent = 1; !hasAllSlots(slots); sent++) {
			now = nextSlot(slots, now + SLOT_MS, SLOT_MS);
			const before = slots.own.length;
			slots = recordAccepted(slots, now, SLOT_MS);
			if (slots.own.length > before) gains.push(sent);
			expect(sent).toBeLessThan(40);
		}
		expect(gains).toHaveLength(6);
		expect(gains[0]).toBe(7);
	});

	it('do not claim a taken slot again before the other ones', () => {
		const ready: Slots = { ...recordThrottled(allSlots(), at(5), SLOT_MS, 0), successes: 6 };
		const claimed = (slots: Slots) => Math.floor(nextSlot(slots, at(12), SLOT_MS) / SLOT_MS);
		expect(claimed(ready)).toBe(13);
		const after = recordThrottled(ready, at(13), SLOT_MS, 0);
		expect(after.own).toEqual(ready.own);
		expect(after.successesBeforeClaim).toBe(2 * ready.successesBeforeClaim);
		expect(claimed(after)).toBe(14);
		expect(claimed({ ...after, own: [0], successes: after.successesBeforeClaim })).toBe(14);
	});

	it('make a process with more of them send later within a slot', () => {
		const many = recordThrottled(allSlots(), at(5), SLOT_MS, 0);
		const few: Slots = { ...many, own: [0, 6] };
		expect(nextSlot(few, at(11) + 500, SLOT_MS)).toBeLessThan(
			nextSlot(many, at(11) + 500, SLOT_MS),
		);
	});

	it('never run out', () => {
		const random = createRandom(1);
		let slots = allSlots();
		for (let nth = 0; nth < 500; nth++) {
			slots = recordThrottled(slots, nextSlot(slots, nth * 5000, SLOT_MS), SLOT_MS, random());
			expect(slots.own.length).toBeGreaterThan(0);
		}
	});

	it('start at another moment after nine throttled requests in a row', () => {
		let slots = allSlots();
		for (let nth = 0; nth < 9; nth++) slots = recordThrottled(slots, at(nth), SLOT_MS, 0.5);
		expect(slots.offset).toBe(0.5);
	});
});

/** Slots of a process that shares its account and has neither gained nor lost one. */
const own = (positions: number[], more: Partial<Slots> = {}): Slots => ({
	...allSlots(),
	own: positions,
	...more,
});

/** All positions except these. */
const allBut = (...positions: number[]) =>
	allSlots().own.filter((position) => !positions.includes(position));

it('a process starts with all twelve slots, none throttled, and claims after six successes', () => {
	expect(allSlots()).toEqual({
		own: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
		throttledAt: Array.from({ length: 12 }, () => -Infinity),
		successes: 0,
		successesBeforeClaim: 6,
		movesLeft: 0,
		throttledInRow: 0,
		offset: 0,
	});
});

describe('the next request of a process with all slots', () => {
	it.each([
		['the start of a slot', 5073, 5073],
		['just before it', 5072.5, 5073],
		['30 ms after it, which is not too late', 5103, 5073],
		['31 ms after it, which is too late', 5104, 6073],
		['the very first slot', 70, 73],
	])('leaves in the right slot if it is due at %s', (_, earliest, moment) => {
		expect(nextSlot(allSlots(), earliest, SLOT_MS)).toBeCloseTo(moment, 6);
	});

	it('leaves by the offset of its slots', () => {
		expect(nextSlot(own(allBut(), { offset: 0.25 }), 5300, SLOT_MS)).toBeCloseTo(5323, 6);
	});

	it.each([
		[62, 42.92],
		[64, 82.92],
	])('may be late by at most half a slot if slots are short (%i ms)', (earliest, moment) => {
		expect(nextSlot(allSlots(), earliest, 40)).toBeCloseTo(moment, 6);
	});
});

describe('the next request of a process with some slots', () => {
	const two = (more: Partial<Slots> = {}) => own([0, 3], more);
	const begin = (73 * 2) / 12;

	it.each([
		['now, in its own slot', 0, begin],
		['now, if it is hardly late', 42, begin],
		['in the next own slot, if it is late', 43, 3000 + begin],
		['in the next own slot', 1500, 3000 + begin],
		['in the next cycle', 4000, 12_000 + begin],
		['many cycles later', 120_500, 123_000 + begin],
	])('leaves %s', (_, earliest, moment) => {
		expect(nextSlot(two(), earliest, SLOT_MS)).toBeCloseTo(moment, 6);
	});

	it('leaves by the offset of its slots', () => {
		expect(nextSlot(two({ offset: 0.25 }), 500, SLOT_MS)).toBeCloseTo(3250 + begin, 6);
		expect(nextSlot(two({ offset: 0.25 }), 3240, SLOT_MS)).toBeCloseTo(3250 + begin, 6);
		expect(nextSlot(two({ offset: 0.5 }), 3500, SLOT_MS)).toBeCloseTo(3500 + begin, 6);
	});

	it("claims another process's slot after enough successes", () => {
		const ready = own([0, 6], { successes: 6 });
		const giving = (73 * 4) / 12;
		expect(nextSlot(ready, 500, SLOT_MS)).toBeCloseTo(1000 + giving, 6);
		expect(nextSlot({ ...ready, successes: 7 }, 500, SLOT_MS)).toBeCloseTo(1000 + giving, 6);
		expect(nextSlot({ ...ready, successes: 5 }, 500, SLOT_MS)).toBeCloseTo(6000 + begin, 6);
	});

	it('claims the slot that was throttled the longest ago', () => {
		const throttledAt = allSlots().own.map((position) => 9000 - 10 * Math.abs(position - 4));
		throttledAt[4] = 1000;
		const ready = own([0, 6], { successes: 6, throttledAt });
		expect(nextSlot(ready, 500, SLOT_MS)).toBeCloseTo(4000 + (73 * 4) / 12, 6);
	});

	it('leaves in a claimed slot no later than a process with all slots would', () => {
		expect(nextSlot(own(allBut(5), { successes: 6 }), 4900, SLOT_MS)).toBeCloseTo(5073, 6);
		expect(nextSlot(own(allBut(5)), 5000, SLOT_MS)).toBeCloseTo(6000 + (73 * 11) / 12, 6);
	});
});

describe('an accepted request', () => {
	it("in a claimed slot makes the slot the process's own, and the next claim comes sooner", () => {
		const before = own([2, 10], { successes: 6, throttledInRow: 1, movesLeft: 2 });
		expect(recordAccepted(before, at(13), SLOT_MS)).toEqual({
			...before,
			own: [1, 2, 10],
			successesBeforeClaim: 3,
			successes: 0,
			throttledInRow: 0,
		});
	});

	it.each([
		[32, 16],
		[4, 2],
		[3, 2],
		[2, 2],
	])('in a claimed slot lowers the successes before a claim from %i to %i', (before, less) => {
		expect(
			recordAccepted(own([2], { successesBeforeClaim: before }), at(1), SLOT_MS)
				.successesBeforeClaim,
		).toBe(less);
	});

	it.each([
		[0, 1, 4],
		[1, 2, 4],
		[2, 3, 0],
		[3, 4, 0],
	])(
		'after %i others raises the row to %i, and leaves %i moves of new slots',
		(successes, more, movesLeft) => {
			const before = own([1, 2], { successes, movesLeft: 4, throttledInRow: 2 });
			expect(recordAccepted(before, at(1), SLOT_MS)).toEqual({
				...before,
				successes: more,
				movesLeft,
				throttledInRow: 0,
			});
		},
	);

	it("counts for the slot by this process's own offset", () => {
		expect(recordAccepted(own([2], { offset: 0.5 }), 1400, SLOT_MS).own).toEqual([0, 2]);
		expect(recordAccepted(own([2], { offset: 0.5 }), 1500, SLOT_MS).own).toEqual([1, 2]);
		expect(recordAccepted(own([2], { offset: 0.5 }), 400, SLOT_MS).own).toEqual([2, 11]);
	});
});

describe('a throttled request', () => {
	it('is remembered for its slot and ends a row of successes', () => {
		const before = own([0, 2, 4], { successes: 5 });
		const after = recordThrottled(before, at(13), SLOT_MS, 0);
		expect(after.throttledAt).toEqual(
			before.throttledAt.map((_, nth) => (nth === 1 ? at(13) : -Infinity)),
		);
		expect([after.successes, after.throttledInRow]).toEqual([0, 1]);
	});

	it.each([
		[6, 12],
		[16, 32],
		[17, 32],
		[32, 32],
	])(
		'in a claimed slot costs no slot, and raises the successes before a claim from %i to %i',
		(before, more) => {
			const after = recordThrottled(
				own([0, 2], { successesBeforeClaim: before, movesLeft: 3 }),
				at(1),
				SLOT_MS,
				0.5,
			);
			expect([after.own, after.successesBeforeClaim, after.movesLeft]).toEqual([[0, 2], more, 3]);
		},
	);

	it.each([
		['four', [0, 2, 4, 6], 2, [0, 4]],
		['five', [0, 2, 4, 6, 8], 0, [2, 6]],
		['six', [1, 2, 3, 5, 8, 11], 8, [2, 5, 11]],
	])('halves the slots of a process with %s', (_, positions, position, left) => {
		const after = recordThrottled(own(positions), at(position), SLOT_MS, 0);
		expect([after.own, after.movesLeft]).toEqual([left, 4]);
	});

	it.each([
		[0, [0, 1, 6]],
		[0.34, [1, 2, 7]],
		[0.99, [2, 3, 8]],
	])('moves three or fewer new slots by a random part of the cycle (%d)', (random, positions) => {
		const after = recordThrottled(own([0, 5, 11], { movesLeft: 2 }), at(5), SLOT_MS, random);
		expect([after.own, after.movesLeft]).toEqual([positions, 1]);
	});

	it('keeps moved slots in ascending order', () => {
		expect(recordThrottled(own([1, 8, 9], { movesLeft: 1 }), at(8), SLOT_MS, 0).own).toEqual([
			2, 9, 10,
		]);
	});

	it('gives up its slot if the slots have moved often enough', () => {
		const after = recordThrottled(own([0, 5, 11]), at(5), SLOT_MS, 0.99);
		expect([after.own, after.movesLeft]).toEqual([[0, 11], 0]);
	});

	it.each([
		[0, 0],
		[0.5, 6],
		[0.99, 11],
	])('replaces the last slot with a random one (%d)', (random, position) => {
		const after = recordThrottled(own([5]), at(5), SLOT_MS, random);
		expect([after.own, after.movesLeft]).toEqual([[position], 4]);
	});

	it.each([
		[7, 0.25],
		[8, 0.75],
		[9, 0.75],
	])('after %i in a row leaves the slots at offset %d', (throttledInRow, offset) => {
		const after = recordThrottled(
			own([0, 1, 2], { throttledInRow, offset: 0.25 }),
			at(7),
			SLOT_MS,
			0.75,
		);
		expect([after.throttledInRow, after.offset]).toEqual([throttledInRow + 1, offset]);
	});
});

/** A service that accepts one request in any second, by its time of arrival. */
function createService(clock: VirtualClock, random: () => number, refuseNth?: number) {
	let lastAt = -Infinity;
	const seen: Array<{ process: number; at: number; ok: boolean }> = [];
	const sendOf =
		(process: number): Send =>
		async () => {
			await clock.sleep(1 + random() * 8);
			const ok = clock.now() - lastAt >= 1000 && seen.length !== refuseNth;
			if (ok) lastAt = clock.now();
			seen.push({ process, at: clock.now(), ok });
			await clock.sleep(5);
			const body = ok
				? { output: { bbox_face: [1, 1, 9, 9], ext_bbox_face: [0, 0, 10, 10] }, request_id: 'r' }
				: { code: 'Throttling.RateQuota', message: 'Requests rate limit exceeded' };
			return succeed({ httpStatus: ok ? 200 : 429, headers: {}, text: JSON.stringify(body) });
		};
	return { seen, sendOf };
}

let accounts = 0;

/** Runs processes that each detect as fast as their limiter lets them. */
async function crowd(processes: number, seconds: number, seed: number, refuseNth?: number) {
	const random = createRandom(seed);
	jest.spyOn(Math, 'random').mockImplementation(random);
	const clock = createVirtualClock(Date.UTC(2026, 0, 1) + Math.floor(random() * 60_000));
	const service = createService(clock, random, refuseNth);
	const end = clock.now() + seconds * 1000;
	const all = Array.from({ length: processes }, async (_, process) => {
		const id = accountIdOf(`sk-slots-${accounts++}`, 'https://dashscope.aliyuncs.com');
		const late = {
			now: () => clock.now(),
			sleep: async (ms: number, signal?: AbortSignal) =>
				await clock.sleep(ms + random() * 5, signal),
		};
		const acquire = rateLimiterOf(id, DOCUMENTED_RATES, late);
		const client = createClient(service.sendOf(process), acquire, late);
		while (clock.now() < end) await client.detectFace('https://example.com/a.png');
	});
	await clock.until(Promise.all(all));
	jest.restoreAllMocks();
	const taken = service.seen.filter(({ ok }) => ok);
	const shares = all.map((_, nth) => taken.filter(({ process }) => process === nth).length);
	return {
		perSecond: taken.length / seconds,
		throttledShare: 1 - taken.length / service.seen.length,
		evenness: Math.min(...shares) / Math.max(...shares),
	};
}

describe.each([1, 2, 3])('processes that share an account (random seed %i)', (seed) => {
	it('a single one is never throttled and reaches the documented rate', async () => {
		const { perSecond, throttledShare } = await crowd(1, 240, seed);
		expect(throttledShare).toBe(0);
		expect(perSecond).toBeGreaterThan(0.91);
	});

	it('one stray 429 costs a single process at most 15 seconds', async () => {
		const { perSecond } = await crowd(1, 240, seed, 60);
		expect(perSecond * 240).toBeGreaterThan(240 * 0.917 - 15);
	});

	it.each([2, 4])(
		'%i get even shares, use the full rate, and are throttled in at most 10 percent of requests',
		async (count) => {
			const { perSecond, throttledShare, evenness } = await crowd(count, 240, seed);
			expect(evenness).toBeGreaterThan(0.75);
			expect(throttledShare).toBeLessThanOrEqual(0.1);
			expect(perSecond).toBeGreaterThan(0.85);
		},
	);

	it('eight all get a share', async () => {
		const { perSecond, evenness } = await crowd(8, 600, seed);
		expect(evenness).toBeGreaterThan(0.1);
		expect(perSecond).toBeGreaterThan(0.7);
	});
});
