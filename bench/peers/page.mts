/** The section "Beside what people would pick" of docs/benchmarks.md. The rule: only the script writes it. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { PROJECT_FOLDER } from '../../sandbox/n8n/paths.mts';
import { PEERS } from './peers.mts';

const PAGE = path.join(PROJECT_FOLDER, 'docs', 'benchmarks.md');
const BEGIN = '<!-- npm run bench:peers writes from here -->';
const END = '<!-- to here -->';

export interface Row {
	what: string;
	/** One for each peer. */
	cells: string[];
}

const line = (cells: string[]) => `| ${cells.join(' | ')} |`;

/** The table as Markdown. */
export const tableOf = (rows: Row[]): string =>
	[
		line(['', ...PEERS.map(({ title }) => title)]),
		line(['---', ...PEERS.map(() => '---')]),
		...rows.map(({ what, cells }) => line([what, ...cells])),
	].join('\n');

/** Replaces what the last run wrote. */
export async function writeSection(about: string, rows: Row[]): Promise<void> {
	const page = await readFile(PAGE, 'utf8');
	const [before, rest = ''] = page.split(BEGIN);
	const after = rest.split(END)[1];
	if (before === undefined || after === undefined) throw new Error(`${PAGE} has lost its marks`);
	await writeFile(
		PAGE,
		[before, BEGIN, `\n\n${about}\n\n${tableOf(rows)}\n\n`, END, after].join(''),
	);
}
