/**
 * When to send a request again. Rule: a paid write is sent again only on proof that no task was made. A lost
 * response may hide a task, and a second task would be paid for too.
 */
import type { Clock } from '../base/clock';
import type { Failure, FailureKind, Result } from '../base/result';
import { fail, STOPPED } from '../base/result';

/**
 * - `read`: changes nothing; repeated after every passing failure.
 * - `freeWrite`: costs nothing (uploads); repeated after every passing failure.
 * - `detection`: every response is billed, so the repeats are counted.
 * - `change`: changes a task; repeated only if it certainly had no effect. The caller polls the task after a lost
 *   response.
 * - `paidWrite`: makes a task; repeated only if DashScope throttled the request or never received it.
 */
export type RequestKind = 'read' | 'freeWrite' | 'detection' | 'change' | 'paidWrite';

const PASSING: readonly FailureKind[] = [
	'throttled',
	'unavailable',
	'unreachable',
	'intermediary',
	'noResponse',
	'unreadable',
];

export const RETRIED: Record<RequestKind, readonly FailureKind[]> = {
	read: PASSING,
	freeWrite: PASSING,
	detection: PASSING,
	change: ['throttled', 'unreachable'],
	paidWrite: ['throttled', 'unreachable'],
};

/** Whether a failure of a read can pass by itself. */
export const isPassing = ({ kind }: Failure): boolean => PASSING.includes(kind);

/**
 * How often a request that may have been billed is sent again. The failures of a kind of request count together: an
 * unreadable detection is repeated once, a lost one twice. 429 and 5xx are not billed, so only time limits them.
 */
export const MOST_REPEATS: Partial<Record<RequestKind, Partial<Record<FailureKind, number>>>> = {
	detection: { unreadable: 1, noResponse: 2 },
};

/** Every number of the retry policy. */
export const RETRY_OPTIONS = {
	/** The pause after the first failure, before jitter. */
	firstPauseMs: 1_000,
	/** Each pause is this many times the one before it. */
	pauseGrowth: 2,
	/** Pauses stop growing here. */
	longestPauseMs: 60_000,
	/** The smallest part of a pause that jitter leaves. */
	leastJitter: 0.5,
	/** A longer `Retry-After` is cut to this. */
	longestRetryAfterMs: 10 * 60_000,
	/** How long a series of failures of one kind is retried. */
	patienceMs: 2 * 60_000,
	/** The same for single kinds. A full queue frees a place with each finished video (1 to 5 minutes). */
	patienceOfKindMs: { throttled: 30 * 60_000 } as Partial<Record<FailureKind, number>>,
	/**
	 * The same for a 429 with an unknown code, counted for the whole account and not for each request. A known limit passes within a
	 * minute (docs/service.md, "Limits").
	 */
	patienceOfUnknownLimitMs: 10 * 60_000,
	/** A failure that seems to last is repeated this often, because one odd response decides nothing. */
	mostRepeatsOfLasting: 1,
	/** The least pause before that. */
	pauseOfLastingMs: 5_000,
	/** How long a request is retried in all, if the kinds of failure change. */
	longestPatienceMs: 60 * 60_000,
} as const;

/**
 * The pause before the next attempt: exponential, with jitter, and at least `Retry-After`.
 * @param attempt 1 after the first failure
 * @param random a number in [0, 1)
 * @returns milliseconds
 */
export function backoffMs(attempt: number, failure: Failure, random: number): number {
	const { firstPauseMs, pauseGrowth, longestPauseMs, leastJitter, longestRetryAfterMs } =
		RETRY_OPTIONS;
	const leastMs = failure.lasts ? RETRY_OPTIONS.pauseOfLastingMs : 0;
	const ceiling = Math.min(longestPauseMs, firstPauseMs * pauseGrowth ** (attempt - 1));
	const pause = ceiling * (leastJitter + random * (1 - leastJitter));
	return Math.max(pause, leastMs, Math.min(failure.retryAfterMs ?? 0, longestRetryAfterMs));
}

/** How long a series of failures like this one is retried, in ms. */
function patienceFor({ kind, isUnknownLimit }: Failure): number {
	const { patienceOfKindMs, patienceMs, patienceOfUnknownLimitMs } = RETRY_OPTIONS;
	return isUnknownLimit ? patienceOfUnknownLimitMs : (patienceOfKindMs[kind] ?? patienceMs);
}

/**
 * Sends until an attempt succeeds, fails permanently, or the time for retries ends.
 * @param send one attempt
 * @param throttledForMs how long the account has been throttled, by all its requests
 */
export async function withRetry<T>(
	kind: RequestKind,
	clock: Clock,
	send: () => Promise<Result<T>>,
	signal?: AbortSignal,
	throttledForMs: () => number = () => 0,
): Promise<Result<T>> {
	const firstSentAt = clock.now();
	let trouble: FailureKind | undefined;
	let startedAt = firstSentAt;
	let billed = 0;
	let lasting = 0;
	for (let attempt = 1; ; attempt++) {
		const result = await send();
		if (result.ok || !RETRIED[kind].includes(result.failure.kind)) return result;
		const mostRepeats = MOST_REPEATS[kind]?.[result.failure.kind];
		if (mostRepeats !== undefined && ++billed > mostRepeats) return result;
		if (result.failure.lasts && ++lasting > RETRY_OPTIONS.mostRepeatsOfLasting) return result;
		if (result.failure.kind !== trouble) {
			trouble = result.failure.kind;
			startedAt = clock.now();
		}
		const pause = backoffMs(attempt, result.failure, Math.random());
		const resumesAt = clock.now() + pause;
		const accountMs = trouble === 'throttled' ? throttledForMs() + pause : 0;
		const isOver =
			Math.max(resumesAt - startedAt, accountMs) > patienceFor(result.failure) ||
			resumesAt - firstSentAt > RETRY_OPTIONS.longestPatienceMs;
		if (isOver) return result;
		await clock.sleep(pause, signal);
		if (signal?.aborted) return fail(STOPPED);
	}
}
