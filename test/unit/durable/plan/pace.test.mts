/** The pace of a durable batch: how long a check waits, how often it polls, and when a poll ends it. */
import {
	isRequestOutdated,
	countPollsBeforeSubmit,
	secondsToNextPoll,
	msUntilFirstPoll,
	nextCheck,
	waitBeforeSubmit,
} from '../../../../nodes/EmojiVideo/durable/plan/pace';
import { saveSchedule } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { Entry, WaitState } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { CheckRequest } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import { START_MS } from '../../support/simulatedAccount.mts';
import { accepted, requestOf, scheduleOf, stateOf, unsubmitted } from '../parts.mts';

const MINUTE_MS = 60_000;
const SHORTEST_MS = 66_000;
const LONGEST_MS = 30 * MINUTE_MS;

describe('the next check', () => {
	const state = stateOf([accepted('a', 0)], { lastCheckAt: START_MS });

	it('is an ordinary one up to lastCheckAt', () => {
		expect(nextCheck(state, START_MS)).toBe(state);
	});

	it('is the last one after lastCheckAt', () => {
		expect(nextCheck(state, START_MS + 1)).toEqual({ ...state, isLastCheck: true });
	});

	it('is none after the last one', () => {
		expect(nextCheck({ ...state, isLastCheck: true }, START_MS + 1)).toBeUndefined();
	});
});

describe('a check waits until', () => {
	const open = [accepted('a', 0), accepted('b', 1)];
	const finished = accepted('c', 2, { settled: 'succeeded' });
	const atEnd = { ...finished, downloadsAtEnd: true };
	const unconfirmed = { group: [2], since: START_MS, until: START_MS + 100, tries: 0 };

	it.each<[string, Entry[], number | undefined, Partial<WaitState>, number]>([
		['all should have ended', open, 200_000, {}, 400_500],
		['the shortest wait has passed, if nothing is known', open, undefined, {}, SHORTEST_MS],
		['the shortest wait that n8n stores has passed', open, 1000, {}, SHORTEST_MS],
		['30 minutes have passed, at the latest', open, 3_600_000, {}, LONGEST_MS],
		['the last check', open, 3_600_000, { lastCheckAt: START_MS + 100_000 }, 100_000],
		[
			'the shortest wait has passed, if a finished video is not downloaded',
			[...open, finished],
			3_600_000,
			{},
			SHORTEST_MS,
		],
		['all should have ended, if a video waits for the end', [...open, atEnd], 200_000, {}, 400_500],
		[
			'there is room for the next group',
			[...open, unsubmitted(2)],
			200_000,
			{ queueAhead: 2 },
			200_000,
		],
		[
			'the shortest wait has passed, if there is room at once',
			[...open, unsubmitted(2)],
			200_000,
			{ queueAhead: 20 },
			SHORTEST_MS,
		],
		[
			'the lost check must have stopped to submit',
			[...open, unsubmitted(2)],
			200_000,
			{ unconfirmed: { ...unconfirmed, until: START_MS + 1_000_000 } },
			1_000_000,
		],
		[
			'the shortest wait has passed, if the lost check has already stopped',
			[...open, unsubmitted(2)],
			3_600_000,
			{ unconfirmed, queueAhead: 1 },
			SHORTEST_MS,
		],
	])('%s', (_, entries, runMs, more, ms) => {
		const state = stateOf(entries, more);
		const runs = runMs === undefined ? [] : [{ ms: runMs }];
		const schedule = { ...state.schedule, runs };
		expect(waitBeforeSubmit({ ...state, schedule }, START_MS)).toBe(ms);
	});
});

it.each([
	[66_000, 0],
	[4 * MINUTE_MS, 0],
	[4 * MINUTE_MS + 1, 1],
	[15 * MINUTE_MS, 3],
	[30 * MINUTE_MS, 7],
])(
	'a wait of %i ms has %i polls before the submits, one every four minutes at least',
	(waitMs, pollsBeforeSubmit) => {
		expect(countPollsBeforeSubmit(waitMs)).toBe(pollsBeforeSubmit);
	},
);

