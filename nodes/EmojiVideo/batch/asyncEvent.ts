/** Lets a sleeping loop be woken: whichever comes first, the ring or the end of the sleep. */
import type { Clock } from '../clock';

export interface AsyncEvent {
	set(): void;
	/**
	 * Waits for the next ring, but not longer than `ms` (Infinity: as long as it takes). A ring since
	 * the last wait counts.
	 */
	waitUpTo(ms: number, clock: Clock): Promise<void>;
}

/** Ends a sleep that nobody needs any more; made once, since an error is dear to make. */
const WOKEN = new Error('woken');

export function createAsyncEvent(): AsyncEvent {
	let isSet = false;
	let wake: (() => void) | undefined;
	return {
		set() {
			isSet = true;
			wake?.();
		},
		async waitUpTo(ms, clock) {
			if (!isSet && ms > 0) {
				const sleep = new AbortController();
				const ring = new Promise<void>((resolve) => {
					wake = resolve;
				});
				const sleeps = Number.isFinite(ms) ? [clock.sleep(ms, sleep.signal)] : [];
				await Promise.race([ring, ...sleeps]);
				sleep.abort(WOKEN);
			}
			isSet = false;
			wake = undefined;
		},
	};
}
