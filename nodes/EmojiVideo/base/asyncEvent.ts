/** An event that ends a loop's sleep early. */
import { runAfter } from './clock';
import type { Clock } from './clock';

export interface AsyncEvent {
	set(): void;
	/**
	 * Waits until `set` is called, at most `ms` milliseconds (Infinity: without a limit). Returns at once if
	 * `set` was called since the last wait.
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
