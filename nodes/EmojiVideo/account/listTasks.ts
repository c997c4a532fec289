/**
 * The account's tasks, page after page. The list moves while it is read: a task that is submitted in
 * between shifts rows to the next page. Rule: every task comes once, and a page that fails fails the
 * whole list, so that nobody takes a part for the whole.
 */
import type { Client, TaskListQuery } from '../dashscope/client';
import { succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import type { ListedTask } from '../dashscope/schemas';

/** The documents name a default of 10 and no largest size; 100 is what the double takes. */
export const LARGEST_PAGE = 100;
/** The documented default, which every service takes. */
const SMALLEST_PAGE = 10;

/** A refusal that may be about the page's size: its words are not documented. */
const mayBeTooLarge = ({ kind, httpStatus }: Failure, pageSize: number): boolean =>
	kind === 'rejected' && httpStatus === 400 && pageSize > SMALLEST_PAGE;

/** More pages than this cannot be: a day has 86,400 creations at the limit of one a second. */
const MOST_PAGES = 1000;

export type TaskFilter = Omit<TaskListQuery, 'page' | 'pageSize'>;

/** Reads every page of one size. */
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
 * Lists the tasks that fit, in the service's order, as many pages as there are. Where large pages are
 * refused, the whole list is read again in smaller ones, so that no row falls between two sizes.
 * @param limit ends the list early; `undefined` for all
 * @param fits what the service's own filters cannot say
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
