/**
 * How processes that cannot speak with each other share the requests of one account. The one idea: time
 * by the clock of the wall is cut into turns, each as long as the space between two requests, and twelve
 * turns make a round that comes again and again. Who is refused in a turn leaves it to whoever was there,
 * for good; so each process ends up with turns of its own, and nobody meets anybody.
 *
 * It is the rule by which TCP shares a line (additive increase, multiplicative decrease: Chiu and Jain,
 * "Analysis of the Increase and Decrease Algorithms", 1989), on turns instead of a rate: a refusal costs
 * half of the turns, a row of successes gains one. As there, who has more gives way to who has less: it
 * sends later within the turn.
 *
 * Rule: a process that was never refused has all turns, and goes as fast as if there were no turns.
 */

/** Twelve can be shared evenly by two, three, four and six. */
const ROUND = 12;

/** With so few turns a refusal does not halve them any more. */
const FEW = 3;

/** Successes in a row before one more turn is tried; half as many after it was free, twice after it was not. */
const CALM = { first: 6, least: 2, most: 32 };

/** After a halving the turns are new, until so many successes in a row. */
const SETTLED = 3;

/** New turns that meet somebody are moved by a random part of the round, so often; then one is given up. */
const MOST_MOVES = 4;

/** Refused so often in a row: the others' clocks go differently, so the beginning of the turns is moved. */
const OUT_OF_STEP = 9;

/** So much of a turn the one that has all turns sends later than one that has none. */
const COURTESY = 0.073;

/** One that tries a turn gives way to its owner, unless that has so many turns more. */
const CLAIM_COURTESY = 2;

/** A sleep that ends so much late has not missed its turn, in ms. */
const LATE_MS = 30;

/** The turns of a process in one bucket of an account. */
export interface Turns {
	/** Places in the round, ascending; never empty. */
	own: number[];
	/** When each place was last refused, in ms since the epoch. */
	refusedAt: number[];
	/** Successes since the last refusal or gain. */
	calm: number;
	/** So many successes in a row before one more turn is tried. */
	patience: number;
	/** How often the turns may still be moved; 0 once they have met nobody. */
	moves: number;
	refusedInRow: number;
	/** Where turns begin, in parts of a turn. */
	offset: number;
}

export const allTurns = (): Turns => ({
	own: Array.from({ length: ROUND }, (_, place) => place),
	refusedAt: Array.from({ length: ROUND }, () => -Infinity),
	calm: 0,
	patience: CALM.first,
	moves: 0,
	refusedInRow: 0,
	offset: 0,
});

/** Whether nothing is known of anybody else. */
export const isAlone = ({ own }: Turns) => own.length === ROUND;

const lateMs = (turnMs: number) => Math.min(LATE_MS, turnMs / 2);

const placeOf = (nth: number) => ((nth % ROUND) + ROUND) % ROUND;

/** The place in the round in which a request has left. */
const placeAt = ({ offset }: Turns, sentAt: number, turnMs: number) =>
	placeOf(Math.floor(sentAt / turnMs - offset));

/** The turns of others of which one may be tried: those where the last refusal is the longest ago. */
function claimable({ own, refusedAt, calm, patience }: Turns): number[] {
	if (calm < patience) return [];
	const others = refusedAt.map((_, place) => place).filter((place) => !own.includes(place));
	const oldest = Math.min(...others.map((place) => refusedAt[place] ?? 0));
	return others.filter((place) => refusedAt[place] === oldest);
}

/**
 * The next moment at which a request may leave.
 * @param earliest what the pace allows, ms since the epoch
 * @param turnMs how long a turn is
 * @returns ms since the epoch; up to `LATE_MS` before `earliest`
 */
export function nextTurn(turns: Turns, earliest: number, turnMs: number): number {
	const { own, offset } = turns;
	const courtesy = (count: number) => COURTESY * turnMs * Math.min(1, count / ROUND);
	const beginOf = (nth: number) => (nth + offset) * turnMs;
	const late = lateMs(turnMs);
	if (isAlone(turns)) {
		const lag = earliest - courtesy(ROUND) - beginOf(0);
		const over = lag - Math.floor(lag / turnMs) * turnMs;
		return over <= late ? earliest - over : earliest + turnMs - over;
	}
	const claims = claimable(turns);
	for (let nth = Math.floor(earliest / turnMs - offset); ; nth++) {
		const place = placeOf(nth);
		const isClaim = claims.includes(place);
		if (!isClaim && !own.includes(place)) continue;
		const count = isClaim ? own.length + CLAIM_COURTESY : own.length;
		const at = beginOf(nth) + courtesy(count);
		if (at >= earliest - late) return at;
	}
}

/** What is known after a request that was not one too many. */
export function admitted(turns: Turns, sentAt: number, turnMs: number): Turns {
	const place = placeAt(turns, sentAt, turnMs);
	if (!turns.own.includes(place)) {
		const own = [...turns.own, place].sort((a, b) => a - b);
		const patience = Math.max(CALM.least, turns.patience / 2);
		return { ...turns, own, patience, calm: 0, refusedInRow: 0 };
	}
	const calm = turns.calm + 1;
	return { ...turns, calm, moves: calm >= SETTLED ? 0 : turns.moves, refusedInRow: 0 };
}

/** What is left of a process's own turns after it was refused in one of them. */
function withoutPlace(turns: Turns, place: number, random: number): Turns {
	const { own, moves } = turns;
	const index = own.indexOf(place);
	if (own.length > FEW) {
		const half = own.filter((_, other) => Math.abs(other - index) % 2 === 1);
		return { ...turns, own: half, moves: MOST_MOVES };
	}
	if (moves > 0) {
		const by = 1 + Math.floor(random * FEW);
		const moved = own.map((other) => placeOf(other + by)).sort((a, b) => a - b);
		return { ...turns, own: moved, moves: moves - 1 };
	}
	const rest = own.filter((other) => other !== place);
	if (rest.length > 0) return { ...turns, own: rest };
	return { ...turns, own: [Math.floor(random * ROUND)], moves: MOST_MOVES };
}

/**
 * What is known after a request that was one too many.
 * @param random a number in [0, 1)
 */
export function refused(turns: Turns, sentAt: number, turnMs: number, random: number): Turns {
	const place = placeAt(turns, sentAt, turnMs);
	const refusedInRow = turns.refusedInRow + 1;
	const known: Turns = {
		...turns,
		refusedAt: turns.refusedAt.map((at, other) => (other === place ? sentAt : at)),
		refusedInRow,
		offset: refusedInRow >= OUT_OF_STEP ? random : turns.offset,
		calm: 0,
	};
	if (turns.own.includes(place)) return withoutPlace(known, place, random);
	return { ...known, patience: Math.min(CALM.most, 2 * turns.patience) };
}
