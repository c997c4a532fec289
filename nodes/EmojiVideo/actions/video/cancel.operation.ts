/**
 * Video: Cancel. Whether a task could be canceled is data, so that a workflow can branch on it: that
 * one of many has begun to run is no error. Each distinct ID is sent once.
 */
import { cancelTask } from '../../batch/cancelTask';
import type { CancelOutcome } from '../../batch/cancelTask';
import { failed } from '../../execution/operation';
import type { Outcome } from '../../execution/operation';
import { cancelToJson } from '../../output';
import { constant, group } from '../../parameters/read';
import { taskIdField, taskIdForm } from '../../parameters/taskIds';
import { succeed } from '../../result';
import type { Result } from '../../result';
import { defineOperation } from '../defineOperation';

const form = group({ taskId: taskIdForm });

export const cancel = defineOperation({
	resource: 'video',
	operation: 'cancel',
	fields: [
		{
			...taskIdField,
			hint: 'Only tasks that wait in the queue (PENDING) can be canceled. Drag taskId of Create here.',
		},
	],
	settings: constant(undefined),
	item: form,
	async run({ client, stopsAtFirstFailure, halt }, { items, refused }) {
		const answers = new Map<string, Promise<Result<CancelOutcome>>>();
		const outcomes = items.map(async ({ itemIndex, taskId }): Promise<Outcome> => {
			const sent = answers.get(taskId) ?? cancelTask(client, taskId);
			answers.set(taskId, sent);
			const answer = await sent;
			if (answer.ok) return { itemIndex, result: succeed({ json: cancelToJson(answer.value) }) };
			if (stopsAtFirstFailure) halt();
			return failed(itemIndex, answer.failure);
		});
		return [...refused, ...(await Promise.all(outcomes))];
	},
});
