/**
 * Finds the account's tasks that an execution does not know. A lost execution may have created them. The list
 * names neither portrait nor template, so they are only candidates.
 */
import { VIDEO_MODEL } from '../dashscope/client';
import type { Client } from '../dashscope/client';
import type { Result } from '../base/result';
import type { ListedTask } from '../dashscope/schemas';
import { LIST_RANGE_MS } from '../dashscope/listTimeRange';
import { listAllTasks } from './listTasks';

/** Tolerated clock skew between us and the service. A larger value only lists more candidates. */
const TOLERATED_SKEW_MS = 5 * 60_000;

/**
 * A local period in the service's time, wide enough for a clock that was wrong at either end.
 * @param aheadMs how far the service's clock is ahead of ours
 * @returns `undefined` if the period is longer than the list allows; the list then covers the last 24 hours
 */
function periodThere(since: number, until: number, aheadMs: number) {
	const from = Math.min(since, since + aheadMs) - TOLERATED_SKEW_MS;
	const to = Math.max(until, until + aheadMs) + TOLERATED_SKEW_MS;
	return to - from > LIST_RANGE_MS ? undefined : { from, to };
}

/**
 * Lists the account's video tasks of a period, without the known ones.
 * @param period.since ms since the epoch
 * @param period.until ms since the epoch
 * @param period.known task IDs to leave out
 */
export async function unknownTasks(
	client: Pick<Client, 'listTasks' | 'aheadMs'>,
	{ since, until, known }: { since: number; until: number; known: readonly string[] },
): Promise<Result<ListedTask[]>> {
	const ours = new Set(known);
	const ask = async (aheadMs: number) =>
		await listAllTasks(
			client,
			{ submitted: periodThere(since, until, aheadMs) },
			undefined,
			({ taskId, model }) => !ours.has(taskId) && (model === undefined || model === VIDEO_MODEL),
		);
	const assumed = client.aheadMs();
	const list = await ask(assumed);
	// The response's Date header gives the service's time.
	const isClose = Math.abs(client.aheadMs() - assumed) < TOLERATED_SKEW_MS;
	return list.ok && !isClose ? await ask(client.aheadMs()) : list;
}
