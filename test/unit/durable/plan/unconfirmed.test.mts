/** What is in doubt when n8n has lost a check, or all that was known since a moment. */
import {
	isBeforeSubmits,
	markUnconfirmedSince,
} from '../../../../nodes/EmojiVideo/durable/plan/unconfirmed';
import { START_MS } from '../../support/simulatedAccount.mts';
import { made, stateOf, unmade } from '../parts.mts';
import { GROUP_SIZE } from '../../../../nodes/EmojiVideo/durable/plan/pace';

const MINUTE_MS = 60_000;
const NOW = START_MS + 60 * MINUTE_MS;
const round = {
	number: 3,
	group: [1],
	since: START_MS - 1,
	submittingEndsAt: NOW,
	deadlineAt: NOW,
	pollsBeforeSubmit: 0,
};
const older = { group: [1], since: START_MS - 2, until: NOW, tries: 4 };

it('everything that was not made then, looked for from that moment on, once nobody can be creating it', () => {
	const { unconfirmed, round: none } = markUnconfirmedSince(
		stateOf([unmade(0), made('b', 1), unmade(2)]),
		START_MS,
		NOW,
	);
	expect(unconfirmed).toMatchObject({ group: [0, 2], since: START_MS, tries: 0 });
	// As long as a check may take to be taken up, to create two, and to hear the last answer.
	expect(unconfirmed?.until).toBeGreaterThanOrEqual(NOW + 3 * MINUTE_MS + 2 * 3_000 + 90_000);
	expect(none).toBeUndefined();
});

it.each([
	['a check was under way', { round }, round.since],
	['some were in doubt before', { round, unconfirmed: older }, older.since],
])('where %s: from then on', (_, more, since) => {
	expect(
		markUnconfirmedSince(stateOf([made('a', 0), unmade(1)], more), START_MS, NOW).unconfirmed,
	).toMatchObject({
		group: [1],
		since,
	});
});

it('nothing, where all were made; the rest stays', () => {
	const state = stateOf([made('a', 0)], { round });
	expect(markUnconfirmedSince(state, START_MS, NOW)).toEqual({ ...state, round: undefined });
});

it('however many they are, no longer than one check may create', () => {
	const untilOf = (count: number) => {
		const entries = Array.from({ length: count }, (_, position) => unmade(position));
		return markUnconfirmedSince(stateOf(entries), START_MS, NOW).unconfirmed?.until ?? 0;
	};
	expect(untilOf(GROUP_SIZE)).toBeGreaterThan(untilOf(1));
	expect(untilOf(3 * GROUP_SIZE)).toBe(untilOf(GROUP_SIZE));
});

describe('a check that is lost came to its creates', () => {
	const withPolls = { ...round, since: NOW, pollsBeforeSubmit: 2 };

	it.each<[string, Parameters<typeof isBeforeSubmits>[1], number, boolean]>([
		['unless n8n has written down too few looks', { runs: 1, isOver: true }, NOW, true],
		['unless it has written down none', { runs: 0, isOver: true }, NOW, true],
		['if it may have, after all its looks', { runs: 2, isOver: true }, NOW, false],
		['if n8n has kept nothing', { runs: undefined, isOver: true }, NOW, false],
		['if it may still come to them', { runs: 1, isOver: false }, NOW, false],
		['if clocks may differ', { runs: 1, isOver: false }, NOW - MINUTE_MS, false],
		[
			'unless they are still to come',
			{ runs: undefined, isOver: false },
			NOW - MINUTE_MS - 1,
			true,
		],
	])('%s', (_, loss, now, isBefore) => {
		expect(isBeforeSubmits(withPolls, loss, now)).toBe(isBefore);
	});

	it('where it had no looks, for all that is known', () => {
		expect(
			isBeforeSubmits({ ...withPolls, pollsBeforeSubmit: 0 }, { runs: 0, isOver: true }, NOW),
		).toBe(false);
	});
});
