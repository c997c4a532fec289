/**
 * Video: Get Status. A task's present state, as data; each distinct ID is asked once, whatever the
 * number of items and lists that name it.
 */
import type { ApiResponse } from '../../dashscope/client';
import type { Task } from '../../dashscope/schemas';
import { failed } from '../../execution/outcome';
import type { Outcome } from '../../execution/outcome';
import { billedOf, taskToJson } from '../../output';
import { simplifyField, simplifyForm } from '../../parameters/common';
import { constant, group } from '../../parameters/read';
import { eachTaskIdForm, taskIdsFields } from '../../parameters/taskIds';
import { succeed } from '../../base/result';
import type { Result } from '../../base/result';
import { defineOperation } from '../defineOperation';
import type { Wanted } from '../defineOperation';
import { explainUnknown } from '../explainUnknown';

interface StatusRequest {
	/** A wrong ID among good ones is a failure of its own. */
	taskIds: Array<Result<string>>;
	simplify: boolean;
}

const form = group<StatusRequest>({ taskIds: eachTaskIdForm, simplify: simplifyForm });

export const getStatus = defineOperation({
	resource: 'video',
	operation: 'getStatus',
	toolDescription:
		'Tells how far an emoji video is that was started before, by its taskId, and returns the link to it once it is finished. The link works for 24 hours.',
	fields: [
		...taskIdsFields('Tasks can be queried for 24 hours from their creation'),
		simplifyField,
	],
	settings: constant(undefined),
	item(fields, { stopsAtFirstFailure }): Result<StatusRequest> {
		const read = form(fields);
		if (!read.ok) return read;
		const { taskIds } = read.value;
		const wrong = taskIds.find(({ ok }) => !ok);
		return wrong && !wrong.ok && (stopsAtFirstFailure || taskIds.length === 1) ? wrong : read;
	},
	async run({ functions, client, clock }, { items, invalid }) {
		const inputs = functions.getInputData();
		const answers = new Map<string, Promise<Result<ApiResponse<Task>>>>();
		const statusOf = async (
			{ itemIndex, simplify }: Wanted<StatusRequest>,
			wanted: Result<string>,
		): Promise<Outcome> => {
			if (!wanted.ok) return failed(itemIndex, wanted.failure);
			const taskId = wanted.value;
			const asked = answers.get(taskId) ?? client.getTask(taskId);
			answers.set(taskId, asked);
			const answer = await asked;
			if (!answer.ok) return failed(itemIndex, { ...answer.failure, taskId });
			const { value: task, raw } = answer.value;
			const billed = billedOf(task);
			if (!simplify) return { itemIndex, result: succeed({ json: { ...raw }, billed }) };
			const json = taskToJson(task, {}, { withEnd: true });
			if (task.status === 'UNKNOWN') {
				Object.assign(json, explainUnknown(taskId, inputs[itemIndex]?.json, clock.now()));
			}
			return { itemIndex, result: succeed({ json, billed }) };
		};
		const outcomes = items.flatMap((item) =>
			item.taskIds.map(async (taskId) => await statusOf(item, taskId)),
		);
		return [...invalid, ...(await Promise.all(outcomes))];
	},
});
