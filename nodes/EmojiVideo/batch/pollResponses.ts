/**
 * Applies a poll's response to the schedule: the task continues, has its video, or ended in a failure. It also
 * learns from it how long runs take and how many run at once. Pure, like pollSchedule.ts, whose state it changes.
 * Rule: UNKNOWN ends no task that may be alive. DashScope's word for it is "does not exist or state unknown"
 * (docs/service.md, "Task status").
 */
import { taskFailure } from '../dashscope/errors';
import { timeLimitFailure, unansweredLimitFailure, unknownLimitFailure } from './limitFailures';
import type { ApiResponse } from '../dashscope/client';
import { backoffMs, isPassing } from '../dashscope/retry';
import type { Task } from '../dashscope/schemas';
import type { Failure, Result } from '../base/result';
import { deadline, limitOf } from './pollSchedule';
import type { OpenTask, PollSchedule } from './pollSchedule';

/** How many run times the schedule remembers. */
const MAX_RUNS_KEPT = 50;

/** How long faults are retried after a task's time limit: the last response may be a video. */
const LAST_RESPONSE_MS = 2 * 60_000;

/** DashScope forgets a task this long after its creation at the earliest (docs/service.md, "Retention"). */
const TASK_KEPT_MS = 24 * 3_600_000;

/** The pauses between polls of an UNKNOWN task double from the first to the longest one. No source. */
const UNKNOWN_FIRST_PAUSE_MS = 5_000;
const UNKNOWN_LONGEST_PAUSE_MS = 10 * 60_000;

/** How long faults that seem to last are retried, e.g. a certificate that is not trusted. At least two polls. */
const LASTING_PATIENCE_MS = 10_000;

/** The result of a poll: the task is open, has its video, or ended in a failure. */
export type PollResult =
	| { kind: 'open' }
	| { kind: 'done'; answer: ApiResponse<Task> }
	| { kind: 'failed'; failure: Failure; answer?: ApiResponse<Task> };

function positionOf({ open }: PollSchedule, taskId: string): number {
	let index = 0;
	for (const id of open.keys()) {
		if (id === taskId) return index;
		index++;
	}
	return -1;
}

/**
 * Converts the service's time to this process's clock. Both clocks know the moment of acceptance, so a wrong
 * clock on either side does no harm.
 */
const toOwnClock = (open: OpenTask, task: Task, serviceTime: number | undefined) =>
	serviceTime === undefined || task.submittedAt === undefined
		? undefined
		: open.queuedAt + Math.max(0, serviceTime - task.submittedAt);

/** Removes an ended task. Remembers its run time, and lets the next queued task start in its stead. */
function removeEnded(schedule: PollSchedule, open: OpenTask, task: Task, now: number): void {
	schedule.open.delete(open.taskId);
	if (
		task.status === 'SUCCEEDED' &&
		task.startedAt !== undefined &&
		task.finishedAt !== undefined
	) {
		schedule.runs.push({
			templateId: open.templateId,
			ms: Math.max(0, task.finishedAt - task.startedAt),
		});
		if (schedule.runs.length > MAX_RUNS_KEPT) schedule.runs.shift();
	}
	const freedAt = Math.min(now, toOwnClock(open, task, task.finishedAt) ?? now);
	for (const next of schedule.open.values()) {
		if (next.startedAt !== undefined) continue;
		next.startedAt = Math.max(freedAt, next.queuedAt);
		next.knownAt = Math.max(next.knownAt, next.startedAt);
		return;
	}
}

function recordFault(
	schedule: PollSchedule,
	open: OpenTask,
	failure: Failure,
	now: number,
	random: number,
): PollResult {
	open.faults++;
	open.faultySince ??= now;
	open.retryAt = now + backoffMs(open.faults, failure, random);
	const isOver = now >= deadline(schedule, open) + LAST_RESPONSE_MS;
	const patienceMs = failure.lasts ? LASTING_PATIENCE_MS : schedule.settings.patienceMs;
	const isPatient = now - open.faultySince < patienceMs;
	if (isPassing(failure) && isPatient && !isOver) return { kind: 'open' };
	schedule.open.delete(open.taskId);
	if (isPassing(failure) && isOver) {
		return {
			kind: 'failed',
			failure: unansweredLimitFailure(open, failure, limitOf(schedule, open)),
		};
	}
	return { kind: 'failed', failure: { ...failure, taskId: open.taskId, status: open.status } };
}

/**
 * Keeps an UNKNOWN task open within its time limits if it may be alive: this execution submitted it or saw it
 * alive, and it is younger than 24 hours.
 */
function recordUnknown(
	schedule: PollSchedule,
	open: OpenTask,
	response: ApiResponse<Task>,
	now: number,
): PollResult {
	const task = response.value;
	const mayBeAlive = open.acceptedAt !== undefined && now - open.queuedAt < TASK_KEPT_MS;
	if (!mayBeAlive) {
		removeEnded(schedule, open, task, now);
		return { kind: 'failed', failure: taskFailure(task), answer: response };
	}
	const pauseMs = UNKNOWN_FIRST_PAUSE_MS * 2 ** open.faults;
	open.faults++;
	open.faultySince = undefined;
	open.retryAt = now + Math.min(UNKNOWN_LONGEST_PAUSE_MS, pauseMs);
	if (now < deadline(schedule, open)) return { kind: 'open' };
	schedule.open.delete(open.taskId);
	const failure = unknownLimitFailure(task, limitOf(schedule, open));
	return { kind: 'failed', failure, answer: response };
}

/**
 * Applies a poll's result.
 * @param random a number in [0, 1) for the jitter of a pause after a fault
 */
export function recordResponse(
	schedule: PollSchedule,
	taskId: string,
	result: Result<ApiResponse<Task>>,
	now: number,
	random: number,
): PollResult {
	const open = schedule.open.get(taskId);
	if (!open) return { kind: 'open' };
	open.beingAsked = false;
	if (!result.ok) return recordFault(schedule, open, result.failure, now, random);

	const task = result.value.value;
	if (task.status === 'UNKNOWN') return recordUnknown(schedule, open, result.value, now);
	const position = positionOf(schedule, taskId);
	Object.assign(open, { faults: 0, faultySince: undefined, retryAt: 0, knownAt: now });
	open.answers++;
	// For a task that was submitted elsewhere, the service's submit time is the best one available.
	const isExternal = open.acceptedAt === undefined;
	if (isExternal) {
		open.queuedAt = Math.min(now, task.submittedAt ?? open.queuedAt);
		open.acceptedAt = open.queuedAt;
		schedule.inOrder = false;
	}

	if (task.status === 'SUCCEEDED') {
		removeEnded(schedule, open, task, now);
		return { kind: 'done', answer: result.value };
	}
	if (task.status !== 'PENDING' && task.status !== 'RUNNING') {
		removeEnded(schedule, open, task, now);
		return { kind: 'failed', failure: taskFailure(task), answer: result.value };
	}
	open.status = task.status;
	if (task.status === 'RUNNING') {
		open.startedAt = toOwnClock(open, task, task.startedAt) ?? open.startedAt ?? now;
		if (position >= schedule.width) schedule.probedAt = -Infinity;
		if (!isExternal) schedule.width = Math.max(schedule.width, position + 1);
	} else {
		open.startedAt = undefined;
		if (!isExternal) schedule.width = Math.max(1, Math.min(schedule.width, position));
	}
	if (now < deadline(schedule, open)) return { kind: 'open' };
	schedule.open.delete(taskId);
	const failure = timeLimitFailure(task, limitOf(schedule, open));
	return { kind: 'failed', failure, answer: result.value };
}
