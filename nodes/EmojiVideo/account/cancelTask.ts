/**
 * Cancels a queued task. DashScope cancels only PENDING tasks (docs/service.md, "Cancel").
 * Rule: the task's own status decides the result. A rejected, lost or unclear cancellation does not.
 */
import type { Client } from '../dashscope/client';
import { fail, mayHaveActed, succeed } from '../base/result';
import type { Result } from '../base/result';
import type { Task, TaskStatus } from '../dashscope/schemas';

export interface CancelOutcome {
	taskId: string;
	/** Whether the task is canceled, by this request or an earlier one. */
	canceled: boolean;
	status: TaskStatus;
	/** Why it was not canceled. */
	reason?: string;
	requestId?: string;
}

/** The service's code for a task that is no longer PENDING. */
const NOT_PENDING = 'UnsupportedOperation';

/** How often a cancellation is sent for a task that stays PENDING. */
const MOST_ATTEMPTS = 3;

const TOO_LATE = 'Only tasks that are still PENDING can be canceled.';

/** Why a task with this status was not canceled. */
const REASONS: Partial<Record<TaskStatus, string>> = {
	RUNNING: `The task is already running. ${TOO_LATE} It ends by itself and is billed.`,
	SUCCEEDED: `The task has already finished. ${TOO_LATE} Fetch its video within 24 hours of its creation.`,
	FAILED: `The task has already failed. ${TOO_LATE} Nothing was billed.`,
	UNKNOWN:
		'DashScope does not know this task: it was forgotten after 24 hours, or it was never made by this account.',
	PENDING: 'The task is still PENDING, but DashScope did not cancel it. Try again.',
};

const toOutcome = ({ taskId, status, requestId }: Task): CancelOutcome => ({
	taskId,
	canceled: status === 'CANCELED',
	status,
	reason: REASONS[status],
	requestId,
});

/**
 * Cancels a task and reports its status.
 * @returns a failure only if neither the cancellation nor the status query got a response
 */
export async function cancelTask(
	client: Pick<Client, 'cancelTask' | 'getTask'>,
	taskId: string,
): Promise<Result<CancelOutcome>> {
	for (let attempt = 1; ; attempt++) {
		const answer = await client.cancelTask(taskId);
		const requestId = answer.ok ? answer.value.value.requestId : undefined;
		if (requestId !== undefined) {
			return succeed({ taskId, canceled: true, status: 'CANCELED', requestId });
		}
		if (!answer.ok) {
			const { failure } = answer;
			const isOpen = failure.code === NOT_PENDING || mayHaveActed(failure);
			if (!isOpen) return fail({ ...failure, taskId });
		}
		const asked = await client.getTask(taskId);
		if (!asked.ok) return fail({ ...asked.failure, taskId });
		const task = asked.value.value;
		if (task.status !== 'PENDING' || attempt === MOST_ATTEMPTS) return succeed(toOutcome(task));
	}
}
