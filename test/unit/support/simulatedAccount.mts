/**
 * An account on paper: tasks run first in, first out, `width` at a time, each for as long as `runMs`
 * says; `watchAccount` plays the watch against it, event by event, on a clock that is a number.
 */
import { recordResponse } from '../../../nodes/EmojiVideo/batch/pollResponses';
import {
	createPollSchedule,
	enqueue,
	nextPolls,
} from '../../../nodes/EmojiVideo/batch/pollSchedule';
import type { PollResult } from '../../../nodes/EmojiVideo/batch/pollResponses';
import type { PollSchedule, PollSettings } from '../../../nodes/EmojiVideo/batch/pollSchedule';
import { DOCUMENTED_RATES } from '../../../nodes/EmojiVideo/account/rateLimiter';
import type { ApiResponse } from '../../../nodes/EmojiVideo/dashscope/client';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { Failure, Result } from '../../../nodes/EmojiVideo/base/result';
import type { Task, TaskStatus } from '../../../nodes/EmojiVideo/dashscope/schemas';

export const START_MS = Date.UTC(2025, 9, 14, 3, 28, 4);

/** Create and Wait's defaults (issue 2 and 3). */
export const defaults: PollSettings = {
	pollIntervalMs: 15_000,
	runTimeoutMs: 1_800_000,
	queueTimeoutMs: 43_200_000,
	patienceMs: 900_000,
};

export interface SimulatedTask {
	taskId: string;
	templateId: string;
	acceptedAt: number;
	startedAt: number;
	finishedAt: number;
	/** How it ends; SUCCEEDED when absent. */
	end?: TaskStatus;
}

/** A task as the service would tell it at a moment. */
export function taskAt(
	{ taskId, acceptedAt, startedAt, finishedAt, end = 'SUCCEEDED' }: SimulatedTask,
	now: number,
	skewMs = 0,
): Task {
	const status = now < startedAt ? 'PENDING' : now < finishedAt ? 'RUNNING' : end;
	const hasEnded = now >= finishedAt;
	return {
		taskId,
		status,
		submittedAt: acceptedAt + skewMs,
		startedAt: now < startedAt ? undefined : startedAt + skewMs,
		finishedAt: hasEnded ? finishedAt + skewMs : undefined,
		videoUrl: hasEnded && end === 'SUCCEEDED' ? `https://example.com/${taskId}.mp4` : undefined,
		code: undefined,
		message: undefined,
		billedSeconds: undefined,
		requestId: 'request',
	};
}

/** Wraps a task as the client does. */
export const answered = (task: Task): Result<ApiResponse<Task>> =>
	succeed({ value: task, raw: {} });

export interface AccountOptions {
	jobs: number;
	/** Tasks running at once, by the moment at which a task is to start. */
	width: number;
	/** By the number of the task. */
	runMs: (index: number) => number;
	/** Creates are paced; the documented limit is one a second. */
	submitEveryMs?: number;
	/** Tasks of somebody else that are in the queue before the first one, by their run times. */
	foreignMs?: number[];
	templateOf?: (index: number) => string;
}

/** When each task runs. First in, first out; the next task takes the place that is free first. */
export function runAccount({
	jobs,
	width,
	runMs,
	submitEveryMs = 1060,
	foreignMs = [],
	templateOf = () => 'mengwa_kaixin',
}: AccountOptions): SimulatedTask[] {
	const freeAt = Array.from({ length: width }, () => START_MS);
	const place = (from: number, ms: number) => {
		freeAt.sort((a, b) => a - b);
		const startedAt = Math.max(from, freeAt[0] ?? from);
		freeAt[0] = startedAt + ms;
		return { startedAt, finishedAt: startedAt + ms };
	};
	for (const ms of foreignMs) place(START_MS, ms);
	return Array.from({ length: jobs }, (_, index) => {
		const acceptedAt = START_MS + index * submitEveryMs;
		return {
			taskId: `task-${index}`,
			templateId: templateOf(index),
			acceptedAt,
			...place(acceptedAt, runMs(index)),
		};
	});
}

export interface WatchOptions {
	settings?: Partial<PollSettings>;
	/** From question to answer. */
	latencyMs?: number;
	/** The service's clock minus this process's. */
	skewMs?: number;
	/** What happens to the nth question about a task (from 0), instead of an answer. */
	faultOf?: (taskId: string, nth: number, now: number) => Failure | undefined;
	random?: number;
}

