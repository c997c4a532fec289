/**
 * Ends a durable wait whose user's execution was stopped or no longer waits. Rule: the log names every task
 * that continues at DashScope.
 */
import { aboutOf } from '../../batch/plan';
import { cancelTask } from '../../account/cancelTask';
import type { ExecutionContext } from '../../execution/context';
import type { Outcome } from '../../execution/outcome';
import { createLimiter } from '../../base/limiter';
import { succeed } from '../../base/result';
import type { Entry, WaitState } from '../plan/state';

type OwnedEntries = Pick<WaitState, 'entries' | 'owner'>;

const CANCELS_AT_ONCE = 5;

/** Cancels the task of a stopped wait, and says what became of it. */
async function endTask(
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
 * Ends a wait that the user has stopped. Cancels queued tasks if the option says so.
 * @returns one outcome per entry, which n8n shows in the sub-executions only
 */
export async function endStoppedWait(
	context: Pick<ExecutionContext, 'client' | 'functions'>,
	{ entries, owner }: OwnedEntries,
): Promise<Outcome[]> {
	const limit = createLimiter(CANCELS_AT_ONCE);
	const cancels = owner?.cancelsOnStop ?? false;
	const outcomes = await Promise.all(
		entries.map((entry) => limit(async () => await endTask(context, entry, cancels))),
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

/** Ends a wait whose execution no longer waits. */
export function endOrphanedWait(
	{ functions }: Pick<ExecutionContext, 'functions'>,
	{ entries, owner }: OwnedEntries,
): Outcome[] {
	const open = entries.flatMap(({ taskId, settled }) =>
		taskId === undefined || settled !== undefined ? [] : [taskId],
	);
	const message = `Execution ${owner?.executionId ?? ''} does not wait for its videos any more, and nothing more is created for it.`;
	const tasks = open.length > 0 ? ` Tasks that go on at DashScope: ${open.join(', ')}.` : '';
	functions.logger.warn(`Emoji Video: ${message}${tasks}`);
	return [{ itemIndex: 0, result: succeed({ json: { stopped: true, message } }) }];
}
