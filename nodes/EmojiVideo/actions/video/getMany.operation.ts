/** Video: Get Many. The tasks of the account, whoever made them; a video's link only when asked for. */
import { createLimiter } from '../../base/limiter';
import { listAllTasks } from '../../account/listTasks';
import type { ListedTask } from '../../dashscope/schemas';
import type { ExecutionContext } from '../../execution/context';
import { failed } from '../../execution/outcome';
import type { Outcome, OutputItem } from '../../execution/outcome';
import { billedOf, listedTaskToJson, listedVideoToJson } from '../../output';
import { listFields, listForm } from '../../parameters/listFilters';
import type { Listing } from '../../parameters/listFilters';
import { constant, group } from '../../parameters/read';
import { succeed } from '../../base/result';
import type { Result } from '../../base/result';
import { defineOperation } from '../defineOperation';

/** Status queries under way at once; the account's limit is kept in any case. */
const QUERIES_AT_ONCE = 5;

/** One row as an item, with the link to its video if the user wants it and there is one. */
async function toItem(
	task: ListedTask,
	{ simplify, includeVideoUrl }: Listing,
	{ client }: ExecutionContext,
): Promise<Result<OutputItem>> {
	if (!includeVideoUrl || task.status !== 'SUCCEEDED') {
		return succeed({ json: simplify ? listedTaskToJson(task) : { ...task.raw } });
	}
	const answer = await client.getTask(task.taskId);
	if (!answer.ok) return answer;
	const { value, raw } = answer.value;
	const json = simplify ? listedVideoToJson(task, value) : { ...task.raw, ...raw };
	return succeed({ json, billed: billedOf(value) });
}

async function list(listing: Listing, context: ExecutionContext): Promise<Result<OutputItem[]>> {
	const { filter, limit, fits } = listing;
	const tasks = await listAllTasks(context.client, filter, limit, fits);
	if (!tasks.ok) return tasks;
	const atOnce = createLimiter(QUERIES_AT_ONCE);
	const rows = await Promise.all(
		tasks.value.map(async (task) => await atOnce(async () => await toItem(task, listing, context))),
	);
	const found: OutputItem[] = [];
	for (const row of rows) {
		if (!row.ok) return row;
		found.push(row.value);
	}
	return succeed(found);
}

const form = group({ listing: listForm });

export const getMany = defineOperation({
	resource: 'video',
	operation: 'getMany',
	toolDescription: "Lists the account's emoji videos of the last 24 hours, with taskId and status.",
	fields: listFields,
	settings: constant(undefined),
	item: form,
	async run(context, { items, invalid }) {
		// Items that ask for the same list share one.
		const lists = new Map<string, Result<OutputItem[]>>();
		const outcomes: Outcome[] = [...invalid];
		for (const { itemIndex, listing } of items) {
			const key = JSON.stringify({ ...listing, limit: String(listing.limit) });
			const rows = lists.get(key) ?? (await list(listing, context));
			lists.set(key, rows);
			if (!rows.ok) {
				outcomes.push(failed(itemIndex, rows.failure));
				if (context.stopsAtFirstFailure) break;
				continue;
			}
			for (const { json, billed } of rows.value) {
				outcomes.push({ itemIndex, result: succeed({ json: { ...json }, billed }) });
			}
		}
		return outcomes;
	},
});
