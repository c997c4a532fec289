/** The table of rows: kept in `results.json`, shown in `report.md`. */
import path from 'node:path';
import { z } from 'zod';

import { keepResults, table, writePage } from '../stage/report.mts';

const RESULTS_FILE = path.join(import.meta.dirname, 'results.json');
const PAGE_FILE = path.join(import.meta.dirname, 'report.md');

const resultSchema = z.object({
	row: z.string(),
	/** UTC, e.g. `2026-11-25`. */
	date: z.string(),
	passed: z.boolean(),
	seconds: z.number(),
	executions: z.string(),
	videos: z.string(),
	creates: z.string(),
	idsTold: z.number(),
	idsInLog: z.number(),
	lost: z.number(),
	throttled: z.string(),
	overIdeal: z.number(),
	note: z.string(),
});

export type RowResult = z.infer<typeof resultSchema>;

/** Replaces what was known of a row, and writes results and page. */
export async function addResult(fresh: RowResult, order: string[]): Promise<void> {
	const results = await keepResults(
		RESULTS_FILE,
		resultSchema,
		[fresh],
		({ row }) => row,
		(a, b) => order.indexOf(a.row) - order.indexOf(b.row),
	);
	await writePage(PAGE_FILE, page(results.filter(({ row }) => order.includes(row))));
}

const HEADINGS = [
	'row',
	'run on',
	'executions',
	'videos',
	'creates per (execution, item, template)',
	'IDs in items and errors',
	'IDs in the log only',
	'lost',
	'429 to detections and creates',
	'time over ideal',
	'seen',
];

const cellsOf = (result: RowResult) => [
	result.passed ? result.row : `**${result.row}: fails**`,
	result.date,
	result.executions,
	result.videos,
	result.creates,
	result.idsTold,
	result.idsInLog,
	result.lost,
	result.throttled,
	result.overIdeal,
	result.note,
];

const page = (results: RowResult[]) => `# Queue mode, row by row

A main process, two workers with five places each, PostgreSQL and Redis, binary data in the database; a
process that ends is started again after 2 s. Unless a row says otherwise ten executions of 4 portraits
are started at once, half of them with Survive Restarts; the account makes 4 videos at once, each in 5 s,
and takes one detection and one create per second.

${table(HEADINGS, results.map(cellsOf))}

"creates" counts in the mock's ledger how many tasks were made for one and the same video: the most, and how
many more than one each. "IDs in items and errors" and "in the log only" are accepted tasks without a video in
their execution, and where a person finds them. "Time over ideal" is the time until the last execution had ended
over the time until the account had made the last video.

Made by \`npm run test:cluster\` (about 5 minutes for each row); \`npm run test:cluster -- burst\` runs one.
The results are kept in \`lab/cluster/results.json\`.
`;
