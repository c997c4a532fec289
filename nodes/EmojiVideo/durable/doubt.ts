/**
 * What is in doubt when n8n has lost a check, or all that was known. Rule: what may have been created is looked
 * for in the account's list before it is created, and only once nobody else can be creating it.
 */
import { GROUP_SIZE, isToCreate } from './state';
import type { WaitState } from './state';
import { datesOf } from './turns';

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
