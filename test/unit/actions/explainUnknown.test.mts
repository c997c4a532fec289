/** Why a task is UNKNOWN: never "expired" where it may not be. */
import { explainUnknown } from '../../../nodes/EmojiVideo/actions/explainUnknown';

const NOW = Date.UTC(2025, 9, 14, 12);
const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number) => new Date(NOW - hours * HOUR_MS).toISOString();

const reason = (item: object) => explainUnknown('t', { taskId: 't', ...item }, NOW).unknownReason;

it.each([
	[{ submittedAt: hoursAgo(1) }, 'notOfThisAccount'],
	[{ submittedAt: hoursAgo(23.9) }, 'notOfThisAccount'],
	// It may have waited in the queue and ended just now.
	[{ submittedAt: hoursAgo(24) }, 'probablyExpired'],
	[{ submittedAt: hoursAgo(200) }, 'probablyExpired'],
	[{ submittedAt: hoursAgo(30), finishedAt: hoursAgo(23) }, 'probablyExpired'],
	[{ submittedAt: hoursAgo(30), finishedAt: hoursAgo(24) }, 'expired'],
	[{ finishedAt: hoursAgo(30) }, 'expired'],
	[{ finishedAt: hoursAgo(2) }, 'unclear'],
	[{ submittedAt: 'yesterday', finishedAt: 7 }, 'unclear'],
	[{ videoUrlExpiresAt: hoursAgo(1) }, 'probablyExpired'],
	[{ videoUrlExpiresAt: hoursAgo(-1) }, 'unclear'],
	[{}, 'unclear'],
	[{ taskId: 'another', submittedAt: hoursAgo(1) }, 'unclear'],
])('an item that says %j: %s', (item, expected) => {
	expect(reason(item)).toBe(expected);
});

it('says that the documents disagree, wherever it is not certain', () => {
	for (const item of [{ submittedAt: hoursAgo(30) }, {}]) {
		expect(explainUnknown('t', { taskId: 't', ...item }, NOW).message).toMatch(
			/documents disagree/,
		);
	}
});

it.each([undefined, null, 7, 'text', []])('the item may be %j', (item) => {
	expect(explainUnknown('t', item, NOW).unknownReason).toBe('unclear');
});
