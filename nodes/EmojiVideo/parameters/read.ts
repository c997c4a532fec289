/**
 * From the form to checked values: reads an item's fields and checks each by what it may contain
 * (values.ts). Rule: never throws; an expression that fails is a refusal like any other.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import type { z } from 'zod';
import { fail, succeed } from '../result';
import type { Result } from '../result';
import { listedIds, taskIdValue } from './schemas';

/** Checks a value; the first refusal becomes the failure. */
export function check<T>(schema: z.ZodType<T, z.ZodTypeDef, unknown>, value: unknown): Result<T> {
	const parsed = schema.safeParse(value);
	if (parsed.success) return succeed(parsed.data);
	const issue = parsed.error.issues[0];
	const nextStep: unknown = issue?.code === 'custom' ? issue.params?.nextStep : undefined;
	return fail({
		kind: 'input',
		message: issue?.message ?? 'A field cannot be used',
		nextStep: typeof nextStep === 'string' ? nextStep : 'Correct the field.',
	});
}

/** Like `taskIdsValue`, but a wrong ID does not take the good ones along. At least one result. */
export function eachTaskId(value: unknown): Array<Result<string>> {
	const ids = listedIds(value);
	if (ids.length === 0) return [check(taskIdValue, undefined)];
	const distinct = new Set(ids.map((id) => (typeof id === 'string' ? id.trim() : id)));
	return [...distinct].map((id) => check(taskIdValue, id));
}

/** Reads a field of an item as it is, null where it is not set; an expression that fails is a refusal like any other. */
export function readField(
	functions: IExecuteFunctions,
	itemIndex: number,
	name: string,
): Result<unknown> {
	try {
		return succeed(functions.getNodeParameter(name, itemIndex, null));
	} catch (error) {
		return fail({
			kind: 'input',
			message: error instanceof Error ? error.message : `The field ${name} cannot be read`,
			nextStep: 'Check the expression of this field.',
		});
	}
}

/**
 * Reads and checks several fields of an item.
 * @param shape field name -> what it may contain
 * @returns all values, or the first refusal
 */
export function readFields<T extends Record<string, z.ZodType<unknown, z.ZodTypeDef, unknown>>>(
	functions: IExecuteFunctions,
	itemIndex: number,
	shape: T,
): Result<{ [K in keyof T]: z.infer<T[K]> }> {
	const values: Record<string, unknown> = {};
	for (const [name, schema] of Object.entries(shape)) {
		const raw = readField(functions, itemIndex, name);
		const value = raw.ok ? check(schema, raw.value) : raw;
		if (!value.ok) return value;
		values[name] = value.value;
	}
	return succeed(values as { [K in keyof T]: z.infer<T[K]> });
}
