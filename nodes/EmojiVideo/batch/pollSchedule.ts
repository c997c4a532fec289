/**
 * Which task to ask about, and when. State and clock in, next moves out; no I/O, no timers.
 *
 * An account runs its tasks first in, first out, and few at a time (one, as documented). So only the
 * head of the queue can be running: it is asked at the user's poll interval, and at the moment its
 * end is due, as learned from the tasks that have finished. The rest waits unasked.
 *
 * Rules: a running task's end is noticed within the poll interval (plus `GRACE_MS`); one task's
 * trouble does not delay another; every task leaves with an answer or with a failure that carries its id.
 *
 * | what                         | when it is asked                                        |
 * | ---------------------------- | ------------------------------------------------------- |
 * | head, nothing learned yet    | 1, 2, 4, 8 s ... after the last answer, then interval   |
 * | head, run times learned      | every interval, and when the shortest run would be over |
 * | head, may end at any moment  | after a share of the time to the longest run            |
 * | head, overdue                | after half of the delay so far, 1 s to interval         |
 * | next behind the running ones | every `PROBE_MS`; every interval while the head is late |
 * | deep in the queue            | when its queue timeout ends                             |
 * | made elsewhere               | once at the start, then as above                        |
 */
import { z } from 'zod';
import type { Limit } from '../base/result';

/** The settings of a schedule. A durable wait stores exactly these fields. */
export const pollSettingsSchema = z.object({
	/** How late the end of a running task may be noticed. */
	pollIntervalMs: z.number(),
	/** Time limit of a run, from the moment the task runs. */
	runTimeoutMs: z.number(),
	/** Time limit in the queue, from acceptance. */
	queueTimeoutMs: z.number(),
	/** How long one task's polls may fail in a row. */
	patienceMs: z.number(),
	/** Set if an agent waits for the result: every wait ends then, ms since the epoch. */
	endsAt: z.number().optional(),
});
export type PollSettings = z.infer<typeof pollSettingsSchema>;

export interface PolledTask {
	taskId: string;
	templateId?: string;
	/** By this process's clock, ms since the epoch; unknown for a task that was made elsewhere. */
	acceptedAt?: number;
}

export interface OpenTask extends PolledTask {
	/** Where its time in the queue is counted from. */
	queuedAt: number;
	/** As last told by the service; PENDING until then. */
	status: 'PENDING' | 'RUNNING';
	/** By this process's clock. Told by the service, or assumed from the end of the one before. */
	startedAt?: number;
	/** When its state was last known. */
	knownAt: number;
	answers: number;
	faults: number;
	faultySince?: number;
	/** While faulty: not before this. */
	retryAt: number;
	beingAsked: boolean;
}

/** Made by `createPollSchedule`; only `enqueue`, `nextPolls` and `recordResponse` (pollResponses.ts) change it. */
export interface PollSchedule {
	settings: PollSettings;
	/** In the order of acceptance, which is the order in which the account runs them. */
	open: Map<string, OpenTask>;
	/** How many tasks the account seems to run at once. */
	width: number;
	/** When the task behind the running ones was last asked. */
	probedAt: number;
	/** Run times in ms of finished tasks, newest last. */
	runs: Array<{ templateId?: string; ms: number }>;
	/** Tasks that were made elsewhere, and may have ended long ago: asked first, all of them. */
	externalTasks: string[];
	/** Whether `open` is in the order of the queue; not until external tasks have told their age. */
	inOrder: boolean;
}

/** Later than due by this much, so that one question is enough. */
const GRACE_MS = 500;
const FIRST_GAP_MS = 1_000;
const PROBE_MS = 5 * 60_000;
const MOST_SKIPPED = 3;
/** "Usually 1 to 5 minutes" (API reference); the short end, so that the first look comes early. */
const TYPICAL_RUN_MS = 60_000;
const RUNS_LOOKED_AT = 15;
/** So many runs of a template say how its next one may be. */
const ENOUGH_RUNS = 3;
const GAP_SHARE = 0.112;
const SHORTEST_GAP_MS = 2_900;

