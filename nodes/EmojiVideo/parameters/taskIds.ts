/** Which tasks are meant: one ID, several, or what items of Create contain. */
import type { INodeProperties } from 'n8n-workflow';
import { z } from 'zod';
import { inputFailure } from '../result';
import type { Result } from '../result';
import { forTools, notForTools, taskIdsFromModel } from './agentTool';
import { check, field } from './read';
import { addIssue, isBlank, shown, toList } from './schemas';

/**
 * "Task IDs", the same in all operations.
 * @param hint what can be done with which tasks
 */
export const taskIdsFields = (hint: string): INodeProperties[] => {
	const field: INodeProperties = {
		displayName: 'Task IDs',
		name: 'taskId',
		type: 'string',
		required: true,
		default: '={{ $json.taskId }}',
		placeholder: 'e.g. 0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10',
		description:
			'The taskId that Create returned: one, several with commas, a list, or items of Create',
		hint,
	};
	return [notForTools(field), forTools({ ...field, default: taskIdsFromModel })];
};

const TASK_ID_FORM =
	'Use the taskId of a Create item, e.g. "0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10".';
const TASK_ID = /^[A-Za-z0-9_-]{1,128}$/;

/** The ID in a value, without the spaces around it. */
const idIn = (value: unknown): string | undefined => {
	const text = typeof value === 'string' ? value.trim() : '';
	return TASK_ID.test(text) ? text : undefined;
};

export const taskIdValue = z.unknown().transform((value, context): string => {
	if (isBlank(value)) return addIssue(context, 'Task IDs is empty', TASK_ID_FORM);
	return (
		idIn(value) ??
		addIssue(
			context,
			`Task IDs: ${shown(value)} is not a task ID: only letters, digits and hyphens`,
			TASK_ID_FORM,
		)
	);
});

/** An item of Create, as an expression may give it; the whole item first, since the other fits any object. */
const itemSchema = z.union([
	z.object({ json: z.object({ taskId: z.unknown() }) }).transform(({ json }) => json.taskId),
	z.object({ taskId: z.unknown() }).transform(({ taskId }) => taskId),
]);

/** Text is no item, and there may be a megabyte of it. */
const idOf = (value: unknown): unknown => {
	if (typeof value !== 'object') return value;
	const item = itemSchema.safeParse(value);
	return item.success ? item.data : value;
};

/** The single IDs in text with commas or line breaks, in JSON, in an array, in items; blanks are dropped. */
export function listedIds(value: unknown): unknown[] {
	const list =
		typeof value === 'string' ? toList(value.replace(/[\r\n]+/g, ',')) : (toList(value) ?? [value]);
	return (list ?? []).map(idOf).filter((id) => !isBlank(id));
}

/** Where there is no ID at all: a field that is empty, or a list or an object of something else. */
const noneIn = (value: unknown): string =>
	typeof value === 'object' && value !== null
		? `Task IDs: ${shown(value)} has no taskId`
		: 'Task IDs is empty';

/** One task ID or several; blanks and doubles are dropped. */
export const taskIdsValue = z.unknown().transform((value, context): string[] => {
	const ids = listedIds(value);
	if (ids.length === 0) return addIssue(context, noneIn(value), TASK_ID_FORM);
	const wrong = ids.findIndex((id) => idIn(id) === undefined);
	if (wrong >= 0) {
		taskIdValue.safeParse(ids[wrong]).error?.issues.forEach((issue) => context.addIssue(issue));
		return z.NEVER;
	}
	return [...new Set(ids.flatMap((id) => idIn(id) ?? []))];
});

/** Like `taskIdsValue`, but a wrong ID does not take the good ones along. At least one result. */
export function eachTaskId(value: unknown): Array<Result<string>> {
	const ids = listedIds(value);
	if (ids.length === 0) return [inputFailure(noneIn(value), TASK_ID_FORM)];
	const distinct = new Set(ids.map((id) => (typeof id === 'string' ? id.trim() : id)));
	return [...distinct].map((id) => check(taskIdValue, id));
}

export const taskIdsForm = field('taskId', 'Task IDs', taskIdsValue);
export const eachTaskIdForm = field('taskId', 'Task IDs', z.unknown().transform(eachTaskId));
