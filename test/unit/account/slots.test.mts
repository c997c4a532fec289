/**
 * Several processes, one account, nobody to ask: each is a limiter of its own, and they meet at the
 * service only, which admits one request in any second and refuses the others.
 */
import {
	accountIdOf,
	DOCUMENTED_RATES,
	rateLimiterOf,
} from '../../../nodes/EmojiVideo/account/rateLimiter';
import {
	admitted,
	allSlots,
	isAlone,
	nextSlot,
	refused,
} from '../../../nodes/EmojiVideo/account/slots';
import type { Slots } from '../../../nodes/EmojiVideo/account/slots';
import { createClient } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Send } from '../../../nodes/EmojiVideo/dashscope/transport';
import { succeed } from '../../../nodes/EmojiVideo/base/result';
import { createRandom } from '../../../lab/bench/network.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import type { VirtualClock } from '../support/virtualClock.mts';

const TURN_MS = 1000;
const at = (slot: number) => slot * TURN_MS + 100;

describe('slots', () => {
	it('of one that was never refused: all of them, at the pace that was asked for', () => {
		const moments = [5_000_200];
		for (let nth = 0; nth < 20; nth++) {
			moments.push(nextSlot(allSlots(), (moments.at(-1) ?? 0) + TURN_MS, TURN_MS));
		}
		const spent = (moments.at(-1) ?? 0) - (moments[0] ?? 0);
		expect(spent).toBeGreaterThanOrEqual(20 * TURN_MS);
		expect(spent).toBeLessThanOrEqual(21 * TURN_MS);
	});

	it('a refusal costs half of them, that one among them', () => {
		const { own } = refused(allSlots(), at(5), TURN_MS, 0);
		expect(own).toEqual([0, 2, 4, 6, 8, 10]);
	});

	it('the next request waits for a slot of its own', () => {
		const slots = refused(allSlots(), at(5), TURN_MS, 0);
		const next = nextSlot(slots, at(6) + 500, TURN_MS);
		expect(Math.floor(next / TURN_MS)).toBe(8);
	});

	it('one whose sleep ended a little late has not missed its slot', () => {
		const slots = refused(allSlots(), at(5), TURN_MS, 0);
		const begin = nextSlot(slots, 8 * TURN_MS, TURN_MS);
		expect(nextSlot(slots, begin + 25, TURN_MS)).toBe(begin);
		expect(nextSlot(slots, begin + 200, TURN_MS)).toBeGreaterThan(begin + TURN_MS);
	});

	it('successes in a row gain one more, and every further one comes sooner', () => {
		let slots = refused(allSlots(), at(5), TURN_MS, 0);
		let now = at(6);
		const gains: number[] = [];
		for (let sent = 1; !isAlone(slots); sent++) {
			now = nextSlot(slots, now + TURN_MS, TURN_MS);
			const before = slots.own.length;
			slots = admitted(slots, now, TURN_MS);
			if (slots.own.length > before) gains.push(sent);
			expect(sent).toBeLessThan(40);
		}
		expect(gains).toHaveLength(6);
		expect(gains[0]).toBe(7);
	});

	it('a slot that was tried in vain is not tried again before the others', () => {
		const calm: Slots = { ...refused(allSlots(), at(5), TURN_MS, 0), calm: 6 };
		const claimed = (slots: Slots) => Math.floor(nextSlot(slots, at(12), TURN_MS) / TURN_MS);
		expect(claimed(calm)).toBe(13);
		const after = refused(calm, at(13), TURN_MS, 0);
		expect(after.own).toEqual(calm.own);
		expect(after.patience).toBe(2 * calm.patience);
		expect(claimed(after)).toBe(14);
		expect(claimed({ ...after, own: [0], calm: after.patience })).toBe(14);
	});

	it('who has more sends later within the slot', () => {
		const many = refused(allSlots(), at(5), TURN_MS, 0);
		const few: Slots = { ...many, own: [0, 6] };
		expect(nextSlot(few, at(11) + 500, TURN_MS)).toBeLessThan(
			nextSlot(many, at(11) + 500, TURN_MS),
		);
	});

	it('somebody always has one left', () => {
		const random = createRandom(1);
		let slots = allSlots();
		for (let nth = 0; nth < 500; nth++) {
			slots = refused(slots, nextSlot(slots, nth * 5000, TURN_MS), TURN_MS, random());
			expect(slots.own.length).toBeGreaterThan(0);
		}
	});

	it('one that is refused again and again looks for another beginning of the slots', () => {
		let slots = allSlots();
		for (let nth = 0; nth < 9; nth++) slots = refused(slots, at(nth), TURN_MS, 0.5);
		expect(slots.offset).toBe(0.5);
	});
});

/** Slots of a process that shares its account; nothing refused, nothing gained. */
const own = (places: number[], more: Partial<Slots> = {}): Slots => ({
	...allSlots(),
	own: places,
	...more,
});

