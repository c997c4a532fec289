/**
 * Which videos are unconfirmed after n8n lost a check or a supervisor. Rule: an unconfirmed video is submitted
 * again only after a search of the account's list, and that search waits until every possible submit has ended.
 */
import { CLOCK_MARGIN_MS, GROUP_SIZE, planDeadlines } from './pace';
import { isToSubmit } from './state';
import type { Round, WaitState } from './state';

/**
 * Whether a check was lost before its first submit, so that none of its videos is unconfirmed.
 * @param loss.runs how many runs the stored row shows; n8n stores the row before each wait
 * @param loss.isOver whether the check's time to submit is over. Before, a check presumed lost may still be
 * running; when it reaches its submits, it finds a newer round and stops.
 */
export const isBeforeSubmits = (
	{ since, pollsBeforeSubmit }: Round,
	{ runs, isOver }: { runs: number | undefined; isOver: boolean },
	now: number,
): boolean =>
	now < since - CLOCK_MARGIN_MS || (isOver && runs !== undefined && runs < pollsBeforeSubmit);

/** The current check is lost, so every video of its group is unconfirmed. */
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
 * The state after `since` is lost. Any video not submitted by then may exist by now. Wait until every possible
 * submit has timed out before searching the task list.
 */
export function markUnconfirmedSince(state: WaitState, since: number, now: number): WaitState {
	const { entries, unconfirmed, round } = state;
	const group = entries.flatMap((entry, position) => (isToSubmit(entry) ? [position] : []));
	if (group.length === 0) return { ...state, round: undefined };
	const began = Math.min(since, unconfirmed?.since ?? since, round?.since ?? since);
	const { submittingEndsAt: until } = planDeadlines(state, group.slice(0, GROUP_SIZE), now, 0);
	return { ...state, round: undefined, unconfirmed: { group, since: began, until, tries: 0 } };
}
