/**
 * A wait in n8n's database, whatever the service answers and whenever n8n dies: each accepted task ID
 * stays in the parcel, what has ended stays as it ended, and the wait comes to an end.
 */
import fc from 'fast-check';
import {
	isSettled,
	nextTurn,
	parcelSchema,
	saveWatch,
	takeTurn,
	waitBeforeTurn,
} from '../../nodes/EmojiVideo/durable/state';
import type { Parcel, Piece } from '../../nodes/EmojiVideo/durable/state';
import { createWatch, enqueue } from '../../nodes/EmojiVideo/batch/pollSchedule';
import type { Answer } from '../../nodes/EmojiVideo/dashscope/client';
import { fail } from '../../nodes/EmojiVideo/result';
import type { FailureKind, Result } from '../../nodes/EmojiVideo/result';
import type { Task } from '../../nodes/EmojiVideo/dashscope/schemas';
import { answered, defaults, START_MS, taskAt } from './account.mts';
import type { SimulatedTask } from './account.mts';

type Ask = (taskId: string) => Promise<Result<Answer<Task>>>;

interface Scenario {
	tasks: Array<{
		runSeconds: number;
		end: 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'UNKNOWN';
		/** Made elsewhere: this wait does not know when. */
		isStranger: boolean;
		/** How many pieces stand for it. */
		pieces: number;
		/** After which time of the one before it was accepted. */
		afterMs: number;
	}>;
	/** Jobs that never became tasks. */
	refused: number;
	/** What the nth question meets, instead of an answer; `undefined`: an answer. */
	faults: Array<FailureKind | undefined>;
	/** n8n dies after the nth turn: what it found out is lost, and it is taken again. */
	crashes: boolean[];
	width: number;
	settings: { runTimeoutMs: number; queueTimeoutMs: number; patienceMs: number };
	returnsUnfinished: boolean;
	stopsAtFirstFailure: boolean;
}

/** No turn is sooner than this after the one before (batch/parcel.ts). */
const SHORTEST_WAIT_MS = 66_000;
const LATENCY_MS = 100;

function nobody(taskId: string): never {
	throw new Error(`Nobody knows ${taskId}.`);
}

/** First in, first out, `width` at a time. */
function simulate({ tasks, width }: Scenario): SimulatedTask[] {
	const freeAt = Array.from({ length: width }, () => START_MS);
	let acceptedAt = START_MS;
	return tasks.map(({ runSeconds, end, afterMs }, index) => {
		acceptedAt += afterMs;
		freeAt.sort((a, b) => a - b);
		const startedAt = Math.max(acceptedAt, freeAt[0] ?? acceptedAt);
		const finishedAt = startedAt + runSeconds * 1000;
		freeAt[0] = finishedAt;
		const taskId = `task-${index}`;
		return { taskId, templateId: 'mengwa_kaixin', acceptedAt, startedAt, finishedAt, end };
	});
}

const lastAcceptedAt = (simulated: SimulatedTask[]) =>
	Math.max(START_MS, ...simulated.map(({ acceptedAt }) => acceptedAt));

function pack(scenario: Scenario, simulated: SimulatedTask[]): Parcel {
	const watch = createWatch({ ...defaults, ...scenario.settings });
	const now = lastAcceptedAt(simulated);
	const pieces: Piece[] = Array.from({ length: scenario.refused }, (_, itemIndex) => ({
		itemIndex,
		simplify: true,
		end: { kind: 'refused', message: 'refused', nextStep: 'x' },
	}));
	scenario.tasks.forEach(({ isStranger, pieces: copies }, index) => {
		const { taskId, templateId, acceptedAt } = simulated[index] ?? { taskId: '', acceptedAt: 0 };
		enqueue(watch, { taskId, templateId, acceptedAt: isStranger ? undefined : acceptedAt }, now);
		for (let copy = 0; copy < copies; copy++) {
			pieces.push({ itemIndex: pieces.length, taskId, templateId, simplify: true });
		}
	});
	return {
		version: 1,
		pieces,
		watch: saveWatch(watch),
		returnsUnfinished: scenario.returnsUnfinished,
		stopsAtFirstFailure: scenario.stopsAtFirstFailure,
		lastTurnAt: now + watch.settings.queueTimeoutMs + watch.settings.runTimeoutMs,
		isLastTurn: false,
		lostTurns: 0,
	};
}

/** As it goes into the database and comes back. */
const stored = (parcel: Parcel): Parcel => parcelSchema.parse(JSON.parse(JSON.stringify(parcel)));

const idsOf = ({ pieces }: Parcel) => pieces.map(({ taskId }) => taskId);
const endsOf = ({ pieces }: Parcel) => pieces.map(({ end }) => end);

/** Every ID is where it was, and each task without an end is still looked after. */
function expectNothingLost(before: Parcel, after: Parcel) {
	expect(idsOf(after)).toEqual(idsOf(before));
	const open = after.watch.open.map(({ taskId }) => taskId);
	const withoutEnd = after.pieces.filter(({ end }) => end === undefined);
	expect(new Set(open)).toEqual(new Set(withoutEnd.map(({ taskId }) => taskId)));
	expect(new Set(open).size).toBe(open.length);
}

