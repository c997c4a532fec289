/**
 * Whether a response that rejects the key may end everything. Rule: if the key has worked, a second rejection has to
 * confirm the first one, some time later. Relays and rotating gateways send single 401 and 403 responses between
 * good ones. A request about an accepted task counts as proof that the key has worked, because a durable wait polls
 * in new executions. Pure: the client keeps the state and waits.
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

/**
 * The state after a response.
 * @param isAboutTask the request was about an accepted task
 */
export function noteResult(
	trust: KeyTrust,
	result: Result<unknown>,
	now: number,
	isAboutTask = false,
): KeyTrust {
	if (result.ok) return { hasWorked: true };
	const hasWorked = trust.hasWorked || isAboutTask;
	if (!hasWorked || !isRejection(result.failure)) return trust;
	return { ...trust, rejectedAt: trust.rejectedAt ?? now };
}

/**
 * When to send a rejected request again.
 * @param trust the state after the response
 * @returns milliseconds; `undefined`: the result stands
 */
export function confirmationPauseMs(
	{ rejectedAt }: KeyTrust,
	result: Result<unknown>,
	now: number,
): number | undefined {
	if (result.ok || rejectedAt === undefined || !isRejection(result.failure)) return undefined;
	const pause = rejectedAt + CONFIRM_AFTER_MS - now;
	return pause > 0 ? pause : undefined;
}

/** The same result if the settings have worked before: a fault that seems to last will pass. */
export function withoutLasting<T>(result: Result<T>): Result<T> {
	if (result.ok) return result;
	const { lasts, ...failure } = result.failure;
	return lasts ? { ok: false, failure } : result;
}
