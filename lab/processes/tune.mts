/**
 * Chooses the numbers of account/slots.ts in simulated time: `npm run test:slots`. Two and four processes
 * that cannot talk to each other send as fast as they may to a service that accepts one request per second.
 * The program varies one number at a time, then tries plain back-offs with a random phase in place of the
 * slots. The same seeds give the same table. Takes about a minute.
 */
import {
	allSlots,
	nextSlot,
	recordAccepted,
	recordThrottled,
	SLOT_TUNING,
} from '../../nodes/EmojiVideo/account/slots';
import type { SlotTuning } from '../../nodes/EmojiVideo/account/slots';
import { createRandom } from '../stage/random.mts';

/** account/rateLimiter.ts, SPACE_MARGIN. */
const SPACE_MARGIN = 1.09;
const SECONDS = 240;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const PROCESSES = [2, 4];

/** Decides when a process sends next. */
interface Pacer {
	/** @returns the next moment of sending, in ms */
	next(sentAt: number, endedAt: number, accepted: boolean): number;
}
type CreatePacer = (random: () => number) => Pacer;

interface Figures {
	/** Throttled requests, of all. */
	throttled: number;
	/** How far the process that is furthest from the mean is from it. */
	unfairness: number;
	/** Accepted per second, of all processes together. */
	perSecond: number;
}

/** The moments of a run are independent of the machine: a queue of events, no timers. */
function simulate(count: number, seed: number, createPacer: CreatePacer): Figures {
	const random = createRandom(seed);
	const startAt = Date.UTC(2026, 0, 1) + Math.floor(random() * 60_000);
	const pacers = Array.from({ length: count }, () => createPacer(random));
	const nextAt = pacers.map(() => startAt + random() * 5);
	const accepted = pacers.map(() => 0);
	let lastAt = -Infinity;
	let sent = 0;
	for (;;) {
		const at = Math.min(...nextAt);
		if (at >= startAt + SECONDS * 1000) break;
		const process = nextAt.indexOf(at);
		const arrivesAt = at + 1 + random() * 8;
		const isAccepted = arrivesAt - lastAt >= 1000;
		if (isAccepted) {
			lastAt = arrivesAt;
			accepted[process] = (accepted[process] ?? 0) + 1;
		}
		sent++;
		const next = pacers[process]?.next(at, arrivesAt + 5, isAccepted) ?? Infinity;
		// A timer fires up to 5 ms late.
		nextAt[process] = next + random() * 5;
	}
	const total = accepted.reduce((sum, each) => sum + each, 0);
	const mean = total / count;
	return {
		throttled: 1 - total / sent,
		unfairness: Math.max(...accepted.map((each) => Math.abs(each - mean))) / mean,
		perSecond: total / SECONDS,
	};
}

/** The slots as account/rateLimiter.ts uses them, with the back-off of dashscope/retry.ts after a 429. */
const withSlots =
	(tuning: SlotTuning, margin: number): CreatePacer =>
	(random) => {
		const slotMs = 1000 * margin;
		let slots = allSlots(tuning);
		let throttledInRow = 0;
		return {
			next(sentAt, endedAt, accepted) {
				slots = accepted
					? recordAccepted(slots, sentAt, slotMs, tuning)
					: recordThrottled(slots, sentAt, slotMs, random(), tuning);
				throttledInRow = accepted ? 0 : throttledInRow + 1;
				const pauseMs = accepted ? 0 : 1000 * 2 ** (throttledInRow - 1) * (0.5 + random() / 2);
				const earliest = Math.max(sentAt + slotMs, endedAt + Math.min(60_000, pauseMs));
				return nextSlot(slots, earliest, slotMs, tuning);
			},
		};
	};

interface BackOff {
	/** A throttled request multiplies the space by this. */
	growth: number;
	/** An accepted request after the first few shortens the space by this, in ms. */
	shrinkMs: number;
	/** Accepted requests in a row before the space shrinks. */
	calm: number;
	/** The random phase after a 429, as a share of the space. */
	phase: number;
}

