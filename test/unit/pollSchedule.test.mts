/** The watch against an account on paper: how often it asks, how soon it knows, when it gives up. */
import { createPollSchedule, enqueue, nextPolls } from '../../nodes/EmojiVideo/batch/pollSchedule';
import { recordAnswer } from '../../nodes/EmojiVideo/batch/pollAnswers';
import type { PollSchedule } from '../../nodes/EmojiVideo/batch/pollSchedule';
import { fail } from '../../nodes/EmojiVideo/result';
import type { Failure, FailureKind } from '../../nodes/EmojiVideo/result';
import type { TaskStatus } from '../../nodes/EmojiVideo/dashscope/schemas';
import {
	answered,
	defaults,
	figuresOf,
	runAccount,
	START_MS,
	taskAt,
	watchAccount,
} from './account.mts';
import type { SimulatedTask } from './account.mts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** 50 to 70 s, the same in every run of the test. */
const varied = (index: number) => 50_000 + ((index * 7919) % 20_000);

/** In [0, 1), without an order that could be learned, the same in every run of the test. */
const fraction = (index: number) => Math.abs(Math.sin(index + 1) * 10_000) % 1;

const failureOf = (kind: FailureKind, more: Partial<Failure> = {}): Failure => ({
	kind,
	message: kind,
	nextStep: 'Try again.',
	...more,
});

describe.each([
	[20, 1],
	[20, 4],
	[100, 1],
	[100, 4],
])('%i jobs of 60 s on an account that runs %i at a time', (jobs, width) => {
	const tasks = runAccount({ jobs, width, runMs: () => MINUTE });
	const log = watchAccount(tasks);
	const figures = figuresOf(log, tasks);

	it('take at most 6 queries a video', () => {
		expect(figures.queriesPerTask).toBeLessThanOrEqual(6);
		expect(figures.mostQueries).toBeLessThanOrEqual(10);
	});

	it('are known to have ended 3 s after their end at most, in the median', () => {
		expect(figures.medianDelayMs).toBeLessThanOrEqual(3000);
		expect(figures.longestDelayMs).toBeLessThanOrEqual(defaults.pollIntervalMs + 1000);
	});

	it('all come to their end once, with their answers', () => {
		expect(log.ends.map(({ taskId }) => taskId).sort()).toEqual(
			tasks.map(({ taskId }) => taskId).sort(),
		);
		expect(new Set(log.ends.map(({ verdict }) => verdict.kind))).toEqual(new Set(['done']));
		expect(log.watch.open.size).toBe(0);
	});

	it('never take more than 20 queries in a second, nor 5 percent longer than the account', () => {
		expect(figures.perSecond).toBeLessThanOrEqual(20);
		expect(figures.makespan).toBeLessThanOrEqual(1.05);
	});
});

describe.each([1, 4])('jobs of 50 to 70 s on an account that runs %i at a time', (width) => {
	const tasks = runAccount({ jobs: 100, width, runMs: varied });
	const figures = figuresOf(watchAccount(tasks), tasks);

	it('are known soon all the same', () => {
		expect(figures.medianDelayMs).toBeLessThanOrEqual(3000);
		expect(figures.longestDelayMs).toBeLessThanOrEqual(defaults.pollIntervalMs + 1000);
	});
});

describe.each([1, 4])('jobs of 40 to 120 s on an account that runs %i at a time', (width) => {
	const tasks = runAccount({
		jobs: 400,
		width,
		runMs: (index) => 40_000 + 80_000 * fraction(index),
		templateOf: (index) => `template ${index % 20}`,
	});
	const figures = figuresOf(watchAccount(tasks), tasks);

	it('are known 2 s after their end, in the median, by 12 queries a video', () => {
		expect(figures.medianDelayMs).toBeLessThanOrEqual(2000);
		expect(figures.queriesPerTask).toBeLessThanOrEqual(12);
	});

	it('are asked about less often where the Poll Interval is longer', () => {
		const rarely = watchAccount(tasks, { settings: { pollIntervalMs: 60_000 } });
		expect(figuresOf(rarely, tasks).queriesPerTask).toBeLessThanOrEqual(5);
	});
});

