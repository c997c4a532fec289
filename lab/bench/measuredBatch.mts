/**
 * One batch on one mock: as this node does it, or as n8n's pattern does it, with everything that the
 * mock wrote down. Rule: the mock says when a task ended and which requests it rejected.
 */
import { setMaxListeners } from 'node:events';
import { openPaidTasks } from '../../nodes/EmojiVideo/batch/paidTasks';
import { DOCUMENTED_RATES, rateLimiterOf } from '../../nodes/EmojiVideo/account/rateLimiter';
import { planJobs } from '../../nodes/EmojiVideo/batch/plan';
import { portraitAt } from '../../nodes/EmojiVideo/media/portrait';
import type { Job } from '../../nodes/EmojiVideo/batch/plan';
import { followTasks } from '../../nodes/EmojiVideo/batch/follow';
import type { TaskResult } from '../../nodes/EmojiVideo/batch/follow';
import { submitJobs } from '../../nodes/EmojiVideo/batch/submit';
import type { AcceptedTask, BatchTools } from '../../nodes/EmojiVideo/batch/submit';
import type { PollSettings } from '../../nodes/EmojiVideo/batch/pollSchedule';
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { neverStops } from '../../nodes/EmojiVideo/base/stop';
import type { Stop } from '../../nodes/EmojiVideo/base/stop';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import type { Send } from '../../nodes/EmojiVideo/dashscope/transport';
import { startDashScopeMock, templateIds } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock, TaskSeconds } from '../../sandbox/dashscope/index.mts';
import { createRandom } from '../stage/random.mts';
import { createHttpSend, createNetworkClock, delayed } from './network.mts';
import { runAsPattern } from './pattern.mts';

/** Create and Wait's defaults (parameters/waiting.ts). */
export const DEFAULTS: PollSettings = {
	pollIntervalMs: 15_000,
	runTimeoutMs: 1_800_000,
	queueTimeoutMs: 43_200_000,
	patienceMs: 900_000,
};

/** As many sleepers as the account has places wait for one Stop; Node.js would warn of a leak. */
function createCrowdedStop(): Stop {
	const stop = neverStops();
	setMaxListeners(0, stop.batchEnd);
	return stop;
}

/** The videos to make, and the account that makes them. */
export interface Batch {
	portraits: number;
	/** Templates for each portrait; the jobs are portraits x templates. */
	templates: number;
	/** Tasks that the account runs at once. */
	width: number;
	taskSeconds: TaskSeconds;
	/** Executions of n8n that share the jobs, at the same time in the same process. Default 1. */
	executions?: number;
}

export interface Seen {
	jobs: number;
	/** From the first moment of the batch until the last video was known to the node. */
	makespanMs: number;
	/** From the same moment until the mock had finished the last task. */
	finishedMs: number;
	/** From each task's end until the node knew it. */
	delaysMs: number[];
	detects: number;
	creates: number;
	queries: number;
	/** Answered with HTTP 429. */
	throttled: number;
	/** The most task queries that arrived within a second. */
	queriesInOneSecond: number;
}

export type Way = 'node' | 'pattern';

const START_MS = Date.UTC(2026, 0, 5, 9);

/** Portraits x templates, each portrait by a URL of its own, dealt out to the executions. */
function plan({ portraits, templates, executions = 1 }: Batch, mock: DashScopeMock): Job[][] {
	const orders = Array.from({ length: portraits }, (_, itemIndex) => ({
		itemIndex,
		portrait: portraitAt(`${mock.portraitUrl('ada.png')}?portrait=${itemIndex}`),
		areas: undefined,
		templateIds: [...templateIds].slice(0, templates),
	}));
	const share = Math.ceil(portraits / executions);
	return Array.from({ length: executions }, (_, nth) =>
		planJobs(orders.slice(nth * share, (nth + 1) * share), nth),
	);
}

/** What Create and Wait does with its jobs, without the downloads. */
export async function runAsNode(
	jobs: Job[],
	tools: BatchTools,
	onKnown: (taskId: string) => void,
): Promise<void> {
	const onEnd = ({ entry }: AcceptedTask, { result }: TaskResult) => {
		if (!result.ok) throw new Error(result.failure.message);
		onKnown(entry.taskId);
	};
	const follow = followTasks(tools, DEFAULTS, onEnd, jobs.length);
	await submitJobs(
		jobs,
		tools,
		(_, result) => {
			if (!result.ok) throw new Error(result.failure.message);
			follow.add(result.value);
		},
		async () => await follow.untilRoom(undefined),
	);
	await follow.finish();
}

let accounts = 0;

async function runBatch(
	way: Way,
	batch: Batch,
	mock: DashScopeMock,
	send: Send,
	clock: Clock,
): Promise<Seen> {
	const shares = plan(batch, mock);
	const knownAt = new Map<string, number>();
	const onKnown = (taskId: string) => void knownAt.set(taskId, clock.now());
	const accountId = `bench-${accounts++}`;
	const startedAt = clock.now();
	await Promise.all(
		shares.map(async (jobs) => {
			if (way === 'pattern') return await runAsPattern(jobs, send, clock, onKnown);
			const stop = createCrowdedStop();
			const client = createClient(
				send,
				rateLimiterOf(accountId, DOCUMENTED_RATES, clock),
				clock,
				stop,
			);
			return await runAsNode(jobs, { client, paidTasks: openPaidTasks({}), clock, stop }, onKnown);
		}),
	);
	return read(mock, startedAt, knownAt);
}

/** The mock's own record of the batch. */
function read(mock: DashScopeMock, startedAt: number, knownAt: Map<string, number>): Seen {
	const tasks = mock.tasks().map(({ id, endedMs = Infinity }) => ({ id, endedMs }));
	const requests = mock.ledger().filter(({ origin }) => origin === 'api');
	const count = (operation: string) =>
		requests.filter((request) => request.operation === operation).length;
	return {
		jobs: tasks.length,
		makespanMs: Math.max(...knownAt.values()) - startedAt,
		finishedMs: Math.max(...tasks.map(({ endedMs }) => endedMs)) - startedAt,
		delaysMs: tasks.map(({ id, endedMs }) => (knownAt.get(id) ?? Infinity) - endedMs),
		detects: count('detect'),
		creates: count('create'),
		queries: count('query'),
		throttled: requests.filter(({ status }) => status === 429).length,
		queriesInOneSecond: mock.counts().maxInOneSecond.queries,
	};
}

/** The batch on a virtual clock, against a mock of its own with the documented limits enforced. */
export async function measureVirtual(way: Way, batch: Batch): Promise<Seen> {
	const { clock, holdingTime } = createNetworkClock(START_MS);
	const { width: concurrency, taskSeconds } = batch;
	const mock = await startDashScopeMock({ clock, concurrency, taskSeconds });
	try {
		const send = holdingTime(createHttpSend(mock.url, mock.apiKey));
		const delayedSend = delayed(send, clock, createRandom(1));
		return await clock.until(runBatch(way, batch, mock, delayedSend, clock));
	} finally {
		await mock.close();
	}
}

/** The batch as it is, on the wall clock. */
export async function measureReal(way: Way, batch: Batch, clock: Clock): Promise<Seen> {
	const { width: concurrency, taskSeconds } = batch;
	const mock = await startDashScopeMock({ concurrency, taskSeconds });
	try {
		return await runBatch(way, batch, mock, createHttpSend(mock.url, mock.apiKey), clock);
	} finally {
		await mock.close();
	}
}
