/**
 * Stop: what ends an execution's work early. Two signals, always handed on together.
 *
 * - `userStop`: the user pressed Stop, or n8n stopped the execution (its time limit, its own end).
 * - `batchEnd`: nothing more is started. It fires with `userStop`, and when a failure ends the batch.
 *
 * Rules: everything that waits or sends listens to `batchEnd`. One thing outlives it: a paid request that
 * is under way, because its response names the task; only `userStop` cuts it. What runs after Stop
 * (canceling the queued tasks) gets a Stop of its own, `neverStops()`.
 */
import { onAbort } from './onAbort';

export interface Stop {
	readonly userStop: AbortSignal;
	readonly batchEnd: AbortSignal;
}

/** A Stop, and the function that ends the batch without the user. */
export interface StopControl {
	stop: Stop;
	endBatch: () => void;
}

/** @param userStop n8n's cancel signal; n8n gives none to an execution that cannot be stopped */
export function createStop(userStop: AbortSignal = new AbortController().signal): StopControl {
	const batch = new AbortController();
	const endBatch = () => batch.abort();
	onAbort(userStop, endBatch);
	return { stop: { userStop, batchEnd: batch.signal }, endBatch };
}

/** A Stop that never fires. */
export const neverStops = (): Stop => createStop().stop;
