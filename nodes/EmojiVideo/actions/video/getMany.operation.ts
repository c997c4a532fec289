/** Video: Get Many. The tasks of the account, whoever made them; a video's link only when asked for. */
import type { IDataObject } from 'n8n-workflow';
import { createLimiter } from '../../base/limiter';
import { listAllTasks } from '../../account/listTasks';
import type { ListedTask } from '../../dashscope/schemas';
import type { ExecutionContext } from '../../execution/context';
import { failed } from '../../execution/outcome';
import type { Outcome } from '../../execution/outcome';
import { listedTaskToJson, listedVideoToJson } from '../../output';
import { listFields, listForm } from '../../parameters/listFilters';
import type { Listing } from '../../parameters/listFilters';
import { constant, group } from '../../parameters/read';
import { succeed } from '../../base/result';
import type { Result } from '../../base/result';
import { defineOperation } from '../defineOperation';

/** Status queries under way at once; the account's limit is kept in any case. */
const QUERIES_AT_ONCE = 5;

/** One row as json, with its video's link if wanted and there is one. */
async function toJson(
	task: ListedTask,
	{ simplify, includeVideoUrl }: Listing,
	{ client }: ExecutionContext,
): Promise<Result<IDataObject>> {
	if (!includeVideoUrl || task.status !== 'SUCCEEDED') {
		return succeed(simplify ? listedTaskToJson(task) : { ...task.raw });
	}
	const answer = await client.getTask(task.taskId);
	if (!answer.ok) return answer;
	const { value, raw } = answer.value;
	return succeed(simplify ? listedVideoToJson(task, value) : { ...task.raw, ...raw });
}

async function list(listing: Listing, context: ExecutionContext): Promise<Result<IDataObject[]>> {
	const { filter, limit, fits } = listing;
	const tasks = await listAllTasks(context.client, filter, limit, fits);
	if (!tasks.ok) return tasks;
	const atOnce = createLimiter(QUERIES_AT_ONCE);
	const rows = await Promise.all(
		tasks.value.map(async (task) => await atOnce(async () => await toJson(task, listing, context))),
	);
	const jsons: IDataObject[] = [];
	for (const row of rows) {
		if (!row.ok) return row;
		jsons.push(row.value);
	}
	return succeed(jsons);
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
		const lists = new Map<string, Result<IDataObject[]>>();
		const outcomes: Outcome[] = [...invalid];
		for (const { itemIndex, listing } of items) {
			const key = JSON.stringify({ ...listing, limit: String(listing.limit) });
			const jsons = lists.get(key) ?? (await list(listing, context));
			lists.set(key, jsons);
			if (!jsons.ok) {
				outcomes.push(failed(itemIndex, jsons.failure));
				if (context.stopsAtFirstFailure) break;
				continue;
			}
			for (const json of jsons.value) {
				outcomes.push({ itemIndex, result: succeed({ json: { ...json } }) });
			}
		}
		return outcomes;
	},
});
