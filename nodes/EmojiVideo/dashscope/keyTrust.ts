/**
 * Whether a response that rejects the key may end everything. Rule: if the key has worked, a second rejection has to
 * confirm the first one, some time later. Relays and rotating gateways send single 401 and 403 responses between
 * good ones. Pure: the client keeps the state and waits.
 */
import type { Failure, Result } from '../base/result';

export interface KeyTrust {
	/** DashScope accepted the key in this execution. */
	hasWorked: boolean;
	/** When DashScope rejected the key after it had worked, ms since the epoch. A success clears it. */
	rejectedAt?: number;
}

/** The least time between two rejections. Our choice: longer than one connection or one gateway node lasts. */
export const CONFIRM_AFTER_MS = 10_000;

const isRejection = (failure: Failure): boolean => failure.kind === 'unauthorized';

/** The state after a response. */
export function noteResult(trust: KeyTrust, result: Result<unknown>, now: number): KeyTrust {
	if (result.ok) return { hasWorked: true };
	if (!trust.hasWorked || !isRejection(result.failure)) return trust;
	return { hasWorked: true, rejectedAt: trust.rejectedAt ?? now };
}

/**
 * When to send a rejected request again.
 * @param trust the state after the response
 * @returns milliseconds; `undefined`: the result stands
 */
export function confirmationPauseMs(
	{ hasWorked, rejectedAt = Infinity }: KeyTrust,
	result: Result<unknown>,
	now: number,
): number | undefined {
	if (result.ok || !hasWorked || !isRejection(result.failure)) return undefined;
	const pause = rejectedAt + CONFIRM_AFTER_MS - now;
	return pause > 0 ? pause : undefined;
}

/** Faults that seem to last can only be a matter of settings if the key has never worked with these settings. */
export const withoutLasting = <T>({ hasWorked }: KeyTrust, result: Result<T>): Result<T> =>
	result.ok || !hasWorked || !result.failure.lasts
		? result
		: { ok: false, failure: { ...result.failure, lasts: undefined } };
