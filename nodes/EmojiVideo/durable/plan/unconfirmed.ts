/**
 * What is in doubt when n8n has lost a check, or all that was known. Rule: what may have been created is looked
 * for in the account's list before it is created, and only once nobody else can be creating it.
 */
import { GROUP_SIZE, isToCreate } from './state';
import type { Turn, WaitState } from './state';
import { datesOf } from './rounds';

/** Clocks of workers differ by less. */
const MARGIN_MS = 60_000;

/**
 * Whether a check was lost before it came to its creates, so that nothing of it is in doubt.
 * @param loss.runs how often it had run when n8n wrote it down at last, which it does before each wait
 * @param loss.isOver whether the time of its creates is over; before, one that is taken for lost may go on,
 * and finds another turn in its place as soon as it comes to them
 */
export const isBeforeCreates = (
	{ since, looks }: Turn,
	{ runs, isOver }: { runs: number | undefined; isOver: boolean },
	now: number,
): boolean => now < since - MARGIN_MS || (isOver && runs !== undefined && runs < looks);

/** The current check is lost: what it may have created is in doubt. */
export function loseTurn({ turn, doubt, ...state }: WaitState): WaitState {
	if (!turn || turn.group.length === 0) return { ...state, turn: undefined, doubt };
	return {
		...state,
		turn: undefined,
		doubt: {
			group: [...new Set([...(doubt?.group ?? []), ...turn.group])],
			since: Math.min(doubt?.since ?? Infinity, turn.since),
			until: Math.max(doubt?.until ?? 0, turn.creatingEndsAt),
			tries: doubt?.tries ?? 0,
		},
	};
}

/**
 * Nothing is known since a moment: whatever was still to be created then is in doubt, and by whom it is
 * created now has ended before it is looked for.
 */
export function loseSince(state: WaitState, since: number, now: number): WaitState {
	const { entries, doubt, turn } = state;
	const group = entries.flatMap((entry, place) => (isToCreate(entry) ? [place] : []));
	if (group.length === 0) return { ...state, turn: undefined };
	const began = Math.min(since, doubt?.since ?? since, turn?.since ?? since);
	const { creatingEndsAt: until } = datesOf(state, group.slice(0, GROUP_SIZE), now, 0);
	return { ...state, turn: undefined, doubt: { group, since: began, until, tries: 0 } };
}