export interface WatchedEnd {
	taskId: string;
	knownAt: number;
	/** From the end of the task to the watch's knowing it. */
	delayMs: number;
	queries: number;
	verdict: PollResult;
}

export interface Log {
	ends: WatchedEnd[];
	/** The moments of all questions, in order. */
	asked: Array<{ taskId: string; at: number }>;
	watch: PollSchedule;
}

/** More questions than this mean that the watch does not come to an end. */
const MOST_QUERIES = 20_000;

/** Plays the watch against the account until every task has left it. */
export function watchAccount(tasks: SimulatedTask[], options: WatchOptions = {}): Log {
	const { settings, latencyMs = 50, skewMs = 0, faultOf, random = 0.5 } = options;
	const watch = createPollSchedule({ ...defaults, ...settings });
	const byId = new Map(tasks.map((task) => [task.taskId, task]));
	const queries = new Map<string, number>();
	const answers: Array<{ at: number; taskId: string; result: Result<ApiResponse<Task>> }> = [];
	const log: Log = { ends: [], asked: [], watch };
	let now = START_MS;
	let nextTurn = 0;
	let submitted = 0;

	const ask = (taskId: string) => {
		const task = byId.get(taskId);
		if (!task) throw new Error(`Nobody made ${taskId}.`);
		const turn = { at: Math.max(nextTurn, now) };
		nextTurn = turn.at + (1000 / DOCUMENTED_RATES.query) * 1.09;
		const nth = queries.get(taskId) ?? 0;
		queries.set(taskId, nth + 1);
		log.asked.push({ taskId, at: turn.at });
		const failure = faultOf?.(taskId, nth, turn.at);
		const result = failure ? fail(failure) : answered(taskAt(task, turn.at, skewMs));
		answers.push({ at: turn.at + latencyMs, taskId, result });
	};

	const hear = ({ taskId, result }: (typeof answers)[number]) => {
		const verdict = recordResponse(watch, taskId, result, now, random);
		if (verdict.kind === 'open') return;
		const finishedAt = byId.get(taskId)?.finishedAt ?? 0;
		log.ends.push({
			taskId,
			knownAt: now,
			delayMs: now - finishedAt,
			queries: queries.get(taskId) ?? 0,
			verdict,
		});
	};

	while (log.ends.length < tasks.length) {
		for (let task = tasks[submitted]; task && task.acceptedAt <= now; task = tasks[submitted]) {
			enqueue(watch, task, now);
			submitted++;
		}
		answers.sort((a, b) => a.at - b.at);
		for (let next = answers[0]; next && next.at <= now; next = answers[0]) {
			answers.shift();
			hear(next);
		}
		const moves = nextPolls(watch, now);
		moves.ask.forEach(ask);
		if (log.asked.length > MOST_QUERIES) throw new Error('The watch does not come to an end.');
		const nextAnswer = answers.reduce((at, answer) => Math.min(at, answer.at), Infinity);
		const next = Math.min(moves.wakeAt, nextAnswer, tasks[submitted]?.acceptedAt ?? Infinity);
		if (log.ends.length < tasks.length && !Number.isFinite(next)) {
			throw new Error(`The watch sleeps for ever with ${watch.open.size} tasks open.`);
		}
		now = Math.max(now, Number.isFinite(next) ? next : now);
	}
	return log;
}

export function median(values: number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export interface Figures {
	queriesPerTask: number;
	mostQueries: number;
	medianDelayMs: number;
	longestDelayMs: number;
	/** The most questions within any one second. */
	perSecond: number;
	/** The last video known, divided by the last one finished, both from the first acceptance. */
	makespan: number;
}

/** What issue 3 asks to be measured. */
export function figuresOf({ ends, asked }: Log, tasks: SimulatedTask[]): Figures {
	const delays = ends.map(({ delayMs }) => delayMs);
	const times = asked.map(({ at }) => at);
	const perSecond = times.map(
		(from) => times.filter((at) => at >= from && at < from + 1000).length,
	);
	const lastEnd = Math.max(...tasks.map(({ finishedAt }) => finishedAt));
	const lastKnown = Math.max(...ends.map(({ knownAt }) => knownAt));
	return {
		queriesPerTask: asked.length / tasks.length,
		mostQueries: Math.max(...ends.map(({ queries }) => queries)),
		medianDelayMs: median(delays),
		longestDelayMs: Math.max(...delays),
		perSecond: Math.max(...perSecond),
		makespan: (lastKnown - START_MS) / (lastEnd - START_MS),
	};
}
