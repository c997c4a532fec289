/**
 * The watch against an account on paper: how often it asks, how soon it knows, when it gives up; and the
 * moments at which it asks, to the millisecond.
 */
import {
	createPollSchedule,
	deadline,
	enqueue,
	limitOf,
	nextPolls,
} from '../../../nodes/EmojiVideo/batch/pollSchedule';
import { recordResponse } from '../../../nodes/EmojiVideo/batch/pollResponses';
import type {
	OpenTask,
	PollSchedule,
	PollSettings,
} from '../../../nodes/EmojiVideo/batch/pollSchedule';
import { fail } from '../../../nodes/EmojiVideo/base/result';
import type { Failure, FailureKind } from '../../../nodes/EmojiVideo/base/result';
import type { Task, TaskStatus } from '../../../nodes/EmojiVideo/dashscope/schemas';
import {
	answered,
	defaults,
	figuresOf,
	runAccount,
	START_MS,
	taskAt,
	watchAccount,
} from '../support/simulatedAccount.mts';
import type { SimulatedTask } from '../support/simulatedAccount.mts';

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
	const watched = () => watchAccount(tasks);
	const figures = () => figuresOf(watched(), tasks);

	it('take at most 6 queries a video', () => {
		const { queriesPerTask, mostQueries } = figures();
		expect(queriesPerTask).toBeLessThanOrEqual(6);
		expect(mostQueries).toBeLessThanOrEqual(10);
	});

	it('are known to have ended 3 s after their end at most, in the median', () => {
		const { medianDelayMs, longestDelayMs } = figures();
		expect(medianDelayMs).toBeLessThanOrEqual(3000);
		expect(longestDelayMs).toBeLessThanOrEqual(defaults.pollIntervalMs + 1000);
	});

	it('all come to their end once, with their answers', () => {
		const log = watched();
		expect(log.ends.map(({ taskId }) => taskId).sort()).toEqual(
			tasks.map(({ taskId }) => taskId).sort(),
		);
		expect(new Set(log.ends.map(({ verdict }) => verdict.kind))).toEqual(new Set(['done']));
		expect(log.watch.open.size).toBe(0);
	});

	it('never take more than 20 queries in a second, nor 5 percent longer than the account', () => {
		const { perSecond, makespan } = figures();
		expect(perSecond).toBeLessThanOrEqual(20);
		expect(makespan).toBeLessThanOrEqual(1.05);
	});
});

describe.each([1, 4])('jobs of 50 to 70 s on an account that runs %i at a time', (width) => {
	const tasks = runAccount({ jobs: 100, width, runMs: varied });
	const figures = () => figuresOf(watchAccount(tasks), tasks);

	it('are known soon all the same', () => {
		const { medianDelayMs, longestDelayMs } = figures();
		expect(medianDelayMs).toBeLessThanOrEqual(3000);
		expect(longestDelayMs).toBeLessThanOrEqual(defaults.pollIntervalMs + 1000);
	});
});

describe.each([1, 4])('jobs of 40 to 120 s on an account that runs %i at a time', (width) => {
	const tasks = runAccount({
		jobs: 400,
		width,
		runMs: (index) => 40_000 + 80_000 * fraction(index),
		templateOf: (index) => `template ${index % 20}`,
	});
	const figures = () => figuresOf(watchAccount(tasks), tasks);

	it('are known 2 s after their end, in the median, by 12 queries a video', () => {
		const { medianDelayMs, queriesPerTask } = figures();
		expect(medianDelayMs).toBeLessThanOrEqual(2000);
		expect(queriesPerTask).toBeLessThanOrEqual(12);
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
		'noResponse',
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
		recordResponse(watch, 'task-0', fail(failure), START_MS + 1000, 0);
		expect(nextPolls(watch, START_MS + 40_999)).toEqual({ ask: [], wakeAt: START_MS + 41_000 });
		expect(nextPolls(watch, START_MS + 41_000).ask).toEqual(['task-0']);
	});

	it('pauses with jitter', () => {
		const pauseAt = (random: number) => {
			const watch = watchOver(1);
			nextPolls(watch, START_MS + 1000);
			recordResponse(watch, 'task-0', fail(failureOf('unavailable')), START_MS + 1000, random);
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
			faultOf: (_, nth) => (nth % 2 === 0 ? failureOf('noResponse') : undefined),
		});
		expect(log.ends[0]?.verdict.kind).toBe('done');
	});

	it.each<FailureKind>(['rejected', 'unauthorized', 'stopped'])(
		'of the kind %s ends the wait at once, with the task ID',
		(kind) => {
			const watch = watchOver(1);
			nextPolls(watch, START_MS + 1000);
			expect(
				recordResponse(watch, 'task-0', fail(failureOf(kind)), START_MS + 1000, 0),
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
				nth % 3 === 1 ? failureOf(passing[nth % passing.length] ?? 'noResponse') : undefined,
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
				limit: 'run',
				message: 'The task is still running at the end of {limit}',
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
					limit: 'queue',
					message: 'The task is still in the queue at the end of {limit}',
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
		recordResponse(watch, 'task-0', answered(taskAt(late, START_MS + 1000)), START_MS + 1000, 0);
		expect(nextPolls(watch, START_MS + MINUTE).ask).toEqual(['task-0']);
		const answer = answered(taskAt(late, START_MS + MINUTE));
		expect(recordResponse(watch, 'task-0', answer, START_MS + MINUTE, 0).kind).toBe('done');
	});
});

