/**
 * Requests per second, per account, shared by all executions of this process. DashScope counts per
 * main account, not per item or execution (docs/service.md, "Limits"), so n8n's parallel
 * executions must queue up here. Rule: the key itself is never kept, only a hash of it.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../clock';
import type { Bucket, Acquire } from '../dashscope/client';

/** Requests per second for each bucket. */
export type Rates = Record<Bucket, number>;

/** emoji-detect-v1 1/s, emoji-v1 1/s, the three task endpoints 20/s together, upload policies 100/s. */
export const DOCUMENTED_RATES: Rates = { detect: 1, create: 1, query: 20, policy: 100 };

/** The documented rates, but for those that the user has given. */
export const documentedUnless = (given: Partial<Rates>): Rates => ({
	detect: given.detect ?? DOCUMENTED_RATES.detect,
	create: given.create ?? DOCUMENTED_RATES.create,
	query: given.query ?? DOCUMENTED_RATES.query,
	policy: given.policy ?? DOCUMENTED_RATES.policy,
});

/**
 * Requests leave evenly spaced, and arrive with the network's jitter. This much more than the even
 * space keeps two of them from arriving within one second's count.
 */
const MARGIN = 1.09;

/** The same for those that a busy process sends late, several at a time. */
const WINDOW_MARGIN = 1.05;

/** What a bucket of an account has promised and done, in milliseconds since the epoch. */
interface BucketState {
	/** The next free moment. */
	next: number;
	/** When the last requests really left: as many as may leave within a second, at least one. */
	left: number[];
}

type Turns = Record<Bucket, BucketState>;

const accounts = new Map<string, Turns>();

const idle = (): BucketState => ({ next: 0, left: [] });

function bucketsOf(accountId: string): Turns {
	const known = accounts.get(accountId);
	if (known) return known;
	const fresh: Turns = { detect: idle(), create: idle(), query: idle(), policy: idle() };
	accounts.set(accountId, fresh);
	return fresh;
}

/** What stands for an account: a hash of its key and address. */
export const accountIdOf = (apiKey: string, baseUrl: string): string =>
	createHash('sha256').update(`${baseUrl}\n${apiKey}`).digest('base64url');

/**
 * Reserves the next free moment of a bucket.
 * @param next the bucket's next free moment; the earliest this request can have
 * @returns this moment, and the next free one after it (ms since the epoch)
 */
export function reserve(
	next: number,
	now: number,
	perSecond: number,
): { at: number; next: number } {
	const at = Math.max(now, next);
	return { at, next: at + (1000 / perSecond) * MARGIN };
}

/**
 * How long one that is due must still wait. A process that was busy wakes several sleepers at once;
 * what they make up for would be more than a second's share.
 * @param left when the last requests left
 * @returns milliseconds, 0 for none
 */
export function waitBeforeLeaving(left: number[], now: number, perSecond: number): number {
	const atOnce = Math.max(1, Math.floor(perSecond));
	const first = left.at(-atOnce);
	if (first === undefined) return 0;
	return Math.max(0, first + (atOnce / perSecond) * 1000 * WINDOW_MARGIN - now);
}

/**
 * The shared pace of an account.
 * @param accountId from `accountIdOf`
 * @param rates what the user allows; executions with other rates share the same queue
 */
export function rateLimiterOf(accountId: string, rates: Rates, clock: Clock): Acquire {
	const buckets = bucketsOf(accountId);
	return async (bucket, signal) => {
		const now = clock.now();
		const state = buckets[bucket];
		const { at, next } = reserve(state.next, now, rates[bucket]);
		state.next = next;
		await clock.sleep(at - now, signal);
		const wait = () => waitBeforeLeaving(state.left, clock.now(), rates[bucket]);
		for (let ms = wait(); ms > 0 && !signal?.aborted; ms = wait()) await clock.sleep(ms, signal);
		state.left = [...state.left, clock.now()].slice(-Math.max(1, Math.floor(rates[bucket])));
	};
}
