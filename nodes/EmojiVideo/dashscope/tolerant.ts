/**
 * Readers for single values of a response that may come as text, number or null, or be missing. Rule: an unreadable
 * value becomes `undefined` and never fails its response, because the response may be about a paid video.
 *
 * Each reader is a function; those with "loose" are schemas. Schemas that run thousands of times use the functions
 * in one `transform`. Each run of a `transform` creates a hidden class in V8 (zod's context has a getter), which
 * holds its data until a full collection.
 */
import { z } from 'zod';

/**
 * Control characters, direction marks, invisible characters and lone surrogates. Messages do not need them, and
 * they can change how a message reads.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * A text of the service for messages: one line without invisible characters.
 * @param most the longest text in characters; a longer one is cut and ends with "..."
 */
export function shownText(text: string, most: number): string {
	// Cut first, because the text may have megabytes.
	const line = text
		.slice(0, 4 * most)
		.replace(/\s+/gu, ' ')
		.replace(UNSEEN, '')
		.trim();
	return line.length > most ? `${line.slice(0, most).replace(/\p{Cs}$/u, '')}...` : line;
}

const textOf = (value: unknown): string | undefined => {
	if (typeof value === 'string') return value;
	return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
};

/** A text for messages; a number becomes text. `undefined` for empty text. */
export const shownTextOf = (value: unknown, most: number): string | undefined =>
	shownText(textOf(value) ?? '', most) || undefined;
export const looseText = (most: number) =>
	z.unknown().transform((value) => shownTextOf(value, most));

/** An ID, unchanged because requests send it back; a number becomes text. */
export const idOf = (value: unknown): string | undefined => textOf(value)?.trim() || undefined;
export const looseId = z.unknown().transform(idOf);

const NUMBER = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i;
const LONGEST_NUMBER = 40;

/** A finite number, also from text. */
export function numberOf(value: unknown): number | undefined {
	const isText = typeof value === 'string' && value.length <= LONGEST_NUMBER && NUMBER.test(value);
	const number = isText ? Number(value) : value;
	return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** A number of 0 or more. */
export function amountOf(value: unknown): number | undefined {
	const number = numberOf(value);
	return number !== undefined && number >= 0 ? number : undefined;
}
export const looseAmount = z.unknown().transform(amountOf);

/** Times outside of this range are not times of a task. The service is younger than 2020. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

const plausible = (ms: number): number | undefined =>
	ms >= EARLIEST_MS && ms < LATEST_MS ? ms : undefined;

const SERVICE_TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?)$/;

/**
 * A time as milliseconds since the epoch. Tasks have "YYYY-MM-DD HH:mm:ss.SSS" in UTC+8, sometimes without
 * milliseconds (API reference, submit_time; docs/service.md, "Task status"). The list has epoch milliseconds. Both
 * forms are read in both places, also as text, and also epoch seconds.
 */
export function timeOf(value: unknown): number | undefined {
	const match = typeof value === 'string' ? SERVICE_TIME.exec(value.trim()) : null;
	if (match) return plausible(Date.parse(`${match[1]}T${match[2]}+08:00`));
	const number = numberOf(value);
	return number === undefined ? undefined : (plausible(number) ?? plausible(number * 1000));
}
export const looseTime = z.unknown().transform(timeOf);

/** An http or https URL, unchanged because it may be signed. */
export function linkOf(value: unknown): string | undefined {
	const text = typeof value === 'string' ? value.trim() : '';
	return /^https?:\/\/[^\s/]/i.test(text) && URL.canParse(text) ? text : undefined;
}

/** An object. Any other value becomes an empty one. */
export const objectOf = (value: unknown): Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
export const looseObject = <T extends z.ZodRawShape>(shape: T) =>
	z.preprocess(objectOf, z.object(shape));
