/**
 * Lists the account's tasks, page by page. The list moves while it is read: a task submitted meanwhile shifts
 * rows to the next page. Rule: each task appears once. If a page fails, the whole list fails, so that no
 * caller takes a partial list for a complete one.
 */
import type { Client, TaskListQuery } from '../dashscope/client';
import { succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import type { ListedTask } from '../dashscope/schemas';

/**
 * The reference states a default page size of 10 and no maximum. The mock accepts 100. A service that rejects
 * it is asked for smaller pages.
 */
export const LARGEST_PAGE = 100;
/** The documented default page size. */
const SMALLEST_PAGE = 10;

/** Whether a rejection may be about the page size. Its wording is not documented. */
const mayBeTooLarge = ({ kind, httpStatus }: Failure, pageSize: number): boolean =>
	kind === 'rejected' && httpStatus === 400 && pageSize > SMALLEST_PAGE;

/** More than a day's tasks: at the limit of one per second, a day has 86,400 tasks, 864 pages. */
const MOST_PAGES = 1000;

export type TaskFilter = Omit<TaskListQuery, 'page' | 'pageSize'>;

/** Reads all pages of one size. */
async function readPages(
	client: Pick<Client, 'listTasks'>,
	filter: TaskFilter,
	pageSize: number,
	limit: number,
	fits: (task: ListedTask) => boolean,
): Promise<Result<ListedTask[]>> {
	const found = new Map<string, ListedTask>();
	for (let page = 1; page <= MOST_PAGES; page++) {
		const answer = await client.listTasks({ ...filter, page, pageSize });
		if (!answer.ok) return answer;
		const { tasks, rows, pages } = answer.value.value;
		for (const task of tasks.filter(fits)) {
			if (!found.has(task.taskId) && found.size < limit) found.set(task.taskId, task);
		}
		const isLast = rows === 0 || (pages !== undefined && page >= pages);
		if (isLast || found.size >= limit) break;
	}
	return succeed([...found.values()]);
}

/**
 * Lists the matching tasks in the service's order. If the service rejects large pages, the whole list is read
 * again in smaller ones, so that no row is skipped.
 * @param limit the most tasks to return; all by default
 * @param fits selects tasks beyond the service's own filters
 */
export async function listAllTasks(
	client: Pick<Client, 'listTasks'>,
	filter: TaskFilter,
	limit = Number.POSITIVE_INFINITY,
	fits: (task: ListedTask) => boolean = () => true,
): Promise<Result<ListedTask[]>> {
	let pageSize = Math.min(LARGEST_PAGE, limit);
	for (;;) {
		const list = await readPages(client, filter, pageSize, limit, fits);
		if (list.ok || !mayBeTooLarge(list.failure, pageSize)) return list;
		pageSize = Math.max(SMALLEST_PAGE, Math.floor(pageSize / 2));
	}
}
