/** The comments and test titles of the project, for tests of what they say. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

export const trackedFiles = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
	.split('\n')
	.filter((name) => name !== '');

export const readTracked = (name: string): string => readFileSync(path.join(root, name), 'utf8');

export interface Text {
	/** File and line. */
	where: string;
	/** On one line. */
	text: string;
}

/** A block, or line comments below one another. `https://` and the media type of all files begin none. */
const COMMENT = /\/\*(?=[*\s])[\s\S]*?\*\/|(?<![:'"`/\w])\/\/ .*(?:\n\s*\/\/ .*)*/g;

/** Jest's `it`, `test` and `describe` with their title, also of `each`. */
const TITLE =
	/\b(?:it|test|describe)(?:\(|\.each\b[\s\S]*?\)\()\s*(['"`])((?:\\[\s\S]|(?!\1)[^\\])*)\1/g;

const whereIs = (file: string, source: string, at: number) =>
	`${file}:${source.slice(0, at).split('\n').length}`;

/** Splits a source into its comments, without their marks, and all else. */
export function splitSource(file: string): { comments: Text[]; code: string } {
	const source = readTracked(file);
	const comments = [...source.matchAll(COMMENT)].map(({ 0: comment, index }) => ({
		where: whereIs(file, source, index),
		text: comment
			.replace(/^\/\*+|\*+\/$/g, '')
			.replace(/^\s*(?:\/\/|\*) ?/gm, '')
			.replace(/\s+/g, ' ')
			.trim(),
	}));
	return { comments, code: source.replace(COMMENT, ' ') };
}

/** The titles of a test file. */
export function titlesOf(file: string): Text[] {
	const source = readTracked(file);
	return [...source.matchAll(TITLE)].map(({ 0: call, 2: text = '', index }) => ({
		where: whereIs(file, source, index + call.length),
		text,
	}));
}
