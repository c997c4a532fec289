/**
 * Keeps an account's requests per second, for all executions of this process. DashScope counts per account,
 * not per item or execution (docs/service.md, "Limits"), so n8n's parallel executions share one queue here.
 * Several processes share the account by slots (slots.ts).
 * Rule: this file keeps a hash of the key, never the key.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock';
import { onAbort } from '../base/onAbort';
import { createAsyncEvent } from '../base/asyncEvent';
import type { AsyncEvent } from '../base/asyncEvent';
import type { Bucket, Acquire } from '../dashscope/client';
import { allSlots, hasAllSlots, nextSlot, recordAccepted, recordThrottled } from './slots';
import type { Slots } from './slots';

/** Requests per second for each bucket. */
export type Rates = Record<Bucket, number>;

/**
 * emoji-detect-v1 1/s, emoji-v1 1/s, the three task endpoints 20/s together, upload policies 100/s
 * (docs/service.md, "Limits").
 */
export const DOCUMENTED_RATES: Rates = { detect: 1, create: 1, query: 20, policy: 100 };

/** The user's rates, and the documented ones where the user gave none. */
export const documentedUnless = (given: Partial<Rates>): Rates => ({
	detect: given.detect ?? DOCUMENTED_RATES.detect,
	create: given.create ?? DOCUMENTED_RATES.create,
	query: given.query ?? DOCUMENTED_RATES.query,
	policy: given.policy ?? DOCUMENTED_RATES.policy,
});

/**
 * How much longer than an even share of a second the space between two requests is. Network jitter would
 * otherwise let two requests arrive within the same second. `npm run test:slots` chose it.
 */
const SPACE_MARGIN = 1.09;

/** A request that waits for its turn. */
interface Waiter {
	/** Its number in the order of arrival, over all buckets. */
	number: number;
	/** When it arrived, in ms since the epoch. */
	since: number;
	/** When it last joined the queue, in ms since the epoch. */
	inQueueSince: number;
	event: AsyncEvent;
}

/** The requests of all executions that allow the same rate. They share that rate. */
interface Lane {
	/** When the lane's last request left, in ms since the epoch. */
	lastAt: number;
	waiting: Set<Waiter>;
}

/** One bucket of an account. Waiters hold no reservations, so removing one needs no clean-up. */
interface BucketState {
	lanes: Map<number, Lane>;
	/** When the last request of any lane left, in ms since the epoch. */
	lastAt: number;
	/** The slots that other processes leave to this one. */
	slots: Slots;
	/** The first and the last 429 since the last accepted request, in ms since the epoch. */
	throttled?: { since: number; lastAt: number };
}

type Buckets = Record<Bucket, BucketState>;

const accounts = new Map<string, Buckets>();

/** An idle account is forgotten after this time. It is longer than the space after any request. */
const ACCOUNT_FORGOTTEN_AFTER_MS = 10 * 60_000;

/**
 * A 429 this long after the one before it starts a new series. It exceeds the longest pause between two attempts
 * (RETRY_OPTIONS.longestRetryAfterMs).
 */
const THROTTLED_SERIES_GAP_MS = 11 * 60_000;

/**
 * A waiter that is due and does not leave within this time loses its turn, so that it can't block those
 * behind it. If it was only late, it wakes and joins the queue again. The value only has to
 * exceed the delays of a busy process.
 */
const WAITER_GONE_AFTER_MS = 30_000;

const idleBucket = (): BucketState => ({ lanes: new Map(), lastAt: -Infinity, slots: allSlots() });

const isForgotten = (buckets: Buckets, now: number) =>
	Object.values(buckets).every(
		({ lanes, lastAt }) =>
			lastAt < now - ACCOUNT_FORGOTTEN_AFTER_MS &&
			[...lanes.values()].every(({ waiting }) => waiting.size === 0),
	);

function bucketsOf(accountId: string, now: number): Buckets {
	const known = accounts.get(accountId);
	if (known) return known;
	for (const [id, buckets] of accounts) if (isForgotten(buckets, now)) accounts.delete(id);
	const fresh: Buckets = {
		detect: idleBucket(),
		create: idleBucket(),
		query: idleBucket(),
		policy: idleBucket(),
	};
	accounts.set(accountId, fresh);
	return fresh;
}

/** How many accounts this process remembers; for tests. */
export const rememberedAccounts = (): number => accounts.size;

/** Names an account: a hash of its key and its base URL. */
export const accountIdOf = (apiKey: string, baseUrl: string): string =>
	createHash('sha256').update(`${baseUrl}\n${apiKey}`).digest('base64url');

/** The space between two requests at this rate, in ms. */
const spaceMs = (perSecond: number) => (1000 / perSecond) * SPACE_MARGIN;

