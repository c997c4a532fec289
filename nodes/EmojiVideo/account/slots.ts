/**
 * Shares one account's requests between processes that cannot talk to each other. Wall-clock time is cut
 * into slots, each as long as the space between two requests. Twelve slots make a cycle, which repeats.
 * A process that is throttled in a slot leaves that slot for good, so every process ends up with its own.
 *
 * This is how TCP shares a line (additive increase, multiplicative decrease: Chiu and Jain, "Analysis of
 * the Increase and Decrease Algorithms", 1989), with slots instead of a rate: a throttled request costs
 * half of the slots, and a row of successes gains one. As in TCP, a process with more gives way to one with
 * less: it sends later within the slot.
 *
 * Rule: a process that was never throttled owns all slots, and is as fast as without them.
 *
 * `npm run test:slots` chose the numbers below and shows why slots stay: 6.6 % of their requests are
 * throttled, against 33.5 % for the best plain back-off with a random phase (lab/processes/README.md).
 */

/** Slots per cycle. Twelve divide evenly between two, three, four and six processes. */
const CYCLE = 12;

/** The numbers that can be tuned. `npm run test:slots` varies each of them. */
export const SLOT_TUNING = {
	/** With this many slots or fewer, a throttled request no longer halves them. */
	fewSlots: 3,
	/** Successes in a row before the process claims one more slot. */
	successesBeforeClaim: 6,
	/** The lowest and the highest that number gets: a free slot halves it, a taken one doubles it. */
	fewestBeforeClaim: 2,
	mostBeforeClaim: 32,
	/** Successes in a row after which new slots count as settled. */
	successesToSettle: 3,
	/** How often new slots that collide move, by a random part of the cycle, before one is given up. */
	movesWhileNew: 4,
	/** Throttled this often in a row, the process moves the start of its slots: the clocks differ. */
	throttledBeforeShift: 9,
	/** How much of a slot a process with all slots sends later than a process with none. */
	courtesyShare: 0.073,
	/** A claim gives way to the slot's owner, unless the owner has this many more slots. */
	claimCourtesySlots: 2,
	/** A sleep that ends this late, in ms, has not missed its slot. */
	lateWakeMs: 30,
};
export type SlotTuning = typeof SLOT_TUNING;

/** The slots of a process in one bucket of an account. */
export interface Slots {
	/** Positions in the cycle, ascending; never empty. */
	own: number[];
	/** When a request in each position was last throttled, in ms since the epoch. */
	throttledAt: number[];
	/** Successes since the last throttled request or the last gain. */
	successes: number;
	/** Successes in a row before the process claims one more slot. */
	successesBeforeClaim: number;
	/** How often the slots may still move; 0 once they are settled. */
	movesLeft: number;
	throttledInRow: number;
	/** Where slots start, as a fraction of a slot. */
	offset: number;
}

/** The slots of a process that was never throttled: all of them. */
export const allSlots = (tuning: SlotTuning = SLOT_TUNING): Slots => ({
	own: Array.from({ length: CYCLE }, (_, position) => position),
	throttledAt: Array.from({ length: CYCLE }, () => -Infinity),
	successes: 0,
	successesBeforeClaim: tuning.successesBeforeClaim,
	movesLeft: 0,
	throttledInRow: 0,
	offset: 0,
});

/** Whether the process knows of no other one. */
export const hasAllSlots = ({ own }: Slots) => own.length === CYCLE;

const positionOf = (nth: number) => ((nth % CYCLE) + CYCLE) % CYCLE;

/** The position in the cycle of a moment. */
const positionAt = ({ offset }: Slots, atMs: number, slotMs: number) =>
	positionOf(Math.floor(atMs / slotMs - offset));

/** The positions that the process may claim next: those that were throttled the longest ago. */
function claimable({
	own,
	throttledAt,
	successes,
	successesBeforeClaim,
}: Slots): readonly number[] {
	if (successes < successesBeforeClaim) return [];
	const others = throttledAt
		.map((_, position) => position)
		.filter((position) => !own.includes(position));
	const oldest = Math.min(...others.map((position) => throttledAt[position] ?? 0));
	return others.filter((position) => throttledAt[position] === oldest);
}

