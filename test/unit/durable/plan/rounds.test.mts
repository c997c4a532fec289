/** The supervisor's decisions between two checks: a state and a result in, a request out. */
import { markRoundUnconfirmed } from '../../../../nodes/EmojiVideo/durable/plan/unconfirmed';
import { saveSchedule } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { Round, Entry, WaitState } from '../../../../nodes/EmojiVideo/durable/plan/state';
import { checkRequestSchema } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import {
	planRound,
	applyCheckResult,
	mergeProgress,
} from '../../../../nodes/EmojiVideo/durable/plan/rounds';
import type { CheckResult } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { defaults, START_MS } from '../../support/simulatedAccount.mts';
import { accepted, scheduleOf, stateOf, unsubmitted } from '../parts.mts';
import { INITIAL_LATE_MS } from '../../../../nodes/EmojiVideo/durable/plan/pace';
import { unconfirmedFailure } from '../../../../nodes/EmojiVideo/durable/plan/failures';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const OTHER: Failure = { kind: 'task', message: 'other', nextStep: 'x' };
const WRONG_KEY: Failure = { kind: 'unauthorized', message: 'wrong key', nextStep: 'x' };

const item = { json: { taskId: 'a' } };
const other = { json: { taskId: 'a', fetched: 'later' } };

const round: Round = {
	number: 3,
	group: [1],
	since: START_MS,
	submittingEndsAt: START_MS + 1000,
	deadlineAt: START_MS + 2000,
	pollsBeforeSubmit: 0,
};
const unconfirmed = { group: [1], since: START_MS, until: START_MS + 1000, tries: 2 };

const several = (count: number, from = 0) =>
	Array.from({ length: count }, (_, position) => unsubmitted(from + position));

describe('the progress of an entry', () => {
	it('replaces an end without a task by the task', () => {
		const known = mergeProgress(unsubmitted(0, { settled: REFUSED }), {
			taskId: 'a',
			acceptedAt: 1,
		});
		expect(known).toMatchObject({ taskId: 'a', acceptedAt: 1, itemIndex: 0 });
		expect([known.settled, known.address]).toEqual([undefined, undefined]);
	});

	it('may be its task and its end at once', () => {
		expect(mergeProgress(unsubmitted(0), { taskId: 'a', settled: OTHER }).settled).toEqual(OTHER);
	});

	it('is ignored if it is about another task', () => {
		const entry = accepted('a', 0);
		expect(mergeProgress(entry, { taskId: 'b', settled: OTHER })).toBe(entry);
		expect(mergeProgress(entry, { settled: OTHER })).toBe(entry);
	});

	it('may be the failure of its submit', () => {
		expect(mergeProgress(unsubmitted(0), { settled: REFUSED })).toEqual(
			unsubmitted(0, { settled: REFUSED }),
		);
	});

	it.each<[string, Partial<Entry>, Partial<Entry>, Partial<Entry>]>([
		['ends an open entry', {}, { settled: 'succeeded', item }, { settled: 'succeeded', item }],
		['leaves an open entry open', {}, {}, { settled: undefined, item: undefined }],
		['keeps a failure', { settled: OTHER }, { settled: 'succeeded' }, { settled: OTHER }],
		['may be a failed download', { settled: 'succeeded' }, { settled: OTHER }, { settled: OTHER }],
		['may be a download', { settled: 'succeeded' }, { item }, { settled: 'succeeded', item }],
		[
			'keeps a downloaded video',
			{ settled: 'succeeded', item },
			{ settled: OTHER, item: other },
			{ settled: 'succeeded', item },
		],
		[
			'keeps an unfinished entry',
			{ settled: 'outOfTime' },
			{ settled: OTHER },
			{ settled: 'outOfTime' },
		],
		[
			'may be a video that waits for the end',
			{ settled: 'succeeded' },
			{ downloadsAtEnd: true },
			{ settled: 'succeeded', downloadsAtEnd: true },
		],
	])('%s', (_, before, more, after) => {
		const known = mergeProgress(accepted('a', 0, before), { taskId: 'a', ...more });
		expect(known).toEqual(accepted('a', 0, after));
	});
});