/** The length of a slot: the space that the account requires, or the user's if that is shorter. */
const slotMsOf = (bucket: Bucket, rate: number) =>
	spaceMs(Math.max(rate, DOCUMENTED_RATES[bucket]));

/**
 * When the rate lets the first waiter of a lane leave. It keeps the lane's space to the lane's last request,
 * and the account's space to any other. So a slow rate slows only the executions that asked for it.
 */
const freeAt = ({ lastAt }: BucketState, bucket: Bucket, rate: number, lane: Lane) =>
	Math.max(lane.lastAt + spaceMs(rate), lastAt + slotMsOf(bucket, rate));

/** When a waiter that arrived at `since` leaves: within the rate, in a slot of this process. */
function leavesAt(
	{ slots }: BucketState,
	slotMs: number,
	free: number,
	since: number,
	now: number,
) {
	if (!hasAllSlots(slots)) return nextSlot(slots, Math.max(free, since, now), slotMs);
	return free > since ? nextSlot(slots, free, slotMs) : since;
}

/** The waiter that can leave first, and when. Of several, the one that arrived first. */
function nextOf(state: BucketState, bucket: Bucket, now: number) {
	let next: { waiter: Waiter; lane: Lane; at: number; due: number } | undefined;
	for (const [rate, lane] of state.lanes) {
		const [waiter] = lane.waiting;
		if (!waiter) continue;
		const free = freeAt(state, bucket, rate, lane);
		const due = Math.max(waiter.inQueueSince, free);
		const slotMs = slotMsOf(bucket, rate);
		const at = Math.max(now, leavesAt(state, slotMs, free, waiter.since, now));
		const isSooner =
			!next || at < next.at || (at === next.at && waiter.number < next.waiter.number);
		if (isSooner) next = { waiter, lane, at, due };
	}
	return next;
}

/**
 * Removes the waiters before `self` that are long overdue, and wakes them: one that was only delayed joins
 * the queue again.
 * @returns the waiter that leaves next, and when
 */
function nextPresent(state: BucketState, bucket: Bucket, now: number, self: Waiter) {
	let next = nextOf(state, bucket, now);
	while (next && next.waiter !== self && now >= next.due + WAITER_GONE_AFTER_MS) {
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
 * The rate limiter that all executions of this process share for an account.
 * @param accountId from `accountIdOf`
 * @param rates requests per second; executions with other rates share the same queue
 * @returns resolves when one request of the bucket may leave, or on abort
 */
export function rateLimiterOf(accountId: string, rates: Rates, clock: Clock): Acquire {
	const acquire = async (bucket: Bucket, signal?: AbortSignal) => {
		const state = bucketsOf(accountId, clock.now())[bucket];
		const lane = laneOf(state, rates[bucket]);
		const waiter: Waiter = {
			number: arrivals++,
			since: clock.now(),
			inQueueSince: clock.now(),
			event: createAsyncEvent(),
		};
		const forget = signal && onAbort(signal, () => waiter.event.set());
		try {
			while (!signal?.aborted) {
				const now = clock.now();
				if (!lane.waiting.has(waiter)) waiter.inQueueSince = now;
				lane.waiting.add(waiter);
				const next = nextPresent(state, bucket, now, waiter);
				const isNext = next?.waiter === waiter;
				if (isNext && next.at <= now) {
					lane.lastAt = state.lastAt = now;
					return;
				}
				// The waiter in front may never leave and so never wake this one.
				const until = isNext ? next.at : (next?.due ?? now) + WAITER_GONE_AFTER_MS;
				await waiter.event.waitUpTo(until - now, clock);
			}
		} finally {
			forget?.();
			lane.waiting.delete(waiter);
			nextOf(state, bucket, clock.now())?.waiter.event.set();
		}
	};
	const recordOutcome = (bucket: Bucket, sentAt: number, outcome: 'taken' | 'throttled') => {
		const now = clock.now();
		const state = bucketsOf(accountId, now)[bucket];
		const slotMs = slotMsOf(bucket, rates[bucket]);
		if (outcome === 'taken') {
			state.slots = recordAccepted(state.slots, sentAt, slotMs);
			state.throttled = undefined;
			return;
		}
		state.slots = recordThrottled(state.slots, sentAt, slotMs, Math.random());
		const { since = now, lastAt = now } = state.throttled ?? {};
		const isSameSeries = now - lastAt < THROTTLED_SERIES_GAP_MS;
		state.throttled = { since: isSameSeries ? since : now, lastAt: now };
	};
	const throttledForMs = (bucket: Bucket) => {
		const now = clock.now();
		return now - (bucketsOf(accountId, now)[bucket].throttled?.since ?? now);
	};
	return Object.assign(acquire, { recordOutcome, throttledForMs });
}
