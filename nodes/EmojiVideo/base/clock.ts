/**
 * Time as an argument. Pure functions take `now`. Functions that wait take a `Clock`, so that tests can move time.
 * Rule: only n8n's own sleep waits, because n8n's lint forbids timers in a node.
 */
import * as n8nWorkflow from 'n8n-workflow';
import { onAbort } from './onAbort';

export interface Clock {
	/** Milliseconds since the epoch. */
	now(): number;
	/**
	 * Waits `ms` milliseconds. An abort of `signal` ends the wait at once.
	 * Never rejects: check the signal afterwards.
	 */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

type AbortableSleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/**
 * `sleep` of n8n-workflow 2.40 takes a signal. Versions 1.120, 2.0 and 2.20 ignore it and export `sleepWithAbort`,
 * which 2.40 lacks. A static import of it would break on 2.40, so the choice is made at run time.
 */
function abortableSleep(): AbortableSleep {
	const { sleepWithAbort } = n8nWorkflow as { sleepWithAbort?: AbortableSleep };
	return sleepWithAbort ?? n8nWorkflow.sleep;
}

/** The reason of an early end. Shared, because each new error captures a stack. */
const WOKEN = new Error('woken');

/** The real clock. */
export const systemClock: Clock = {
	now: () => Date.now(),
	async sleep(ms, signal) {
		if (signal?.aborted || ms <= 0) return;
		if (!signal) return await n8nWorkflow.sleep(ms);
		await new Promise<void>((resolve) => {
			const own = new AbortController();
			const forget = onAbort(signal, () => {
				own.abort(WOKEN);
				// A `sleep` that ignores the signal continues, so the wait ends here.
				resolve();
			});
			const end = () => {
				forget();
				resolve();
			};
			abortableSleep()(ms, own.signal).then(end, end);
		});
	},
};

/**
 * Calls `run` after `ms` milliseconds.
 * @returns cancels the call
 */
export function runAfter(clock: Clock, ms: number, run: () => void): () => void {
	const calledOff = new AbortController();
	let isOver = false;
	void clock.sleep(ms, calledOff.signal).then(() => {
		if (isOver) return;
		isOver = true;
		run();
	});
	return () => {
		if (isOver) return;
		isOver = true;
		calledOff.abort(WOKEN);
	};
}
