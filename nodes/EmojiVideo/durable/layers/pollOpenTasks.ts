/**
 * The polls of a check. Rule: a task that has ended keeps its end.
 */
import { recordResponse } from '../../batch/pollResponses';
import { putInOrder } from '../../batch/pollSchedule';
import type { PollSchedule } from '../../batch/pollSchedule';
import type { ApiResponse } from '../../dashscope/client';
import type { Task } from '../../dashscope/schemas';
import type { Result } from '../../base/result';
import { NOT_POLLED } from '../plan/failures';
import type { Entry, WaitState } from '../plan/state';

/**
 * Polls the open tasks, oldest first, up to the first one that is still queued: no task behind it can be running.
 * A task of another execution is polled in any case until its position in the queue is known. The last check
 * polls every task and leaves none open.
 * @param poll asks for the status of one task
 * @returns the ends that this check found, and the responses about tasks that have an item to show, by task ID
 */
export async function pollOpenTasks(
	{ isLastCheck, returnsUnfinished }: Pick<WaitState, 'isLastCheck' | 'returnsUnfinished'>,
	schedule: PollSchedule,
	poll: (taskId: string) => Promise<Result<ApiResponse<Task>>>,
	now: () => number,
) {
	const results = new Map<string, NonNullable<Entry['settled']>>();
	const responses = new Map<string, ApiResponse<Task>>();
	let queueReached = false;
	for (const { taskId, acceptedAt } of [...schedule.open.values()]) {
		if (queueReached && acceptedAt !== undefined) continue;
		const result = await poll(taskId);
		const polled = recordResponse(schedule, taskId, result, now(), Math.random());
		if (polled.kind === 'open' && !isLastCheck) {
			queueReached ||= !result.ok || result.value.value.status === 'PENDING';
		} else if (polled.kind === 'open') {
			schedule.open.delete(taskId);
			results.set(taskId, returnsUnfinished ? 'outOfTime' : { ...NOT_POLLED, taskId });
			if (result.ok) responses.set(taskId, result.value);
		} else if (polled.kind === 'done') {
			results.set(taskId, 'succeeded');
			responses.set(taskId, polled.answer);
		} else {
			const isOutOfTime = polled.failure.kind === 'timeLimit' && returnsUnfinished;
			results.set(taskId, isOutOfTime ? 'outOfTime' : polled.failure);
			if (polled.answer) responses.set(taskId, polled.answer);
		}
	}
	putInOrder(schedule);
	return { results, responses };
}
