/**
 * What is in doubt when n8n has lost a check, or all that was known. Rule: what may have been created is looked
 * for in the account's list before it is created, and only once nobody else can be creating it.
 */
import { CLOCK_MARGIN_MS, GROUP_SIZE, planDeadlines } from './pace';
import { isToSubmit } from './state';
import type { Round, WaitState } from './state';

/**
 * Whether a check was lost before it came to its creates, so that nothing of it is in doubt.
 * @param loss.runs how often it had run when n8n wrote it down at last, which it does before each wait
 * @param loss.isOver whether the time of its creates is over; before, one that is taken for lost may go on,
 * and finds another turn in its place as soon as it comes to them
 */
export const isBeforeSubmits = (
	{ since, pollsBeforeSubmit }: Round,
	{ runs, isOver }: { runs: number | undefined; isOver: boolean },
	now: number,
): boolean =>
	now < since - CLOCK_MARGIN_MS || (isOver && runs !== undefined && runs < pollsBeforeSubmit);

/** The current check is lost: what it may have created is in doubt. */
export function markRoundUnconfirmed({ round, unconfirmed, ...state }: WaitState): WaitState {
	if (!round || round.group.length === 0) return { ...state, round: undefined, unconfirmed };
	return {
		...state,
		round: undefined,
		unconfirmed: {
			group: [...new Set([...(unconfirmed?.group ?? []), ...round.group])],
			since: Math.min(unconfirmed?.since ?? Infinity, round.since),
			until: Math.max(unconfirmed?.until ?? 0, round.submittingEndsAt),
			tries: unconfirmed?.tries ?? 0,
		},
	};
}

/**
 * Nothing is known since a moment: whatever was still to be created then is in doubt, and by whom it is
 * created now has ended before it is looked for.
 */
export function markUnconfirmedSince(state: WaitState, since: number, now: number): WaitState {
	const { entries, unconfirmed, round } = state;
	const group = entries.flatMap((entry, position) => (isToSubmit(entry) ? [position] : []));
	if (group.length === 0) return { ...state, round: undefined };
	const began = Math.min(since, unconfirmed?.since ?? since, round?.since ?? since);
	const { submittingEndsAt: until } = planDeadlines(state, group.slice(0, GROUP_SIZE), now, 0);
	return { ...state, round: undefined, unconfirmed: { group, since: began, until, tries: 0 } };
}
