/**
 * The JSON examples of the documents, as files, so that tests compare this package with the words of
 * the service and not with themselves. `examples/index.json` names the source of each.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(import.meta.dirname, 'examples');

const load = (...names: string[]): unknown =>
	JSON.parse(readFileSync(path.join(import.meta.dirname, ...names), 'utf8'));

/** Where an example comes from, and what of this package reads it or sends it. */
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
	/** Whether asking again can help: as the documented remedy lets infer. */
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