/** What had ended before the turn has ended in the same way after it. */
function expectSettledKept(before: Parcel, after: Parcel) {
	const kept = endsOf(after).map((end, index) => (endsOf(before)[index] ? end : undefined));
	expect(kept).toEqual(endsOf(before));
}

/** An end is what the service said, or carries the task's ID. */
function expectTrue({ pieces }: Parcel, simulated: SimulatedTask[], now: number) {
	for (const { end, taskId } of pieces) {
		if (taskId === undefined || end === undefined) continue;
		const task = simulated.find((candidate) => candidate.taskId === taskId);
		if (end === 'succeeded') {
			expect(task?.end).toBe('SUCCEEDED');
			expect(task?.finishedAt).toBeLessThanOrEqual(now);
		} else if (end !== 'outOfTime') {
			expect(end.taskId).toBe(taskId);
		}
	}
}

async function play(scenario: Scenario): Promise<void> {
	const simulated = simulate(scenario);
	let parcel = stored(pack(scenario, simulated));
	let now = lastAcceptedAt(simulated);
	let questions = 0;
	let turns = 0;
	const answersOfTurn = new Map<string, Result<Answer<Task>>>();

	const ask: Ask = async (taskId) => {
		now += LATENCY_MS;
		const task = simulated.find((candidate) => candidate.taskId === taskId);
		const kind = scenario.faults[questions++];
		const fault = kind && fail({ kind, message: kind, nextStep: 'x' });
		const result = fault ?? answered(taskAt(task ?? nobody(taskId), now));
		answersOfTurn.set(taskId, result);
		return Promise.resolve(result);
	};
	// One turn may have begun just before the limit; the last one comes after it.
	const endsBy = parcel.lastTurnAt + 2 * (SHORTEST_WAIT_MS + simulated.length * LATENCY_MS);

	// As the keeper does it (actions/durableLayers.ts): without a next turn it gives up with every ID.
	for (;;) {
		const next = isSettled(parcel) ? undefined : nextTurn(parcel, now);
		if (!next) break;
		parcel = stored(next);
		now += waitBeforeTurn(parcel, now);
		answersOfTurn.clear();
		const taken = await takeTurn(parcel, ask, () => now);
		const after = stored(taken.parcel);
		expectNothingLost(parcel, after);
		expectSettledKept(parcel, after);
		expectTrue(after, simulated, now);

		// The same turn once more, with the same answers, says the same.
		const endedAt = now;
		const again = await takeTurn(
			parcel,
			async (taskId) => Promise.resolve(answersOfTurn.get(taskId) ?? nobody(taskId)),
			() => endedAt,
		);
		expect(endsOf(again.parcel)).toEqual(endsOf(taken.parcel));
		expect([...again.answers.keys()]).toEqual([...taken.answers.keys()]);

		if (!scenario.crashes[turns++]) parcel = after;
	}
	expect(now).toBeLessThanOrEqual(endsBy);
	// And a turn of a settled wait, as after a crash in its last one, changes no end.
	const late = await takeTurn(parcel, ask, () => now);
	expectSettledKept(parcel, late.parcel);
	expectNothingLost(parcel, late.parcel);
}

const scenarios: fc.Arbitrary<Scenario> = fc.record({
	tasks: fc.array(
		fc.record({
			runSeconds: fc.integer({ min: 0, max: 600 }),
			end: fc.oneof(
				{ weight: 3, arbitrary: fc.constant('SUCCEEDED' as const) },
				fc.constantFrom('FAILED' as const, 'CANCELED' as const, 'UNKNOWN' as const),
			),
			isStranger: fc.boolean(),
			pieces: fc.integer({ min: 1, max: 2 }),
			afterMs: fc.integer({ min: 0, max: 60_000 }),
		}),
		{ maxLength: 8 },
	),
	refused: fc.integer({ min: 0, max: 2 }),
	faults: fc.array(
		fc.option(
			fc.constantFrom<FailureKind>(
				'throttled',
				'unavailable',
				'unreachable',
				'noAnswer',
				'unreadable',
				'refused',
				'unauthorized',
			),
			{ nil: undefined, freq: 2 },
		),
		{ maxLength: 20 },
	),
	crashes: fc.array(fc.boolean(), { maxLength: 10 }),
	width: fc.integer({ min: 1, max: 4 }),
	settings: fc.record({
		runTimeoutMs: fc.integer({ min: 1000, max: 1_800_000 }),
		queueTimeoutMs: fc.integer({ min: 1000, max: 43_200_000 }),
		patienceMs: fc.integer({ min: 0, max: 900_000 }),
	}),
	returnsUnfinished: fc.boolean(),
	stopsAtFirstFailure: fc.boolean(),
});

describe('a wait in turns, with any answers, faults and crashes', () => {
	it('keeps every task ID, changes no end, and comes to an end by its limits', async () => {
		await fc.assert(fc.asyncProperty(scenarios, play), { numRuns: 300 });
	});
});
