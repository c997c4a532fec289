/**
 * Schemas for the kinds of fields: number, switch, choice, list. Every issue names the field by its label, the value
 * and the allowed values, and says what to do next.
 */
import { z } from 'zod';
import { shown } from '../base/text';
import type { Schema } from './read';

export { shown };

/** Adds an issue: what happened, and what to do next. */
export function addIssue(context: z.RefinementCtx, message: string, nextStep: string): never {
	context.addIssue({ code: z.ZodIssueCode.custom, message, params: { nextStep } });
	return z.NEVER;
}

/** Not set, or nothing but spaces. */
export const isBlank = (value: unknown): boolean =>
	value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

/** Where a field is not set, its default. */
export const withDefault = <T>(schema: Schema<T>, fallback: unknown): Schema<T> =>
	z
		.unknown()
		.transform((value) => value ?? fallback)
		.pipe(schema);

/** Where a field is not set, nothing. */
export const optional = <T>(schema: Schema<T>): Schema<T | undefined> =>
	z.union([z.null().transform(() => undefined), schema]);

/** Parses a JSON list; `undefined` for other text. */
function jsonList(text: string): unknown[] | undefined {
	try {
		const parsed: unknown = JSON.parse(text);
		return Array.isArray(parsed) ? parsed : undefined;
	} catch {
		return undefined;
	}
}

/**
 * Reads a list from text, JSON or an array; `undefined` for other values.
 * @param commas the separators of a text that is not JSON
 */
export function toList(value: unknown, commas = /,/g): unknown[] | undefined {
	if (Array.isArray(value)) return value;
	if (typeof value !== 'string') return undefined;
	const asItStands = value.trim();
	const text = asItStands.replace(commas, ',');
	// e.g. [a, b] without quotes
	const bare = text.startsWith('[') ? text.replace(/^\[|\]$/g, '') : text;
	return jsonList(asItStands) ?? jsonList(text) ?? bare.split(',').map((part) => part.trim());
}

/** A number within limits, in the unit that the label names. */
export const numberValue = (
	label: string,
	min: number,
	max: number,
	unit: string,
	parts: 'whole' | 'any' = 'any',
) =>
	z.unknown().transform((value, context): number => {
		const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
		return typeof number === 'number' &&
			number >= min &&
			number <= max &&
			(parts === 'any' || Number.isInteger(number))
			? number
			: addIssue(
					context,
					`${label} ${shown(value)} is not possible`,
					typeof value === 'string' && /^\s*\d+,\d+\s*$/.test(value)
						? `Use ${min} to ${max} ${unit}, with a point instead of the comma.`
						: `Use ${min} to ${max} ${unit}.`,
				);
	});

/** One of several values, as the list shows them or by expression. */
export const choiceValue = <K extends string>(label: string, choices: readonly K[]) =>
	z.unknown().transform((value, context): K => {
		const quoted = choices.map((choice) => `"${choice}"`);
		return (
			choices.find((choice) => choice === value) ??
			addIssue(
				context,
				`${label} ${shown(value)} is unknown`,
				`Use ${[quoted.slice(0, -1).join(', '), quoted.at(-1)].filter(Boolean).join(' or ')}.`,
			)
		);
	});

/** A switch; an expression may also return it as text, as spreadsheets do. */
export const flagValue = (label: string) =>
	z.unknown().transform((value, context): boolean => {
		const text = typeof value === 'string' ? value.trim().toLowerCase() : value;
		if (text === true || text === 'true') return true;
		if (text === false || text === 'false') return false;
		return addIssue(
			context,
			`${label} ${shown(value)} is neither on nor off`,
			`Use true or false for ${label}.`,
		);
	});
