/**
 * A clock for tests: whoever sleeps is written down, and when nobody has anything left to do but
 * sleep, the time of the first to wake has come. Nothing is waited for.
 */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../nodes/EmojiVideo/base/clock';

export interface VirtualClock extends Clock {
	/** Moves the clock until the promise is settled. Throws when that can never happen. */
	until<T>(promise: Promise<T>): Promise<T>;
	/** Moves the clock by this much, waking everybody on the way. */
	advance(ms: number): Promise<void>;
	/** How many are asleep. */
	sleepers(): number;
}

interface Sleeper {
	at: number;
	wake(): void;
}

/** Lets everything run that can run without time going by. */
const nextRound = async () => await setImmediate();

/**
 * @param startMs what `now` says at first, ms since the epoch
 * @param settle resolves when nothing is left to do but sleep; hand one in that also waits for real
 * requests under way
 */
export function createVirtualClock(
	startMs = Date.UTC(2025, 9, 14, 3, 28, 4),
	settle: () => Promise<void> = nextRound,
): VirtualClock {
	let now = startMs;
	const asleep = new Set<Sleeper>();

	const first = (): Sleeper | undefined => {
		let earliest: Sleeper | undefined;
		for (const sleeper of asleep) if (!earliest || sleeper.at < earliest.at) earliest = sleeper;
		return earliest;
	};

	const wakeFirst = async (sleeper: Sleeper) => {
		now = Math.max(now, sleeper.at);
		sleeper.wake();
		await settle();
	};

	return {
		now: () => now,
		async sleep(ms, signal) {
			if (signal?.aborted || ms <= 0) return;
			await new Promise<void>((resolve) => {
				const wake = () => {
					asleep.delete(sleeper);
					signal?.removeEventListener('abort', wake);
					resolve();
				};
				const sleeper = { at: now + ms, wake };
				asleep.add(sleeper);
				signal?.addEventListener('abort', wake, { once: true });
			});
		},
		async until(promise) {
			let settled = false;
			const mark = () => {
				settled = true;
			};
			promise.then(mark, mark);
			await settle();
			while (!settled) {
				const sleeper = first();
				if (!sleeper) throw new Error('Nobody sleeps, and still it does not come to an end.');
				await wakeFirst(sleeper);
			}
			return await promise;
		},
		async advance(ms) {
			const end = now + ms;
			await settle();
			for (let next = first(); next && next.at <= end; next = first()) await wakeFirst(next);
			now = end;
		},
		sleepers: () => asleep.size,
	};
}
