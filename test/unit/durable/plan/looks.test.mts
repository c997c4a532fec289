/** The looks of a check on the way to its creates: how many, how long between them, and when one ends the check. */
import {
	isOutdated,
	looksBefore,
	secondsToNextLook,
	untilFirstLook,
} from '../../../../nodes/EmojiVideo/durable/plan/looks';
import { saveSchedule, waitBeforeCheck } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { Entry } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { Order } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import { START_MS } from '../../support/simulatedAccount.mts';
import { made, orderOf, scheduleOf, stateOf, unmade } from '../parts.mts';

const MINUTE_MS = 60_000;

it.each([
	[66_000, 0],
	[4 * MINUTE_MS, 0],
	[4 * MINUTE_MS + 1, 1],
	[15 * MINUTE_MS, 3],
	[30 * MINUTE_MS, 7],
])(
	'in %i ms there are %i looks before the creates: one every four minutes at least',
	(waitMs, looks) => {
		expect(looksBefore(waitMs)).toBe(looks);
	},
);

it.each([
	['in equal parts', 15 * MINUTE_MS, 3, 225],
	['whole seconds, not sooner than due', 100_001, 0, 101],
	['so long that n8n writes it down', 70_000, 1, 66],
	['also where the creates are overdue', -MINUTE_MS, 0, 66],
])('the next one comes %s', (_, inMs, looks, seconds) => {
	expect(secondsToNextLook({ dueAt: START_MS + inMs, looks }, START_MS)).toBe(seconds);
});

it.each([
	['of a short wait is its end', 100, 101],
	['of a long one is within four minutes', 1000, 201],
])('the first look %s', (_, runSeconds, seconds) => {
	const state = stateOf([made('a', 0)]);
	const schedule = { ...state.schedule, runs: [{ ms: runSeconds * 1000 }] };
	expect(untilFirstLook({ ...state, schedule }, START_MS)).toBe(seconds * 1000);
});

describe('after a look the check goes on', () => {
	const video = (taskId: string, place: number) =>
		made(taskId, place, { settled: 'succeeded', item: { json: { taskId } } });
	const runs = (seconds: number) => [{ ms: seconds * 1000 }];
	/** An order whose creates are due in so many minutes. */
	const dueIn = (minutes: number, entries: Entry[], seconds: number, more: Partial<Order> = {}) =>
		orderOf(entries, {
			dueAt: START_MS + minutes * MINUTE_MS,
			schedule: { ...saveSchedule(scheduleOf(entries)), runs: runs(seconds) },
			...more,
		});
	const open = [made('a', 0), made('b', 1)];
	const failed = made('c', 2, { settled: { kind: 'rejected', message: 'x', nextStep: 'y' } });
	const doubt = { since: 0, until: 0, known: [] };

	it.each<[string, Order, boolean]>([
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
		['in any case while something is in doubt', dueIn(10, [video('a', 0)], 1, { doubt }), true],
	])('%s', (_, order, goesOn) => {
		expect(isOutdated(order, START_MS)).toBe(!goesOn);
	});

	it('a plan that was just made holds', () => {
		const entries = [...open, ...Array.from({ length: 30 }, (_, place) => unmade(place + 2))];
		for (const seconds of [5, 40, 120, 600, 3600]) {
			const state = stateOf(entries, { queueAhead: 2 });
			const planned = { ...state, schedule: { ...state.schedule, runs: runs(seconds) } };
			const dueAt = START_MS + waitBeforeCheck(planned, START_MS);
			const order = orderOf(entries, { dueAt, schedule: planned.schedule, queueAhead: 2 });
			expect(isOutdated(order, START_MS)).toBe(false);
		}
	});
});
