/**
 * What an answer about a task means for the schedule: the task goes on, has its video, or ended in a
 * failure; and what it tells of the queue: how long runs take, how many run at once. Pure, like
 * pollSchedule.ts, whose state this changes.
 */
import { taskFailure } from '../dashscope/errors';
import { timeLimitFailure, unansweredLimitFailure } from './limitFailures';
import type { ApiResponse } from '../dashscope/client';
import { backoffMs, isPassing } from '../dashscope/retry';
import type { Task } from '../dashscope/schemas';
import type { Failure, Result } from '../base/result';
import { deadline, limitOf } from './pollSchedule';
import type { OpenTask, PollSchedule } from './pollSchedule';

const RUNS_KEPT = 50;

/** How long faults are ridden out behind the end of a task's time limit: its last answer may be a video. */
const LAST_ANSWER_MS = 2 * 60_000;

/** How long faults that seem to last are retried, e.g. a certificate that is not trusted. At least two polls. */
const LASTING_PATIENCE_MS = 10_000;

/** What came of a question: the task goes on, has its video, or ended in a failure. */
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
 * The service's times in this process's clock: told apart by the moment of acceptance, which both
 * know, so that a clock that is wrong on either side does no harm.
 */
const toOwnClock = (open: OpenTask, task: Task, serviceTime: number | undefined) =>
	serviceTime === undefined || task.submittedAt === undefined
		? undefined
		: open.queuedAt + Math.max(0, serviceTime - task.submittedAt);

/** A task has ended: remember how long it ran, and that the next in line has its place. */
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
		if (schedule.runs.length > RUNS_KEPT) schedule.runs.shift();
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
	const isOver = now >= deadline(schedule, open) + LAST_ANSWER_MS;
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
 * Takes in the answer to a question.
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
	const position = positionOf(schedule, taskId);
	Object.assign(open, { faults: 0, faultySince: undefined, retryAt: 0, knownAt: now });
	open.answers++;
	// SubmittedJob elsewhere: the service's own time of submission is the best there is.
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
