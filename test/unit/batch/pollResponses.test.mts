/** What an answer means for the schedule, at the limits: when a wait is over, and when all should be done. */
import { recordResponse } from '../../../nodes/EmojiVideo/batch/pollResponses';
import {
	createPollSchedule,
	deadline,
	enqueue,
	limitOf,
	median,
	untilAllShouldBeDone,
} from '../../../nodes/EmojiVideo/batch/pollSchedule';
import type { OpenTask, PollSettings } from '../../../nodes/EmojiVideo/batch/pollSchedule';
import type { Task } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { fail } from '../../../nodes/EmojiVideo/base/result';
import type { FailureKind } from '../../../nodes/EmojiVideo/base/result';
import { answered } from '../support/simulatedAccount.mts';

const SETTINGS: PollSettings = {
	pollIntervalMs: 15_000,
	runTimeoutMs: 600_000,
	queueTimeoutMs: 3_600_000,
	patienceMs: 300_000,
};

/** A schedule with tasks 0, 1, 2 ..., accepted at 0. */
function scheduleOf(count: number, more: Partial<PollSettings> = {}) {
	const schedule = createPollSchedule({ ...SETTINGS, ...more });
	for (let nth = 0; nth < count; nth++)
		enqueue(schedule, { taskId: String(nth), acceptedAt: 0 }, 0);
	const taskOf = (nth: number) => schedule.open.get(String(nth)) as OpenTask;
	const hear = (nth: number, status: Task['status'], now: number, times: Partial<Task> = {}) => {
		const task = { taskId: String(nth), status, submittedAt: 0, ...times } as Task;
		return recordResponse(schedule, String(nth), answered(task), now, 0);
	};
	const miss = (nth: number, kind: FailureKind, now: number) =>
		recordResponse(schedule, String(nth), fail({ kind, message: 'M', nextStep: 'n' }), now, 0);
	return { schedule, taskOf, hear, miss };
}

describe('an UNKNOWN task', () => {
	const HOUR_MS = 3_600_000;

	it('that this execution submitted is polled again, and its video is returned', () => {
		const { hear } = scheduleOf(1);
		expect(hear(0, 'UNKNOWN', 60_000)).toEqual({ kind: 'open' });
		expect(hear(0, 'SUCCEEDED', 65_000).kind).toBe('done');
	});

	it('is polled after pauses that double from 5 seconds to 10 minutes', () => {
		const { hear, taskOf } = scheduleOf(1, { queueTimeoutMs: 24 * HOUR_MS });
		const pauses = Array.from({ length: 9 }, () => {
			hear(0, 'UNKNOWN', 60_000);
			return (taskOf(0).retryAt - 60_000) / 1000;
		});
		expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600]);
	});

	it('is polled after 5 seconds again if it was seen alive in between', () => {
		const { hear, taskOf } = scheduleOf(1);
		for (const status of ['UNKNOWN', 'UNKNOWN', 'RUNNING', 'UNKNOWN'] as const)
			hear(0, status, 60_000);
		expect(taskOf(0).retryAt).toBe(65_000);
	});

	it('ends at its time limit with a failure that does not advise to create it again', () => {
		const { hear } = scheduleOf(1);
		expect(hear(0, 'UNKNOWN', HOUR_MS - 1)).toEqual({ kind: 'open' });
		const end = hear(0, 'UNKNOWN', HOUR_MS);
		expect(end).toMatchObject({
			kind: 'failed',
			failure: { kind: 'timeLimit', limit: 'queue', taskId: '0', status: 'UNKNOWN' },
			answer: { value: { taskId: '0' } },
		});
		expect(JSON.stringify(end)).not.toMatch(/create (?:it|the video) again/i);
	});

	it('ends at once if it is 24 hours old', () => {
		const { hear } = scheduleOf(1, { queueTimeoutMs: 48 * HOUR_MS });
		expect(hear(0, 'UNKNOWN', 24 * HOUR_MS - 1)).toEqual({ kind: 'open' });
		expect(hear(0, 'UNKNOWN', 24 * HOUR_MS)).toMatchObject({
			kind: 'failed',
			failure: { kind: 'task', message: 'DashScope does not know this task' },
		});
	});

	it('ends at once if this execution neither submitted it nor saw it alive', () => {
		const { schedule, hear } = scheduleOf(0);
		enqueue(schedule, { taskId: '0' }, 0);
		expect(hear(0, 'UNKNOWN', 1000)).toMatchObject({ kind: 'failed', failure: { kind: 'task' } });
	});

	it('stays open if it was made elsewhere and this execution saw it alive', () => {
		const { schedule, hear } = scheduleOf(0);
		enqueue(schedule, { taskId: '0' }, 0);
		hear(0, 'PENDING', 1000);
		expect(hear(0, 'UNKNOWN', 2000)).toEqual({ kind: 'open' });
	});
});