describe('a running task', () => {
	it.each([1000, 5000, 15_000, 60_000, 300_000])(
		'is never left unasked for longer than a poll interval of %i ms',
		(pollIntervalMs) => {
			const tasks = runAccount({ jobs: 10, width: 1, runMs: (index) => varied(index) * 3 });
			const { asked, ends } = watchAccount(tasks, { settings: { pollIntervalMs } });
			for (const { delayMs } of ends) expect(delayMs).toBeLessThanOrEqual(pollIntervalMs + 1000);
			for (const task of tasks) {
				const moments = asked
					.filter(({ taskId, at }) => taskId === task.taskId && at >= task.startedAt)
					.map(({ at }) => at);
				const gaps = moments.slice(1).map((at, index) => at - (moments[index] ?? at));
				expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(pollIntervalMs + 1000);
			}
		},
	);

	it('is asked when its end is due, as the last three of its own template took, not as others do', () => {
		const isLong = (index: number) => index % 2 === 1;
		const tasks = runAccount({
			jobs: 14,
			width: 1,
			runMs: (index) => (isLong(index) ? 3 * MINUTE : MINUTE),
			templateOf: (index) => (isLong(index) ? 'jingdian_lei' : 'mengwa_kaixin'),
		});
		const { ends } = watchAccount(tasks);
		for (const { delayMs } of ends.slice(6)) expect(delayMs).toBeLessThanOrEqual(600);
	});

	it('is timed by its own account, whatever the two clocks say', () => {
		const tasks = runAccount({ jobs: 20, width: 1, runMs: () => MINUTE });
		const straight = watchAccount(tasks);
		for (const skewMs of [-HOUR, HOUR, 8 * HOUR]) {
			const skewed = watchAccount(tasks, { skewMs });
			expect(figuresOf(skewed, tasks)).toEqual(figuresOf(straight, tasks));
		}
	});
});

describe('a task deep in the queue', () => {
	it('is not asked while those before it run', () => {
		const tasks = runAccount({ jobs: 100, width: 1, runMs: () => MINUTE });
		const { asked } = watchAccount(tasks);
		const last = tasks[99]?.taskId;
		const early = asked.filter(({ taskId, at }) => taskId === last && at < START_MS + 98 * MINUTE);
		expect(early).toEqual([]);
	});

	it('makes nobody ask more often when many are queued', () => {
		const queries = [10, 50, 200].map((jobs) => {
			const tasks = runAccount({ jobs, width: 1, runMs: () => MINUTE });
			return figuresOf(watchAccount(tasks), tasks).queriesPerTask;
		});
		expect(Math.max(...queries)).toBeLessThanOrEqual(6);
	});
});

describe('the width', () => {
	it.each([1, 2, 4, 20])('grows to the %i tasks that the account runs at once', (width) => {
		const tasks = runAccount({ jobs: 3 * width, width, runMs: () => 2 * MINUTE });
		const watch = watchAccount(tasks).watch;
		expect(watch.width).toBe(width);
	});

	it('shrinks when the account runs fewer at once', () => {
		const wide = runAccount({ jobs: 24, width: 4, runMs: () => MINUTE });
		const from = Math.max(...wide.map(({ finishedAt }) => finishedAt));
		const narrow = Array.from(
			{ length: 20 },
			(_, index): SimulatedTask => ({
				taskId: `later-${index}`,
				templateId: 'mengwa_kaixin',
				acceptedAt: START_MS + (24 + index) * 1060,
				startedAt: from + index * MINUTE,
				finishedAt: from + (index + 1) * MINUTE,
			}),
		);
		const tasks = [...wide, ...narrow];
		const log = watchAccount(tasks);
		expect(log.watch.width).toBe(1);
		expect(figuresOf(log, tasks).queriesPerTask).toBeLessThanOrEqual(6);
		expect(figuresOf(log, tasks).longestDelayMs).toBeLessThanOrEqual(16_000);
	});

	it('grows again, by asking now and then whether one more runs', () => {
		const narrow = runAccount({ jobs: 12, width: 1, runMs: () => MINUTE });
		const from = START_MS + 12 * MINUTE;
		const wide = Array.from(
			{ length: 60 },
			(_, index): SimulatedTask => ({
				taskId: `later-${index}`,
				templateId: 'mengwa_kaixin',
				acceptedAt: START_MS + (12 + index) * 1060,
				startedAt: from + Math.floor(index / 4) * MINUTE + (index % 4),
				finishedAt: from + Math.floor(index / 4) * MINUTE + (index % 4) + MINUTE,
			}),
		);
		const log = watchAccount([...narrow, ...wide]);
		expect(log.watch.width).toBe(4);
		const last = log.ends.slice(-20);
		expect(Math.max(...last.map(({ delayMs }) => delayMs))).toBeLessThanOrEqual(1500);
	});

	it('stays while somebody else’s tasks hold the account, and the head is asked at the interval', () => {
		const tasks = runAccount({ jobs: 5, width: 1, runMs: () => MINUTE, foreignMs: [HOUR] });
		const log = watchAccount(tasks);
		expect(log.watch.width).toBe(1);
		const head = log.asked.filter(
			({ taskId, at }) => taskId === 'task-0' && at < START_MS + HOUR - 1000,
		);
		expect(head.length).toBeLessThanOrEqual(3600 / 15 + 5);
		expect(
			new Set(log.asked.filter(({ at }) => at < START_MS + HOUR).map((q) => q.taskId)),
		).toEqual(new Set(['task-0']));
	});
});