const readableMessage = (more: Partial<CheckResult> = {}): CheckResult => ({
	number: 3,
	progress: [],
	schedule: saveSchedule(scheduleOf([accepted('a', 0)])),
	submitting: 'done',
	...more,
});

const openOf = ({ schedule }: WaitState) => schedule.open.map(({ taskId }) => taskId);

describe('the result of the current check', () => {
	const state = stateOf([accepted('a', 0), unsubmitted(1)], { round });

	it('ends its round, and is applied in full', () => {
		const after = applyCheckResult(
			state,
			readableMessage({
				progress: [
					{ position: 0, taskId: 'a', settled: OTHER },
					{ position: 1, settled: REFUSED },
				],
				schedule: { ...readableMessage().schedule, width: 4, runs: [{ ms: 7 }] },
			}),
			START_MS,
		);
		expect(after.round).toBeUndefined();
		expect(after.entries.map(({ settled }) => settled)).toEqual([OTHER, REFUSED]);
		expect(after.schedule).toMatchObject({ open: [], width: 4, runs: [{ ms: 7 }] });
	});

	it('changes no other entries', () => {
		expect(applyCheckResult(state, readableMessage(), START_MS).entries).toEqual(state.entries);
	});

	it('puts each open task into the schedule once', () => {
		const progress = [{ position: 1, taskId: 'b', acceptedAt: START_MS + 5 }];
		const after = applyCheckResult(state, readableMessage({ progress }), START_MS + 9);
		expect(openOf(after)).toEqual(['a', 'b']);
		expect(after.schedule.open[1]).toMatchObject({
			templateId: 'mengwa_kaixin',
			acceptedAt: START_MS + 5,
			queuedAt: START_MS + 5,
		});
	});

	it('keeps what the schedule knows of a task', () => {
		const [open] = readableMessage().schedule.open;
		const schedule = { ...readableMessage().schedule, open: [{ ...open!, answers: 7 }] };
		const after = applyCheckResult(state, readableMessage({ schedule }), START_MS);
		expect(after.schedule.open).toEqual([{ ...open, answers: 7 }]);
	});

	it.each([
		['done', INITIAL_LATE_MS, INITIAL_LATE_MS],
		['unreadable', INITIAL_LATE_MS, INITIAL_LATE_MS],
		['late', INITIAL_LATE_MS, 2 * INITIAL_LATE_MS],
		['late', 40 * MINUTE_MS, HOUR_MS],
	] as const)(
		'%s after a lateness of %d ms allows the next check a lateness of %d ms',
		(submitting, lateMs, next) => {
			const after = applyCheckResult(
				{ ...state, lateMs },
				readableMessage({ submitting }),
				START_MS,
			);
			expect(after.lateMs).toBe(next);
		},
	);

	it.each([
		['done', undefined],
		['late', unconfirmed],
		['unreadable', { ...unconfirmed, tries: 3 }],
	] as const)('%s leaves of the unconfirmed videos: %j', (submitting, left) => {
		const after = applyCheckResult(
			{ ...state, unconfirmed },
			readableMessage({ submitting }),
			START_MS,
		);
		expect(after.unconfirmed).toEqual(left);
	});

	it.each(['done', 'late', 'unreadable'] as const)(
		'%s makes no video unconfirmed',
		(submitting) => {
			expect(
				applyCheckResult(state, readableMessage({ submitting }), START_MS).unconfirmed,
			).toBeUndefined();
		},
	);

	it('with an end of the batch settles all unsubmitted videos', () => {
		const entries = [
			accepted('a', 0),
			unsubmitted(1),
			unsubmitted(2, { settled: REFUSED }),
			unsubmitted(3),
		];
		const checkResult = readableMessage({ endedBy: WRONG_KEY });
		const after = applyCheckResult(stateOf(entries, { round }), checkResult, START_MS);
		const ends = after.entries.map(({ settled }) => settled);
		expect(ends).toEqual([undefined, WRONG_KEY, REFUSED, WRONG_KEY]);
	});

	it('with an end of the batch does not settle unconfirmed videos', () => {
		const checkResult = readableMessage({ endedBy: WRONG_KEY, submitting: 'unreadable' });
		const after = applyCheckResult(
			stateOf([accepted('a', 0), ...several(2, 1)], { round, unconfirmed }),
			checkResult,
			0,
		);
		const ends = after.entries.map(({ settled }) => settled);
		expect(ends).toEqual([undefined, undefined, WRONG_KEY]);
	});
});

