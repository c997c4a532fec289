/**
 * How processes that cannot speak with each other share the requests of one account. The one idea: time
 * by the clock of the wall is cut into slots, each as long as the space between two requests, and twelve
 * slots make a round that comes again and again. Who is refused in a slot leaves it to whoever was there,
 * for good; so each process ends up with slots of its own, and nobody meets anybody.
 *
 * It is the rule by which TCP shares a line (additive increase, multiplicative decrease: Chiu and Jain,
 * "Analysis of the Increase and Decrease Algorithms", 1989), on slots instead of a rate: a refusal costs
 * half of the slots, a row of successes gains one. As there, who has more gives way to who has less: it
 * sends later within the slot.
 *
 * Rule: a process that was never refused has all slots, and goes as fast as if there were no slots.
 */

/** Twelve can be shared evenly by two, three, four and six. */
const ROUND = 12;

/** With so few slots a refusal does not halve them any more. */
const FEW = 3;

/** Successes in a row before one more slot is tried; half as many after it was free, twice after it was not. */
const CALM = { first: 6, least: 2, most: 32 };

/** After a halving the slots are new, until so many successes in a row. */
const SETTLED = 3;

/** New slots that meet somebody are moved by a random part of the round, so often; then one is given up. */
const MOST_MOVES = 4;

/** Refused so often in a row: the others' clocks go differently, so the beginning of the slots is moved. */
const OUT_OF_STEP = 9;

/** So much of a slot the one that has all slots sends later than one that has none. */
const COURTESY = 0.073;

/** One that tries a slot gives way to its owner, unless that has so many slots more. */
const CLAIM_COURTESY = 2;

/** A sleep that ends so much late has not missed its slot, in ms. */
const LATE_MS = 30;

/** The slots of a process in one bucket of an account. */
export interface Slots {
	/** Places in the round, ascending; never empty. */
	own: number[];
	/** When each place was last refused, in ms since the epoch. */
	refusedAt: number[];
	/** Successes since the last refusal or gain. */
	calm: number;
	/** So many successes in a row before one more slot is tried. */
	patience: number;
	/** How often the slots may still be moved; 0 once they have met nobody. */
	moves: number;
	refusedInRow: number;
	/** Where slots begin, in parts of a slot. */
	offset: number;
}

export const allSlots = (): Slots => ({
	own: Array.from({ length: ROUND }, (_, place) => place),
	refusedAt: Array.from({ length: ROUND }, () => -Infinity),
	calm: 0,
	patience: CALM.first,
	moves: 0,
	refusedInRow: 0,
	offset: 0,
});

/** Whether nothing is known of anybody else. */
export const isAlone = ({ own }: Slots) => own.length === ROUND;

const lateMs = (slotMs: number) => Math.min(LATE_MS, slotMs / 2);

const placeOf = (nth: number) => ((nth % ROUND) + ROUND) % ROUND;

/** The place in the round in which a request has left. */
const placeAt = ({ offset }: Slots, sentAt: number, slotMs: number) =>
	placeOf(Math.floor(sentAt / slotMs - offset));

/** The slots of others of which one may be tried: those where the last refusal is the longest ago. */
function claimable({ own, refusedAt, calm, patience }: Slots): number[] {
	if (calm < patience) return [];
	const others = refusedAt.map((_, place) => place).filter((place) => !own.includes(place));
	const oldest = Math.min(...others.map((place) => refusedAt[place] ?? 0));
	return others.filter((place) => refusedAt[place] === oldest);
}

/**
 * The next moment at which a request may leave.
 * @param earliest what the pace allows, ms since the epoch
 * @param slotMs how long a slot is
 * @returns ms since the epoch; up to `LATE_MS` before `earliest`
 */
export function nextSlot(slots: Slots, earliest: number, slotMs: number): number {
	const { own, offset } = slots;
	const courtesy = (count: number) => COURTESY * slotMs * Math.min(1, count / ROUND);
	const beginOf = (nth: number) => (nth + offset) * slotMs;
	const late = lateMs(slotMs);
	if (isAlone(slots)) {
		const lag = earliest - courtesy(ROUND) - beginOf(0);
		const over = lag - Math.floor(lag / slotMs) * slotMs;
		return over <= late ? earliest - over : earliest + slotMs - over;
	}
	const claims = claimable(slots);
	for (let nth = Math.floor(earliest / slotMs - offset); ; nth++) {
		const place = placeOf(nth);
		const isClaim = claims.includes(place);
		if (!isClaim && !own.includes(place)) continue;
		const count = isClaim ? own.length + CLAIM_COURTESY : own.length;
		const at = beginOf(nth) + courtesy(count);
		if (at >= earliest - late) return at;
	}
}

/** What is known after a request that was not one too many. */
export function admitted(slots: Slots, sentAt: number, slotMs: number): Slots {
	const place = placeAt(slots, sentAt, slotMs);
	if (!slots.own.includes(place)) {
		const own = [...slots.own, place].sort((a, b) => a - b);
		const patience = Math.max(CALM.least, slots.patience / 2);
		return { ...slots, own, patience, calm: 0, refusedInRow: 0 };
	}
	const calm = slots.calm + 1;
	return { ...slots, calm, moves: calm >= SETTLED ? 0 : slots.moves, refusedInRow: 0 };
}

/** What is left of a process's own slots after it was refused in one of them. */
function withoutPlace(slots: Slots, place: number, random: number): Slots {
	const { own, moves } = slots;
	const index = own.indexOf(place);
	if (own.length > FEW) {
		const half = own.filter((_, other) => Math.abs(other - index) % 2 === 1);
		return { ...slots, own: half, moves: MOST_MOVES };
	}
	if (moves > 0) {
		const by = 1 + Math.floor(random * FEW);
		const moved = own.map((other) => placeOf(other + by)).sort((a, b) => a - b);
		return { ...slots, own: moved, moves: moves - 1 };
	}
	const rest = own.filter((other) => other !== place);
	if (rest.length > 0) return { ...slots, own: rest };
	return { ...slots, own: [Math.floor(random * ROUND)], moves: MOST_MOVES };
}

/**
 * What is known after a request that was one too many.
 * @param random a number in [0, 1)
 */
export function refused(slots: Slots, sentAt: number, slotMs: number, random: number): Slots {
	const place = placeAt(slots, sentAt, slotMs);
	const refusedInRow = slots.refusedInRow + 1;
	const known: Slots = {
		...slots,
		refusedAt: slots.refusedAt.map((at, other) => (other === place ? sentAt : at)),
		refusedInRow,
		offset: refusedInRow >= OUT_OF_STEP ? random : slots.offset,
		calm: 0,
	};
	if (slots.own.includes(place)) return withoutPlace(known, place, random);
	return { ...known, patience: Math.min(CALM.most, 2 * slots.patience) };
}
