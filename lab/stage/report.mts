/**
 * Reports: results in a JSON file, shown on a page. The rule: a program writes both, so that a page has no
 * figure that no run has seen.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';

/** UTC, e.g. `2026-11-25`. */
export const today = () => new Date().toISOString().slice(0, 10);

/** A text that may stand in a table. */
export const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const tableRow = (cells: Array<string | number>) => `| ${cells.join(' | ')} |`;

export const table = (headings: string[], rows: Array<Array<string | number>>) =>
	[headings, headings.map(() => '---'), ...rows].map(tableRow).join('\n');

export async function writeJson(file: string, value: unknown): Promise<void> {
	const options = { ...(await resolveConfig(file)), parser: 'json' };
	await writeFile(file, await format(JSON.stringify(value), options));
}

export async function writePage(file: string, markdown: string): Promise<void> {
	const options = { ...(await resolveConfig(file)), parser: 'markdown' };
	await writeFile(file, await format(markdown, options));
}

/** The results of earlier runs; none if the file does not exist yet. */
export const readResults = async <T,>(file: string, schema: z.ZodType<T>): Promise<T[]> =>
	z.array(schema).parse(JSON.parse(await readFile(file, 'utf8').catch(() => '[]')));

/** Replaces the results of the same rows by fresh ones. @returns all, in the order of `compare` */
export async function keepResults<T>(
	file: string,
	schema: z.ZodType<T>,
	fresh: T[],
	nameOf: (result: T) => string,
	compare: (a: T, b: T) => number,
): Promise<T[]> {
	const names = new Set(fresh.map(nameOf));
	const kept = (await readResults(file, schema)).filter((result) => !names.has(nameOf(result)));
	const all = [...kept, ...fresh].sort(compare);
	await writeJson(file, all);
	return all;
}