describe('the result of an older check', () => {
	const entries = [
		accepted('a', 0),
		unsubmitted(1),
		unsubmitted(2),
		accepted('d', 3, { settled: 'succeeded' }),
	];
	const state = stateOf(entries, { round, unconfirmed });

	it('is applied to entries with a task only', () => {
		const after = applyCheckResult(
			state,
			readableMessage({
				number: 2,
				progress: [
					{ position: 1, taskId: 'b' },
					{ position: 2, settled: REFUSED },
					{ position: 3, taskId: 'd', item },
				],
				submitting: 'late',
				endedBy: WRONG_KEY,
				schedule: { ...state.schedule, width: 9 },
			}),
			START_MS,
		);
		expect(after.entries.map(({ taskId }) => taskId)).toEqual(['a', 'b', undefined, 'd']);
		expect(after.entries.map(({ settled }) => settled)).toEqual([
			undefined,
			undefined,
			undefined,
			'succeeded',
		]);
		expect(after.entries[3]?.item).toEqual(item);
		expect(openOf(after)).toEqual(['a', 'b']);
		expect(after).toMatchObject({
			round,
			unconfirmed,
			lateMs: INITIAL_LATE_MS,
			schedule: { width: 1 },
		});
	});

	it('is applied the same way without a round', () => {
		const progress = [{ position: 2, settled: REFUSED }];
		const after = applyCheckResult(
			{ ...state, round: undefined },
			readableMessage({ progress }),
			START_MS,
		);
		expect(after.entries).toEqual(entries);
	});
});

describe('a check that is lost', () => {
	const state = stateOf(several(4));

	it('makes its group unconfirmed, for the time of its submits', () => {
		const { round: current, unconfirmed: open } = markRoundUnconfirmed({ ...state, round });
		expect(current).toBeUndefined();
		expect(open).toEqual({ group: [1], since: START_MS, until: START_MS + 1000, tries: 0 });
	});

	it('makes nothing unconfirmed without a group', () => {
		const after = markRoundUnconfirmed({ ...state, round: { ...round, group: [] } });
		expect([after.round, after.unconfirmed]).toEqual([undefined, undefined]);
	});

	it.each([{ ...round, group: [] }, undefined])(
		'keeps the unconfirmed videos as they were without a group',
		(none) => {
			expect(markRoundUnconfirmed({ ...state, round: none, unconfirmed }).unconfirmed).toEqual(
				unconfirmed,
			);
		},
	);

	it('adds its group to the unconfirmed videos of an earlier one', () => {
		const later = {
			...round,
			group: [1, 2],
			since: START_MS + 5,
			submittingEndsAt: START_MS + 5000,
		};
		const both = { group: [1, 2], since: START_MS, until: START_MS + 5000, tries: 2 };
		expect(markRoundUnconfirmed({ ...state, round: later, unconfirmed }).unconfirmed).toEqual(both);
		const earlier = { ...later, since: START_MS - 5, submittingEndsAt: START_MS + 1 };
		expect(markRoundUnconfirmed({ ...state, round: earlier, unconfirmed }).unconfirmed).toEqual({
			...both,
			since: START_MS - 5,
			until: START_MS + 1000,
		});
	});
});

