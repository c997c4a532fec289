/**
 * Requests per second, per account, shared by all executions of this process. DashScope counts per
 * main account, not per item or execution (dashscope-facts.md section 2), so n8n's parallel
 * executions must queue up here. Rule: the key itself is never kept, only a hash of it.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../clock';
import type { Lane, TakeTurn } from '../dashscope/client';

/** Requests per second for each lane. */
export type Rates = Record<Lane, number>;

/** emoji-detect-v1 1/s, emoji-v1 1/s, the three task endpoints 20/s together, upload policies 100/s. */
export const DOCUMENTED_RATES: Rates = { detect: 1, create: 1, query: 20, policy: 100 };

/**
 * Requests leave evenly spaced, and arrive with the network's jitter. This much more than the even
 * space keeps two of them from arriving within one second's count.
 */
const MARGIN = 1.06;

/** When each lane of an account may send next, in milliseconds since the epoch. */
type NextTurns = Record<Lane, number>;

const accounts = new Map<string, NextTurns>();

function turnsOf(accountId: string): NextTurns {
	const known = accounts.get(accountId);
	if (known) return known;
	const fresh: NextTurns = { detect: 0, create: 0, query: 0, policy: 0 };
	accounts.set(accountId, fresh);
	return fresh;
}

/** What stands for an account: a hash of its key and address. */
export const accountIdOf = (apiKey: string, baseUrl: string): string =>
	createHash('sha256').update(`${baseUrl}\n${apiKey}`).digest('base64url');

/**
 * Reserves the next free moment of a lane.
 * @param next the lane's next free moment; the earliest this turn can have
 * @returns this turn's moment, and the next free one after it (ms since the epoch)
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
 * The shared pace of an account.
 * @param accountId from `accountIdOf`
 * @param rates what the user allows; executions with other rates share the same queue
 */
export function paceOf(accountId: string, rates: Rates, clock: Clock): TakeTurn {
	const turns = turnsOf(accountId);
	return async (lane, signal) => {
		const now = clock.now();
		const { at, next } = reserve(turns[lane], now, rates[lane]);
		turns[lane] = next;
		await clock.sleep(at - now, signal);
	};
}
