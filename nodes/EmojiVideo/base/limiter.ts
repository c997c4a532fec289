/**
 * Limits concurrency. Our own code, because older versions of n8n have no library for it (docs/n8n.md).
 */

/** Runs the work as soon as fewer than the limit are running, first in, first out. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * @param atOnce the most that run at the same time
 * @returns a function that settles as its work does
 */
export function createLimiter(atOnce: number): Limiter {
	const waiting: Array<() => void> = [];
	let running = 0;
	return async (work) => {
		if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
		else running++;
		try {
			return await work();
		} finally {
			const next = waiting.shift();
			if (next) next();
			else running--;
		}
	};
}