/** The request of the next round. */
function checkOf(state: WaitState, now = START_MS) {
	const plan = planRound(state, now);
	if (plan.kind !== 'check') throw new Error(`No check, but ${plan.kind}.`);
	return plan;
}

const video = (taskId: string, itemIndex: number) =>
	accepted(taskId, itemIndex, { settled: 'succeeded', item });

describe('a batch is over', () => {
	it.each<[string, Entry[], Partial<WaitState>, 'end' | 'check']>([
		[
			'when all videos have ended and are downloaded',
			[video('a', 0), unsubmitted(1, { settled: OTHER })],
			{},
			'end',
		],
		['not while a task is open', [video('a', 0), accepted('b', 1)], {}, 'check'],
		['not while a video is not submitted', [video('a', 0), unsubmitted(1)], {}, 'check'],
		[
			'not while a video is not downloaded',
			[accepted('a', 0, { settled: 'succeeded' })],
			{},
			'check',
		],
		[
			'not while a video waits for the end',
			[accepted('a', 0, { settled: 'succeeded', downloadsAtEnd: true })],
			{},
			'check',
		],
		[
			'not at a failure, if the other videos continue',
			[accepted('a', 0), accepted('b', 1, { settled: OTHER })],
			{},
			'check',
		],
		[
			'at the first failure, if the node stops at it',
			[accepted('a', 0), accepted('b', 1, { settled: OTHER })],
			{ stopsAtFirstFailure: true },
			'end',
		],
		[
			'not at a finished video, if the node stops at the first failure',
			[accepted('a', 0), video('b', 1)],
			{ stopsAtFirstFailure: true },
			'check',
		],
		[
			'not while videos are unconfirmed, even after a failure',
			[unsubmitted(0), unsubmitted(1), accepted('c', 2, { settled: OTHER })],
			{ stopsAtFirstFailure: true, unconfirmed },
			'check',
		],
	])('%s', (_, entries, more, kind) => {
		expect(planRound(stateOf(entries, more), START_MS).kind).toBe(kind);
	});

	it('when its last check was lost', () => {
		const state = stateOf([accepted('a', 0)], { lastCheckAt: START_MS - 1, isLastCheck: true });
		expect(planRound(state, START_MS)).toEqual({ kind: 'giveUp', state });
	});

	it('not before its last check', () => {
		const { request, state } = checkOf(stateOf([accepted('a', 0)], { lastCheckAt: START_MS - 1 }));
		expect([request.isLastCheck, state.isLastCheck]).toEqual([true, true]);
	});
});

describe('an expired step', () => {
	const NO_TIME = { kind: 'timeLimit', message: 'There was no time left to create this video' };
	const lost = unconfirmedFailure(
		"The account's list of tasks could not tell whether it was made.",
	);
	const settledOf = (state: WaitState, now: number) =>
		planRound(state, now).state.entries.map(({ settled }) => settled);

	it.each([
		['leaves a video to submit up to the last moment', 0, undefined],
		['fails a video that has no time left to run', 1, NO_TIME],
	])('%s', (_, lateMs, settled) => {
		const lastCheckAt = START_MS + defaults.runTimeoutMs;
		const ends = settledOf(
			stateOf([unsubmitted(0), accepted('a', 1)], { lastCheckAt }),
			START_MS + lateMs,
		);
		expect(ends).toEqual([settled && expect.objectContaining(settled), undefined]);
	});

	it('does not fail unconfirmed videos for lack of time', () => {
		const lastCheckAt = START_MS + 1;
		const ends = settledOf(stateOf(several(2), { lastCheckAt, unconfirmed }), START_MS);
		expect(ends).toEqual([undefined, undefined]);
	});

	it.each<[string, Partial<typeof unconfirmed>, number, boolean]>([
		['fails unconfirmed videos after six failed readings of the list', { tries: 6 }, 0, true],
		['keeps unconfirmed videos after five failed readings of the list', { tries: 5 }, 0, false],
		['fails unconfirmed videos that are older than the list', {}, 23 * HOUR_MS + 1, true],
		['keeps unconfirmed videos that are as old as the list', {}, 23 * HOUR_MS, false],
	])('%s', (_, more, afterMs, isGivenUp) => {
		const entries = [
			unsubmitted(0),
			unsubmitted(1),
			accepted('c', 2),
			unsubmitted(3, { settled: REFUSED }),
		];
		const group = [1, 2, 3];
		const state = stateOf(entries, { unconfirmed: { ...unconfirmed, group, ...more } });
		const after = planRound(state, START_MS + afterMs).state;
		const ends = after.entries.map(({ settled }) => settled);
		expect(ends).toEqual([undefined, isGivenUp ? lost : undefined, undefined, REFUSED]);
		expect(after.unconfirmed === undefined).toBe(isGivenUp);
	});
});

