/**
 * Video: Get Status. A task's present state, as data; each distinct ID is asked once, whatever the
 * number of items and lists that name it.
 */
import { updateDisplayOptions } from 'n8n-workflow';
import type { Answer } from '../../dashscope/client';
import { succeed } from '../../result';
import type { Result } from '../../result';
import type { Task } from '../../dashscope/schemas';
import { taskToJson } from '../../output';
import { simplifyField, taskIdField } from '../../parameters/common';
import { failed } from '../../execution/operation';
import type { Operation, Outcome } from '../../execution/operation';
import { inInputOrder, readItems } from '../../parameters/readItems';
import type { ExecutionContext } from '../../execution/context';
import { explainUnknown } from '../explainUnknown';
import { eachTaskId, readField, readFields } from '../../parameters/read';
import { flagValue } from '../../parameters/schemas';

interface Wish {
	itemIndex: number;
	/** A wrong ID among good ones is a failure of its own. */
	taskIds: Array<Result<string>>;
	simplify: boolean;
}

function readWish(context: ExecutionContext, itemIndex: number): Result<Wish> {
	const { functions, stopsAtFirstFailure } = context;
	const raw = readField(functions, itemIndex, 'taskId');
	if (!raw.ok) return raw;
	const fields = readFields(functions, itemIndex, { simplify: flagValue });
	if (!fields.ok) return fields;
	const taskIds = eachTaskId(raw.value);
	const wrong = taskIds.find(({ ok }) => !ok);
	if (wrong && !wrong.ok && (stopsAtFirstFailure || taskIds.length === 1)) return wrong;
	return succeed({ itemIndex, taskIds, ...fields.value });
}

async function run(context: ExecutionContext): Promise<Outcome[]> {
	const { functions, client, clock } = context;
	const items = functions.getInputData();
	const { wanted, refused, stopBecause } = await readItems(context, (itemIndex) =>
		readWish(context, itemIndex),
	);
	if (stopBecause) return refused;

	const answers = new Map<string, Promise<Result<Answer<Task>>>>();
	const statusOf = async (
		{ itemIndex, simplify }: Wish,
		wish: Result<string>,
	): Promise<Outcome> => {
		if (!wish.ok) return failed(itemIndex, wish.failure);
		const taskId = wish.value;
		const asked = answers.get(taskId) ?? client.getTask(taskId);
		answers.set(taskId, asked);
		const answer = await asked;
		if (!answer.ok) return failed(itemIndex, { ...answer.failure, taskId });
		const { value: task, raw } = answer.value;
		if (!simplify) return { itemIndex, result: succeed({ json: { ...raw } }) };
		const json = taskToJson(task, {});
		if (task.status === 'UNKNOWN') {
			Object.assign(json, explainUnknown(taskId, items[itemIndex]?.json, clock.now()));
		}
		return { itemIndex, result: succeed({ json }) };
	};
	const outcomes = wanted.flatMap((wish) =>
		wish.taskIds.map(async (taskId) => await statusOf(wish, taskId)),
	);
	return inInputOrder([...refused, ...(await Promise.all(outcomes))]);
}

export const getStatus: Operation = {
	fields: updateDisplayOptions({ show: { resource: ['video'], operation: ['getStatus'] } }, [
		{
			...taskIdField,
			description: 'The taskId that Create returned, several with commas, or a list',
		},
		simplifyField,
	]),
	run,
};