/** All places, but these. */
const allBut = (...places: number[]) => allSlots().own.filter((place) => !places.includes(place));

it('slots at the start: all twelve, nothing refused, and six successes to wait for the next', () => {
	expect(allSlots()).toEqual({
		own: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
		refusedAt: Array.from({ length: 12 }, () => -Infinity),
		calm: 0,
		patience: 6,
		moves: 0,
		refusedInRow: 0,
		offset: 0,
	});
});

describe('the next moment of one that has all slots', () => {
	it.each([
		['the beginning of a slot', 5073, 5073],
		['a moment before it', 5072.5, 5073],
		['30 ms behind it: not missed', 5103, 5073],
		['31 ms behind it: the next', 5104, 6073],
		['the first slot of all', 70, 73],
	])('at %s', (_, earliest, moment) => {
		expect(nextSlot(allSlots(), earliest, TURN_MS)).toBeCloseTo(moment, 6);
	});

	it('goes by where its slots begin', () => {
		expect(nextSlot(own(allBut(), { offset: 0.25 }), 5300, TURN_MS)).toBeCloseTo(5323, 6);
	});

	it.each([
		[62, 42.92],
		[64, 82.92],
	])('of short slots, half of one is the most that is not missed (%i ms)', (earliest, moment) => {
		expect(nextSlot(allSlots(), earliest, 40)).toBeCloseTo(moment, 6);
	});
});

describe('the next moment of one that has some slots', () => {
	const two = (more: Partial<Slots> = {}) => own([0, 3], more);
	const begin = (73 * 2) / 12;

	it.each([
		['in this slot', 0, begin],
		['in this slot, if it is hardly late', 42, begin],
		['in the next of its own, if it is late', 43, 3000 + begin],
		['in the slot that comes', 1500, 3000 + begin],
		['in the next round', 4000, 12_000 + begin],
		['many rounds later', 120_500, 123_000 + begin],
	])('is %s', (_, earliest, moment) => {
		expect(nextSlot(two(), earliest, TURN_MS)).toBeCloseTo(moment, 6);
	});

	it('goes by where its slots begin', () => {
		expect(nextSlot(two({ offset: 0.25 }), 500, TURN_MS)).toBeCloseTo(3250 + begin, 6);
		expect(nextSlot(two({ offset: 0.25 }), 3240, TURN_MS)).toBeCloseTo(3250 + begin, 6);
		expect(nextSlot(two({ offset: 0.5 }), 3500, TURN_MS)).toBeCloseTo(3500 + begin, 6);
	});

	it('may be in a slot of others, after as many successes as it has patience', () => {
		const calm = own([0, 6], { calm: 6 });
		const giving = (73 * 4) / 12;
		expect(nextSlot(calm, 500, TURN_MS)).toBeCloseTo(1000 + giving, 6);
		expect(nextSlot({ ...calm, calm: 7 }, 500, TURN_MS)).toBeCloseTo(1000 + giving, 6);
		expect(nextSlot({ ...calm, calm: 5 }, 500, TURN_MS)).toBeCloseTo(6000 + begin, 6);
	});

	it('is in that slot of others where the last refusal is the longest ago', () => {
		const refusedAt = allSlots().own.map((place) => 9000 - 10 * Math.abs(place - 4));
		refusedAt[4] = 1000;
		const calm = own([0, 6], { calm: 6, refusedAt });
		expect(nextSlot(calm, 500, TURN_MS)).toBeCloseTo(4000 + (73 * 4) / 12, 6);
	});

	it('is in a slot of others as late as that of one that has all, and no later', () => {
		expect(nextSlot(own(allBut(5), { calm: 6 }), 4900, TURN_MS)).toBeCloseTo(5073, 6);
		expect(nextSlot(own(allBut(5)), 5000, TURN_MS)).toBeCloseTo(6000 + (73 * 11) / 12, 6);
	});
});

describe('a success', () => {
	it('in a slot of others makes it one of its own, and the next is tried sooner', () => {
		const before = own([2, 10], { calm: 6, refusedInRow: 1, moves: 2 });
		expect(admitted(before, at(13), TURN_MS)).toEqual({
			...before,
			own: [1, 2, 10],
			patience: 3,
			calm: 0,
			refusedInRow: 0,
		});
	});

	it.each([
		[32, 16],
		[4, 2],
		[3, 2],
		[2, 2],
	])('in a slot of others makes a patience of %i one of %i', (patience, less) => {
		expect(admitted(own([2], { patience }), at(1), TURN_MS).patience).toBe(less);
	});

	it.each([
		[0, 1, 4],
		[1, 2, 4],
		[2, 3, 0],
		[3, 4, 0],
	])('after %i in a row makes %i; new slots may be moved %i times then', (calm, more, moves) => {
		const before = own([1, 2], { calm, moves: 4, refusedInRow: 2 });
		expect(admitted(before, at(1), TURN_MS)).toEqual({
			...before,
			calm: more,
			moves,
			refusedInRow: 0,
		});
	});

	it('counts for the place where slots begin for this process', () => {
		expect(admitted(own([2], { offset: 0.5 }), 1400, TURN_MS).own).toEqual([0, 2]);
		expect(admitted(own([2], { offset: 0.5 }), 1500, TURN_MS).own).toEqual([1, 2]);
		expect(admitted(own([2], { offset: 0.5 }), 400, TURN_MS).own).toEqual([2, 11]);
	});
});