it.each([
	['in equal parts', 15 * MINUTE_MS, 3, 225],
	['in whole seconds, not sooner than due', 100_001, 0, 101],
	['after a wait that n8n stores', 70_000, 1, 66],
	['after the shortest wait if the submits are overdue', -MINUTE_MS, 0, 66],
])('the next poll comes %s', (_, inMs, pollsBeforeSubmit, seconds) => {
	expect(secondsToNextPoll({ dueAt: START_MS + inMs, pollsBeforeSubmit }, START_MS)).toBe(seconds);
});

it.each([
	['of a short wait comes at its end', 100, 101],
	['of a long wait comes within four minutes', 1000, 201],
])('the first poll %s', (_, runSeconds, seconds) => {
	const state = stateOf([accepted('a', 0)]);
	const schedule = { ...state.schedule, runs: [{ ms: runSeconds * 1000 }] };
	expect(msUntilFirstPoll({ ...state, schedule }, START_MS)).toBe(seconds * 1000);
});

describe('after a poll the check continues', () => {
	const video = (taskId: string, position: number) =>
		accepted(taskId, position, { settled: 'succeeded', item: { json: { taskId } } });
	const runs = (seconds: number) => [{ ms: seconds * 1000 }];
	/** A request whose submits are due in this many minutes. */
	const dueIn = (
		minutes: number,
		entries: Entry[],
		seconds: number,
		more: Partial<CheckRequest> = {},
	) =>
		requestOf(entries, {
			dueAt: START_MS + minutes * MINUTE_MS,
			schedule: { ...saveSchedule(scheduleOf(entries)), runs: runs(seconds) },
			...more,
		});
	const open = [accepted('a', 0), accepted('b', 1)];
	const failed = accepted('c', 2, { settled: { kind: 'rejected', message: 'x', nextStep: 'y' } });
	const unconfirmed = { since: 0, until: 0, known: [] };

	it.each<[string, CheckRequest, boolean]>([
		['as planned', dueIn(10, open, 300), true],
		[
			'while the queue moves as planned',
			dueIn(10, [...open, unsubmitted(2)], 300, { queueAhead: 2 }),
			true,
		],
		['if its submits are due soon, however fast the queue is', dueIn(2, open, 1), true],
		['not if the queue is more than twice as fast', dueIn(10, open, 100), false],
		['not if there is room for a group much sooner', dueIn(10, [unsubmitted(0)], 300), false],
		['not if every video has ended', dueIn(1, [video('a', 0), failed], 300), false],
		['if one video has failed', dueIn(10, [...open, failed], 300), true],
		[
			'not if one failure ends the batch',
			dueIn(10, [...open, failed], 300, { stopsAtFirstFailure: true }),
			false,
		],
		[
			'not if a video is not downloaded yet',
			dueIn(10, [...open, accepted('c', 2, { settled: 'succeeded' })], 300),
			false,
		],
		[
			'in any case while videos are unconfirmed',
			dueIn(10, [video('a', 0)], 1, { unconfirmed }),
			true,
		],
	])('%s', (_, request, goesOn) => {
		expect(isRequestOutdated(request, START_MS)).toBe(!goesOn);
	});

	it('at once after its plan was made', () => {
		const entries = [
			...open,
			...Array.from({ length: 30 }, (_, position) => unsubmitted(position + 2)),
		];
		for (const seconds of [5, 40, 120, 600, 3600]) {
			const state = stateOf(entries, { queueAhead: 2 });
			const planned = { ...state, schedule: { ...state.schedule, runs: runs(seconds) } };
			const dueAt = START_MS + waitBeforeSubmit(planned, START_MS);
			const request = requestOf(entries, { dueAt, schedule: planned.schedule, queueAhead: 2 });
			expect(isRequestOutdated(request, START_MS)).toBe(false);
		}
	});
});
