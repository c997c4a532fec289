/**
 * The looks of a check: on the way to its creates it asks and downloads by itself, so that a finished video
 * does not wait for them, Stop is noticed soon, and the supervisor does not run for looks that change
 * nothing for it. Pure.
 *
 * Rule: each wait is so long that n8n writes the check down before it, so what is written down of a check
 * tells how many looks it has had, and with that whether it can have come to its creates.
 */
import type { Order } from './checkMessages';
import { isSettled, SHORTEST_WAIT_MS, untilWorthwhile, waitBeforeCheck } from './state';
import type { WaitState } from './state';

/** About so often. */
const LOOK_EVERY_MS = 4 * 60_000;

/** How many looks come before the creates. @param waitMs until these */
export const looksBefore = (waitMs: number): number =>
	Math.max(0, Math.ceil(waitMs / LOOK_EVERY_MS) - 1);

/** How long to wait for the next look, or for the creates after the last one; whole seconds, rounded up. */
export const secondsToNextLook = (
	{ dueAt, looks }: Pick<Order, 'dueAt' | 'looks'>,
	now: number,
): number => Math.ceil(Math.max(SHORTEST_WAIT_MS, (dueAt - now) / (looks + 1)) / 1000);

/** How long it is from now until the first look at a batch, in milliseconds. */
export function untilFirstLook(state: WaitState, now: number): number {
	const waitMs = waitBeforeCheck(state, now);
	return 1000 * secondsToNextLook({ dueAt: now + waitMs, looks: looksBefore(waitMs) }, now);
}

/**
 * Whether a look has found out so much that the supervisor would plan anew: there is nothing to wait for, or
 * the queue goes so much faster than it was known to that the creates would come too late.
 * @param order with what the look has found out
 */
export function isOutdated(order: Order, now: number): boolean {
	// Until then somebody else may be creating.
	if (order.doubt) return false;
	if (isSettled(order)) return true;
	const waitMs = Math.max(SHORTEST_WAIT_MS, untilWorthwhile(order, now));
	return 2 * waitMs < order.dueAt - now;
}