/** A watch over tasks that were all accepted at `START_MS`. */
function watchOver(count: number, settings = {}): PollSchedule {
	const watch = createPollSchedule({ ...defaults, ...settings });
	for (let index = 0; index < count; index++) {
		enqueue(
			watch,
			{
				taskId: `task-${index}`,
				templateId: 'mengwa_kaixin',
				acceptedAt: START_MS,
			},
			START_MS,
		);
	}
	return watch;
}

const oneTask = (end?: TaskStatus): SimulatedTask => ({
	taskId: 'task-0',
	templateId: 'mengwa_kaixin',
	acceptedAt: START_MS,
	startedAt: START_MS,
	finishedAt: START_MS + MINUTE,
	end,
});

describe('a fault', () => {
	const passing: FailureKind[] = [
		'throttled',
		'unavailable',
		'unreachable',
		'noAnswer',
		'unreadable',
	];

	it.each(passing)('of the kind %s is ridden out, with growing pauses', (kind) => {
		const tasks = runAccount({ jobs: 1, width: 1, runMs: () => MINUTE });
		const log = watchAccount(tasks, {
			faultOf: (_, nth) => (nth >= 1 && nth <= 6 ? failureOf(kind) : undefined),
		});
		expect(log.ends[0]?.verdict.kind).toBe('done');
		const times = log.asked.map(({ at }) => at);
		const pauses = times.slice(2, 7).map((at, index) => at - (times[index + 1] ?? at));
		expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
		expect((pauses.at(-1) ?? 0) / (pauses[0] ?? 1)).toBeGreaterThan(8);
	});

	it('waits at least as long as Retry-After says', () => {
		const watch = watchOver(1);
		expect(nextPolls(watch, START_MS + 1000).ask).toEqual(['task-0']);
		const failure = failureOf('throttled', { retryAfterMs: 40_000 });
		recordAnswer(watch, 'task-0', fail(failure), START_MS + 1000, 0);
		expect(nextPolls(watch, START_MS + 40_999)).toEqual({ ask: [], wakeAt: START_MS + 41_000 });
		expect(nextPolls(watch, START_MS + 41_000).ask).toEqual(['task-0']);
	});

	it('pauses with jitter', () => {
		const pauseAt = (random: number) => {
			const watch = watchOver(1);
			nextPolls(watch, START_MS + 1000);
			recordAnswer(watch, 'task-0', fail(failureOf('unavailable')), START_MS + 1000, random);
			return nextPolls(watch, START_MS + 1000).wakeAt - START_MS - 1000;
		};
		expect(pauseAt(0)).toBeLessThan(pauseAt(0.99));
		expect(pauseAt(0)).toBeGreaterThanOrEqual(500);
	});

	it('that lasts longer than the patience ends the wait, with the task ID and what is known', () => {
		const tasks = runAccount({ jobs: 1, width: 1, runMs: () => MINUTE });
		const log = watchAccount(tasks, {
			settings: { patienceMs: 5 * MINUTE },
			faultOf: (_, nth) => (nth >= 1 ? failureOf('unavailable', { httpStatus: 503 }) : undefined),
		});
		expect(log.ends[0]?.verdict).toMatchObject({
			kind: 'failed',
			failure: { kind: 'unavailable', httpStatus: 503, taskId: 'task-0', status: 'RUNNING' },
		});
		const patience = (log.ends[0]?.knownAt ?? 0) - START_MS;
		expect(patience).toBeGreaterThanOrEqual(5 * MINUTE);
		expect(patience).toBeLessThanOrEqual(6.5 * MINUTE);
	});

	it('now and then never uses the patience up', () => {
		const tasks = runAccount({ jobs: 1, width: 1, runMs: () => 25 * MINUTE });
		const log = watchAccount(tasks, {
			settings: { patienceMs: MINUTE },
			faultOf: (_, nth) => (nth % 2 === 0 ? failureOf('noAnswer') : undefined),
		});
		expect(log.ends[0]?.verdict.kind).toBe('done');
	});

	it.each<FailureKind>(['refused', 'unauthorized', 'stopped'])(
		'of the kind %s ends the wait at once, with the task ID',
		(kind) => {
			const watch = watchOver(1);
			nextPolls(watch, START_MS + 1000);
			expect(
				recordAnswer(watch, 'task-0', fail(failureOf(kind)), START_MS + 1000, 0),
			).toMatchObject({
				kind: 'failed',
				failure: { kind, taskId: 'task-0' },
			});
			expect(watch.open.size).toBe(0);
		},
	);

	it('of one running task does not delay the others', () => {
		const tasks = runAccount({ jobs: 8, width: 4, runMs: () => MINUTE });
		const log = watchAccount(tasks, {
			faultOf: (taskId, nth) =>
				taskId === 'task-1' && nth > 0 ? failureOf('unavailable') : undefined,
		});
		const others = log.ends.filter(({ taskId }) => taskId !== 'task-1');
		expect(others).toHaveLength(7);
		for (const { verdict, delayMs } of others) {
			expect(verdict.kind).toBe('done');
			expect(delayMs).toBeLessThanOrEqual(16_000);
		}
		expect(log.ends.find(({ taskId }) => taskId === 'task-1')?.verdict).toMatchObject({
			kind: 'failed',
			failure: { kind: 'unavailable', taskId: 'task-1' },
		});
	});

	it('everywhere, in every third answer, loses nothing', () => {
		const tasks = runAccount({ jobs: 40, width: 4, runMs: varied });
		const log = watchAccount(tasks, {
			faultOf: (_, nth) =>
				nth % 3 === 1 ? failureOf(passing[nth % passing.length] ?? 'noAnswer') : undefined,
		});
		expect(log.ends).toHaveLength(40);
		expect(log.ends.every(({ verdict }) => verdict.kind === 'done')).toBe(true);
	});
});

