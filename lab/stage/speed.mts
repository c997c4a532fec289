/** A clock that is many times as fast, for n8n (`fast-clock.mts`) and for the mock of the service. */
import path from 'node:path';

const FAST_CLOCK = path.join(import.meta.dirname, 'fast-clock.mts');

export interface Speed {
	times: number;
	/** When both clocks agreed, in ms since the epoch. */
	from: number;
	/** For n8n's environment. */
	env: Record<string, string>;
	/** For the Node.js that runs it. */
	nodeFlags: string[];
	/** The same clock for a mock, so that tasks, links and rate limits keep n8n's pace. */
	clock: { now: () => number };
}

/** The clock agrees with the system's at `from` (default: now), and is `times` as fast from then on. */
export function speedUp(times: number, from = Date.now()): Speed {
	return {
		times,
		from,
		env: times === 1 ? {} : { FAST_CLOCK: String(times), FAST_CLOCK_FROM: String(from) },
		nodeFlags: times === 1 ? [] : ['--import', FAST_CLOCK],
		clock: { now: () => Math.round(from + (Date.now() - from) * times) },
	};
}
