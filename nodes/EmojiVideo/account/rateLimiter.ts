/**
 * Requests per second, per account, shared by all executions of this process. DashScope counts per
 * main account, not per item or execution (docs/service.md, "Limits"), so n8n's parallel
 * executions must queue up here; with other processes the account is shared by slots (slots.ts).
 * Rule: the key itself is never kept, only a hash of it.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock';
import { onAbort } from '../base/onAbort';
import { createAsyncEvent } from '../base/asyncEvent';
import type { AsyncEvent } from '../base/asyncEvent';
import type { Bucket, Acquire } from '../dashscope/client';
import { admitted, allSlots, isAlone, nextSlot, refused } from './slots';
import type { Slots } from './slots';

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

/** One that waits for its slot. */
interface Waiter {
	/** Of all that wait, in the order of their coming. */
	number: number;
	/** When it came, in ms since the epoch. */
	since: number;
	/** When it took its place in the line, the last time; in ms since the epoch. */
	inLineSince: number;
	event: AsyncEvent;
}

/** Those that allow the same rate; they share it. */
interface Lane {
	/** When the last of them left, in ms since the epoch. */
	lastAt: number;
	waiting: Set<Waiter>;
}

/** What a bucket of an account has done, and who waits. Nothing is promised: who leaves gives up nothing. */
interface BucketState {
	lanes: Map<number, Lane>;
	/** When the last request left, whatever its lane. */
	lastAt: number;
	/** What other processes have left to this one. */
	slots: Slots;
}

type Buckets = Record<Bucket, BucketState>;

const accounts = new Map<string, Buckets>();

/** Longer than the space behind any request: what an account did before says nothing any more. */
const FORGOTTEN_AFTER_MS = 10 * 60_000;

/**
 * Who is due and does not leave for so long is gone: it must not hold up those behind it. One that was
 * only late stands in line again.
 */
const GONE_AFTER_MS = 30_000;

const idle = (): BucketState => ({ lanes: new Map(), lastAt: -Infinity, slots: allSlots() });

const isForgotten = (buckets: Buckets, now: number) =>
	Object.values(buckets).every(
		({ lanes, lastAt }) =>
			lastAt < now - FORGOTTEN_AFTER_MS &&
			[...lanes.values()].every(({ waiting }) => waiting.size === 0),
	);

function bucketsOf(accountId: string, now: number): Buckets {
	const known = accounts.get(accountId);
	if (known) return known;
	for (const [id, buckets] of accounts) if (isForgotten(buckets, now)) accounts.delete(id);
	const fresh: Buckets = { detect: idle(), create: idle(), query: idle(), policy: idle() };
	accounts.set(accountId, fresh);
	return fresh;
}

/** How many accounts are remembered; tests look at it. */
export const rememberedAccounts = (): number => accounts.size;

/** What stands for an account: a hash of its key and address. */
export const accountIdOf = (apiKey: string, baseUrl: string): string =>
	createHash('sha256').update(`${baseUrl}\n${apiKey}`).digest('base64url');

/** The space that a request of this rate keeps behind the one before it, in ms. */
const spaceMs = (perSecond: number) => (1000 / perSecond) * MARGIN;

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
	return { at, next: at + spaceMs(perSecond) };
}

/** How long a slot is: the space that the account asks for, or the user, if that is less. */
const slotMsOf = (bucket: Bucket, rate: number) =>
	spaceMs(Math.max(rate, DOCUMENTED_RATES[bucket]));

/**
 * When the pace lets the first of a lane leave: behind the last of its own lane by the rate of the lane, and
 * behind any other by what the account allows. So a slow rate slows nobody but those that asked for it.
 */
const freeAt = ({ lastAt }: BucketState, bucket: Bucket, rate: number, lane: Lane) =>
	Math.max(lane.lastAt + spaceMs(rate), lastAt + slotMsOf(bucket, rate));

