/**
 * Several processes, one account, nobody to ask: each is a limiter of its own, and they meet at the
 * service only, which admits one request in any second and refuses the others.
 */
import {
	accountIdOf,
	DOCUMENTED_RATES,
	rateLimiterOf,
} from '../../nodes/EmojiVideo/batch/rateLimiter';
import { admitted, allSlots, isAlone, nextSlot, refused } from '../../nodes/EmojiVideo/batch/slots';
import type { Slots } from '../../nodes/EmojiVideo/batch/slots';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import type { Send } from '../../nodes/EmojiVideo/dashscope/transport';
import { succeed } from '../../nodes/EmojiVideo/result';
import { createRandom } from '../../bench/network.mts';
import { createVirtualClock } from './virtualClock.mts';
import type { VirtualClock } from './virtualClock.mts';

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
