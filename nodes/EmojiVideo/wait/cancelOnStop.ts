/**
 * Cancel Queued Tasks on Stop: what the user has stopped need not be made either. Runs after the
 * execution has ended, so what could not be canceled is told in the log as well as in the error.
 */
import { cancelTask } from '../account/cancelTask';
import { fail } from '../base/result';
import { afterColon } from '../base/text';
import type { Failure } from '../base/result';
import type { Outcome } from '../execution/outcome';
import type { ExecutionContext } from '../execution/context';

/** The failure of a stopped task, with what became of the task. */
async function cancelOne(
	{ clientAfterStop }: ExecutionContext,
	failure: Failure,
	taskId: string,
): Promise<Failure> {
	const result = await cancelTask(clientAfterStop, taskId);
	if (!result.ok) {
		return {
			...failure,
			nextStep: `The task could not be canceled: ${afterColon(result.failure.message)}. ${failure.nextStep}`,
		};
	}
	const { canceled, status, reason } = result.value;
	return canceled
		? { ...failure, status, nextStep: 'The task was canceled in the queue. Nothing was billed.' }
		: { ...failure, status, nextStep: `The task could not be canceled. ${reason ?? ''}` };
}

/**
 * Cancels the tasks that Stop left behind.
 * @returns the outcomes, each stopped one with what became of its task
 */
export async function cancelQueued(
	context: ExecutionContext,
	outcomes: Outcome[],
): Promise<Outcome[]> {
	const done = await Promise.all(
		outcomes.map(async (outcome): Promise<Outcome> => {
			if (outcome.result.ok) return outcome;
			const { failure } = outcome.result;
			if (failure.kind !== 'stopped' || failure.taskId === undefined) return outcome;
			return { ...outcome, result: fail(await cancelOne(context, failure, failure.taskId)) };
		}),
	);
	const left = done.flatMap(({ result }) =>
		!result.ok && result.failure.taskId && result.failure.status !== 'CANCELED'
			? [result.failure.taskId]
			: [],
	);
	if (left.length > 0) {
		context.functions.logger.warn(
			`Emoji Video: stopped; these tasks could not be canceled: ${left.join(', ')}`,
		);
	}
	return done;
}
