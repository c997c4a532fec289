/**
 * The account's tasks that nobody in an execution knows: what a create has left behind whose execution
 * n8n has lost. The list tells neither portrait nor template, so they are candidates, no more.
 */
import { VIDEO_MODEL } from '../dashscope/client';
import type { Client } from '../dashscope/client';
import type { Result } from '../base/result';
import type { ListedTask } from '../dashscope/schemas';
import { LIST_RANGE_MS } from '../dashscope/listTimeRange';
import { listAllTasks } from './listTasks';

/** A time by this clock is one of the service's give or take so much. */
const CLOSE_MS = 5 * 60_000;

/**
 * A period by the service's clock, however wrong this one is, or was then.
 * @returns `undefined` for one that is too long to ask for: the last 24 hours are asked for
 */
function periodThere(since: number, until: number, aheadMs: number) {
	const from = Math.min(since, since + aheadMs) - CLOSE_MS;
	const to = Math.max(until, until + aheadMs) + CLOSE_MS;
	return to - from > LIST_RANGE_MS ? undefined : { from, to };
}

/**
 * The account's tasks of this model and a period.
 * @param since ms since the epoch
 * @param until ms since the epoch
 * @param known their IDs are left out
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
	// The answer tells what time it is there.
	const isClose = Math.abs(client.aheadMs() - assumed) < CLOSE_MS;
	return list.ok && !isClose ? await ask(client.aheadMs()) : list;
}