/** The alternative without slots: the space between requests grows and shrinks, and its phase is random. */
const withBackOff =
	({ growth, shrinkMs, calm, phase }: BackOff): CreatePacer =>
	(random) => {
		let space = 1000 * SPACE_MARGIN;
		let inRow = 0;
		return {
			next(sentAt, endedAt, accepted) {
				inRow = accepted ? inRow + 1 : 0;
				if (!accepted) {
					space = Math.min(30_000, space * growth);
					return endedAt + random() * space * phase;
				}
				if (inRow > calm) space = Math.max(1000 * SPACE_MARGIN, space - shrinkMs);
				return sentAt + space;
			},
		};
	};

function average(createPacer: CreatePacer): Figures {
	const runs = PROCESSES.flatMap((count) =>
		SEEDS.map((seed) => simulate(count, seed, createPacer)),
	);
	const mean = (of: keyof Figures) => runs.reduce((sum, run) => sum + run[of], 0) / runs.length;
	return {
		throttled: mean('throttled'),
		unfairness: mean('unfairness'),
		perSecond: mean('perSecond'),
	};
}

/** Lower is better: the two limits of `npm run test:processes`, and the unused part of the account. */
const scoreOf = ({ throttled, unfairness, perSecond }: Figures) =>
	throttled / 0.1 + unfairness / 0.25 + (1 - perSecond);

const shown = (figures: Figures) => ({
	throttled: `${(100 * figures.throttled).toFixed(1)} %`,
	unfairness: `${(100 * figures.unfairness).toFixed(1)} %`,
	perSecond: figures.perSecond.toFixed(2),
	score: scoreOf(figures).toFixed(2),
});

const VARIATIONS: { [Name in keyof SlotTuning]: number[] } = {
	fewSlots: [1, 2, 3, 4, 5],
	successesBeforeClaim: [3, 4, 6, 8, 12],
	fewestBeforeClaim: [1, 2, 3, 4],
	mostBeforeClaim: [8, 16, 32, 64],
	successesToSettle: [1, 2, 3, 5, 8],
	movesWhileNew: [0, 2, 4, 8],
	throttledBeforeShift: [4, 6, 9, 12, 100],
	courtesyShare: [0, 0.03, 0.073, 0.1, 0.15],
	claimCourtesySlots: [0, 1, 2, 4],
	lateWakeMs: [0, 10, 30, 60],
};

const rows: Record<string, ReturnType<typeof shown>> = {};
rows['as shipped'] = shown(average(withSlots(SLOT_TUNING, SPACE_MARGIN)));
for (const [name, values] of Object.entries(VARIATIONS)) {
	for (const value of values) {
		const mark = SLOT_TUNING[name as keyof SlotTuning] === value ? ' (shipped)' : '';
		const tuning = { ...SLOT_TUNING, [name]: value };
		rows[`${name} ${value}${mark}`] = shown(average(withSlots(tuning, SPACE_MARGIN)));
	}
}
for (const margin of [1.02, 1.05, 1.09, 1.12, 1.2]) {
	const mark = margin === SPACE_MARGIN ? ' (shipped)' : '';
	rows[`SPACE_MARGIN ${margin}${mark}`] = shown(average(withSlots(SLOT_TUNING, margin)));
}
const backOffs = [1.1, 1.25, 1.5, 2, 3].flatMap((growth) =>
	[0, 10, 20, 50, 100, 200].flatMap((shrinkMs) =>
		[0, 5, 10, 20].flatMap((calm) =>
			[0.5, 1, 1.5].map((phase) => ({ growth, shrinkMs, calm, phase })),
		),
	),
);
const [best] = backOffs
	.map((backOff) => ({ backOff, figures: average(withBackOff(backOff)) }))
	.sort((a, b) => scoreOf(a.figures) - scoreOf(b.figures));
if (best) {
	const { growth, shrinkMs, calm, phase } = best.backOff;
	rows[
		`best of ${backOffs.length} plain back-offs (x${growth}, -${shrinkMs} ms after ${calm}, phase ${phase})`
	] = shown(best.figures);
}
console.table(rows);