/** @param learned what an earlier batch of the account knew */
export const createPollSchedule = (
	settings: PollSettings,
	{ runs, width }: Pick<PollSchedule, 'runs' | 'width'> = { runs: [], width: 1 },
): PollSchedule => ({
	settings,
	open: new Map(),
	width,
	probedAt: -Infinity,
	runs: [...runs],
	externalTasks: [],
	inOrder: true,
});

/**
 * Adds a task at the end of the queue.
 * @param now ms since the epoch
 */
export function enqueue(schedule: PollSchedule, task: PolledTask, now: number): void {
	const { taskId, templateId, acceptedAt } = task;
	const queuedAt = acceptedAt ?? now;
	if (acceptedAt === undefined) schedule.externalTasks.push(taskId);
	schedule.open.set(taskId, {
		taskId,
		templateId,
		acceptedAt,
		queuedAt,
		status: 'PENDING',
		knownAt: queuedAt,
		answers: 0,
		faults: 0,
		retryAt: 0,
		beingAsked: false,
	});
}

/** The middle one; of an even number, the upper of the two. */
export function median(values: number[]): number | undefined {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)];
}

/** How long a run of this template may take: as its own last ones did, else as any did; in ms. */
function expectedRun(
	{ runs }: Pick<PollSchedule, 'runs'>,
	templateId: string | undefined,
): { shortest: number; longest: number } | undefined {
	const own = runs.filter((run) => run.templateId === templateId);
	const likely = (own.length >= ENOUGH_RUNS ? own : runs)
		.slice(-RUNS_LOOKED_AT)
		.map(({ ms }) => ms);
	if (likely.length === 0) return undefined;
	return { shortest: Math.min(...likely), longest: Math.max(...likely) };
}

/**
 * The gap between two questions about a task that may end at any moment from now on: a share of the time
 * that is left, because the less is left, the likelier is each second the last. At the default Poll
 * Interval the share makes runs of 40 to 120 s known 2 s after their end, in the median
 * (`npm run bench`); a longer interval asks less often.
 * @param leftMs until the task takes longer than any before
 */
const gapWhileDue = (leftMs: number, pollIntervalMs: number): number =>
	Math.max(SHORTEST_GAP_MS, leftMs * GAP_SHARE * (pollIntervalMs / 15_000));

/** When a task that may be running is to be asked. */
function askAt(schedule: PollSchedule, task: OpenTask): number {
	const { pollIntervalMs } = schedule.settings;
	if (task.faults > 0) return task.retryAt;
	const run = expectedRun(schedule, task.templateId);
	if (run === undefined) {
		return task.knownAt + Math.min(pollIntervalMs, FIRST_GAP_MS * 2 ** Math.min(task.answers, 10));
	}
	const stale = task.knownAt + pollIntervalMs;
	if (task.startedAt === undefined) return stale;
	const due = task.startedAt + run.shortest + GRACE_MS;
	if (task.knownAt < due) return due <= stale + GRACE_MS ? due : stale;
	const latest = task.startedAt + run.longest + GRACE_MS;
	const gap =
		task.knownAt < latest
			? gapWhileDue(latest - task.knownAt, pollIntervalMs)
			: (task.knownAt - latest) / 2;
	return Math.min(stale, task.knownAt + Math.max(FIRST_GAP_MS, gap));
}

/**
 * When to look whether the account runs one more task than is known: now and then, and at the poll
 * interval while the head takes longer than expected, since others may be passing it by.
 */
function probeAt(schedule: PollSchedule, next: OpenTask): number {
	const { pollIntervalMs } = schedule.settings;
	const [head = next] = schedule.open.values();
	const runMs = expectedRun(schedule, head.templateId)?.longest ?? TYPICAL_RUN_MS;
	const headIsLateAt = (head.startedAt ?? head.knownAt) + runMs + pollIntervalMs;
	const at = Math.min(
		schedule.probedAt + PROBE_MS,
		Math.max(schedule.probedAt + pollIntervalMs, headIsLateAt),
	);
	return Math.max(at, next.queuedAt + FIRST_GAP_MS);
}