describe('the next check may submit', () => {
	it.each<[string, Entry[], Partial<WaitState>, number[]]>([
		['the videos without a task', [accepted('a', 0), ...several(2, 1)], {}, [1, 2]],
		['no video that has ended', [unsubmitted(0, { settled: REFUSED }), unsubmitted(1)], {}, [1]],
		['nothing if every video has a task', [accepted('a', 0)], {}, []],
		['only unconfirmed videos, if there are any', several(3), { unconfirmed }, [1]],
		[
			'no unconfirmed video that has ended or has a task',
			[unsubmitted(0, { settled: REFUSED }), accepted('b', 1), unsubmitted(2)],
			{ unconfirmed: { ...unconfirmed, group: [0, 1, 2, 7] } },
			[2],
		],
		['as many videos as Queue Ahead has room for', several(9), { queueAhead: 4 }, [0, 1, 2, 3]],
		[
			'one video at least, even without room',
			[accepted('a', 0, { acceptedAt: START_MS }), ...several(2, 1)],
			{ queueAhead: 0 },
			[1],
		],
	])('%s', (_, entries, more, group) => {
		expect(checkOf(stateOf(entries, more)).request.group).toEqual(group);
	});

	it('20 videos at most', () => {
		const { request } = checkOf(stateOf(several(40), { queueAhead: 100 }));
		expect(request.group).toHaveLength(20);
	});

	it('as many as will have ended by then', () => {
		const open = Array.from({ length: 6 }, (_, position) => accepted(`task-${position}`, position));
		const state = stateOf([...open, ...several(20, 6)], { queueAhead: 6 });
		const schedule = { ...state.schedule, width: 2, runs: [{ ms: MINUTE_MS }] };
		const { request } = checkOf({ ...state, schedule });
		expect(request.dueAt).toBe(START_MS + 2 * MINUTE_MS);
		expect(request.group).toEqual([6, 7, 8, 9]);
	});

	it('no more than are open instead of those', () => {
		const state = stateOf([accepted('a', 0), ...several(20, 1)], { queueAhead: 1 });
		const schedule = { ...state.schedule, runs: [{ ms: 1000 }] };
		expect(checkOf({ ...state, schedule }).request.group).toEqual([1]);
	});
});

