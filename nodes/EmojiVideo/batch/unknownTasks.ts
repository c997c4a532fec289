/**
 * The account's tasks that nobody in an execution knows: what a create has left behind whose execution
 * n8n has lost. The list tells neither portrait nor template, so they are candidates, no more.
 */
import { VIDEO_MODEL } from '../dashscope/client';
import type { Client } from '../dashscope/client';
import type { Result } from '../result';
import type { ListedTask } from '../dashscope/schemas';
import { listAllTasks } from './listTasks';

/** Clocks differ: the list is asked for so much more on either side. */
const LIST_MARGIN_MS = 5 * 60_000;

/**
 * The account's tasks of this model and a period.
 * @param since ms since the epoch
 * @param until ms since the epoch
 * @param known their IDs are left out
 */
export async function unknownTasks(
	client: Pick<Client, 'listTasks'>,
	{ since, until, known }: { since: number; until: number; known: readonly string[] },
): Promise<Result<ListedTask[]>> {
	const ours = new Set(known);
	return await listAllTasks(
		client,
		{ submitted: { from: since - LIST_MARGIN_MS, to: until + LIST_MARGIN_MS } },
		undefined,
		({ taskId, model }) => !ours.has(taskId) && (model === undefined || model === VIDEO_MODEL),
	);
}
