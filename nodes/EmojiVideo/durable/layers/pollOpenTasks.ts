/**
 * What a check asks the service, and what it makes of the answers. Rule: what has ended stays as it ended.
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
 * Asks about the open tasks, oldest first, up to the first that is still in the queue: behind it none
 * can be running. Tasks that were made elsewhere are asked in any case, the first time. The last check
 * asks about all, and leaves none open: what has finished is not given up for one that cannot be asked.
 * @param ask one question about one task
 * @returns how tasks ended in this check, by task, with the answers about those that have something to show
 */
export async function pollOpenTasks(
	{ isLastCheck, returnsUnfinished }: Pick<WaitState, 'isLastCheck' | 'returnsUnfinished'>,
	schedule: PollSchedule,
	poll: (taskId: string) => Promise<Result<ApiResponse<Task>>>,
	now: () => number,
) {
	const results = new Map<string, NonNullable<Entry['settled']>>();
	const answers = new Map<string, ApiResponse<Task>>();
	let queueReached = false;
	for (const { taskId, acceptedAt } of [...schedule.open.values()]) {
		if (queueReached && acceptedAt !== undefined) continue;
		const result = await poll(taskId);
		const response = recordResponse(schedule, taskId, result, now(), Math.random());
		if (response.kind === 'open' && !isLastCheck) {
			queueReached ||= !result.ok || result.value.value.status === 'PENDING';
		} else if (response.kind === 'open') {
			schedule.open.delete(taskId);
			results.set(taskId, returnsUnfinished ? 'outOfTime' : { ...NOT_POLLED, taskId });
			if (result.ok) answers.set(taskId, result.value);
		} else if (response.kind === 'done') {
			results.set(taskId, 'succeeded');
			answers.set(taskId, response.answer);
		} else {
			const isOutOfTime = response.failure.kind === 'timeLimit' && returnsUnfinished;
			results.set(taskId, isOutOfTime ? 'outOfTime' : response.failure);
			if (response.answer) answers.set(taskId, response.answer);
		}
	}
	putInOrder(schedule);
	return { results, answers };
}
