/**
 * Whose wait this is: the user's execution, which n8n does not connect with its sub-executions. Stop there
 * stops nothing here, so every check looks first. Rule: only a cancellation that n8n has written down ends
 * a wait; an execution that cannot be read may still want its videos.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';
import { aboutOf } from '../../batch/plan';
import { cancelTask } from '../../account/cancelTask';
import type { ExecutionContext } from '../../execution/context';
import type { Outcome } from '../../execution/outcome';
import { createLimiter } from '../../base/limiter';
import { succeed } from '../../base/result';
import type { Entry, WaitState } from '../plan/state';

type Owned = Pick<WaitState, 'entries' | 'owner'>;

const CANCELS_AT_ONCE = 5;

/** How n8n names the error of an execution that was stopped, by a user or by its own time limit. */
const stoppedSchema = z.object({
	resultData: z.object({ error: z.object({ name: z.string().endsWith('CancelledError') }) }),
});

/** An execution that n8n has written down as parked. */
const parkedSchema = z.object({ waitTill: z.unknown().refine(Boolean) });

/**
 * - `waiting`: it is parked, as it should be; or it cannot be read, and may still want its videos.
 * - `stopped`: n8n has written down that it was stopped.
 * - `gone`: it has gone on, or was never parked: nobody waits for what would be made.
 */
export type OwnerState = 'waiting' | 'stopped' | 'gone';

/**
 * What has become of the user's execution.
 * @param executionId of the user's execution; `undefined` where a wait does not know it
 */
export async function ownerOf(
	functions: IExecuteFunctions,
	executionId: string | undefined,
): Promise<OwnerState> {
	if (executionId === undefined || typeof functions.getExecutionDataById !== 'function')
		return 'waiting';
	try {
		const data = await functions.getExecutionDataById(executionId);
		if (stoppedSchema.safeParse(data).success) return 'stopped';
		return data === undefined || parkedSchema.safeParse(data).success ? 'waiting' : 'gone';
	} catch {
		return 'waiting';
	}
}

/** Whether what would be created now still has somebody who waits for it. */
export const isWanted = async (
	functions: IExecuteFunctions,
	executionId: string | undefined,
): Promise<boolean> => (await ownerOf(functions, executionId)) === 'waiting';

/** What is left of a task whose wait was stopped. */
async function endOne(
	{ client }: Pick<ExecutionContext, 'client'>,
	{ itemIndex, taskId, settled, ...entry }: Entry,
	cancels: boolean,
): Promise<Outcome> {
	const about = aboutOf({ itemIndex, ...entry });
	const toEnd = (status: string, message: string): Outcome => ({
		itemIndex,
		result: succeed({ json: { taskId, status, stopped: true, message, ...about } }),
	});
	if (taskId === undefined) return toEnd('ENDED', 'No task is known for it.');
	if (settled !== undefined) return toEnd('ENDED', 'It had ended before.');
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
	{ entries, owner }: Owned,
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

/** Ends a wait whose execution does not wait any more, and tells the log of the tasks that go on. */
export function endOrphaned(
	{ functions }: Pick<ExecutionContext, 'functions'>,
	{ entries, owner }: Owned,
): Outcome[] {
	const open = entries.flatMap(({ taskId, settled }) =>
		taskId === undefined || settled !== undefined ? [] : [taskId],
	);
	const message = `Execution ${owner?.executionId ?? ''} does not wait for its videos any more, and nothing more is created for it.`;
	const tasks = open.length > 0 ? ` Tasks that go on at DashScope: ${open.join(', ')}.` : '';
	functions.logger.warn(`Emoji Video: ${message}${tasks}`);
	return [{ itemIndex: 0, result: succeed({ json: { stopped: true, message } }) }];
}
