/**
 * A wait that can be put into a database and taken up again: which tasks are still open, how the
 * others ended, and what was learned about the queue. Rules: plain JSON, small, and every task that
 * was accepted is in it from the first turn to the last.
 */
import { z } from 'zod';
import type { Answer } from '../dashscope/client';
import { FAILURE_KINDS } from '../result';
import type { Failure, Result } from '../result';
import { areaSchema } from '../dashscope/schemas';
import type { Task } from '../dashscope/schemas';
import { learn, putInOrder, untilAllShouldBeDone } from '../batch/pollSchedule';
import type { Watch } from '../batch/pollSchedule';

const openSchema = z.object({
	taskId: z.string(),
	templateId: z.string().optional(),
	acceptedAt: z.number().optional(),
	queuedAt: z.number(),
	status: z.enum(['PENDING', 'RUNNING']),
	startedAt: z.number().optional(),
	knownAt: z.number(),
	answers: z.number(),
	faults: z.number(),
	faultySince: z.number().optional(),
	retryAt: z.number(),
});

const watchSchema = z.object({
	settings: z.object({
		pollIntervalMs: z.number(),
		runTimeoutMs: z.number(),
		queueTimeoutMs: z.number(),
		patienceMs: z.number(),
	}),
	open: z.array(openSchema),
	width: z.number(),
	runs: z.array(z.object({ templateId: z.string().optional(), ms: z.number() })),
	inOrder: z.boolean(),
});
type SavedWatch = z.infer<typeof watchSchema>;

const failureSchema = z.object({
	kind: z.enum(FAILURE_KINDS),
	message: z.string(),
	nextStep: z.string(),
	httpStatus: z.number().optional(),
	code: z.string().optional(),
	requestId: z.string().optional(),
	taskId: z.string().optional(),
	status: z.string().optional(),
}) satisfies z.ZodType<Failure>;

/** One output item to be. */
const pieceSchema = z.object({
	itemIndex: z.number().int().nonnegative(),
	templateId: z.string().optional(),
	imageUrl: z.string().optional(),
	imageFile: z.string().optional(),
	/** Absent where no task was made. */
	taskId: z.string().optional(),
	requestId: z.string().optional(),
	areas: z.object({ face: areaSchema, expression: areaSchema }).optional(),
	simplify: z.boolean(),
	field: z.string().optional(),
	fileName: z.string().optional(),
	failsOnDownloadError: z.boolean().optional(),
	isPack: z.boolean().optional(),
	isOneOfSeveral: z.boolean().optional(),
	/** How it ended; absent while the task is open. */
	end: z.enum(['succeeded', 'outOfTime']).or(failureSchema).optional(),
});
export type Piece = z.infer<typeof pieceSchema>;

export const parcelSchema = z.object({
	version: z.literal(1),
	pieces: z.array(pieceSchema),
	watch: watchSchema,
	returnsUnfinished: z.boolean(),
	stopsAtFirstFailure: z.boolean(),
	/** Every time limit has ended by now (ms since the epoch): one more turn asks about all, no other. */
	lastTurnAt: z.number(),
	isLastTurn: z.boolean(),
	/** How many turns in a row n8n has lost with an error. */
	lostTurns: z.number(),
});
export type Parcel = z.infer<typeof parcelSchema>;

/** A wait under 65 s would stay in n8n's memory (n8n-facts.md). */
const SHORTEST_WAIT_MS = 66_000;
/** Long enough to be rare, short enough to notice that something went wrong early in a long batch. */
const LONGEST_WAIT_MS = 15 * 60_000;

/** @returns the watch as plain JSON */
export const saveWatch = ({ settings, open, width, runs, inOrder }: Watch): SavedWatch => ({
	settings,
	open: [...open.values()].map((task) => openSchema.parse(task)),
	width,
	runs,
	inOrder,
});

const restoreWatch = (saved: SavedWatch): Watch => ({
	...saved,
	open: new Map(saved.open.map((task) => [task.taskId, { ...task, beingAsked: false }])),
	probedAt: -Infinity,
	strangers: [],
});

/** Whether nothing is left to wait for. */
export const isSettled = ({ pieces, stopsAtFirstFailure }: Parcel): boolean =>
	pieces.every(({ end }) => end !== undefined) ||
	(stopsAtFirstFailure && pieces.some(({ end }) => typeof end === 'object'));

/** The parcel for the next turn; `undefined` when the last one has been taken, or was lost. */
export function nextTurn(parcel: Parcel, now: number): Parcel | undefined {
	if (now <= parcel.lastTurnAt) return parcel;
	return parcel.isLastTurn ? undefined : { ...parcel, isLastTurn: true };
}

/** How long to let the tasks run before the next turn, in milliseconds. */
export function waitBeforeTurn(parcel: Parcel, now: number): number {
	const wanted = untilAllShouldBeDone(restoreWatch(parcel.watch), now);
	const longest = Math.min(LONGEST_WAIT_MS, parcel.lastTurnAt - now);
	return Math.max(Math.min(wanted, longest), SHORTEST_WAIT_MS);
}

/**
 * Asks about the open tasks, oldest first, up to the first that is still in the queue: behind it none
 * can be running. Tasks that were made elsewhere are asked in any case, the first time.
 * @param ask one question about one task
 * @returns the parcel after this turn, and the answers about tasks that finished in it
 */
export async function takeTurn(
	parcel: Parcel,
	ask: (taskId: string) => Promise<Result<Answer<Task>>>,
	now: () => number,
): Promise<{ parcel: Parcel; answers: Map<string, Answer<Task>> }> {
	const watch = restoreWatch(parcel.watch);
	const ends = new Map<string, Piece['end']>();
	const answers = new Map<string, Answer<Task>>();
	let queueReached = false;
	for (const { taskId, acceptedAt } of [...watch.open.values()]) {
		if (queueReached && acceptedAt !== undefined && !parcel.isLastTurn) continue;
		const result = await ask(taskId);
		const verdict = learn(watch, taskId, result, now(), Math.random());
		if (verdict.kind === 'open') {
			queueReached ||= !result.ok || result.value.value.status === 'PENDING';
		} else if (verdict.kind === 'done') {
			ends.set(taskId, 'succeeded');
			answers.set(taskId, verdict.answer);
		} else {
			const isOutOfTime = verdict.failure.kind === 'timeLimit' && parcel.returnsUnfinished;
			ends.set(taskId, isOutOfTime ? 'outOfTime' : verdict.failure);
			if (verdict.answer) answers.set(taskId, verdict.answer);
		}
	}
	putInOrder(watch);
	const pieces = parcel.pieces.map((piece) => ({
		...piece,
		end: piece.end ?? ends.get(piece.taskId ?? ''),
	}));
	return { parcel: { ...parcel, pieces, watch: saveWatch(watch), lostTurns: 0 }, answers };
}
