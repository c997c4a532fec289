/** Issue 3: what the engine itself costs, with an account that answers at once. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { median } from '../../test/unit/support/simulatedAccount.mts';
import type { Way } from './measuredBatch.mts';
import type { Bench, Figure } from './figures.mts';

const JOBS = 10_000;
const MOST_CPU_SECONDS = 2;
const MOST_MEGABYTES = 150;

/** What a single run says depends on what else the machine does; the median of this many counts. */
const RUNS = 3;

const costSchema = z.object({
	cpuSeconds: z.number(),
	megabytes: z.number(),
	heapMegabytes: z.number(),
	videos: z.literal(JOBS),
});
type Cost = z.infer<typeof costSchema>;

const run = promisify(execFile);
const child = path.join(import.meta.dirname, 'overheadChild.mts');

async function runOnce(way: Way, taskMs: number): Promise<Cost> {
	const flags = ['--expose-gc', '--import', 'tsx'];
	const parameters = [way, String(JOBS), String(taskMs)];
	const { stdout } = await run(process.execPath, [...flags, child, ...parameters]);
	return costSchema.parse(JSON.parse(stdout));
}

async function measureCost(way: Way, taskMs: number) {
	const costs: Cost[] = [];
	while (costs.length < RUNS) costs.push(await runOnce(way, taskMs));
	const middle = (read: (cost: Cost) => number) => median(costs.map(read));
	return {
		cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
		megabytes: middle(({ megabytes }) => megabytes),
		heapMegabytes: middle(({ heapMegabytes }) => heapMegabytes),
	};
}

async function figuresFor(what: string, taskMs: number): Promise<Figure[]> {
	const node = await measureCost('node', taskMs);
	const pattern = await measureCost('pattern', taskMs);
	const rest = { ideal: 0, basis: 'this machine' } as const;
	return [
		{
			...rest,
			what: `${what}: CPU`,
			unit: 's',
			atMost: MOST_CPU_SECONDS,
			node: node.cpuSeconds,
			pattern: pattern.cpuSeconds,
		},
		{
			...rest,
			what: `${what}: resident memory`,
			unit: 'MB',
			atMost: MOST_MEGABYTES,
			node: node.megabytes,
			pattern: pattern.megabytes,
		},
		{
			...rest,
			what: `${what}: heap`,
			unit: 'MB',
			atMost: MOST_MEGABYTES,
			node: node.heapMegabytes,
			pattern: pattern.heapMegabytes,
		},
	];
}

export const overheadBench: Bench = {
	title: 'Overhead of the engine',
	about: `Create and Wait from the plan to the outcomes in input order (planJobs, submitJobs, startInMemoryWait, the real client, pace, ledger and schemas), each portrait another one, without n8n's form and HTTP helper and without downloads. The account is in the same process and answers at once in JSON; time is a virtual clock. CPU and memory are real: measured in a child process, after a warm-up, above what it had before, peaks sampled every 10 ms; the account and the clock are in the figures. The median of ${RUNS} runs. "Deep queue": tasks of 4 s, one at a time, so that thousands are waiting.`,
	async measure() {
		return [
			...(await figuresFor(`${JOBS} instant videos`, 0)),
			...(await figuresFor(`${JOBS} videos, deep queue`, 4000)),
		];
	},
};
