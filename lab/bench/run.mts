/**
 * `npm run bench`: measures, prints one table, writes `lab/bench/results.json`. With `--real` also what
 * takes minutes of real time. A target that is missed is said in the table; it is not a test.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { batchBench } from './batch.mts';
import { durableBench } from './durable.mts';
import type { Bench } from './figures.mts';
import { tableOf, verdictOf } from './figures.mts';
import { mediaBench } from './media.mts';
import { overheadBench } from './overhead.mts';
import { tasksBench } from './tasks.mts';

/** One line for each file of benchmarks. */
const BENCHES: Bench[] = [batchBench, durableBench, overheadBench, mediaBench, tasksBench];

const { values } = parseArgs({ options: { real: { type: 'boolean', default: false } } });

const sections = [];
for (const { title, about, measure } of BENCHES) {
	console.log(`${title} ...`);
	sections.push({ title, about, figures: await measure({ real: values.real }) });
}

const results = {
	date: new Date().toISOString().slice(0, 10),
	node: process.version,
	sections: sections.map(({ title, about, figures }) => ({
		title,
		about,
		figures: figures.map((figure) => ({ ...figure, target: verdictOf(figure) || 'none' })),
	})),
};
await writeFile(
	path.join(import.meta.dirname, 'results.json'),
	`${JSON.stringify(results, null, '\t')}\n`,
);

console.log(`\n${tableOf(sections)}\n`);
for (const { title, about } of sections) console.log(`${title}: ${about}\n`);
