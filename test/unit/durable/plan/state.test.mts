/** A batch as it is stored: what is left to do in it, and how long until the next check. */
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
import { made, scheduleOf, stateOf, unmade } from '../parts.mts';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const item = { json: { taskId: 'a' } };

describe('an entry is to be created', () => {
	it.each<[string, Entry, boolean]>([
		['if it has an address and nothing else', unmade(0), true],
		['not if it has a task', unmade(0, { taskId: 'a' }), false],
		['not if it has ended', unmade(0, { settled: REFUSED }), false],
		['not if it has no address', unmade(0, { address: undefined }), false],
	])('%s', (_, entry, is) => {
		expect(isToSubmit(entry)).toBe(is);
	});
});

describe('a video is to be fetched', () => {
	it.each<[string, Partial<Entry>, boolean]>([
		['if it is finished', { settled: 'succeeded' }, true],
		['not if it is fetched', { settled: 'succeeded', item }, false],
		['not yet if it waits for the end', { settled: 'succeeded', downloadsAtEnd: true }, false],
		['if it does not wait for the end', { settled: 'succeeded', downloadsAtEnd: false }, true],
		['not if it is open', {}, false],
		['not if it is out of time', { settled: 'outOfTime' }, false],
		['not if it has failed', { settled: REFUSED }, false],
	])('%s', (_, more, is) => {
		expect(isToDownload(made('a', 0, more))).toBe(is);
	});
});

describe('nothing is left to wait for', () => {
	it.each<[string, Entry[], boolean, boolean]>([
		['if all have ended', [made('a', 0, { settled: 'succeeded' })], false, true],
		['not if one is open', [made('a', 0, { settled: 'succeeded' }), made('b', 1)], false, false],
		[
			'not if one of the others has failed',
			[made('a', 0, { settled: REFUSED }), made('b', 1)],
			false,
			false,
		],
		[
			'if one has failed and the node stops at it',
			[made('a', 0, { settled: REFUSED }), made('b', 1)],
			true,
			true,
		],
		[
			'not by a video, where the node stops at a failure',
			[made('a', 0, { settled: 'succeeded' }), made('b', 1)],
			true,
			false,
		],
	])('%s', (_, entries, stopsAtFirstFailure, is) => {
		expect(isSettled({ entries, stopsAtFirstFailure })).toBe(is);
	});
});

describe('what is known of the queue', () => {
	it('is the same after it was stored; what was being asked is asked again', () => {
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

	it('tasks that were made elsewhere are not asked about twice at the start', () => {
		const external = made('a', 0, { acceptedAt: undefined });
		expect(restoreSchedule(saveSchedule(scheduleOf([external]))).externalTasks).toHaveLength(0);
	});

	it('is a copy: what is learned later does not change what is stored', () => {
		const saved = saveSchedule(scheduleOf([made('a', 0)]));
		const schedule = restoreSchedule(saved);
		schedule.runs.push({ ms: 7 });
		Object.assign(schedule.open.get('a') ?? {}, { status: 'RUNNING' });
		expect([saved.runs, saved.open[0]?.status]).toEqual([[], 'PENDING']);
	});
});

describe('a state that is stored', () => {
	const state = stateOf([made('a', 0), unmade(1)]);

	it('is read as it was', () => {
		expect(waitStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
	});

	it.each([
		['of another version', { version: 1 }],
		['with more in the queue than anybody may want', { queueAhead: 101 }],
		['with an entry of no item', { entries: [unmade(-1)] }],
	])('%s is none', (_, more) => {
		expect(waitStateSchema.safeParse({ ...state, ...more }).success).toBe(false);
	});
});