/**
 * The next moment at which a request may leave.
 * @param earliest the first moment that the rate allows, in ms since the epoch
 * @param slotMs the length of a slot
 * @returns ms since the epoch; up to `lateWakeMs` before `earliest`
 */
export function nextSlot(
	slots: Slots,
	earliest: number,
	slotMs: number,
	tuning: SlotTuning = SLOT_TUNING,
): number {
	const { own, offset } = slots;
	const courtesyMs = (count: number) => tuning.courtesyShare * slotMs * Math.min(1, count / CYCLE);
	const startOf = (nth: number) => (nth + offset) * slotMs;
	const lateMs = Math.min(tuning.lateWakeMs, slotMs / 2);
	if (hasAllSlots(slots)) {
		const sinceStart = earliest - courtesyMs(CYCLE) - startOf(0);
		const over = sinceStart - Math.floor(sinceStart / slotMs) * slotMs;
		return over <= lateMs ? earliest - over : earliest + slotMs - over;
	}
	const claims = claimable(slots);
	for (let nth = Math.floor(earliest / slotMs - offset); ; nth++) {
		const position = positionOf(nth);
		const isClaim = claims.includes(position);
		if (!isClaim && !own.includes(position)) continue;
		const count = isClaim ? own.length + tuning.claimCourtesySlots : own.length;
		const at = startOf(nth) + courtesyMs(count);
		if (at >= earliest - lateMs) return at;
	}
}

/** The slots after the service accepted a request. */
export function recordAccepted(
	slots: Slots,
	sentAt: number,
	slotMs: number,
	tuning: SlotTuning = SLOT_TUNING,
): Slots {
	const position = positionAt(slots, sentAt, slotMs);
	if (!slots.own.includes(position)) {
		const own = [...slots.own, position].sort((a, b) => a - b);
		const successesBeforeClaim = Math.max(tuning.fewestBeforeClaim, slots.successesBeforeClaim / 2);
		return { ...slots, own, successesBeforeClaim, successes: 0, throttledInRow: 0 };
	}
	const successes = slots.successes + 1;
	const movesLeft = successes >= tuning.successesToSettle ? 0 : slots.movesLeft;
	return { ...slots, successes, movesLeft, throttledInRow: 0 };
}

/** The process's own slots after a request in one of them was throttled. */
function withoutSlot(slots: Slots, position: number, random: number, tuning: SlotTuning): Slots {
	const { own, movesLeft } = slots;
	const index = own.indexOf(position);
	if (own.length > tuning.fewSlots) {
		const half = own.filter((_, other) => Math.abs(other - index) % 2 === 1);
		return { ...slots, own: half, movesLeft: tuning.movesWhileNew };
	}
	if (movesLeft > 0) {
		const by = 1 + Math.floor(random * tuning.fewSlots);
		const moved = own.map((other) => positionOf(other + by)).sort((a, b) => a - b);
		return { ...slots, own: moved, movesLeft: movesLeft - 1 };
	}
	const rest = own.filter((other) => other !== position);
	if (rest.length > 0) return { ...slots, own: rest };
	return { ...slots, own: [Math.floor(random * CYCLE)], movesLeft: tuning.movesWhileNew };
}

/**
 * The slots after the service throttled a request.
 * @param random a number in [0, 1)
 */
export function recordThrottled(
	slots: Slots,
	sentAt: number,
	slotMs: number,
	random: number,
	tuning: SlotTuning = SLOT_TUNING,
): Slots {
	const position = positionAt(slots, sentAt, slotMs);
	const throttledInRow = slots.throttledInRow + 1;
	const known: Slots = {
		...slots,
		throttledAt: slots.throttledAt.map((at, other) => (other === position ? sentAt : at)),
		throttledInRow,
		offset: throttledInRow >= tuning.throttledBeforeShift ? random : slots.offset,
		successes: 0,
	};
	if (slots.own.includes(position)) return withoutSlot(known, position, random, tuning);
	const successesBeforeClaim = Math.min(tuning.mostBeforeClaim, 2 * slots.successesBeforeClaim);
	return { ...known, successesBeforeClaim };
}
