/**
 * A wait that can be put into a database and taken up again: which tasks are still open, how the
 * others ended, and what was learned about the queue. Rules: plain JSON, small, and every task that
 * was accepted is in it from the first check to the last.
 */
import { z } from 'zod';
import type { Answer } from '../dashscope/client';
import { failureSchema } from '../result';
import type { Failure, Result } from '../result';
import { areaSchema } from '../dashscope/schemas';
import type { Task } from '../dashscope/schemas';
import { recordAnswer } from '../batch/pollAnswers';
import { putInOrder, untilAllShouldBeDone } from '../batch/pollSchedule';
import type { PollSchedule } from '../batch/pollSchedule';

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

const scheduleSchema = z.object({
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
type SavedSchedule = z.infer<typeof scheduleSchema>;

/** One output item to be. */
const waitEntrySchema = z.object({
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
	withDetails: z.boolean().optional(),
	pricePerSecond: z.number().optional(),
	/** How it ended; absent while the task is open. */
	settled: z.enum(['succeeded', 'outOfTime']).or(failureSchema).optional(),
});
export type WaitEntry = z.infer<typeof waitEntrySchema>;

export const waitStateSchema = z.object({
	version: z.literal(1),
	entries: z.array(waitEntrySchema),
	schedule: scheduleSchema,
	returnsUnfinished: z.boolean(),
	stopsAtFirstFailure: z.boolean(),
	/** Every time limit has ended by now (ms since the epoch): one more check asks about all, no other. */
	lastCheckAt: z.number(),
	isLastCheck: z.boolean(),
	/** The user's execution, whose end ends the wait. */
	owner: z.object({ executionId: z.string(), cancelsOnStop: z.boolean() }).optional(),
});
export type WaitState = z.infer<typeof waitStateSchema>;

/** Why a task has no end when there will be no further check. */
export const NOT_ASKED: Failure = {
	kind: 'timeLimit',
	message: 'n8n could not ask DashScope about this task in time',
	nextStep:
		'The task goes on, and may be billed. Use Get Status or Wait with this task ID within 24 hours of its creation.',
};

/** A wait under 65 s would stay in n8n's memory (docs/n8n.md, "Waiting in the database"). */
const SHORTEST_WAIT_MS = 66_000;
/** Long enough to be rare, short enough to notice that something went wrong early in a long batch. */
const LONGEST_WAIT_MS = 15 * 60_000;

/** @returns the schedule as plain JSON */
export const saveSchedule = ({
	settings,
	open,
	width,
	runs,
	inOrder,
}: PollSchedule): SavedSchedule => ({
	settings,
	open: [...open.values()].map((task) => openSchema.parse(task)),
	width,
	runs,
	inOrder,
});

const restoreSchedule = (saved: SavedSchedule): PollSchedule => ({
	...saved,
	open: new Map(saved.open.map((task) => [task.taskId, { ...task, beingAsked: false }])),
	probedAt: -Infinity,
	externalTasks: [],
});

/** Whether nothing is left to wait for. */
export const isSettled = ({ entries, stopsAtFirstFailure }: WaitState): boolean =>
	entries.every(({ settled }) => settled !== undefined) ||
	(stopsAtFirstFailure && entries.some(({ settled }) => typeof settled === 'object'));

/** The state for the next check; `undefined` when the last one has been taken, or was lost. */
export function nextCheck(state: WaitState, now: number): WaitState | undefined {
	if (now <= state.lastCheckAt) return state;
	return state.isLastCheck ? undefined : { ...state, isLastCheck: true };
}

/** How long to let the tasks run before the next check, in milliseconds. */
export function waitBeforeCheck(state: WaitState, now: number): number {
	const wanted = untilAllShouldBeDone(restoreSchedule(state.schedule), now);
	const longest = Math.min(LONGEST_WAIT_MS, state.lastCheckAt - now);
	return Math.max(Math.min(wanted, longest), SHORTEST_WAIT_MS);
}

/**
 * Asks about the open tasks, oldest first, up to the first that is still in the queue: behind it none
 * can be running. Tasks that were made elsewhere are asked in any case, the first time. The last check
 * asks about all, and leaves none open: what has finished is not given up for one that cannot be asked.
 * @param ask one question about one task
 * @returns the state after this check, and the answers about tasks that finished in it
 */
export async function runCheck(
	state: WaitState,
	ask: (taskId: string) => Promise<Result<Answer<Task>>>,
	now: () => number,
): Promise<{ state: WaitState; answers: Map<string, Answer<Task>> }> {
	const schedule = restoreSchedule(state.schedule);
	const results = new Map<string, WaitEntry['settled']>();
	const answers = new Map<string, Answer<Task>>();
	let queueReached = false;
	for (const { taskId, acceptedAt } of [...schedule.open.values()]) {
		if (queueReached && acceptedAt !== undefined) continue;
		const result = await ask(taskId);
		const polled = recordAnswer(schedule, taskId, result, now(), Math.random());
		if (polled.kind === 'open' && !state.isLastCheck) {
			queueReached ||= !result.ok || result.value.value.status === 'PENDING';
		} else if (polled.kind === 'open') {
			schedule.open.delete(taskId);
			results.set(taskId, state.returnsUnfinished ? 'outOfTime' : { ...NOT_ASKED, taskId });
		} else if (polled.kind === 'done') {
			results.set(taskId, 'succeeded');
			answers.set(taskId, polled.answer);
		} else {
			const isOutOfTime = polled.failure.kind === 'timeLimit' && state.returnsUnfinished;
			results.set(taskId, isOutOfTime ? 'outOfTime' : polled.failure);
			if (polled.answer) answers.set(taskId, polled.answer);
		}
	}
	putInOrder(schedule);
	const entries = state.entries.map((entry) => ({
		...entry,
		settled: entry.settled ?? results.get(entry.taskId ?? ''),
	}));
	return { state: { ...state, entries, schedule: saveSchedule(schedule) }, answers };
}
