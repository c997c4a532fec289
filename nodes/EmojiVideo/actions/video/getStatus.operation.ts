/** Video: Get Status. A task's present state, as data; each distinct ID is asked once. */
import { updateDisplayOptions } from 'n8n-workflow';
import type { Answer } from '../../dashscope/client';
import { succeed } from '../../dashscope/failure';
import type { Result } from '../../dashscope/failure';
import type { Task } from '../../dashscope/schemas';
import { taskToJson } from '../../output';
import { simplifyField, taskIdField } from '../fields';
import { failed } from '../operation';
import type { Operation, Outcome } from '../operation';
import { inInputOrder, readItems } from '../orders';
import type { Session } from '../session';
import { flagValue, readFields, taskIdValue } from '../values';

async function run(session: Session): Promise<Outcome[]> {
	const { functions, client } = session;
	const { wanted, refused, end } = await readItems(session, (itemIndex) => {
		const fields = readFields(functions, itemIndex, {
			taskId: taskIdValue,
			simplify: flagValue,
		});
		return fields.ok ? succeed({ itemIndex, ...fields.value }) : fields;
	});
	if (end) return refused;

	const answers = new Map<string, Promise<Result<Answer<Task>>>>();
	for (const { taskId } of wanted) {
		if (!answers.has(taskId)) answers.set(taskId, client.getTask(taskId));
	}
	const outcomes = wanted.map(async ({ itemIndex, taskId, simplify }): Promise<Outcome> => {
		const answer = await (answers.get(taskId) ?? client.getTask(taskId));
		if (!answer.ok) return failed(itemIndex, { ...answer.failure, taskId });
		const json = simplify ? taskToJson(answer.value.value, {}) : { ...answer.value.raw };
		return { itemIndex, result: succeed({ json }) };
	});
	return inInputOrder([...refused, ...(await Promise.all(outcomes))]);
}

export const getStatus: Operation = {
	fields: updateDisplayOptions({ show: { resource: ['video'], operation: ['getStatus'] } }, [
		taskIdField,
		simplifyField,
	]),
	run,
};
