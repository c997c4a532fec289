/**
 * One look at the account's tasks: the last 24 hours, and further back for as long as something from
 * there may still end. Rule: all or nothing; a list with a hole would make old tasks news.
 */
import { listAllTasks } from '../account/listTasks';
import type { TaskFilter } from '../account/listTasks';
import { VIDEO_MODEL } from '../dashscope/client';
import type { Client } from '../dashscope/client';
import { succeed } from '../base/result';
import type { Result } from '../base/result';
import type { ListedTask } from '../dashscope/schemas';
import { LIST_RANGE_MS } from '../dashscope/listTimeRange';
import type { Memory } from './seenTasks';

/** A task waits its turn for days at most: the service ends what takes longer than 3 hours to run. */
const MOST_DAYS_BACK = 3;

const ONE_SECOND_MS = 1000;

const earliest = (tasks: ListedTask[]): number =>
	tasks.reduce((least, { submittedAt }) => Math.min(least, submittedAt ?? least), Infinity);

/**
 * Every task that the memory may not have seen the end of.
 * @param memory of the look before
 */
export async function listChangedTasks(
	client: Pick<Client, 'listTasks'>,
	memory: Memory | undefined,
): Promise<Result<ListedTask[]>> {
	const filter: TaskFilter = { model: VIDEO_MODEL };
	const recent = await listAllTasks(client, filter);
	if (!recent.ok) return recent;
	const tasks = new Map(recent.value.map((task) => [task.taskId, task]));
	const until = earliest(recent.value);
	let from = memory?.openSince ?? Infinity;
	for (let day = 0; day < MOST_DAYS_BACK && from < until; day++, from += LIST_RANGE_MS) {
		// One second less than 24 hours: the service takes whole seconds, and both ends count.
		const submitted = { from, to: from + LIST_RANGE_MS - ONE_SECOND_MS };
		const older = await listAllTasks(client, { ...filter, submitted });
		// A service that lists the last 24 hours only has nothing to say about what is older.
		if (!older.ok && older.failure.kind === 'rejected') break;
		if (!older.ok) return older;
		for (const task of older.value) tasks.set(task.taskId, task);
	}
	return succeed([...tasks.values()]);
}