/** The end of a task's time limit: of its run, or of its time in the queue. */
export function deadline({ settings }: PollSchedule, task: OpenTask): number {
	const ends =
		task.status === 'RUNNING' && task.startedAt !== undefined
			? task.startedAt + settings.runTimeoutMs
			: task.queuedAt + settings.queueTimeoutMs;
	return Math.min(ends, settings.endsAt ?? Infinity);
}

/** Which of the time limits a task reaches first. */
export function limitOf(schedule: PollSchedule, task: OpenTask): Limit {
	if (deadline(schedule, task) === schedule.settings.endsAt) return 'answer';
	return task.status === 'RUNNING' && task.startedAt !== undefined ? 'run' : 'queue';
}

/** Puts tasks that were made elsewhere where they belong in the queue, once all have told their age. */
export function putInOrder(schedule: PollSchedule): void {
	if (schedule.inOrder) return;
	const tasks = [...schedule.open.values()];
	if (tasks.some(({ acceptedAt }) => acceptedAt === undefined)) return;
	tasks.sort((a, b) => a.queuedAt - b.queuedAt);
	schedule.open = new Map(tasks.map((task) => [task.taskId, task]));
	schedule.width = Math.max(1, tasks.filter(({ status }) => status === 'RUNNING').length);
	schedule.inOrder = true;
}

/**
 * @returns the tasks to ask about now, and the moment at which to look again (ms since the epoch;
 * Infinity when only an answer or a new task can change something). The tasks returned count as being
 * asked until `recordResponse` gets their response.
 */
export function nextPolls(schedule: PollSchedule, now: number): { ask: string[]; wakeAt: number } {
	const ask: string[] = [];
	let wakeAt = Infinity;
	putInOrder(schedule);
	for (const taskId of schedule.externalTasks.splice(0)) {
		const external = schedule.open.get(taskId);
		if (!external) continue;
		external.beingAsked = true;
		ask.push(taskId);
	}
	let index = 0;
	let skipped = 0;
	let allRunning = true;
	for (const task of schedule.open.values()) {
		const isHead = index < schedule.width;
		const mayRunToo = !isHead && allRunning;
		const at = Math.min(
			isHead ? askAt(schedule, task) : mayRunToo ? probeAt(schedule, task) : Infinity,
			Math.max(deadline(schedule, task), task.retryAt),
		);
		if (!task.beingAsked && at <= now) {
			if (!isHead) schedule.probedAt = now;
			task.beingAsked = true;
			ask.push(task.taskId);
		} else if (!task.beingAsked) {
			wakeAt = Math.min(wakeAt, at);
		}
		allRunning &&= task.status === 'RUNNING';
		if (!isHead) break;
		// A task that cannot be asked must not hide the ones behind it; a few, or an outage would ask all.
		const isSkipped = task.faults > 0 && skipped < MOST_SKIPPED;
		if (isSkipped) skipped++;
		else index++;
	}
	return { ask, wakeAt };
}

/**
 * When to look at the queue again where looking is dear (a wait in n8n's database): when all its tasks
 * should have finished. As long as nothing is known of run times, after one run at the least, and ever
 * later the longer the queue has not moved.
 * @returns milliseconds from now
 */
export function untilAllShouldBeDone(schedule: PollSchedule, now: number): number {
	const tasks = [...schedule.open.values()];
	const [head] = tasks;
	const runMs = median(schedule.runs.map(({ ms }) => ms));
	if (!head) return 0;
	if (runMs === undefined) return Math.max(TYPICAL_RUN_MS, (now - head.queuedAt) / 2);
	const elapsed =
		head.status === 'RUNNING' && head.startedAt !== undefined ? now - head.startedAt : 0;
	const turns = Math.ceil(tasks.length / schedule.width);
	return Math.max(0, turns * runMs - Math.min(elapsed, runMs)) + GRACE_MS;
}
