import fc from 'fast-check';
import { createQueue, type QueuedTask } from '../../sandbox/dashscope/queue.mts';
import { expectProperty } from '../properties.mts';

interface Job extends QueuedTask {
	runMs: number;
}

type Step =
	| { kind: 'submit'; runMs: number }
	| { kind: 'wait'; ms: number }
	| { kind: 'cancel'; index: number }
	| { kind: 'look' }
	| { kind: 'concurrency'; count: number };

const step: fc.Arbitrary<Step> = fc.oneof(
	fc.record({ kind: fc.constant('submit' as const), runMs: fc.integer({ min: 1, max: 9 }) }),
	fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 12 }) }),
	fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(8) }),
	fc.record({ kind: fc.constant('look' as const) }),
	fc.record({ kind: fc.constant('concurrency' as const), count: fc.nat(4) }),
);

/** The same rules, played millisecond by millisecond. */
function createSlowQueue(initialConcurrency: number, resultTimeoutMs: number) {
	const jobs: Job[] = [];
	let concurrency = initialConcurrency;
	const fill = (atMs: number) => {
		for (const job of jobs) {
			const running = jobs.filter(({ endedMs }) => endedMs !== undefined && endedMs > atMs).length;
			const waits = job.endedMs === undefined && job.canceledMs === undefined;
			const limitMs = job.submittedMs + resultTimeoutMs;
			if (waits && atMs >= limitMs) {
				job.endedMs = limitMs;
				job.timedOut = true;
			} else if (waits && running < concurrency) {
				job.startedMs = atMs;
				job.endedMs = Math.min(atMs + job.runMs, limitMs);
				job.timedOut = atMs + job.runMs > limitMs;
			}
		}
	};
	return { jobs, fill, setConcurrency: (count: number) => void (concurrency = count) };
}

/** Plays the steps on both queues; canceling only what waits, as the store does. */
function play(steps: readonly Step[], resultTimeoutMs: number): { fast: Job[]; slow: Job[] } {
	const queue = createQueue<Job>({
		concurrency: 1,
		runningMs: (job) => job.runMs,
		resultTimeoutMs,
	});
	const slow = createSlowQueue(1, resultTimeoutMs);
	const fast: Job[] = [];
	let nowMs = 100;
	for (const move of steps) {
		if (move.kind === 'submit') {
			const job = { runMs: move.runMs, submittedMs: nowMs };
			fast.push({ ...job });
			slow.jobs.push({ ...job });
			queue.submit(fast.at(-1) ?? job);
		} else if (move.kind === 'wait') {
			for (const end = nowMs + move.ms; nowMs < end; ) {
				nowMs += 1;
				slow.fill(nowMs);
			}
		} else if (move.kind === 'cancel') {
			queue.advance(nowMs);
			const pair = [fast[move.index], slow.jobs[move.index]];
			if (pair[1]?.startedMs === undefined && pair[1]?.endedMs === undefined) {
				pair.forEach((job) => job && (job.canceledMs ??= nowMs));
			}
		} else if (move.kind === 'concurrency') {
			queue.setConcurrency(move.count, nowMs);
			slow.setConcurrency(move.count);
		} else {
			queue.advance(nowMs);
		}
		slow.fill(nowMs);
	}
	queue.advance(nowMs);
	return { fast, slow: slow.jobs };
}

it.each([Infinity, 15])(
	'the queue plays like a simple model, with a result timeout of %i ms',
	(limitMs) => {
		expectProperty(
			fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
				const { fast, slow } = play(steps, limitMs);
				expect(fast).toEqual(slow);
			}),
			500,
		);
	},
);