describe('the deadlines of a check', () => {
	const dates = (state: WaitState) => {
		const { request, state: after } = checkOf(state);
		const at = request.dueAt;
		const { since, submittingEndsAt, deadlineAt } = after.round;
		return {
			since: since - at,
			submitUntil: request.submitUntil - at,
			submittingEndsAt: request.submittingEndsAt - at,
			sameEnd: submittingEndsAt === request.submittingEndsAt,
			deadlineAt: deadlineAt - at,
		};
	};

	it.each<[string, Partial<WaitState>, number]>([
		['allow three seconds per submit', {}, 12_000],
		["allow more at the user's slower rate", { submitRate: 0.1 }, 80_000],
		["allow no less at the user's faster rate", { submitRate: 5 }, 12_000],
	])('%s, and its submits end before deadlineAt', (_, more, submitMs) => {
		const submitUntil = INITIAL_LATE_MS + submitMs;
		expect(dates(stateOf(several(4), more))).toEqual({
			since: 0,
			submitUntil,
			submittingEndsAt: submitUntil + 90_000,
			sameEnd: true,
			deadlineAt: submitUntil + 90_000 + (60_000 + 4 * 3000) + 60_000,
		});
	});

	it('come sooner without a group', () => {
		const { deadlineAt } = dates(stateOf([accepted('a', 0)]));
		expect(deadlineAt).toBe(INITIAL_LATE_MS + (60_000 + 3000) + 60_000);
	});
});

describe('the request of a check', () => {
	it('has the open entries, those to download, and its group', () => {
		const entries = [
			accepted('a', 0),
			video('b', 1),
			accepted('c', 2, { settled: 'succeeded' }),
			accepted('d', 3, { settled: OTHER }),
			unsubmitted(4),
			accepted('e', 5, { settled: 'succeeded', downloadsAtEnd: true }),
			unsubmitted(6),
		];
		const { request } = checkOf(stateOf(entries, { unconfirmed: { ...unconfirmed, group: [4] } }));
		expect(request.entries.map(({ position }) => position)).toEqual([0, 2, 4]);
		expect(request.entries[0]).toEqual({ ...accepted('a', 0), position: 0 });
		expect(request.isEnd).toBe(false);
	});

	it('has the videos that waited for the end, at the end', () => {
		const entries = [
			video('a', 0),
			accepted('b', 1, { settled: 'succeeded', downloadsAtEnd: true }),
			accepted('c', 2, { settled: 'succeeded', downloadsAtEnd: true, item }),
			accepted('d', 3, { settled: OTHER, downloadsAtEnd: undefined }),
		];
		const { request } = checkOf(stateOf(entries));
		expect(request.entries.map(({ position }) => position)).toEqual([1]);
		expect(request.isEnd).toBe(true);
	});

	it('is complete after a round trip through a database', () => {
		const owner = { executionId: 'user', cancelsOnStop: true };
		const state = stateOf([accepted('a', 0), unsubmitted(1)], {
			rounds: 6,
			queueAhead: 9,
			submitRate: 0.5,
			returnsUnfinished: true,
			stopsAtFirstFailure: true,
			owner,
			guardId: 'guard',
			unconfirmed,
		});
		const { request, state: after } = checkOf(state);
		expect(request).toMatchObject({
			number: 7,
			group: [1],
			schedule: state.schedule,
			isLastCheck: false,
			maySubmit: true,
			isEnd: false,
			returnsUnfinished: true,
			stopsAtFirstFailure: true,
			queueAhead: 9,
			submitRate: 0.5,
			unconfirmed: { since: unconfirmed.since, until: unconfirmed.until, known: ['a'] },
			owner,
			guardId: 'guard',
		});
		expect(checkRequestSchema.parse(JSON.parse(JSON.stringify(request)))).toEqual(request);
		expect(after).toMatchObject({ rounds: 7, round: { number: 7, group: [1] } });
	});

	it('has no unconfirmed videos without a loss, and forbids submits after a failure that ends the batch', () => {
		expect(checkOf(stateOf([unsubmitted(0)])).request.unconfirmed).toBeUndefined();
		const failed = [unsubmitted(0), unsubmitted(1), accepted('c', 2, { settled: OTHER })];
		const { request } = checkOf(stateOf(failed, { stopsAtFirstFailure: true, unconfirmed }));
		expect(request.maySubmit).toBe(false);
	});
});
