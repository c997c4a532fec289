/** The looks of a check on the way to its creates: how many, how long between them, and when one ends the check. */
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
import { made, orderOf, scheduleOf, stateOf, unmade } from '../parts.mts';

const MINUTE_MS = 60_000;
const SHORTEST_MS = 66_000;
const LONGEST_MS = 30 * MINUTE_MS;

describe('the next check', () => {
	const state = stateOf([made('a', 0)], { lastCheckAt: START_MS });

	it('is one of many up to the last moment', () => {
		expect(nextCheck(state, START_MS)).toBe(state);
	});

	it('is the last one after it', () => {
		expect(nextCheck(state, START_MS + 1)).toEqual({ ...state, isLastCheck: true });
	});

	it('is none after the last one', () => {
		expect(nextCheck({ ...state, isLastCheck: true }, START_MS + 1)).toBeUndefined();
	});
});

describe('until the next check', () => {
	const open = [made('a', 0), made('b', 1)];
	const finished = made('c', 2, { settled: 'succeeded' });
	const atEnd = { ...finished, downloadsAtEnd: true };
	const unconfirmed = { group: [2], since: START_MS, until: START_MS + 100, tries: 0 };

	it.each<[string, Entry[], number | undefined, Partial<WaitState>, number]>([
		['all should have ended', open, 200_000, {}, 400_500],
		['a minute, where nothing is known', open, undefined, {}, SHORTEST_MS],
		['no sooner than n8n writes a wait down', open, 1000, {}, SHORTEST_MS],
		['half an hour at the latest', open, 3_600_000, {}, LONGEST_MS],
		['the last check', open, 3_600_000, { lastCheckAt: START_MS + 100_000 }, 100_000],
		['a video that is finished is fetched soon', [...open, finished], 3_600_000, {}, SHORTEST_MS],
		['one that waits for the end is not', [...open, atEnd], 200_000, {}, 400_500],
		['there is room for the next', [...open, unmade(2)], 200_000, { queueAhead: 2 }, 200_000],
		['there is room at once', [...open, unmade(2)], 200_000, { queueAhead: 20 }, SHORTEST_MS],
		[
			'nobody else creates, where something is in doubt',
			[...open, unmade(2)],
			200_000,
			{ unconfirmed: { ...unconfirmed, until: START_MS + 1_000_000 } },
			1_000_000,
		],
		[
			'what is in doubt is looked for soon',
			[...open, unmade(2)],
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
	'in %i ms there are %i looks before the creates: one every four minutes at least',
	(waitMs, pollsBeforeSubmit) => {
		expect(countPollsBeforeSubmit(waitMs)).toBe(pollsBeforeSubmit);
	},
);

it.each([
	['in equal parts', 15 * MINUTE_MS, 3, 225],
	['whole seconds, not sooner than due', 100_001, 0, 101],
	['so long that n8n writes it down', 70_000, 1, 66],
	['also where the creates are overdue', -MINUTE_MS, 0, 66],
])('the next one comes %s', (_, inMs, pollsBeforeSubmit, seconds) => {
	expect(secondsToNextPoll({ dueAt: START_MS + inMs, pollsBeforeSubmit }, START_MS)).toBe(seconds);
});

it.each([
	['of a short wait is its end', 100, 101],
	['of a long one is within four minutes', 1000, 201],
])('the first look %s', (_, runSeconds, seconds) => {
	const state = stateOf([made('a', 0)]);
	const schedule = { ...state.schedule, runs: [{ ms: runSeconds * 1000 }] };
	expect(msUntilFirstPoll({ ...state, schedule }, START_MS)).toBe(seconds * 1000);
});

describe('after a look the check goes on', () => {
	const video = (taskId: string, position: number) =>
		made(taskId, position, { settled: 'succeeded', item: { json: { taskId } } });
	const runs = (seconds: number) => [{ ms: seconds * 1000 }];
	/** An order whose creates are due in so many minutes. */
	const dueIn = (
		minutes: number,
		entries: Entry[],
		seconds: number,
		more: Partial<CheckRequest> = {},
	) =>
		orderOf(entries, {
			dueAt: START_MS + minutes * MINUTE_MS,
			schedule: { ...saveSchedule(scheduleOf(entries)), runs: runs(seconds) },
			...more,
		});
	const open = [made('a', 0), made('b', 1)];
	const failed = made('c', 2, { settled: { kind: 'rejected', message: 'x', nextStep: 'y' } });
	const unconfirmed = { since: 0, until: 0, known: [] };

	it.each<[string, CheckRequest, boolean]>([
		['as planned', dueIn(10, open, 300), true],
		[
			'while there is as much to wait for as was planned',
			dueIn(10, [...open, unmade(2)], 300, { queueAhead: 2 }),
			true,
		],
		['if it is due soon, however fast the queue has become', dueIn(2, open, 1), true],
		['not if the queue has become twice as fast', dueIn(10, open, 100), false],
		['not if there is room for a group long before', dueIn(10, [unmade(0)], 300), false],
		['not if all has ended', dueIn(1, [video('a', 0), failed], 300), false],
		['if one has failed', dueIn(10, [...open, failed], 300), true],
		[
			'not if that ends the batch',
			dueIn(10, [...open, failed], 300, { stopsAtFirstFailure: true }),
			false,
		],
		[
			'not if a video is still to be fetched',
			dueIn(10, [...open, made('c', 2, { settled: 'succeeded' })], 300),
			false,
		],
		[
			'in any case while something is in doubt',
			dueIn(10, [video('a', 0)], 1, { unconfirmed }),
			true,
		],
	])('%s', (_, request, goesOn) => {
		expect(isRequestOutdated(request, START_MS)).toBe(!goesOn);
	});

	it('a plan that was just made holds', () => {
		const entries = [...open, ...Array.from({ length: 30 }, (_, position) => unmade(position + 2))];
		for (const seconds of [5, 40, 120, 600, 3600]) {
			const state = stateOf(entries, { queueAhead: 2 });
			const planned = { ...state, schedule: { ...state.schedule, runs: runs(seconds) } };
			const dueAt = START_MS + waitBeforeSubmit(planned, START_MS);
			const request = orderOf(entries, { dueAt, schedule: planned.schedule, queueAhead: 2 });
			expect(isRequestOutdated(request, START_MS)).toBe(false);
		}
	});
});
