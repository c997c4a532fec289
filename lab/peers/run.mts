/**
 * `npm run bench:peers`: this node beside the alternatives that people would pick, in one run and one real n8n.
 * It writes its section of `lab/peers/report.md`. `--only TEXT` runs the measurements with TEXT in a row's name.
 * `--quick` makes one portrait and writes nothing.
 */
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

import { HOST_FOLDER, WORK_FOLDER } from '../../sandbox/n8n/paths.mts';
import { today } from '../stage/report.mts';
import { openStage } from '../stage/stage.mts';
import { replaceRows, tableOf, writeSection, type Row } from './page.mts';
import { TASK_SECONDS } from './measurement.mts';
import { measurements } from './rows.mts';

const { values } = parseArgs({
	options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const wanted = measurements(values.quick).filter(({ rows }) =>
	rows.some((row) => row.includes(values.only)),
);

const manifestSchema = z.object({ version: z.string() });

async function about(minutes: number): Promise<string> {
	const manifest = path.join(HOST_FOLDER, 'node_modules', 'n8n', 'package.json');
	const { version } = manifestSchema.parse(JSON.parse(await readFile(manifest, 'utf8')));
	const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}, load average ${loadavg()[2]?.toFixed(1) ?? '?'} over the last 15 minutes`;
	return `${today()}, \`npm run bench:peers${values.only && ` -- --only '${values.only}'`}\`, ${minutes} minutes, n8n ${version}, ${machine}. A video of the mock takes ${TASK_SECONDS} s here, not minutes as in life; the rows about trouble make three portraits.`;
}

async function main(): Promise<void> {
	const startedAt = Date.now();
	const stage = await openStage({ folder: path.join(WORK_FOLDER, 'peers') });
	const rows: Row[] = [];
	try {
		for (const { rows: names, measure } of wanted) {
			console.log(`${names[0]} ...`);
			const cells = await measure(stage);
			rows.push(
				...names.map((what, row) => ({ what, cells: cells.map((column) => column[row] ?? '-') })),
			);
		}
	} finally {
		await stage.close();
	}
	console.log(tableOf(rows));
	const minutes = Math.round((Date.now() - startedAt) / 60_000);
	if (values.quick) return;
	const write = values.only === '' ? writeSection : replaceRows;
	await write(await about(minutes), rows);
}

await main();
