/**
 * The JSON examples of the documents, as files. Tests compare this package with them. `examples/index.json` names
 * the source of each.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(import.meta.dirname, 'examples');

const load = (...names: string[]): unknown =>
	JSON.parse(readFileSync(path.join(import.meta.dirname, ...names), 'utf8'));

/** The source of an example, and the code that reads or sends it. */
export interface Source {
	file: string;
	document: string;
	section: string;
	readBy: string;
	note?: string;
}

/** One row of the documents' error tables. */
export interface DocumentedError {
	httpStatus: number;
	code: string;
	message: string;
	/** Whether a retry can help, inferred from the documented remedy. */
	retry: 'no' | 'maybe' | 'depends' | 'yes';
}

export const sources = load('examples', 'index.json') as Source[];
export const documentedErrors = load('error-codes.json') as DocumentedError[];
/** The appendix of the API reference, row by row of its two columns. */
export const documentedTemplateIds = load('template-ids.json') as string[];

/** The names of all example files, without the index. */
export const exampleFiles = (): string[] =>
	readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'index.json');

/** An example by its name, e.g. `task-succeeded`. */
export const example = (name: string): Record<string, unknown> =>
	load('examples', `${name}.json`) as Record<string, unknown>;