describe('the end of a task', () => {
	it.each<[TaskStatus, RegExp]>([
		['FAILED', /failed/],
		['CANCELED', /taken out of the queue/],
	])('as %s ends the wait at once, in words of its own', (end, message) => {
		const watch = watchOver(1);
		nextPolls(watch, START_MS + MINUTE);
		const answer = answered(taskAt(oneTask(end), START_MS + MINUTE));
		expect(recordResponse(watch, 'task-0', answer, START_MS + MINUTE, 0)).toMatchObject({
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
		recordResponse(
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
		expect(recordResponse(watch, 'task-0', answer, START_MS + MINUTE, 0).kind).toBe('done');
		expect(recordResponse(watch, 'task-0', answer, START_MS + MINUTE, 0).kind).toBe('open');
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

/** Before any task was accepted. */
const EARLY = -1;

type Runs = PollSchedule['runs'];

const runsOf = (templateId: string, ...times: number[]): Runs =>
	times.map((ms) => ({ templateId, ms }));

interface Given {
	/** Of each task, accepted at 0, what is not as at the start. */
	tasks: Array<Partial<OpenTask>>;
	runs?: Runs;
	width?: number;
	probedAt?: number;
	settings?: Partial<PollSettings>;
}

/** A schedule with tasks 0, 1, 2 ... of template "t". */
function scheduleOf({ tasks, runs = [], width = 1, probedAt = -Infinity, settings }: Given) {
	const schedule = createPollSchedule({ ...defaults, ...settings }, { runs, width });
	schedule.probedAt = probedAt;
	tasks.forEach((more, nth) => {
		enqueue(schedule, { taskId: String(nth), templateId: 't', acceptedAt: 0 }, 0);
		Object.assign(schedule.open.get(String(nth)) ?? {}, more);
	});
	return schedule;
}

/** When the schedule is to be looked at again. */
const wakeAt = (given: Given) => nextPolls(scheduleOf(given), EARLY).wakeAt;

describe('the first in the queue, nothing learned yet,', () => {
	it.each([
		[0, 15_000, 1000],
		[1, 15_000, 2000],
		[3, 15_000, 8000],
		[4, 15_000, 15_000],
		[3, 5000, 5000],
		[10, 2_000_000, 1_024_000],
		[11, 2_000_000, 1_024_000],
	])('after %i answers, at an interval of %i ms, is asked %i ms later', (answers, interval, ms) => {
		const settings = { pollIntervalMs: interval };
		const tasks = [{ answers, knownAt: 100_000 }];
		expect(wakeAt({ tasks, settings })).toBe(100_000 + ms);
	});
});

describe('a task that runs is asked again', () => {
	const minute = runsOf('t', 60_000);
	const varied = runsOf('t', 60_000, 160_000);

	it.each([
		['after the interval, long before its end is due', minute, 10_000, 15_000, 25_000],
		[
			'after the interval, while that ends well before the end is due',
			minute,
			44_999,
			15_000,
			59_999,
		],
		[
			'when its end is due, if that is hardly later than the interval',
			minute,
			45_000,
			15_000,
			60_500,
		],
		['when its end is due', minute, 50_000, 15_000, 60_500],
		['when its end is due, a moment before that', minute, 60_499, 15_000, 60_500],
		['a second later, once the longest run would be over', minute, 60_500, 15_000, 61_500],
		['after half of its delay', minute, 70_500, 15_000, 75_500],
		['after the interval, however late it is', minute, 100_500, 15_000, 115_500],
		['after a share of the time to the longest run', varied, 60_500, 15_000, 71_700],
		['after a share that grows with the interval', varied, 60_500, 30_000, 82_900],
		['after 2.9 s, where the share is less', varied, 150_500, 15_000, 153_400],
		['after 2.9 s, a moment before the longest run', varied, 160_499, 15_000, 163_399],
		['a second later, at the end of the longest run', varied, 160_500, 15_000, 161_500],
	])('%s', (_, runs, knownAt, pollIntervalMs, at) => {
		const tasks = [{ startedAt: 0, knownAt }];
		expect(Math.round(wakeAt({ tasks, runs, settings: { pollIntervalMs } }))).toBe(at);
	});

	it.each([
		['two of its own template, by all that are known', runsOf('t', 60_000, 60_000), 30_500],
		['three of its own template, by these', runsOf('t', 60_000, 70_000, 80_000), 60_500],
	])('as it is due after runs of another and %s', (_, own, at) => {
		const runs = [...runsOf('other', 30_000), ...own];
		const tasks = [{ startedAt: 0, knownAt: 20_000 }];
		expect(wakeAt({ tasks, runs, settings: { pollIntervalMs: 50_000 } })).toBe(at);
	});

	it.each([
		[14, 30_500],
		[15, 60_500],
	])('as the last fifteen runs were, after a short one and %i longer ones', (count, at) => {
		const later = Array.from({ length: count }, () => 60_000);
		const runs = runsOf('t', 30_000, ...later);
		const tasks = [{ startedAt: 0, knownAt: 20_000 }];
		expect(wakeAt({ tasks, runs, settings: { pollIntervalMs: 50_000 } })).toBe(at);
	});
});

it('one whose begin nobody knows is asked at the interval, whatever was learned', () => {
	expect(wakeAt({ tasks: [{ knownAt: 55_000 }], runs: runsOf('t', 60_000) })).toBe(70_000);
});

it.each([[[]], [runsOf('t', 60_000)]])(
	'one that could not be asked is asked at the end of its pause, after runs %j',
	(runs) => {
		const tasks = [{ faults: 1, retryAt: 7777, startedAt: 0, knownAt: 3000 }];
		expect(wakeAt({ tasks, runs })).toBe(7777);
	},
);

describe('the moment of a time limit', () => {
	const runs = runsOf('t', 60_000);

	it('in the queue is a moment to ask at, for the last in the queue too', () => {
		const settings = { queueTimeoutMs: 5000 };
		expect(wakeAt({ tasks: [{}], runs, settings })).toBe(5000);
		const running = { status: 'RUNNING' as const, beingAsked: true };
		const waiting = { beingAsked: true };
		expect(wakeAt({ tasks: [waiting, {}], runs, settings })).toBe(5000);
		expect(wakeAt({ tasks: [running, {}], runs, settings, probedAt: 0 })).toBe(5000);
	});

	it('is no reason to ask before the pause after a fault is over', () => {
		const settings = { queueTimeoutMs: 5000 };
		expect(wakeAt({ tasks: [{ faults: 1, retryAt: 9000 }], runs, settings })).toBe(9000);
	});

	it.each([
		['RUNNING', 1000, 4000, 'run'],
		['RUNNING', undefined, 8000, 'queue'],
		['PENDING', 1000, 8000, 'queue'],
	] as const)(
		'of one that is %s since %j ends at %i, as that of the %s',
		(status, at, end, limit) => {
			const settings = { runTimeoutMs: 3000, queueTimeoutMs: 8000 };
			const schedule = scheduleOf({ tasks: [{ status, startedAt: at }], settings });
			const task = schedule.open.get('0') as OpenTask;
			expect([deadline(schedule, task), limitOf(schedule, task)]).toEqual([end, limit]);
		},
	);

	it('of an answer that comes after the task’s own is not the one that is reached', () => {
		const schedule = scheduleOf({ tasks: [{}], settings: { queueTimeoutMs: 8000, endsAt: 8001 } });
		const task = schedule.open.get('0') as OpenTask;
		expect([deadline(schedule, task), limitOf(schedule, task)]).toEqual([8000, 'queue']);
	});
});

describe('the next behind the running ones', () => {
	/** When it is asked, while the one before it runs, and is being asked. */
	const probedAgain = (more: Omit<Given, 'tasks'>, head: Partial<OpenTask> = {}, queuedAt = 0) =>
		wakeAt({
			tasks: [{ status: 'RUNNING', startedAt: 0, beingAsked: true, ...head }, { queuedAt }],
			...more,
		});

	it('is looked at a second after it came, where nobody has looked before', () => {
		expect(probedAgain({}, {}, 3000)).toBe(4000);
	});

	it('is not looked at sooner than that, however long ago the last look is', () => {
		const runs = runsOf('t', 60_000);
		expect(probedAgain({ probedAt: 0, runs }, {}, 200_000)).toBe(201_000);
	});

	it.each([
		['the first is late by the usual run of a minute', [], 0, 75_000],
		['the first is late by what was learned', runsOf('t', 40_000), 0, 55_000],
		['the first is late by the longest run', runsOf('t', 40_000, 100_000), 0, 115_000],
		['an interval has gone by, while the first is late', [], 100_000, 115_000],
		['five minutes have gone by, while the first is not late', runsOf('t', 400_000), 0, 300_000],
		['five minutes have gone by since the last look', runsOf('t', 400_000), 50_000, 350_000],
	])('is looked at again when %s', (_, runs, probedAt, at) => {
		expect(probedAgain({ runs, probedAt })).toBe(at);
	});

	it('is looked at again as the template of the first makes it late, not its own', () => {
		const runs = [...runsOf('t', 90_000, 90_000, 90_000), ...runsOf('u', 20_000, 20_000, 20_000)];
		expect(probedAgain({ runs, probedAt: 0 }, { templateId: 'u' })).toBe(35_000);
	});

	it('counts from when the first was last known, where its begin is not', () => {
		expect(probedAgain({ probedAt: 0 }, { startedAt: undefined, knownAt: 20_000 })).toBe(95_000);
	});

	it('is not looked at while one before it waits: only its limit counts', () => {
		const waits = { beingAsked: true };
		const runs = { ...waits, status: 'RUNNING' as const };
		const limit = defaults.queueTimeoutMs;
		expect(wakeAt({ tasks: [runs, waits, {}], width: 2 })).toBe(limit);
		expect(wakeAt({ tasks: [waits, runs, {}], width: 2 })).toBe(limit);
		expect(wakeAt({ tasks: [runs, runs, {}], width: 2 })).toBe(1000);
	});

	it('is the only one that is looked at', () => {
		const asked = { beingAsked: true };
		expect(wakeAt({ tasks: [{ ...asked, status: 'RUNNING' }, asked, {}] })).toBe(Infinity);
		const running = { status: 'RUNNING' as const };
		const schedule = scheduleOf({ tasks: [running, running, running] });
		expect(nextPolls(schedule, 1000).ask).toEqual(['0', '1']);
	});

	it('counts as looked at when it is asked; the first does not', () => {
		const schedule = scheduleOf({ tasks: [{ status: 'RUNNING' }, { queuedAt: 5000 }] });
		expect(nextPolls(schedule, 5999)).toEqual({ ask: ['0'], wakeAt: 6000 });
		expect(schedule.probedAt).toBe(-Infinity);
		expect(nextPolls(schedule, 6000)).toEqual({ ask: ['1'], wakeAt: Infinity });
		expect(schedule.probedAt).toBe(6000);
	});
});

describe('tasks that cannot be asked', () => {
	const faulty = { faults: 1, retryAt: 9e6 };

	it.each([
		[1, ['1']],
		[3, ['3']],
		[4, []],
	])(
		'%i at the head: the one behind them is asked, but not behind more than three',
		(count, ask) => {
			const tasks = [...Array.from({ length: count }, () => faulty), {}, {}];
			expect(nextPolls(scheduleOf({ tasks }), 1000).ask).toEqual(ask);
		},
	);

	it('take no place of those that can be asked', () => {
		const tasks = [{}, faulty, faulty, faulty, {}, {}];
		expect(nextPolls(scheduleOf({ tasks, width: 2 }), 1000).ask).toEqual(['0', '4']);
	});
});

describe('what a batch has learned', () => {
	it('is the start of the next one, and does not change behind its back', () => {
		const learned = { runs: runsOf('t', 60_000), width: 3 };
		const schedule = createPollSchedule(defaults, learned);
		expect([schedule.runs, schedule.width]).toEqual([learned.runs, 3]);
		schedule.runs.push({ ms: 1 });
		expect(learned.runs).toHaveLength(1);
	});

	it('is nothing at first: one task at a time, and no run', () => {
		const { runs, width } = createPollSchedule(defaults);
		expect([runs, width]).toEqual([[], 1]);
	});
});

describe('tasks that were made elsewhere', () => {
	/** Three of them; the answer to one. */
	function elsewhere() {
		const schedule = createPollSchedule(defaults);
		for (const taskId of ['a', 'b', 'c']) enqueue(schedule, { taskId }, 10_000);
		const hear = (taskId: string, submittedAt: number, status: Task['status'] = 'PENDING') =>
			recordResponse(
				schedule,
				taskId,
				answered({ taskId, status, submittedAt } as Task),
				10_000,
				0,
			);
		const order = () => [...schedule.open.keys()].join(' ');
		return { schedule, hear, order };
	}

	it('are asked at once, all of them, and once', () => {
		const { schedule } = elsewhere();
		expect(nextPolls(schedule, 10_000)).toEqual({ ask: ['a', 'b', 'c'], wakeAt: Infinity });
		expect(nextPolls(schedule, 10_000)).toEqual({ ask: [], wakeAt: Infinity });
	});

	it('are not asked where they have left before', () => {
		const { schedule } = elsewhere();
		schedule.open.delete('b');
		expect(nextPolls(schedule, 10_000).ask).toEqual(['a', 'c']);
	});

	it('are put in the order of their age, once all have told it', () => {
		const { schedule, hear, order } = elsewhere();
		nextPolls(schedule, 10_000);
		hear('a', 3000);
		hear('b', 1000);
		nextPolls(schedule, 10_000);
		expect(order()).toBe('a b c');
		hear('c', 2000);
		nextPolls(schedule, 10_000);
		expect(order()).toBe('b c a');
	});

	it.each([
		[[], 1],
		[['a'], 1],
		[['a', 'c'], 2],
		[['a', 'b', 'c'], 3],
	])('of which %j run tell how many run at once: %i', (running, width) => {
		const { schedule, hear } = elsewhere();
		nextPolls(schedule, 10_000);
		for (const taskId of ['a', 'b', 'c'])
			hear(taskId, 1000, running.includes(taskId) ? 'RUNNING' : 'PENDING');
		nextPolls(schedule, 10_000);
		expect(schedule.width).toBe(width);
	});

	it('come in order once; what is known of the queue later stays', () => {
		const { schedule, hear, order } = elsewhere();
		nextPolls(schedule, 10_000);
		for (const taskId of ['a', 'b', 'c']) hear(taskId, 1000);
		nextPolls(schedule, 10_000);
		schedule.width = 3;
		enqueue(schedule, { taskId: 'd', acceptedAt: 500 }, 10_000);
		nextPolls(schedule, 10_000);
		expect([order(), schedule.width]).toEqual(['a b c d', 3]);
	});
});

it('a task that has just come waits, is not asked, and has never failed', () => {
	const schedule = createPollSchedule(defaults);
	enqueue(schedule, { taskId: 'a', templateId: 't', acceptedAt: 500 }, 900);
	enqueue(schedule, { taskId: 'b' }, HOUR);
	const fresh = { status: 'PENDING', answers: 0, faults: 0, retryAt: 0, beingAsked: false };
	expect([...schedule.open.values()]).toEqual([
		{ ...fresh, taskId: 'a', templateId: 't', acceptedAt: 500, queuedAt: 500, knownAt: 500 },
		{ ...fresh, taskId: 'b', queuedAt: HOUR, knownAt: HOUR },
	]);
	expect(schedule.externalTasks).toEqual(['b']);
});

describe('the delay after the end of a task', () => {
	const longestDelay = (ends: Array<{ delayMs: number }>) =>
		Math.max(...ends.map(({ delayMs }) => delayMs));

	it.each([1, 4])(
		'stays within the poll interval while polls of another task fail, %i tasks at a time',
		(width) => {
			const tasks = runAccount({ jobs: 8, width, runMs: () => 60_000 });
			const { ends } = watchAccount(tasks, {
				faultOf: (taskId) =>
					taskId === 'task-1'
						? { kind: 'unavailable', message: 'unavailable', nextStep: 'x' }
						: undefined,
			});
			expect(longestDelay(ends.filter(({ taskId }) => taskId !== 'task-1'))).toBeLessThanOrEqual(
				16_000,
			);
		},
	);

	it('stays within the poll interval for a task that starts beside a longer one', () => {
		const tasks = runAccount({
			jobs: 20,
			width: 2,
			runMs: (index) => (index % 2 ? 60_000 : 300_000),
			foreignMs: [0, 30_000],
		});
		expect(longestDelay(watchAccount(tasks).ends)).toBeLessThanOrEqual(16_000);
	});
});
