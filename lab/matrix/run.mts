/** `npm run matrix`: every flow x every fault x once and always; the table goes to lab/matrix/report.md. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { argv, exit } from 'node:process';
import 'reflect-metadata';
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Operation } from '../../sandbox/dashscope/index.mts';
import { faultsOf, FLOWS, playCell } from './cell.mts';
import type { CellResult } from './cell.mts';
import { FAULTS } from './faults.mts';

const DOCUMENT = path.resolve(import.meta.dirname, 'report.md');
const only = argv[2];

const marks = { video: 'video', items: 'items', error: 'error' } as const;

function tell({ end, created, taskId, minutes }: CellResult, wrong: string[]): string {
	if (wrong.length > 0) return `**${wrong.join(', ')}**`;
	const time = minutes >= 1 ? ` ${minutes.toFixed(0)} min` : ` ${(minutes * 60).toFixed(0)} s`;
	const paid = created.length > 0 ? (taskId ? ', ID' : ', told') : '';
	return `${marks[end]}${paid},${time}`;
}

const startedAt = Date.now();
const mock = await startDashScopeMock({
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
			const result = await playCell(mock, cell);
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
await mock.close();

const seconds = Math.round((Date.now() - startedAt) / 1000);
const text = `# The matrix

What becomes of one video when one answer goes wrong: every request that the package makes (columns) x every
fault that the mock knows (rows), once or always. The node's own operations, n8n's own HTTP helpers over real
sockets, one clock that is moved. Each cell says how it ended (a video, items, or an error with its next step),
whether a task that was made is named by its ID or said to be possible ("told"), and how long it took by the clock.

\`npm run matrix\`, ${new Date().toISOString().slice(0, 10)}: ${counts.cells} cells in ${seconds} s. ${counts.video} end in a video, ${counts.items} in items, ${counts.error} in an
error; ${counts.paidTwice} paid twice; ${counts.wrong} wrong.

Each cell has a patience of its own, computed from what [reliability.md](../../docs/reliability.md) promises for its request and
its fault (\`lab/matrix/patience.mts\`): the time of the work itself, 2 minutes for a video; what is ridden out, 30
minutes for "too many requests", 15 for a query, 2 for the rest, nothing for a create; and on top the limits of the
requests that are never answered, 20 s for a question, 1 minute for a detection, a create or a look at a portrait, 2 for
an upload, 1 without a byte for a download. A cell that takes longer is wrong.

Patience begins with the first failure and ends with the last, so two requests may take their whole limit beyond it. A
review of an earlier state found one cell of 51 minutes where 2 were documented, and did not write down which. It fits a
download, and nothing else that the package has: five of 10 minutes each and a minute for the video, ended by the limit
of 60 minutes for mixed trouble, which begins to count anew whenever the kind of trouble changes. All trouble of a
download that can pass is of one kind now, and a minute without a byte ends a request: the longest download cell below
is the figure to compare.

| fault | how often | ${flows.join(' | ')} |
|---|---|${flows.map(() => '---').join('|')}|
${rows.join('\n')}
`;
if (!only) writeFileSync(DOCUMENT, text);
console.log(counts, `${seconds} s`);
exit(counts.wrong === 0 ? 0 : 1);
