/**
 * Reads the forms of all operations. A `Form` takes an item's fields and returns one typed object, or a failure that
 * names the field by its label. Rules: a form never throws, also if an expression fails; a form reads only the
 * fields that it needs.
 */
import type { IBinaryData } from 'n8n-workflow';
import type { z } from 'zod';
import { invalidFailure, succeed } from '../base/result';
import type { Result } from '../base/result';
import { reasonOf, shown } from '../base/text';

/** Where an item's fields come from: a running node, or one that polls. */
export interface FormSource {
	/** The field's value, null where it is not set. @throws what its expression throws */
	get(path: string): unknown;
	/** The file in one of the item's binary fields. @throws when there is none; a trigger has no items */
	file?(field: unknown): IBinaryData;
	/** The names of the item's binary fields. */
	fileFields: string[];
	/** The zone of times that name none. */
	timezone: string;
	/** The account is a mock on this machine, which can reach loopback. */
	allowLoopback: boolean;
	/** The node is an AI agent's tool. */
	isTool: boolean;
	/** The same for all items of an execution, in ms since the epoch. */
	now: number;
}

export type Form<T> = (source: FormSource) => Result<T>;

export type Schema<T> = z.ZodType<T, z.ZodTypeDef, unknown>;

/** Validates a value; the first issue becomes the failure. */
export function validate<T>(schema: Schema<T>, value: unknown): Result<T> {
	const parsed = schema.safeParse(value);
	if (parsed.success) return succeed(parsed.data);
	const issue = parsed.error.issues[0];
	const nextStep: unknown = issue?.code === 'custom' ? issue.params?.nextStep : undefined;
	return invalidFailure(
		issue?.message ?? 'A field cannot be used',
		typeof nextStep === 'string' ? nextStep : 'Correct the field.',
	);
}

/**
 * One field.
 * @param path its name, e.g. `options.timeout`
 * @param label what the user calls it
 * @param schema what it may contain, perhaps depending on where it is read
 */
export const field =
	<T>(
		path: string,
		label: string,
		schema: Schema<T> | ((source: FormSource) => Schema<T>),
	): Form<T> =>
	(source) => {
		let value: unknown;
		try {
			value = source.get(path);
		} catch (error) {
			return invalidFailure(
				`${label}: the expression failed: ${reasonOf(error)}`,
				`Correct the expression of ${label}.`,
			);
		}
		try {
			return validate(typeof schema === 'function' ? schema(source) : schema, value ?? null);
		} catch (error) {
			return invalidFailure(
				`${label} ${shown(value)} cannot be read: ${reasonOf(error)}`,
				`Use plain text, a number or a list for ${label}.`,
			);
		}
	};

/** Several forms as one object; the first failure ends the reading. */
export const group =
	<T extends object>(forms: { [K in keyof T]: Form<T[K]> }): Form<T> =>
	(source) => {
		const values: Partial<T> = {};
		for (const name of Object.keys(forms) as Array<keyof T>) {
			const value = forms[name](source);
			if (!value.ok) return value;
			values[name] = value.value;
		}
		return succeed(values as T);
	};

/** A form that depends on what a field chooses. */
export const choose =
	<K extends string, T>(choice: Form<K>, forms: { [Choice in K]: Form<T> }): Form<T> =>
	(source) => {
		const chosen = choice(source);
		return chosen.ok ? forms[chosen.value](source) : chosen;
	};

/** Passes a form's value on, to another type or to a failure. */
export const then =
	<A, B>(form: Form<A>, next: (value: A, source: FormSource) => Result<B>): Form<B> =>
	(source) => {
		const value = form(source);
		return value.ok ? next(value.value, source) : value;
	};

/** A form that has no fields. */
export const constant =
	<T>(value: T): Form<T> =>
	() =>
		succeed(value);
