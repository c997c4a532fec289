/** An n8n whose clock goes many times as fast (`fast-clock.mts`), for what waits for hours. */
import path from 'node:path';

const FAST_CLOCK = path.join(import.meta.dirname, 'fast-clock.mts');

export interface Speed {
	/** For n8n's environment. */
	env: Record<string, string>;
	/** For the Node.js that runs it. */
	nodeFlags: string[];
	/** From n8n's clock to the right one, both in ms since the epoch. */
	toReal: (ms: number) => number;
}

/** The clock is right at this moment, and so many times as fast from then on. */
export function speedUp(times: number): Speed {
	const from = Date.now();
	return {
		env: times === 1 ? {} : { FAST_CLOCK: String(times), FAST_CLOCK_FROM: String(from) },
		nodeFlags: times === 1 ? [] : ['--import', FAST_CLOCK],
		toReal: (ms) => from + (ms - from) / times,
	};
}