describe('a time limit', () => {
	it('of the run counts from the moment the task runs, not from its acceptance', () => {
		const tasks = runAccount({
			jobs: 1,
			width: 1,
			runMs: () => 2 * HOUR,
			foreignMs: [3 * HOUR],
		});
		const log = watchAccount(tasks, { settings: { runTimeoutMs: 30 * MINUTE } });
		expect(log.ends[0]?.verdict).toMatchObject({
			kind: 'failed',
			failure: {
				kind: 'timeLimit',
				message: 'The task is still running at the end of "Timeout (Seconds)"',
				taskId: 'task-0',
				status: 'RUNNING',
				nextStep: expect.stringContaining('Get Status') as string,
			},
			answer: { value: { taskId: 'task-0', status: 'RUNNING' } },
		});
		const limit = START_MS + 3 * HOUR + 30 * MINUTE;
		expect(log.ends[0]?.knownAt).toBeGreaterThanOrEqual(limit);
		expect(log.ends[0]?.knownAt).toBeLessThanOrEqual(limit + 1000);
	});

	it('of the queue ends the wait for every task that has not run by then', () => {
		const tasks = runAccount({ jobs: 10, width: 1, runMs: () => 10 * MINUTE });
		const log = watchAccount(tasks, { settings: { queueTimeoutMs: 35 * MINUTE } });
		const late = log.ends.filter(({ verdict }) => verdict.kind === 'failed');
		expect(log.ends).toHaveLength(10);
		expect(late).toHaveLength(6);
		for (const { verdict, taskId, knownAt } of late) {
			expect(verdict).toMatchObject({
				failure: {
					kind: 'timeLimit',
					message: 'The task is still in the queue at the end of "Queue Timeout (Seconds)"',
					taskId,
					status: 'PENDING',
				},
			});
			const limit = (tasks.find((task) => task.taskId === taskId)?.acceptedAt ?? 0) + 35 * MINUTE;
			expect(knownAt).toBeGreaterThanOrEqual(limit);
			expect(knownAt).toBeLessThanOrEqual(limit + 2000);
		}
	});

	it('is not over before the service has been asked once more', () => {
		const watch = watchOver(1, { runTimeoutMs: MINUTE });
		const late: SimulatedTask = { ...oneTask(), finishedAt: START_MS + MINUTE - 1 };
		nextPolls(watch, START_MS + 1000);
		recordAnswer(watch, 'task-0', answered(taskAt(late, START_MS + 1000)), START_MS + 1000, 0);
		expect(nextPolls(watch, START_MS + MINUTE).ask).toEqual(['task-0']);
		const answer = answered(taskAt(late, START_MS + MINUTE));
		expect(recordAnswer(watch, 'task-0', answer, START_MS + MINUTE, 0).kind).toBe('done');
	});
});

