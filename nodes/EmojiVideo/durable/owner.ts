/**
 * Whose wait this is: the user's execution, which n8n does not connect with its sub-executions. Stop there
 * stops nothing here, so every check looks first. Rule: only a cancellation that n8n has written down ends
 * a wait; an execution that cannot be read may still want its videos.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';
import { aboutOf } from '../batch/plan';
import { cancelTask } from '../batch/cancelTask';
import type { ExecutionContext } from '../execution/context';
import type { Outcome } from '../execution/operation';
import { createLimiter } from '../limiter';
import { succeed } from '../result';
import type { WaitEntry, WaitState } from './state';

const CANCELS_AT_ONCE = 5;

/** How n8n names the error of an execution that was stopped, by a user or by its own time limit. */
const errorSchema = z.object({
	resultData: z.object({ error: z.object({ name: z.string().endsWith('CancelledError') }) }),
});

/**
 * Whether the user's execution was stopped.
 * @param executionId of the user's execution; `undefined` where a wait does not know it
 */
export async function wasStopped(
	functions: IExecuteFunctions,
	executionId: string | undefined,
): Promise<boolean> {
	if (executionId === undefined || typeof functions.getExecutionDataById !== 'function')
		return false;
	try {
		return errorSchema.safeParse(await functions.getExecutionDataById(executionId)).success;
	} catch {
		return false;
	}
}

/** What is left of a task whose wait was stopped. */
async function endOne(
	{ client }: Pick<ExecutionContext, 'client'>,
	{ itemIndex, taskId, settled, ...entry }: WaitEntry,
	cancels: boolean,
): Promise<Outcome> {
	const about = aboutOf({ itemIndex, ...entry });
	const toEnd = (status: string, message: string): Outcome => ({
		itemIndex,
		result: succeed({ json: { taskId, status, stopped: true, message, ...about } }),
	});
	if (taskId === undefined || settled !== undefined) return toEnd('ENDED', 'It had ended before.');
	if (!cancels) return toEnd('PENDING', 'The task goes on at DashScope.');
	const canceled = await cancelTask(client, taskId);
	if (!canceled.ok) return toEnd('UNKNOWN', canceled.failure.message);
	const { status, reason } = canceled.value;
	return toEnd(status, reason ?? 'The task was canceled in the queue. Nothing was billed.');
}

/**
 * Ends a wait that the user has stopped: cancels what is in the queue, if that is wanted, and tells the
 * log of every task that goes on.
 * @returns one outcome per entry; n8n shows them in the sub-executions only
 */
export async function endStopped(
	context: Pick<ExecutionContext, 'client' | 'functions'>,
	{ entries, owner }: WaitState,
): Promise<Outcome[]> {
	const limit = createLimiter(CANCELS_AT_ONCE);
	const cancels = owner?.cancelsOnStop ?? false;
	const outcomes = await Promise.all(
		entries.map((entry) => limit(async () => await endOne(context, entry, cancels))),
	);
	const left = entries.flatMap(({ taskId, settled }, index) => {
		const { result } = outcomes[index] ?? {};
		const isCanceled = result?.ok === true && result.value.json.status === 'CANCELED';
		return taskId === undefined || settled !== undefined || isCanceled ? [] : [taskId];
	});
	context.functions.logger.warn(
		`Emoji Video: execution ${owner?.executionId ?? ''} was stopped, and its wait has ended.${left.length > 0 ? ` Tasks that go on at DashScope: ${left.join(', ')}. Get Many lists them for 24 hours, Wait fetches their videos.` : ' All open tasks were canceled.'}`,
	);
	return outcomes;
}
