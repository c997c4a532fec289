/** Lets a sleeping loop be woken: whichever comes first, the ring or the end of the sleep. */
import { runAfter } from './clock';
import type { Clock } from './clock';

export interface AsyncEvent {
	set(): void;
	/**
	 * Waits for the next ring, but not longer than `ms` (Infinity: as long as it takes). A ring since
	 * the last wait counts.
	 */
	waitUpTo(ms: number, clock: Clock): Promise<void>;
}

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
				let callOff: (() => void) | undefined;
				await new Promise<void>((resolve) => {
					wake = resolve;
					if (Number.isFinite(ms)) callOff = runAfter(clock, ms, resolve);
				});
				callOff?.();
			}
			isSet = false;
			wake = undefined;
		},
	};
}
