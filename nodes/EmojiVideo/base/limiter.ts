/**
 * At most so many at once. Our own, because older versions of n8n bring no library for it (docs/n8n.md).
 */

/** Runs a piece of work when its turn comes; the others wait in order. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * @param atOnce how many may run side by side
 * @returns a function that runs work, and resolves or rejects as the work does
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
