/** Failures of tasks whose time limit ended the wait. The tasks themselves continue at DashScope. */
import { LIMIT_PLACEHOLDER } from '../base/result';
import type { Failure, Limit } from '../base/result';
import { afterColon } from '../base/text';
import { FETCH_LATER } from '../dashscope/errors';
import type { Task } from '../dashscope/schemas';

/** The last poll found the task PENDING or RUNNING. */
export const timeLimitFailure = ({ taskId, status, requestId }: Task, limit: Limit): Failure => ({
	kind: 'timeLimit',
	limit,
	message: `The task is still ${status === 'RUNNING' ? 'running' : 'in the queue'} at the end of ${LIMIT_PLACEHOLDER}`,
	nextStep: `The task goes on, and may be billed. ${FETCH_LATER} To wait longer, raise the limit.`,
	requestId,
	taskId,
	status,
});

/** The last poll found the task UNKNOWN, although it may be alive. */
export const unknownLimitFailure = (
	{ taskId, status, requestId }: Task,
	limit: Limit,
): Failure => ({
	kind: 'timeLimit',
	limit,
	message: `DashScope reports the task as UNKNOWN at the end of ${LIMIT_PLACEHOLDER}`,
	nextStep: `The task may still run, and may be billed. ${FETCH_LATER} Check that the credential belongs to the account that created it.`,
	requestId,
	taskId,
	status,
});

/**
 * The last polls got no response.
 * @param fault the failure of the last poll
 */
export const unansweredLimitFailure = (
	{ taskId, status }: Pick<Task, 'taskId' | 'status'>,
	{ message }: Failure,
	limit: Limit,
): Failure => ({
	kind: 'timeLimit',
	limit,
	message: `At the end of ${LIMIT_PLACEHOLDER} nobody knows how far the task is: ${afterColon(message)}`,
	nextStep: `The task goes on, and may be billed. ${FETCH_LATER}`,
	taskId,
	status,
});
