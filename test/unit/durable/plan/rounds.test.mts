/** What the supervisor of a durable wait decides between two checks: the state and a report in, a check out. */
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
import { made, scheduleOf, stateOf, unmade } from '../parts.mts';
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
	Array.from({ length: count }, (_, position) => unmade(from + position));

describe('what becomes known of an entry', () => {
	it('is its task: nothing that was guessed without it counts any more', () => {
		const known = mergeProgress(unmade(0, { settled: REFUSED }), { taskId: 'a', acceptedAt: 1 });
		expect(known).toMatchObject({ taskId: 'a', acceptedAt: 1, itemIndex: 0 });
		expect([known.settled, known.address]).toEqual([undefined, undefined]);
	});

	it('is its task and how it has ended, at once', () => {
		expect(mergeProgress(unmade(0), { taskId: 'a', settled: OTHER }).settled).toEqual(OTHER);
	});

	it('is nothing where it is about another task', () => {
		const entry = made('a', 0);
		expect(mergeProgress(entry, { taskId: 'b', settled: OTHER })).toBe(entry);
		expect(mergeProgress(entry, { settled: OTHER })).toBe(entry);
	});

	it('is why it could not be created', () => {
		expect(mergeProgress(unmade(0), { settled: REFUSED })).toEqual(unmade(0, { settled: REFUSED }));
	});

	it.each<[string, Partial<Entry>, Partial<Entry>, Partial<Entry>]>([
		['an open one ends', {}, { settled: 'succeeded', item }, { settled: 'succeeded', item }],
		['an open one goes on', {}, {}, { settled: undefined, item: undefined }],
		[
			'a failure stays that failure',
			{ settled: OTHER },
			{ settled: 'succeeded' },
			{ settled: OTHER },
		],
		[
			'a video may fail to be fetched',
			{ settled: 'succeeded' },
			{ settled: OTHER },
			{ settled: OTHER },
		],
		['a video is fetched', { settled: 'succeeded' }, { item }, { settled: 'succeeded', item }],
		[
			'a video that is fetched stays that',
			{ settled: 'succeeded', item },
			{ settled: OTHER, item: other },
			{ settled: 'succeeded', item },
		],
		[
			'an unfinished one stays that',
			{ settled: 'outOfTime' },
			{ settled: OTHER },
			{ settled: 'outOfTime' },
		],
		[
			'its video waits for the end',
			{ settled: 'succeeded' },
			{ downloadsAtEnd: true },
			{ settled: 'succeeded', downloadsAtEnd: true },
		],
	])('%s', (_, before, more, after) => {
		const known = mergeProgress(made('a', 0, before), { taskId: 'a', ...more });
		expect(known).toEqual(made('a', 0, after));
	});
});

const readableMessage = (more: Partial<CheckResult> = {}): CheckResult => ({
	number: 3,
	progress: [],
	schedule: saveSchedule(scheduleOf([made('a', 0)])),
	submitting: 'done',
	...more,
});

const openOf = ({ schedule }: WaitState) => schedule.open.map(({ taskId }) => taskId);

