/**
 * `npm run bench:peers`: this node beside what people would pick instead, in one run, in one real n8n,
 * on one double. Writes its section of lab/peers/report.md; with `--only TEXT` just the rows of the
 * measurements that have TEXT in a row's name; with `--quick` it makes one portrait and writes nothing.
 */
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

import { bringUp } from '../../sandbox/n8n/bring-up.mts';
import { HOST_FOLDER, WORK_FOLDER } from '../../sandbox/n8n/paths.mts';
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
	return `${new Date().toISOString().slice(0, 10)}, \`npm run bench:peers${values.only && ` -- --only '${values.only}'`}\`, ${minutes} minutes, n8n ${version}, ${machine}. A video of the double takes ${TASK_SECONDS} s here, not minutes as in life; the rows about trouble make three portraits.`;
}

async function main(): Promise<void> {
	const startedAt = Date.now();
	const nowhere = 'http://127.0.0.1:9';
	const sandbox = await bringUp({
		stage: async (title, work) => {
			console.log(title);
			return await work(() => undefined);
		},
		workFolder: path.join(WORK_FOLDER, 'peers'),
		fresh: true,
		port: 5720,
		credentialData: { apiKey: 'sk-none', endpoint: 'custom', customUrl: nowhere },
		addresses: { portraitUrl: nowhere, brokenLinkOrigin: nowhere },
	});
	const rows: Row[] = [];
	try {
		for (const { rows: names, measure } of wanted) {
			console.log(`${names[0]} ...`);
			const cells = await measure(sandbox);
			rows.push(
				...names.map((what, row) => ({ what, cells: cells.map((column) => column[row] ?? '-') })),
			);
		}
	} finally {
		await sandbox.n8n.stop();
	}
	console.log(tableOf(rows));
	const minutes = Math.round((Date.now() - startedAt) / 60_000);
	if (values.quick) return;
	const write = values.only === '' ? writeSection : replaceRows;
	await write(await about(minutes), rows);
}

await main();
