/**
 * How single values of an answer are read when nobody knows in which form they come: as text, number,
 * null, or not at all. Rule: a value that says nothing readable becomes `undefined` and never fails the
 * answer that it stands in, because the answer may be about a paid video.
 *
 * Each as a function and, with "loose", as a schema. What is read thousands of times takes the functions, in
 * one `transform` for the whole answer: every run of a `transform` makes V8 a new hidden class (zod's context
 * has a getter), and all that hangs on it stays in memory until a full collection.
 */
import { z } from 'zod';

/**
 * Controls, marks that turn the direction of writing or are invisible, halves of surrogate pairs:
 * nothing that a message needs, and all that can make one say something else.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * A text of the service as it may be shown: one line, without characters that are not seen.
 * @param most characters; what is longer ends with "..."
 */
export function shownText(text: string, most: number): string {
	// Cut first: what comes is not bounded by anybody.
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

/** A text to be shown; a number will do. Empty text says nothing. */
export const shownTextOf = (value: unknown, most: number): string | undefined =>
	shownText(textOf(value) ?? '', most) || undefined;
export const looseText = (most: number) =>
	z.unknown().transform((value) => shownTextOf(value, most));

/** An ID as it came, because it is sent again; a number will do. */
export const idOf = (value: unknown): string | undefined => textOf(value)?.trim() || undefined;
export const looseId = z.unknown().transform(idOf);

const NUMBER = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i;
const LONGEST_NUMBER = 40;

/** A finite number, or text that is one. */
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

/** No task of this service is older than the service, and none is of the next century. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

const plausible = (ms: number): number | undefined =>
	ms >= EARLIEST_MS && ms < LATEST_MS ? ms : undefined;

const SERVICE_TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?)$/;

/**
 * A time as milliseconds since the epoch. Tasks have "YYYY-MM-DD HH:mm:ss.SSS" in UTC+8, sometimes
 * without milliseconds (API reference, submit_time; docs/service.md, "Task status"); the list has
 * the epoch in milliseconds. Either is read in both places, as number or text, seconds too.
 */
export function timeOf(value: unknown): number | undefined {
	const match = typeof value === 'string' ? SERVICE_TIME.exec(value.trim()) : null;
	if (match) return plausible(Date.parse(`${match[1]}T${match[2]}+08:00`));
	const number = numberOf(value);
	return number === undefined ? undefined : (plausible(number) ?? plausible(number * 1000));
}
export const looseTime = z.unknown().transform(timeOf);

/** An address of the web, as it came, since signatures stand in it. */
export function linkOf(value: unknown): string | undefined {
	const text = typeof value === 'string' ? value.trim() : '';
	return /^https?:\/\/[^\s/]/i.test(text) && URL.canParse(text) ? text : undefined;
}

/** An object, whatever stands in its place. */
export const objectOf = (value: unknown): Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
export const looseObject = <T extends z.ZodRawShape>(shape: T) =>
	z.preprocess(objectOf, z.object(shape));