describe('a wait', () => {
	it('in the queue ends with its limit, and not before', () => {
		const { hear } = scheduleOf(1);
		expect(hear(0, 'PENDING', 3_599_999).kind).toBe('open');
		expect(hear(0, 'PENDING', 3_600_000)).toMatchObject({
			kind: 'failed',
			failure: {
				limit: 'queue',
				message: 'The task is still in the queue at the end of {limit}',
			},
		});
	});

	it('for a run is counted from its start', () => {
		const { hear } = scheduleOf(1);
		expect(hear(0, 'RUNNING', 1_000_000, { startedAt: 900_000 }).kind).toBe('open');
		expect(hear(0, 'RUNNING', 1_499_999, { startedAt: 900_000 }).kind).toBe('open');
		expect(hear(0, 'RUNNING', 1_500_000, { startedAt: 900_000 })).toMatchObject({
			kind: 'failed',
			failure: { limit: 'run', message: 'The task is still running at the end of {limit}' },
		});
	});

	it('ends when somebody waits no longer', () => {
		const { schedule, taskOf, hear } = scheduleOf(1, { endsAt: 50_000 });
		expect([deadline(schedule, taskOf(0)), limitOf(schedule, taskOf(0))]).toEqual([
			50_000,
			'answer',
		]);
		expect(hear(0, 'RUNNING', 49_999).kind).toBe('open');
		expect(hear(0, 'RUNNING', 50_000)).toMatchObject({
			failure: { limit: 'answer', message: 'The task is still running at the end of {limit}' },
		});
	});

	it('without an answer ends after patience, counted from the first fault in a row', () => {
		const { miss, hear } = scheduleOf(1);
		expect(miss(0, 'unavailable', 1000).kind).toBe('open');
		expect(hear(0, 'PENDING', 2000).kind).toBe('open');
		expect(miss(0, 'unavailable', 10_000).kind).toBe('open');
		expect(miss(0, 'noResponse', 309_999).kind).toBe('open');
		expect(miss(0, 'unavailable', 310_000)).toEqual({
			kind: 'failed',
			failure: { kind: 'unavailable', message: 'M', nextStep: 'n', taskId: '0', status: 'PENDING' },
		});
	});

	it('without an answer ends two minutes behind the limit of the task', () => {
		const { miss, schedule } = scheduleOf(1, { queueTimeoutMs: 60_000 });
		expect(miss(0, 'unavailable', 1000).kind).toBe('open');
		expect(miss(0, 'unavailable', 179_999).kind).toBe('open');
		expect(miss(0, 'unavailable', 180_000)).toMatchObject({
			kind: 'failed',
			failure: {
				kind: 'timeLimit',
				limit: 'queue',
				message: 'At the end of {limit} nobody knows how far the task is: M',
			},
		});
		expect(schedule.open.size).toBe(0);
	});

	it('ends after 10 seconds of a fault that seems to last, and not with its first one', () => {
		const { schedule } = scheduleOf(1);
		const failure = { kind: 'unreachable', message: 'M', nextStep: 'n', lasts: true } as const;
		const pollAt = (now: number) => recordResponse(schedule, '0', fail(failure), now, 0).kind;
		expect([pollAt(1000), pollAt(10_999), pollAt(11_000)]).toEqual(['open', 'open', 'failed']);
	});

	it('ends at once with a fault that does not pass', () => {
		const { miss, schedule } = scheduleOf(1);
		expect(miss(0, 'rejected', 1000)).toMatchObject({ failure: { kind: 'rejected', taskId: '0' } });
		expect(schedule.open.size).toBe(0);
	});
});

