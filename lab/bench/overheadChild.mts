/**
 * One measurement in a process of its own, so that its memory and CPU are measured alone:
 * `overheadChild.mts node|pattern JOBS TASK_MS`. Prints its `Cost` as JSON.
 */
import { inInputOrder } from '../../nodes/EmojiVideo/execution/outcome';
import type { Outcome } from '../../nodes/EmojiVideo/execution/outcome';
import type { ExecutionContext } from '../../nodes/EmojiVideo/execution/context';
import { startInMemoryWait } from '../../nodes/EmojiVideo/wait/inMemoryWait';
import type { WaitOptions } from '../../nodes/EmojiVideo/wait/inMemoryWait';
import { openPaidTasks } from '../../nodes/EmojiVideo/batch/paidTasks';
import { DOCUMENTED_RATES, rateLimiterOf } from '../../nodes/EmojiVideo/account/rateLimiter';
import { planJobs } from '../../nodes/EmojiVideo/batch/plan';
import { portraitAt } from '../../nodes/EmojiVideo/media/portrait';
import type { Job } from '../../nodes/EmojiVideo/batch/plan';
import { submitJobs } from '../../nodes/EmojiVideo/batch/submit';
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { createStop } from '../../nodes/EmojiVideo/base/stop';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import type { Send } from '../../nodes/EmojiVideo/dashscope/transport';
import { createVirtualClock } from '../../test/unit/support/virtualClock.mts';
import { DEFAULTS } from './measuredBatch.mts';
import { createInstantAccount } from './instantService.mts';
import { runAsPattern } from './pattern.mts';

/** What a batch cost this process, beyond what it had before. */
export interface Cost {
	cpuSeconds: number;
	/** Peak of the resident set, above the resident set before. */
	megabytes: number;
	/** Peak of the heap in use, above the heap before; garbage that was not yet collected counts. */
	heapMegabytes: number;
	videos: number;
}

const MEGABYTE = 1024 * 1024;
const SAMPLE_MS = 10;

const OPTIONS: WaitOptions = {
	...DEFAULTS,
	returnsUnfinished: false,
	cancelsOnStop: false,
	survivesRestarts: false,
};

/** Jobs for every portrait's URL being another one: the most that detection and planning can be. */
const plan = (count: number): Job[] =>
	planJobs(
		Array.from({ length: count }, (_, itemIndex) => ({
			itemIndex,
			portrait: portraitAt(`https://portraits.example.com/${itemIndex}.png`),
			areas: undefined,
			templateIds: ['mengwa_kaixin'],
		})),
		0,
	);

/** Create and Wait from the plan to the outcomes, without the form and without downloads. */
async function createAndWait(count: number, send: Send, clock: Clock): Promise<Outcome[]> {
	const { stop, endBatch } = createStop();
	const parts = {
		client: createClient(send, rateLimiterOf('bench', DOCUMENTED_RATES, clock), clock, stop),
		paidTasks: openPaidTasks({}),
		clock,
		stop,
		endBatch,
		runIndex: 0,
		stopsAtFirstFailure: true,
	} satisfies Partial<ExecutionContext>;
	// The rest is for reading the form, files, downloads and Stop: none of them happens here.
	const session = parts as ExecutionContext;
	const jobs = plan(count);
	const deliveries = new Map(jobs.map(({ itemIndex }) => [itemIndex, { simplify: true }]));
	const waiting = startInMemoryWait(session, OPTIONS, jobs, deliveries, []);
	await submitJobs(
		jobs,
		session,
		(job, result) => {
			if (result.ok) waiting.add(result.value);
			else waiting.settle(job, result);
		},
		async () => await waiting.untilRoom(),
	);
	return inInputOrder(await waiting.finish());
}

async function work(way: string, count: number, taskMs: number): Promise<number> {
	const clock = createVirtualClock();
	const send = createInstantAccount(taskMs, clock);
	if (way === 'node') {
		const outcomes = await clock.until(createAndWait(count, send, clock));
		return outcomes.filter(({ result }) => result.ok).length;
	}
	let videos = 0;
	await clock.until(runAsPattern(plan(count), send, clock, () => videos++));
	return videos;
}

async function measure(way: string, count: number, taskMs: number): Promise<Cost> {
	await work(way, 10, 0);
	globalThis.gc?.();
	const cpuBefore = process.cpuUsage();
	const before = process.memoryUsage();
	let peakHeap = before.heapUsed;
	let peakResident = before.rss;
	const sample = () => {
		const { heapUsed, rss } = process.memoryUsage();
		peakHeap = Math.max(peakHeap, heapUsed);
		peakResident = Math.max(peakResident, rss);
	};
	const sampling = setInterval(sample, SAMPLE_MS);
	const videos = await work(way, count, taskMs);
	clearInterval(sampling);
	sample();
	const { user, system } = process.cpuUsage(cpuBefore);
	return {
		cpuSeconds: (user + system) / 1_000_000,
		megabytes: (peakResident - before.rss) / MEGABYTE,
		heapMegabytes: (peakHeap - before.heapUsed) / MEGABYTE,
		videos,
	};
}

const [way = 'node', count = '0', taskMs = '0'] = process.argv.slice(2);
console.log(JSON.stringify(await measure(way, Number(count), Number(taskMs))));
