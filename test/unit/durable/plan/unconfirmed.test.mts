/** Which videos are unconfirmed after n8n lost a check, or every state since a moment. */
import {
	isBeforeSubmits,
	markUnconfirmedSince,
} from '../../../../nodes/EmojiVideo/durable/plan/unconfirmed';
import { START_MS } from '../../support/simulatedAccount.mts';
import { accepted, stateOf, unsubmitted } from '../parts.mts';
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

it('after a lost state, every unsubmitted video is unconfirmed from that moment until every submit has ended', () => {
	const { unconfirmed, round: none } = markUnconfirmedSince(
		stateOf([unsubmitted(0), accepted('b', 1), unsubmitted(2)]),
		START_MS,
		NOW,
	);
	expect(unconfirmed).toMatchObject({ group: [0, 2], since: START_MS, tries: 0 });
	// A check's lateness, two submits and the last response.
	expect(unconfirmed?.until).toBeGreaterThanOrEqual(NOW + 3 * MINUTE_MS + 2 * 3_000 + 90_000);
	expect(none).toBeUndefined();
});

it.each([
	['a round had begun', { round }, round.since],
	['videos were unconfirmed before', { round, unconfirmed: older }, older.since],
])('after a lost state, the search starts earlier if %s', (_, more, since) => {
	expect(
		markUnconfirmedSince(stateOf([accepted('a', 0), unsubmitted(1)], more), START_MS, NOW)
			.unconfirmed,
	).toMatchObject({
		group: [1],
		since,
	});
});

it('after a lost state, nothing is unconfirmed if every video has a task', () => {
	const state = stateOf([accepted('a', 0)], { round });
	expect(markUnconfirmedSince(state, START_MS, NOW)).toEqual({ ...state, round: undefined });
});

it('after a lost state, the search waits no longer than one group takes', () => {
	const untilOf = (count: number) => {
		const entries = Array.from({ length: count }, (_, position) => unsubmitted(position));
		return markUnconfirmedSince(stateOf(entries), START_MS, NOW).unconfirmed?.until ?? 0;
	};
	expect(untilOf(GROUP_SIZE)).toBeGreaterThan(untilOf(1));
	expect(untilOf(3 * GROUP_SIZE)).toBe(untilOf(GROUP_SIZE));
});

describe('a lost check may have submitted', () => {
	const withPolls = { ...round, since: NOW, pollsBeforeSubmit: 2 };

	it.each<[string, Parameters<typeof isBeforeSubmits>[1], number, boolean]>([
		['not if n8n has stored too few runs', { runs: 1, isOver: true }, NOW, true],
		['not if n8n has stored no run', { runs: 0, isOver: true }, NOW, true],
		['if all its polls are stored', { runs: 2, isOver: true }, NOW, false],
		['if n8n has kept nothing of it', { runs: undefined, isOver: true }, NOW, false],
		['if it may still be running', { runs: 1, isOver: false }, NOW, false],
		['if clocks may differ', { runs: 1, isOver: false }, NOW - MINUTE_MS, false],
		[
			'not if its submits were still to come',
			{ runs: undefined, isOver: false },
			NOW - MINUTE_MS - 1,
			true,
		],
	])('%s', (_, loss, now, isBefore) => {
		expect(isBeforeSubmits(withPolls, loss, now)).toBe(isBefore);
	});

	it('if it had no polls before its submits', () => {
		expect(
			isBeforeSubmits({ ...withPolls, pollsBeforeSubmit: 0 }, { runs: 0, isOver: true }, NOW),
		).toBe(false);
	});
});
