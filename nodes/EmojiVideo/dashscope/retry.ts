/**
 * When to send a request again. Rule: a paid write is repeated only after an answer that proves
 * that nothing was made; a lost answer may hide a task, and a second task would be paid for too.
 */
import type { Clock } from '../base/clock';
import type { Failure, FailureKind, Result } from '../base/result';
import { fail, STOPPED } from '../base/result';

/**
 * - `read`: changes nothing, may be repeated after anything that can pass.
 * - `freeWrite`: repeating it makes no task and costs nothing (uploads).
 * - `detection`: repeating it makes no task, but every answer is billed.
 * - `change`: changes a task: repeated only where it certainly had no effect; the caller looks up
 *   what a lost answer has done.
 * - `paidWrite`: makes a task: repeated only where the service did not take it.
 */
export type RequestKind = 'read' | 'freeWrite' | 'detection' | 'change' | 'paidWrite';

const PASSING: readonly FailureKind[] = [
	'throttled',
	'unavailable',
	'unreachable',
	'noResponse',
	'unreadable',
];

export const RETRIED: Record<RequestKind, readonly FailureKind[]> = {
	read: PASSING,
	freeWrite: PASSING,
	detection: PASSING,
	change: ['throttled', 'unreachable'],
	paidWrite: ['throttled'],
};

/**
 * How often a request may have been billed for nothing before it is not sent again: the failures named
 * here are counted together. A detection that came but cannot be read is asked once more, one whose
 * answer was lost twice more; a refusal (429, 5xx) is not billed and is ridden out by time.
 */
export const MOST_REPEATS: Partial<Record<RequestKind, Partial<Record<FailureKind, number>>>> = {
	detection: { unreadable: 1, noResponse: 2 },
};

/** How long a kind of failure is ridden out, in milliseconds since the first one of its kind in a row. */
const PATIENCE_MS: Partial<Record<FailureKind, number>> = {
	// A full queue on the account frees a place with each video that finishes (1 to 5 minutes).
	throttled: 30 * 60_000,
};
const DEFAULT_PATIENCE_MS = 2 * 60_000;
/** However often one kind of trouble follows another. */
const LONGEST_PATIENCE_MS = 60 * 60_000;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Exponential backoff with jitter, honouring Retry-After.
 * @param attempt 1 after the first failure
 * @param random a number in [0, 1)
 * @returns milliseconds to wait before the next attempt
 */
export function backoffMs(attempt: number, failure: Failure, random: number): number {
	const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10));
	const pause = ceiling * (0.5 + random / 2);
	return Math.max(pause, Math.min(failure.retryAfterMs ?? 0, 10 * LONGEST_PAUSE_MS));
}

/**
 * Sends until it succeeds, fails for good, or patience ends.
 * @param send one attempt
 */
export async function withRetry<T>(
	kind: RequestKind,
	clock: Clock,
	send: () => Promise<Result<T>>,
	signal?: AbortSignal,
): Promise<Result<T>> {
	const firstSentAt = clock.now();
	let trouble: FailureKind | undefined;
	let startedAt = firstSentAt;
	let billed = 0;
	for (let attempt = 1; ; attempt++) {
		const result = await send();
		if (result.ok || !RETRIED[kind].includes(result.failure.kind)) return result;
		const mostRepeats = MOST_REPEATS[kind]?.[result.failure.kind];
		if (mostRepeats !== undefined && ++billed > mostRepeats) return result;
		if (result.failure.kind !== trouble) {
			trouble = result.failure.kind;
			startedAt = clock.now();
		}
		const pause = backoffMs(attempt, result.failure, Math.random());
		const patience = PATIENCE_MS[result.failure.kind] ?? DEFAULT_PATIENCE_MS;
		const resumesAt = clock.now() + pause;
		if (resumesAt - startedAt > patience || resumesAt - firstSentAt > LONGEST_PATIENCE_MS)
			return result;
		await clock.sleep(pause, signal);
		if (signal?.aborted) return fail(STOPPED);
	}
}
