/** The section "Beside what people would pick" of `report.md`. The rule: only the program writes it. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { table, tableRow } from '../stage/report.mts';
import { PEERS } from './peers.mts';

const PAGE = path.join(import.meta.dirname, 'report.md');
const BEGIN = '<!-- npm run bench:peers writes from here -->';
const END = '<!-- to here -->';

export interface Row {
	what: string;
	/** One for each peer. */
	cells: string[];
}

const lineOf = ({ what, cells }: Row) => tableRow([what, ...cells]);

/** The table as Markdown. */
export const tableOf = (rows: Row[]): string =>
	table(
		['', ...PEERS.map(({ title }) => title)],
		rows.map(({ what, cells }) => [what, ...cells]),
	);

/** @param change what the section becomes, from what it is */
async function changeSection(change: (section: string) => string): Promise<void> {
	const page = await readFile(PAGE, 'utf8');
	const [before, rest = ''] = page.split(BEGIN);
	const [section = '', after] = rest.split(END);
	if (before === undefined || after === undefined) throw new Error(`${PAGE} has lost its marks`);
	await writeFile(PAGE, [before, BEGIN, change(section), END, after].join(''));
}

/** Replaces what the last run wrote. */
export const writeSection = async (about: string, rows: Row[]): Promise<void> =>
	await changeSection(() => `\n\n${about}\n\n${tableOf(rows)}\n\n`);

/** Replaces single rows, and says so. @throws if a row is not there */
export const replaceRows = async (about: string, rows: Row[]): Promise<void> =>
	await changeSection((section) => {
		const lines = section.trim().split('\n');
		for (const row of rows) {
			const index = lines.findIndex((old) => old.startsWith(`| ${row.what} |`));
			if (index < 0) throw new Error(`The table has no row "${row.what}"`);
			lines[index] = lineOf(row);
		}
		const names = rows.map(({ what }) => `"${what}"`).join(' and ');
		return `\n\n${lines.join('\n')}\n\nMeasured again in a run of its own, ${names}: ${about}\n\n`;
	});
