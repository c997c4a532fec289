/**
 * Time as an argument. Pure functions take `now`; whatever must wait takes a `Clock`, so that tests
 * move time instead of waiting for it. Rule: n8n's own sleep, no timers of our own.
 */
import * as n8nWorkflow from 'n8n-workflow';

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

const aborted = async (signal: AbortSignal) =>
	await new Promise<void>((resolve) =>
		signal.addEventListener('abort', () => resolve(), { once: true }),
	);

/** The clock of the wall. */
export const systemClock: Clock = {
	now: () => Date.now(),
	async sleep(ms, signal) {
		if (signal?.aborted || ms <= 0) return;
		// A signal of its own for each sleep: many share one Stop, and Node.js takes more than ten
		// listeners on one signal for a leak and says so in n8n's log.
		const own = signal && AbortSignal.any([signal]);
		const sleep = own ? abortableSleep()(ms, own) : n8nWorkflow.sleep(ms);
		const slept = sleep.catch(() => undefined);
		// A `sleep` that ignores the signal sleeps on, and nobody waits for it.
		await (own ? Promise.race([slept, aborted(own)]) : slept);
	},
};
