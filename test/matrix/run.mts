/** `npm run matrix`: every flow x every fault x once and always; the table goes to docs/proof-matrix.md. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { argv, exit } from 'node:process';
import 'reflect-metadata';
import { startDashScopeDouble } from '../../sandbox/dashscope/index.mts';
import type { Operation } from '../../sandbox/dashscope/index.mts';
import { faultsOf, FLOWS, playCell } from './cell.mts';
import type { CellResult } from './cell.mts';
import { FAULTS } from './faults.mts';

const DOCUMENT = path.resolve(import.meta.dirname, '../../docs/proof-matrix.md');
const only = argv[2];

const marks = { video: 'video', items: 'items', error: 'error' } as const;

function tell({ end, created, taskId, minutes }: CellResult, wrong: string[]): string {
	if (wrong.length > 0) return `**${wrong.join(', ')}**`;
	const time = minutes >= 1 ? ` ${minutes.toFixed(0)} min` : ` ${(minutes * 60).toFixed(0)} s`;
	const paid = created.length > 0 ? (taskId ? ', ID' : ', told') : '';
	return `${marks[end]}${paid},${time}`;
}

const startedAt = Date.now();
const double = await startDashScopeDouble({
	clock: { now: () => 1_760_412_484_000 },
	taskSeconds: 60,
});
const flows = (Object.keys(FLOWS) as Operation[]).filter((flow) => !only || flow === only);
const counts = { cells: 0, video: 0, items: 0, error: 0, wrong: 0, paidTwice: 0 };
const rows: string[] = [];
for (const [name, fault] of Object.entries(FAULTS)) {
	for (const times of [1, 'always'] as const) {
		const cells: string[] = [];
		for (const flow of flows) {
			const cell = { flow, fault, times };
			const result = await playCell(double, cell);
			const wrong = faultsOf(cell, result);
			counts.cells++;
			counts[result.end]++;
			if (wrong.length > 0) counts.wrong++;
			if (result.created.length > 1) counts.paidTwice++;
			if (wrong.length > 0) console.log(name, times, flow, wrong, result);
			cells.push(tell(result, wrong));
		}
		rows.push(`| ${name} | ${times === 1 ? 'once' : 'always'} | ${cells.join(' | ')} |`);
	}
	console.log(`${name}: ${counts.cells} cells, ${counts.wrong} wrong`);
}
await double.close();

const seconds = Math.round((Date.now() - startedAt) / 1000);
const text = `# The matrix

What becomes of one video when one answer goes wrong: every request that the package makes (columns) x every
fault that the double knows (rows), once or always. The node's own operations, n8n's own HTTP helpers over real
sockets, one clock that is moved. Each cell says how it ended (a video, items, or an error with its next step),
whether a task that was made is named by its ID or said to be possible ("told"), and how long it took by the clock.

\`npm run matrix\`, ${new Date().toISOString().slice(0, 10)}: ${counts.cells} cells in ${seconds} s. ${counts.video} end in a video, ${counts.items} in items, ${counts.error} in an
error; ${counts.paidTwice} paid twice; ${counts.wrong} wrong.

The longest cells are those of an account that throttles for ever: a 429 is ridden out for 30 minutes, mixed trouble
for 60; a query that fails is asked again for 15 minutes, and everything else for 2.

| fault | how often | ${flows.join(' | ')} |
|---|---|${flows.map(() => '---').join('|')}|
${rows.join('\n')}
`;
if (!only) writeFileSync(DOCUMENT, text);
console.log(counts, `${seconds} s`);
exit(counts.wrong === 0 ? 0 : 1);
