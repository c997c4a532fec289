/** Reads task IDs: one, several, or those in items of Create. */
import type { INodeProperties } from 'n8n-workflow';
import { z } from 'zod';
import { invalidFailure, succeed } from '../base/result';
import type { Result } from '../base/result';
import { forTools, notForTools, taskIdsFromModel } from './agentTool';
import { fieldOf } from './fields';
import { addIssue, isBlank, shown, toList } from './schemas';

const taskIdField = {
	displayName: 'Task IDs',
	name: 'taskId',
	type: 'string',
	required: true,
	default: '={{ $json.taskId }}',
	placeholder: 'e.g. 0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10',
	description:
		'The taskId that Create returned: one, several with commas, a list, or items of Create',
} satisfies INodeProperties;

/**
 * "Task IDs", the same in all operations.
 * @param hint which tasks the operation accepts
 */
export const taskIdsFields = (hint: string): INodeProperties[] => {
	const field = { ...taskIdField, hint };
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

/** An item of Create, raw or simplified. The second schema fits any object, so it is last. */
const idSchema = z.union([
	z.object({ output: z.object({ task_id: z.string() }) }).transform(({ output }) => output.task_id),
	z.object({ taskId: z.unknown() }).transform(({ taskId }) => taskId),
]);

/** An expression may return an item or its json. */
const jsonOf = (item: object): unknown => ('json' in item ? item.json : item);

const errorSchema = z.object({ error: z.object({ message: z.string() }) });

/**
 * The failure of a value without an ID.
 * @param position in a list, from 0
 */
function withoutId(entry: unknown, position?: number): Result<string> {
	const json = typeof entry === 'object' && entry !== null ? jsonOf(entry) : entry;
	const where = position === undefined ? '' : ` (entry ${position + 1} of the list)`;
	const error = errorSchema.safeParse(json).data?.error.message;
	return invalidFailure(
		`Task IDs: ${shown(error ?? json ?? null)}${where} has no taskId`,
		error === undefined
			? TASK_ID_FORM
			: 'That item has failed, so there is no task. Put only items that have a taskId into the list.',
	);
}

/**
 * The ID in an entry. Only an object is parsed as an item, because a text may have a megabyte.
 * @param position in a list, from 0
 */
function readEntry(entry: unknown, position?: number): Result<string> {
	const isItem = typeof entry === 'object' && entry !== null;
	const value: unknown = isItem ? idSchema.safeParse(jsonOf(entry)).data : entry;
	if (isItem ? isBlank(value) : value === undefined || value === null) {
		return withoutId(entry, position);
	}
	const id = idIn(value);
	return id === undefined
		? invalidFailure(
				`Task IDs: ${shown(value)} is not a task ID: only letters, digits and hyphens`,
				TASK_ID_FORM,
			)
		: succeed(id);
}

/** Reads the entries of an expression's value: text with commas or line breaks, JSON, an array, items or one item. */
function readEntries(value: unknown): Array<Result<string>> {
	const list = toList(value, /[\r\n]+/g);
	if (!list) return [readEntry(value)];
	// Empty texts are skipped, but an item without an ID is a failure. Equal texts are read once, because a megabyte
	// of text may repeat one letter.
	const seen = new Set<unknown>(['']);
	const results: Array<Result<string>> = [];
	for (const [index, entry] of list.entries()) {
		const value: unknown = typeof entry === 'string' ? entry.trim() : entry;
		if (seen.has(value)) continue;
		if (typeof value === 'string') seen.add(value);
		results.push(readEntry(value, index));
	}
	return results;
}

const EMPTY = invalidFailure('Task IDs is empty', TASK_ID_FORM);

/**
 * Each task ID once. An entry without a valid ID is a failure of its own, and the others stay valid. Returns at
 * least one result.
 */
export function eachTaskId(value: unknown): Array<Result<string>> {
	if (isBlank(value)) return [EMPTY];
	const results = new Map(
		readEntries(value).map((result) => [result.ok ? result.value : result.failure.message, result]),
	);
	return results.size > 0 ? [...results.values()] : [EMPTY];
}

/** Like `eachTaskId`, but the first failure rejects all. */
export const taskIdsValue = z.unknown().transform((value, context): string[] => {
	const results = eachTaskId(value);
	const wrong = results.find(({ ok }) => !ok);
	if (wrong && !wrong.ok) return addIssue(context, wrong.failure.message, wrong.failure.nextStep);
	return results.flatMap((result) => (result.ok ? result.value : []));
});

export const taskIdsForm = fieldOf(taskIdField, taskIdsValue);
export const eachTaskIdForm = fieldOf(taskIdField, z.unknown().transform(eachTaskId));
