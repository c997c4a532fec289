/**
 * Video: Cancel. Whether a task could be canceled is data, so that a workflow can branch on it: that
 * one of many has begun to run is no error. Each distinct ID is sent once.
 */
import { cancelTask } from '../../account/cancelTask';
import type { CancelOutcome } from '../../account/cancelTask';
import { failed } from '../../execution/outcome';
import type { Outcome } from '../../execution/outcome';
import { cancelToJson } from '../../output';
import { constant, group } from '../../parameters/read';
import { eachTaskIdForm, taskIdsFields } from '../../parameters/taskIds';
import { succeed } from '../../base/result';
import type { Result } from '../../base/result';
import { defineOperation } from '../defineOperation';

interface CancelRequest {
	/** A wrong ID among good ones is a failure of its own. */
	taskIds: Array<Result<string>>;
}

const form = group<CancelRequest>({ taskIds: eachTaskIdForm });

export const cancel = defineOperation({
	resource: 'video',
	operation: 'cancel',
	toolDescription:
		'Takes emoji videos out of the queue by their taskIds, so that they cost nothing. A video that is being made cannot be canceled.',
	fields: taskIdsFields('Only tasks that wait in the queue (PENDING) can be canceled'),
	settings: constant(undefined),
	item(fields, { stopsAtFirstFailure }): Result<CancelRequest> {
		const read = form(fields);
		if (!read.ok) return read;
		const { taskIds } = read.value;
		const wrong = taskIds.find(({ ok }) => !ok);
		return wrong && !wrong.ok && (stopsAtFirstFailure || taskIds.length === 1) ? wrong : read;
	},
	async run({ client, stopsAtFirstFailure, endBatch }, { items, invalid }) {
		const answers = new Map<string, Promise<Result<CancelOutcome>>>();
		const cancelOne = async (itemIndex: number, wanted: Result<string>): Promise<Outcome> => {
			if (!wanted.ok) return failed(itemIndex, wanted.failure);
			const sent = answers.get(wanted.value) ?? cancelTask(client, wanted.value);
			answers.set(wanted.value, sent);
			const answer = await sent;
			if (answer.ok) return { itemIndex, result: succeed({ json: cancelToJson(answer.value) }) };
			if (stopsAtFirstFailure) endBatch();
			return failed(itemIndex, answer.failure);
		};
		const outcomes = items.flatMap(({ itemIndex, taskIds }) =>
			taskIds.map(async (taskId) => await cancelOne(itemIndex, taskId)),
		);
		return [...invalid, ...(await Promise.all(outcomes))];
	},
});