describe('the end of a task', () => {
	it('teaches how long a run takes, and gives its place to the next', () => {
		const { schedule, taskOf, hear } = scheduleOf(2);
		hear(0, 'SUCCEEDED', 100_000, { startedAt: 10_000, finishedAt: 95_000 });
		expect(schedule.runs).toEqual([{ templateId: undefined, ms: 85_000 }]);
		expect(taskOf(1)).toMatchObject({ startedAt: 95_000, knownAt: 95_000 });
	});

	it.each<[Task['status'], Partial<Task>]>([
		['FAILED', { startedAt: 10_000, finishedAt: 95_000 }],
		['SUCCEEDED', { startedAt: 10_000 }],
		['SUCCEEDED', { finishedAt: 95_000 }],
	])('as %s with the times %j teaches nothing', (status, times) => {
		const { schedule, hear } = scheduleOf(1);
		hear(0, status, 100_000, times);
		expect(schedule.runs).toEqual([]);
	});

	it('is one of the last fifty that are remembered', () => {
		const { schedule, hear } = scheduleOf(51);
		for (let nth = 0; nth < 51; nth++)
			hear(nth, 'SUCCEEDED', 100_000, { startedAt: 0, finishedAt: nth });
		expect(schedule.runs.map(({ ms }) => ms)).toEqual(
			Array.from({ length: 50 }, (_, nth) => nth + 1),
		);
	});
});

it('as many run as the one furthest behind says, and less where one in between waits', () => {
	const { schedule, hear } = scheduleOf(4);
	hear(2, 'RUNNING', 1000);
	expect(schedule.width).toBe(3);
	hear(1, 'PENDING', 2000);
	expect(schedule.width).toBe(1);
	hear(0, 'PENDING', 3000);
	expect(schedule.width).toBe(1);
});

it('a task that was made elsewhere says nothing of how many run at once, until all have told their age', () => {
	const schedule = createPollSchedule(SETTINGS, { runs: [], width: 2 });
	for (const taskId of ['a', 'b', 'c']) enqueue(schedule, { taskId }, 0);
	const hear = (taskId: string, status: Task['status']) =>
		recordResponse(schedule, taskId, answered({ taskId, status } as Task), 1000, 0);
	hear('c', 'RUNNING');
	expect(schedule.width).toBe(2);
	hear('a', 'PENDING');
	expect(schedule.width).toBe(2);
});

it('a begin that the service tells without the time of submission is taken as now, or as known before', () => {
	const { taskOf, hear } = scheduleOf(1);
	hear(0, 'RUNNING', 5000, { submittedAt: undefined, startedAt: 900 });
	expect(taskOf(0).startedAt).toBe(5000);
	hear(0, 'RUNNING', 9000, { submittedAt: undefined, startedAt: 900 });
	expect(taskOf(0).startedAt).toBe(5000);
});

it.each([
	[[], undefined],
	[[3], 3],
	[[10, 9], 10],
	[[10, 9, 100], 10],
])('the middle of %j is %j', (values, middle) => expect(median(values)).toBe(middle));

describe('the time until all should be done', () => {
	it('is none where nothing is open', () => {
		expect(untilAllShouldBeDone(scheduleOf(0).schedule, 5000)).toBe(0);
	});

	it.each([
		[0, 60_000],
		[120_000, 60_000],
		[120_002, 60_001],
	])('with no run known, after %i ms in the queue, is %i ms', (now, ms) => {
		expect(untilAllShouldBeDone(scheduleOf(1).schedule, now)).toBe(ms);
	});

	it('counts the time in the queue from when it came', () => {
		const { schedule, taskOf } = scheduleOf(1);
		taskOf(0).queuedAt = 100_000;
		expect(untilAllShouldBeDone(schedule, 300_000)).toBe(100_000);
	});

	it.each([
		['PENDING', 970_000],
		['RUNNING', undefined],
	] as const)('takes nothing off for a head that is %s since %j', (status, startedAt) => {
		const { schedule, taskOf } = scheduleOf(1);
		schedule.runs.push({ ms: 90_000 });
		Object.assign(taskOf(0), { status, startedAt });
		expect(untilAllShouldBeDone(schedule, 1_000_000)).toBe(90_500);
	});

	it.each([
		[1, 1, undefined, 90_500],
		[5, 1, undefined, 450_500],
		[5, 2, undefined, 270_500],
		[5, 1, 30_000, 420_500],
		[1, 1, 90_000, 500],
		[2, 1, 900_000, 90_500],
	])(
		'of %i tasks, %i at a time, the head running for %j ms, is %i ms',
		(count, width, ranMs, ms) => {
			const { schedule, taskOf } = scheduleOf(count);
			schedule.runs.push({ ms: 90_000 });
			schedule.width = width;
			const now = 1_000_000;
			if (ranMs !== undefined)
				Object.assign(taskOf(0), { status: 'RUNNING', startedAt: now - ranMs });
			expect(untilAllShouldBeDone(schedule, now)).toBe(ms);
		},
	);
});