describe('the report of the current check', () => {
	const state = stateOf([made('a', 0), unmade(1)], { round });

	it('ends its turn, and all that it says counts', () => {
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

	it('changes nothing of entries that it does not name', () => {
		expect(applyCheckResult(state, readableMessage(), START_MS).entries).toEqual(state.entries);
	});

	it('whoever has a task and no end is asked about from then on, and once', () => {
		const progress = [{ position: 1, taskId: 'b', acceptedAt: START_MS + 5 }];
		const after = applyCheckResult(state, readableMessage({ progress }), START_MS + 9);
		expect(openOf(after)).toEqual(['a', 'b']);
		expect(after.schedule.open[1]).toMatchObject({
			templateId: 'mengwa_kaixin',
			acceptedAt: START_MS + 5,
			queuedAt: START_MS + 5,
		});
	});

	it('a task that was asked about before is not taken for a new one', () => {
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
	] as const)('%s, from %d ms: the next may be %d ms late', (submitting, lateMs, next) => {
		const after = applyCheckResult({ ...state, lateMs }, readableMessage({ submitting }), START_MS);
		expect(after.lateMs).toBe(next);
	});

	it.each([
		['done', undefined],
		['late', unconfirmed],
		['unreadable', { ...unconfirmed, tries: 3 }],
	] as const)('%s: this is left of a doubt', (submitting, left) => {
		const after = applyCheckResult(
			{ ...state, unconfirmed },
			readableMessage({ submitting }),
			START_MS,
		);
		expect(after.unconfirmed).toEqual(left);
	});

	it.each(['done', 'late', 'unreadable'] as const)('%s: no doubt comes of it', (submitting) => {
		expect(
			applyCheckResult(state, readableMessage({ submitting }), START_MS).unconfirmed,
		).toBeUndefined();
	});

	it('where no create will do better, all that are to be created end by that', () => {
		const entries = [made('a', 0), unmade(1), unmade(2, { settled: REFUSED }), unmade(3)];
		const checkResult = readableMessage({ endedBy: WRONG_KEY });
		const after = applyCheckResult(stateOf(entries, { round }), checkResult, START_MS);
		const ends = after.entries.map(({ settled }) => settled);
		expect(ends).toEqual([undefined, WRONG_KEY, REFUSED, WRONG_KEY]);
	});

	it('the same, but for those that may have been created', () => {
		const checkResult = readableMessage({ endedBy: WRONG_KEY, submitting: 'unreadable' });
		const after = applyCheckResult(
			stateOf([made('a', 0), ...several(2, 1)], { round, unconfirmed }),
			checkResult,
			0,
		);
		const ends = after.entries.map(({ settled }) => settled);
		expect(ends).toEqual([undefined, undefined, WRONG_KEY]);
	});
});

describe('the report of an older check, which was taken for lost', () => {
	const entries = [made('a', 0), unmade(1), unmade(2), made('d', 3, { settled: 'succeeded' })];
	const state = stateOf(entries, { round, unconfirmed });

	it('says what it has made and fetched; nothing else of it counts', () => {
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

	it('where no check is under way the same holds', () => {
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

	it('puts its group in doubt, for the time in which it could create', () => {
		const { round: current, unconfirmed: open } = markRoundUnconfirmed({ ...state, round });
		expect(current).toBeUndefined();
		expect(open).toEqual({ group: [1], since: START_MS, until: START_MS + 1000, tries: 0 });
	});

	it('without a group leaves nothing in doubt', () => {
		const after = markRoundUnconfirmed({ ...state, round: { ...round, group: [] } });
		expect([after.round, after.unconfirmed]).toEqual([undefined, undefined]);
	});

	it.each([{ ...round, group: [] }, undefined])(
		'without a group leaves a doubt as it was',
		(none) => {
			expect(markRoundUnconfirmed({ ...state, round: none, unconfirmed }).unconfirmed).toEqual(
				unconfirmed,
			);
		},
	);

	it('after another that was lost: both are in doubt, for all that time, each once', () => {
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

/** The check that is planned next. */
function checkOf(state: WaitState, now = START_MS) {
	const plan = planRound(state, now);
	if (plan.kind !== 'check') throw new Error(`No check, but ${plan.kind}.`);
	return plan;
}

const video = (taskId: string, itemIndex: number) =>
	made(taskId, itemIndex, { settled: 'succeeded', item });

describe('a batch is over', () => {
	it.each<[string, Entry[], Partial<WaitState>, 'end' | 'check']>([
		[
			'when all have ended and are fetched',
			[video('a', 0), unmade(1, { settled: OTHER })],
			{},
			'end',
		],
		['not while one goes on', [video('a', 0), made('b', 1)], {}, 'check'],
		['not while one is to be created', [video('a', 0), unmade(1)], {}, 'check'],
		['not while a video is to be fetched', [made('a', 0, { settled: 'succeeded' })], {}, 'check'],
		[
			'not while a video waits for the end',
			[made('a', 0, { settled: 'succeeded', downloadsAtEnd: true })],
			{},
			'check',
		],
		[
			'not at a failure that the others survive',
			[made('a', 0), made('b', 1, { settled: OTHER })],
			{},
			'check',
		],
		[
			'at the first failure, where the node stops at it',
			[made('a', 0), made('b', 1, { settled: OTHER })],
			{ stopsAtFirstFailure: true },
			'end',
		],
		[
			'not at a video, where the node stops at a failure',
			[made('a', 0), video('b', 1)],
			{ stopsAtFirstFailure: true },
			'check',
		],
		[
			'not while something may have been created, whatever has failed',
			[unmade(0), unmade(1), made('c', 2, { settled: OTHER })],
			{ stopsAtFirstFailure: true, unconfirmed },
			'check',
		],
	])('%s', (_, entries, more, kind) => {
		expect(planRound(stateOf(entries, more), START_MS).kind).toBe(kind);
	});

	it('when its last check was lost: it is given up', () => {
		const state = stateOf([made('a', 0)], { lastCheckAt: START_MS - 1, isLastCheck: true });
		expect(planRound(state, START_MS)).toEqual({ kind: 'giveUp', state });
	});

	it('not before its last check', () => {
		const { request, state } = checkOf(stateOf([made('a', 0)], { lastCheckAt: START_MS - 1 }));
		expect([request.isLastCheck, state.isLastCheck]).toEqual([true, true]);
	});
});

describe('what cannot be done any more ends', () => {
	const NO_TIME = { kind: 'timeLimit', message: 'There was no time left to create this video' };
	const lost = unconfirmedFailure(
		"The account's list of tasks could not tell whether it was made.",
	);
	const settledOf = (state: WaitState, now: number) =>
		planRound(state, now).state.entries.map(({ settled }) => settled);

	it.each([
		['a video is still created up to the last moment', 0, undefined],
		['a video is not created when a run would take too long', 1, NO_TIME],
	])('%s', (_, lateMs, settled) => {
		const lastCheckAt = START_MS + defaults.runTimeoutMs;
		const ends = settledOf(stateOf([unmade(0), made('a', 1)], { lastCheckAt }), START_MS + lateMs);
		expect(ends).toEqual([settled && expect.objectContaining(settled), undefined]);
	});

	it('what may have been created is not given up for want of time', () => {
		const lastCheckAt = START_MS + 1;
		const ends = settledOf(stateOf(several(2), { lastCheckAt, unconfirmed }), START_MS);
		expect(ends).toEqual([undefined, undefined]);
	});

	it.each<[string, Partial<typeof unconfirmed>, number, boolean]>([
		['a list that could not be read six times', { tries: 6 }, 0, true],
		['a list that could not be read five times', { tries: 5 }, 0, false],
		['a list that does not reach back so far', {}, 23 * HOUR_MS + 1, true],
		['a list that just reaches back', {}, 23 * HOUR_MS, false],
	])('%s', (_, more, afterMs, isGivenUp) => {
		const entries = [unmade(0), unmade(1), made('c', 2), unmade(3, { settled: REFUSED })];
		const group = [1, 2, 3];
		const state = stateOf(entries, { unconfirmed: { ...unconfirmed, group, ...more } });
		const after = planRound(state, START_MS + afterMs).state;
		const ends = after.entries.map(({ settled }) => settled);
		expect(ends).toEqual([undefined, isGivenUp ? lost : undefined, undefined, REFUSED]);
		expect(after.unconfirmed === undefined).toBe(isGivenUp);
	});
});

describe('the next check may create', () => {
	it.each<[string, Entry[], Partial<WaitState>, number[]]>([
		['those that are to be created', [made('a', 0), ...several(2, 1)], {}, [1, 2]],
		['none that has ended', [unmade(0, { settled: REFUSED }), unmade(1)], {}, [1]],
		['none where none is left', [made('a', 0)], {}, []],
		['those in doubt alone', several(3), { unconfirmed }, [1]],
		[
			'none in doubt that has ended, has a task, or is not there',
			[unmade(0, { settled: REFUSED }), made('b', 1), unmade(2)],
			{ unconfirmed: { ...unconfirmed, group: [0, 1, 2, 7] } },
			[2],
		],
		['as many as there is room for', several(9), { queueAhead: 4 }, [0, 1, 2, 3]],
		[
			'one at least, also where there is no room yet',
			[made('a', 0, { acceptedAt: START_MS }), ...several(2, 1)],
			{ queueAhead: 0 },
			[1],
		],
	])('%s', (_, entries, more, group) => {
		expect(checkOf(stateOf(entries, more)).request.group).toEqual(group);
	});

	it('twenty at most', () => {
		const { request } = checkOf(stateOf(several(40), { queueAhead: 100 }));
		expect(request.group).toHaveLength(20);
	});

	it('in the place of those that will have ended by then', () => {
		const open = Array.from({ length: 6 }, (_, position) => made(`task-${position}`, position));
		const state = stateOf([...open, ...several(20, 6)], { queueAhead: 6 });
		const schedule = { ...state.schedule, width: 2, runs: [{ ms: MINUTE_MS }] };
		const { request } = checkOf({ ...state, schedule });
		expect(request.dueAt).toBe(START_MS + 2 * MINUTE_MS);
		expect(request.group).toEqual([6, 7, 8, 9]);
	});

	it('no more than are open in the place of those', () => {
		const state = stateOf([made('a', 0), ...several(20, 1)], { queueAhead: 1 });
		const schedule = { ...state.schedule, runs: [{ ms: 1000 }] };
		expect(checkOf({ ...state, schedule }).request.group).toEqual([1]);
	});
});

describe('its dates', () => {
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
		['three seconds for each create', {}, 12_000],
		['more where the user has set a slower pace', { submitRate: 0.1 }, 80_000],
		['no less where the user has set a faster one', { submitRate: 5 }, 12_000],
	])('%s; its creates end before it is lost', (_, more, submitMs) => {
		const submitUntil = INITIAL_LATE_MS + submitMs;
		expect(dates(stateOf(several(4), more))).toEqual({
			since: 0,
			submitUntil,
			submittingEndsAt: submitUntil + 90_000,
			sameEnd: true,
			deadlineAt: submitUntil + 90_000 + (60_000 + 4 * 3000) + 60_000,
		});
	});

	it('one that creates nothing is lost sooner', () => {
		const { deadlineAt } = dates(stateOf([made('a', 0)]));
		expect(deadlineAt).toBe(INITIAL_LATE_MS + (60_000 + 3000) + 60_000);
	});
});

describe('its order', () => {
	it('has what it needs of the entries: open, to be fetched, and to be created', () => {
		const entries = [
			made('a', 0),
			video('b', 1),
			made('c', 2, { settled: 'succeeded' }),
			made('d', 3, { settled: OTHER }),
			unmade(4),
			made('e', 5, { settled: 'succeeded', downloadsAtEnd: true }),
			unmade(6),
		];
		const { request } = checkOf(stateOf(entries, { unconfirmed: { ...unconfirmed, group: [4] } }));
		expect(request.entries.map(({ position }) => position)).toEqual([0, 2, 4]);
		expect(request.entries[0]).toEqual({ ...made('a', 0), position: 0 });
		expect(request.isEnd).toBe(false);
	});

	it('at the end has the videos that waited for it', () => {
		const entries = [
			video('a', 0),
			made('b', 1, { settled: 'succeeded', downloadsAtEnd: true }),
			made('c', 2, { settled: 'succeeded', downloadsAtEnd: true, item }),
			made('d', 3, { settled: OTHER, downloadsAtEnd: undefined }),
		];
		const { request } = checkOf(stateOf(entries));
		expect(request.entries.map(({ position }) => position)).toEqual([1]);
		expect(request.isEnd).toBe(true);
	});

	it('says all that a check is to know, as it can be read from a database', () => {
		const owner = { executionId: 'user', cancelsOnStop: true };
		const state = stateOf([made('a', 0), unmade(1)], {
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

	it('without a doubt has none; nothing is created after a failure that ends the batch', () => {
		expect(checkOf(stateOf([unmade(0)])).request.unconfirmed).toBeUndefined();
		const failed = [unmade(0), unmade(1), made('c', 2, { settled: OTHER })];
		const { request } = checkOf(stateOf(failed, { stopsAtFirstFailure: true, unconfirmed }));
		expect(request.maySubmit).toBe(false);
	});
});
