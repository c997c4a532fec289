/**
 * Time as an argument. Pure functions take `now`; whatever must wait takes a `Clock`, so that tests
 * move time instead of waiting for it. Rule: n8n's own sleep, no timers of our own.
 */
import * as n8nWorkflow from 'n8n-workflow';
import { onAbort } from './onAbort';

export interface Clock {
	/** Milliseconds since the epoch. */
	now(): number;
	/**
	 * Waits `ms` milliseconds, or less: an abort of `signal` ends the wait at once.
	 * Never rejects; whoever waits asks the signal afterwards.
	 */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

type AbortableSleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/**
 * n8n-workflow 2.40 gave `sleep` a signal; 1.120, 2.0 and 2.20 ignore it there and export
 * `sleepWithAbort` instead, which 2.40 does not have. A static import of it breaks on 2.40,
 * hence the look at run time.
 */
function abortableSleep(): AbortableSleep {
	const { sleepWithAbort } = n8nWorkflow as { sleepWithAbort?: AbortableSleep };
	return sleepWithAbort ?? n8nWorkflow.sleep;
}

/** Why a sleep ends early; made once, since an error is dear to make. */
const WOKEN = new Error('woken');

/** The clock of the wall. */
export const systemClock: Clock = {
	now: () => Date.now(),
	async sleep(ms, signal) {
		if (signal?.aborted || ms <= 0) return;
		if (!signal) return await n8nWorkflow.sleep(ms);
		await new Promise<void>((resolve) => {
			const own = new AbortController();
			const forget = onAbort(signal, () => {
				own.abort(WOKEN);
				// A `sleep` that ignores the signal sleeps on, and nobody waits for it.
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
 * Does something after `ms` milliseconds, unless it is called off before.
 * @returns calls it off
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
