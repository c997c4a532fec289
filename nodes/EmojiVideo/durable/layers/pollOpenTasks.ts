/**
 * What a check asks the service, and what it makes of the answers. Rule: what has ended stays as it ended.
 */
import { recordResponse } from '../../batch/pollResponses';
import { putInOrder } from '../../batch/pollSchedule';
import type { PollSchedule } from '../../batch/pollSchedule';
import type { ApiResponse } from '../../dashscope/client';
import type { Task } from '../../dashscope/schemas';
import type { Result } from '../../base/result';
import { NOT_ASKED, restoreSchedule, saveSchedule } from '../plan/state';
import type { Entry, WaitState } from '../plan/state';

type Asked = Pick<WaitState, 'entries' | 'schedule' | 'isLastCheck' | 'returnsUnfinished'>;

/**
 * Asks about the open tasks, oldest first, up to the first that is still in the queue: behind it none
 * can be running. Tasks that were made elsewhere are asked in any case, the first time. The last check
 * asks about all, and leaves none open: what has finished is not given up for one that cannot be asked.
 * @param ask one question about one task
 * @returns how tasks ended in this check, by task, with the answers about those that have something to show
 */
export async function askOpenTasks(
	{ isLastCheck, returnsUnfinished }: Pick<WaitState, 'isLastCheck' | 'returnsUnfinished'>,
	schedule: PollSchedule,
	ask: (taskId: string) => Promise<Result<ApiResponse<Task>>>,
	now: () => number,
) {
	const results = new Map<string, NonNullable<Entry['settled']>>();
	const answers = new Map<string, ApiResponse<Task>>();
	let queueReached = false;
	for (const { taskId, acceptedAt } of [...schedule.open.values()]) {
		if (queueReached && acceptedAt !== undefined) continue;
		const result = await ask(taskId);
		const polled = recordResponse(schedule, taskId, result, now(), Math.random());
		if (polled.kind === 'open' && !isLastCheck) {
			queueReached ||= !result.ok || result.value.value.status === 'PENDING';
		} else if (polled.kind === 'open') {
			schedule.open.delete(taskId);
			results.set(taskId, returnsUnfinished ? 'outOfTime' : { ...NOT_ASKED, taskId });
			if (result.ok) answers.set(taskId, result.value);
		} else if (polled.kind === 'done') {
			results.set(taskId, 'succeeded');
			answers.set(taskId, polled.answer);
		} else {
			const isOutOfTime = polled.failure.kind === 'timeLimit' && returnsUnfinished;
			results.set(taskId, isOutOfTime ? 'outOfTime' : polled.failure);
			if (polled.answer) answers.set(taskId, polled.answer);
		}
	}
	putInOrder(schedule);
	return { results, answers };
}

/**
 * A check of tasks alone.
 * @param ask one question about one task
 * @returns the state after this check, and the answers about tasks that finished in it
 */
export async function runCheck<State extends Asked>(
	state: State,
	ask: (taskId: string) => Promise<Result<ApiResponse<Task>>>,
	now: () => number,
): Promise<{ state: State; answers: Map<string, ApiResponse<Task>> }> {
	const schedule = restoreSchedule(state.schedule);
	const { results, answers } = await askOpenTasks(state, schedule, ask, now);
	const entries = state.entries.map((entry) => ({
		...entry,
		settled: entry.settled ?? results.get(entry.taskId ?? ''),
	}));
	return { state: { ...state, entries, schedule: saveSchedule(schedule) }, answers };
}
