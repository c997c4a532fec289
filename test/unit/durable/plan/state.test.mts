/** The state of a durable batch: what is left to do, and how it is stored. */
import { createPollSchedule, enqueue } from '../../../../nodes/EmojiVideo/batch/pollSchedule';
import {
	isSettled,
	isToSubmit,
	isToDownload,
	restoreSchedule,
	saveSchedule,
	waitStateSchema,
} from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { Entry } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { defaults, START_MS } from '../../support/simulatedAccount.mts';
import { accepted, scheduleOf, stateOf, unsubmitted } from '../parts.mts';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const item = { json: { taskId: 'a' } };

describe('an entry is to be submitted', () => {
	it.each<[string, Entry, boolean]>([
		['if it has a portrait URL, no task and no end', unsubmitted(0), true],
		['not if it has a task', unsubmitted(0, { taskId: 'a' }), false],
		['not if it has ended', unsubmitted(0, { settled: REFUSED }), false],
		['not if it has no portrait URL', unsubmitted(0, { address: undefined }), false],
	])('%s', (_, entry, is) => {
		expect(isToSubmit(entry)).toBe(is);
	});
});

describe('a video is to be downloaded', () => {
	it.each<[string, Partial<Entry>, boolean]>([
		['if it is finished', { settled: 'succeeded' }, true],
		['not if it is downloaded', { settled: 'succeeded', item }, false],
		['not yet if it waits for the end', { settled: 'succeeded', downloadsAtEnd: true }, false],
		['if it does not wait for the end', { settled: 'succeeded', downloadsAtEnd: false }, true],
		['not if it is open', {}, false],
		['not if it is out of time', { settled: 'outOfTime' }, false],
		['not if it has failed', { settled: REFUSED }, false],
	])('%s', (_, more, is) => {
		expect(isToDownload(accepted('a', 0, more))).toBe(is);
	});
});

describe('a batch is settled', () => {
	it.each<[string, Entry[], boolean, boolean]>([
		['if all videos have ended', [accepted('a', 0, { settled: 'succeeded' })], false, true],
		[
			'not if a task is open',
			[accepted('a', 0, { settled: 'succeeded' }), accepted('b', 1)],
			false,
			false,
		],
		[
			'not by a failure, if the other videos continue',
			[accepted('a', 0, { settled: REFUSED }), accepted('b', 1)],
			false,
			false,
		],
		[
			'by a failure, if the node stops at it',
			[accepted('a', 0, { settled: REFUSED }), accepted('b', 1)],
			true,
			true,
		],
		[
			'not by a finished video, if the node stops at the first failure',
			[accepted('a', 0, { settled: 'succeeded' }), accepted('b', 1)],
			true,
			false,
		],
	])('%s', (_, entries, stopsAtFirstFailure, is) => {
		expect(isSettled({ entries, stopsAtFirstFailure })).toBe(is);
	});
});

describe('a stored schedule', () => {
	it('is restored unchanged, and a poll that was open is repeated', () => {
		const schedule = createPollSchedule(defaults, { runs: [{ ms: 7 }], width: 3 });
		enqueue(schedule, { taskId: 'a', templateId: 't', acceptedAt: 1 }, START_MS);
		const open = schedule.open.get('a');
		Object.assign(open ?? {}, { status: 'RUNNING', startedAt: 2, answers: 4, beingAsked: true });
		schedule.inOrder = false;
		schedule.probedAt = START_MS;
		const saved = saveSchedule(schedule);
		const back = restoreSchedule(JSON.parse(JSON.stringify(saved)) as typeof saved);
		expect(back).toEqual({
			...schedule,
			open: new Map([['a', { ...open, beingAsked: false }]]),
			probedAt: -Infinity,
		});
	});

	it('does not poll tasks of other executions twice at the start', () => {
		const external = accepted('a', 0, { acceptedAt: undefined });
		expect(restoreSchedule(saveSchedule(scheduleOf([external]))).externalTasks).toHaveLength(0);
	});

	it('is a copy that later changes do not reach', () => {
		const saved = saveSchedule(scheduleOf([accepted('a', 0)]));
		const schedule = restoreSchedule(saved);
		schedule.runs.push({ ms: 7 });
		Object.assign(schedule.open.get('a') ?? {}, { status: 'RUNNING' });
		expect([saved.runs, saved.open[0]?.status]).toEqual([[], 'PENDING']);
	});
});

describe('a stored state', () => {
	const state = stateOf([accepted('a', 0), unsubmitted(1)]);

	it('is read unchanged', () => {
		expect(waitStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
	});

	it.each([
		['of another version', { version: 1 }],
		['with a Queue Ahead above its limit', { queueAhead: 101 }],
		['with an entry without an item index', { entries: [unsubmitted(-1)] }],
	])('%s is not valid', (_, more) => {
		expect(waitStateSchema.safeParse({ ...state, ...more }).success).toBe(false);
	});
});
