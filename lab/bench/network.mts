/**
 * The wire between a benchmark and the mock: real HTTP, on a clock that stands still while a request
 * is under way and jumps to the next sleeper's moment when none is.
 */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { succeed } from '../../nodes/EmojiVideo/base/result';
import type { Send } from '../../nodes/EmojiVideo/dashscope/transport';
import { createVirtualClock } from '../../test/unit/support/virtualClock.mts';
import type { VirtualClock } from '../../test/unit/support/virtualClock.mts';

/** Sends with fetch; any fault of the mock ends the benchmark. */
export function createHttpSend(baseUrl: string, apiKey: string): Send {
	return async ({ method, path, query = {}, headers, body, timeoutMs }) => {
		const search = new URLSearchParams(
			Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
		);
		const response = await fetch(`${baseUrl}${path}?${search.toString()}`, {
			method,
			headers: {
				Authorization: `Bearer ${apiKey}`,
				...(body && { 'Content-Type': 'application/json' }),
				...headers,
			},
			body: body && JSON.stringify(body),
			signal: AbortSignal.timeout(timeoutMs),
		});
		const text = await response.text();
		return succeed({
			httpStatus: response.status,
			headers: Object.fromEntries(response.headers),
			text,
		});
	};
}

/** A clock for real requests, and the way to make it wait for them. */
export interface NetworkClock {
	clock: VirtualClock;
	/** While such a request is under way, time stands still. */
	holdingTime: (send: Send) => Send;
}

/** One way between node and mock takes this long on the virtual clock, evenly spread. */
const ONE_WAY_MS = { least: 25, most: 75 };

/** @param startMs what the clock says at first, ms since the epoch */
export function createNetworkClock(startMs: number): NetworkClock {
	const underWay = new Set<Promise<unknown>>();
	const clock = createVirtualClock(startMs, async () => {
		await setImmediate();
		while (underWay.size > 0) {
			await Promise.allSettled(underWay);
			await setImmediate();
		}
	});
	return {
		clock,
		holdingTime: (send) => async (request) => {
			const answer = send(request);
			underWay.add(answer);
			return await answer.finally(() => underWay.delete(answer));
		},
	};
}

/** A request that takes time on its way there and back. */
export function delayed(send: Send, clock: Clock, random: () => number): Send {
	const travel = async () => {
		const { least, most } = ONE_WAY_MS;
		await clock.sleep(least + random() * (most - least));
	};
	return async (request) => {
		await travel();
		const answer = await send(request);
		await travel();
		return answer;
	};
}