describe('the end of a task', () => {
	it.each<[TaskStatus, RegExp]>([
		['FAILED', /failed/],
		['CANCELED', /taken out of the queue/],
		['UNKNOWN', /does not know/],
	])('as %s ends the wait at once, in words of its own', (end, message) => {
		const watch = watchOver(1);
		nextPolls(watch, START_MS + MINUTE);
		const answer = answered(taskAt(oneTask(end), START_MS + MINUTE));
		expect(recordAnswer(watch, 'task-0', answer, START_MS + MINUTE, 0)).toMatchObject({
			kind: 'failed',
			failure: {
				kind: 'task',
				message: expect.stringMatching(message) as string,
				taskId: 'task-0',
				status: end,
			},
			answer: { value: { taskId: 'task-0' } },
		});
		expect(nextPolls(watch, START_MS + HOUR)).toEqual({ ask: [], wakeAt: Infinity });
	});

	it('in a failure teaches nothing about how long a run takes', () => {
		const watch = watchOver(1);
		nextPolls(watch, START_MS + MINUTE);
		recordAnswer(
			watch,
			'task-0',
			answered(taskAt(oneTask('FAILED'), START_MS + MINUTE)),
			START_MS,
			0,
		);
		expect(watch.runs).toEqual([]);
	});

	it('heard twice counts once', () => {
		const watch = watchOver(1);
		nextPolls(watch, START_MS + MINUTE);
		const answer = answered(taskAt(oneTask(), START_MS + MINUTE));
		expect(recordAnswer(watch, 'task-0', answer, START_MS + MINUTE, 0).kind).toBe('done');
		expect(recordAnswer(watch, 'task-0', answer, START_MS + MINUTE, 0).kind).toBe('open');
		expect(watch.runs).toHaveLength(1);
	});
});

describe('a question', () => {
	it('is asked once at a time', () => {
		const watch = watchOver(1);
		expect(nextPolls(watch, START_MS + 1000).ask).toEqual(['task-0']);
		expect(nextPolls(watch, START_MS + MINUTE)).toEqual({ ask: [], wakeAt: Infinity });
	});

	it('is first asked a second after acceptance', () => {
		expect(nextPolls(watchOver(3), START_MS)).toEqual({ ask: [], wakeAt: START_MS + 1000 });
	});

	it('is never asked when there is no task', () => {
		expect(nextPolls(watchOver(0), START_MS)).toEqual({ ask: [], wakeAt: Infinity });
	});
});