/** When one leaves that came at `since`: with the pace, in a slot of this process. */
function leavesAt(
	{ slots }: BucketState,
	slotMs: number,
	free: number,
	since: number,
	now: number,
) {
	if (!isAlone(slots)) return nextSlot(slots, Math.max(free, since, now), slotMs);
	return free > since ? nextSlot(slots, free, slotMs) : since;
}

/** Who leaves next, and when: who can leave first; of several, who came first. */
function nextOf(state: BucketState, bucket: Bucket, now: number) {
	let next: { waiter: Waiter; lane: Lane; at: number; due: number } | undefined;
	for (const [rate, lane] of state.lanes) {
		const [waiter] = lane.waiting;
		if (!waiter) continue;
		const free = freeAt(state, bucket, rate, lane);
		const due = Math.max(waiter.inLineSince, free);
		const slotMs = slotMsOf(bucket, rate);
		const at = Math.max(now, leavesAt(state, slotMs, free, waiter.since, now));
		const isSooner =
			!next || at < next.at || (at === next.at && waiter.number < next.waiter.number);
		if (isSooner) next = { waiter, lane, at, due };
	}
	return next;
}

/**
 * Whoever comes or wakes makes way: those before it that are gone leave the line. They are woken, because one
 * that was only held up stands in line again.
 * @returns who leaves next, and when
 */
function nextThatIsThere(state: BucketState, bucket: Bucket, now: number, self: Waiter) {
	let next = nextOf(state, bucket, now);
	while (next && next.waiter !== self && now >= next.due + GONE_AFTER_MS) {
		next.lane.waiting.delete(next.waiter);
		next.waiter.event.set();
		next = nextOf(state, bucket, now);
	}
	return next;
}

let arrivals = 0;

function laneOf(state: BucketState, rate: number): Lane {
	const lane = state.lanes.get(rate) ?? { lastAt: -Infinity, waiting: new Set() };
	state.lanes.set(rate, lane);
	return lane;
}

/**
 * The shared pace of an account.
 * @param accountId from `accountIdOf`
 * @param rates what the user allows; executions with other rates share the same queue
 */
export function rateLimiterOf(accountId: string, rates: Rates, clock: Clock): Acquire {
	const acquire = async (bucket: Bucket, signal?: AbortSignal) => {
		const state = bucketsOf(accountId, clock.now())[bucket];
		const lane = laneOf(state, rates[bucket]);
		const waiter: Waiter = {
			number: arrivals++,
			since: clock.now(),
			inLineSince: clock.now(),
			event: createAsyncEvent(),
		};
		const forget = signal && onAbort(signal, () => waiter.event.set());
		try {
			while (!signal?.aborted) {
				const now = clock.now();
				if (!lane.waiting.has(waiter)) waiter.inLineSince = now;
				lane.waiting.add(waiter);
				const next = nextThatIsThere(state, bucket, now, waiter);
				const isNext = next?.waiter === waiter;
				if (isNext && next.at <= now) {
					lane.lastAt = state.lastAt = now;
					return;
				}
				// Not longer than the one in front may be late: it may never leave, and wakes nobody then.
				const until = isNext ? next.at : (next?.due ?? now) + GONE_AFTER_MS;
				await waiter.event.waitUpTo(until - now, clock);
			}
		} finally {
			forget?.();
			lane.waiting.delete(waiter);
			nextOf(state, bucket, clock.now())?.waiter.event.set();
		}
	};
	const answered = (bucket: Bucket, sentAt: number, outcome: 'taken' | 'throttled') => {
		const state = bucketsOf(accountId, clock.now())[bucket];
		const slotMs = slotMsOf(bucket, rates[bucket]);
		state.slots =
			outcome === 'taken'
				? admitted(state.slots, sentAt, slotMs)
				: refused(state.slots, sentAt, slotMs, Math.random());
	};
	return Object.assign(acquire, { answered });
}