describe('a refusal', () => {
	it('is remembered for its place, and ends a row of successes', () => {
		const before = own([0, 2, 4], { calm: 5 });
		const after = refused(before, at(13), TURN_MS, 0);
		expect(after.refusedAt).toEqual(
			before.refusedAt.map((_, nth) => (nth === 1 ? at(13) : -Infinity)),
		);
		expect([after.calm, after.refusedInRow]).toEqual([0, 1]);
	});

	it.each([
		[6, 12],
		[16, 32],
		[17, 32],
		[32, 32],
	])('in a slot of others costs none, and makes a patience of %i one of %i', (patience, more) => {
		const after = refused(own([0, 2], { patience, moves: 3 }), at(1), TURN_MS, 0.5);
		expect([after.own, after.patience, after.moves]).toEqual([[0, 2], more, 3]);
	});

	it.each([
		['four', [0, 2, 4, 6], 2, [0, 4]],
		['five', [0, 2, 4, 6, 8], 0, [2, 6]],
		['six', [1, 2, 3, 5, 8, 11], 8, [2, 5, 11]],
	])('of one that has %s slots costs half of them', (_, places, place, left) => {
		const after = refused(own(places), at(place), TURN_MS, 0);
		expect([after.own, after.moves]).toEqual([left, 4]);
	});

	it.each([
		[0, [0, 1, 6]],
		[0.34, [1, 2, 7]],
		[0.99, [2, 3, 8]],
	])('of new slots, three or fewer, moves them by a random part (%d)', (random, places) => {
		const after = refused(own([0, 5, 11], { moves: 2 }), at(5), TURN_MS, random);
		expect([after.own, after.moves]).toEqual([places, 1]);
	});

	it('moves new slots so that they stay in order', () => {
		expect(refused(own([1, 8, 9], { moves: 1 }), at(8), TURN_MS, 0).own).toEqual([2, 9, 10]);
	});

	it('of slots that were moved often enough gives up that one', () => {
		const after = refused(own([0, 5, 11]), at(5), TURN_MS, 0.99);
		expect([after.own, after.moves]).toEqual([[0, 11], 0]);
	});

	it.each([
		[0, 0],
		[0.5, 6],
		[0.99, 11],
	])('of the last one gives another for it, any (%d)', (random, place) => {
		const after = refused(own([5]), at(5), TURN_MS, random);
		expect([after.own, after.moves]).toEqual([[place], 4]);
	});

	it.each([
		[7, 0.25],
		[8, 0.75],
		[9, 0.75],
	])('after %i in a row: the slots begin at %d', (refusedInRow, offset) => {
		const after = refused(own([0, 1, 2], { refusedInRow, offset: 0.25 }), at(7), TURN_MS, 0.75);
		expect([after.refusedInRow, after.offset]).toEqual([refusedInRow + 1, offset]);
	});
});

/** The service: one request in any second, by the moment at which it arrives. */
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

/** Processes that all ask as fast as they may, for so long. */
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
		refusedShare: 1 - taken.length / service.seen.length,
		evenness: Math.min(...shares) / Math.max(...shares),
	};
}

describe.each([1, 2, 3])('processes that share an account, start %i', (seed) => {
	it('one alone is never refused, and goes at the pace of the documents', async () => {
		const { perSecond, refusedShare } = await crowd(1, 240, seed);
		expect(refusedShare).toBe(0);
		expect(perSecond).toBeGreaterThan(0.91);
	});

	it('one refusal that was not repeated costs a quarter of a minute at most', async () => {
		const { perSecond } = await crowd(1, 240, seed, 60);
		expect(perSecond * 240).toBeGreaterThan(240 * 0.917 - 15);
	});

	it.each([2, 4])(
		'%i get even shares, with few refusals, and use up the account',
		async (count) => {
			const { perSecond, refusedShare, evenness } = await crowd(count, 240, seed);
			expect(evenness).toBeGreaterThan(0.75);
			expect(refusedShare).toBeLessThanOrEqual(0.1);
			expect(perSecond).toBeGreaterThan(0.85);
		},
	);

	it('of many, none is shut out', async () => {
		const { perSecond, evenness } = await crowd(8, 600, seed);
		expect(evenness).toBeGreaterThan(0.1);
		expect(perSecond).toBeGreaterThan(0.7);
	});
});
