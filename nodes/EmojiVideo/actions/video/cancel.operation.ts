/**
 * Video: Cancel. Whether a task could be canceled is data, so that a workflow can branch on it: that
 * one of many has begun to run is no error. Each distinct ID is sent once.
 */
import { updateDisplayOptions } from 'n8n-workflow';
import { cancelTask } from '../../batch/cancelTask';
import type { CancelOutcome } from '../../batch/cancelTask';
import { succeed } from '../../result';
import type { Result } from '../../result';
import { cancelToJson } from '../../output';
import { taskIdField } from '../../parameters/common';
import { failed } from '../../execution/operation';
import type { Operation, Outcome } from '../../execution/operation';
import { inInputOrder, readItems } from '../../parameters/readItems';
import type { ExecutionContext } from '../../execution/context';
import { readFields } from '../../parameters/read';
import { taskIdValue } from '../../parameters/schemas';

async function run(context: ExecutionContext): Promise<Outcome[]> {
	const { functions, client } = context;
	const { wanted, refused, stopBecause } = await readItems(context, (itemIndex) => {
		const fields = readFields(functions, itemIndex, { taskId: taskIdValue });
		return fields.ok ? succeed({ itemIndex, taskId: fields.value.taskId }) : fields;
	});
	if (stopBecause) return refused;

	const answers = new Map<string, Promise<Result<CancelOutcome>>>();
	const outcomes = wanted.map(async ({ itemIndex, taskId }): Promise<Outcome> => {
		const sent = answers.get(taskId) ?? cancelTask(client, taskId);
		answers.set(taskId, sent);
		const answer = await sent;
		if (answer.ok) return { itemIndex, result: succeed({ json: cancelToJson(answer.value) }) };
		if (context.stopsAtFirstFailure) context.halt();
		return failed(itemIndex, answer.failure);
	});
	return inInputOrder([...refused, ...(await Promise.all(outcomes))]);
}

export const cancel: Operation = {
	fields: updateDisplayOptions({ show: { resource: ['video'], operation: ['cancel'] } }, [
		{
			...taskIdField,
			hint: 'Only tasks that wait in the queue (PENDING) can be canceled. Drag taskId of Create here.',
		},
	]),
	run,
};
