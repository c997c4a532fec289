import { createLimiter } from '../../../nodes/EmojiVideo/base/limiter';

/** Work that ends when it is told to. */
function createWork() {
	let finish: (error?: Error) => void = () => undefined;
	const done = new Promise<void>((resolve, reject) => {
		finish = (error) => (error ? reject(error) : resolve());
	});
	return { done, finish: (error?: Error) => finish(error) };
}

const settle = async () => await new Promise((resolve) => setImmediate(resolve));

describe('a limiter', () => {
	/** Hands in pieces of work; which of them have begun, in order. */
	function handIn(count: number, atOnce: number) {
		const limit = createLimiter(atOnce);
		const begun: number[] = [];
		const works = Array.from({ length: count }, createWork);
		const results = works.map(
			async ({ done }, nth) =>
				await limit(async () => {
					begun.push(nth);
					await done;
					return nth;
				}),
		);
		return { begun, works, results };
	}

	it('runs as many works at once as its limit allows', async () => {
		const { begun, works, results } = handIn(5, 2);
		await settle();
		expect(begun).toEqual([0, 1]);
		works[1]?.finish();
		await settle();
		expect(begun).toEqual([0, 1, 2]);
		works.forEach(({ finish }) => finish());
		expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4]);
	});

	it('starts works in the order in which they were added', async () => {
		const { begun, works, results } = handIn(6, 1);
		works.forEach(({ finish }) => finish());
		await Promise.all(results);
		expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
	});

	it('rejects if the work rejects, and then starts the next work', async () => {
		const { begun, works, results } = handIn(2, 1);
		works[0]?.finish(new Error('broken'));
		await expect(results[0]).rejects.toThrow('broken');
		works[1]?.finish();
		expect(await results[1]).toBe(1);
		expect(begun).toEqual([0, 1]);
	});

	it('frees the slot of work that throws synchronously', async () => {
		const limit = createLimiter(1);
		const broken = limit(() => {
			throw new Error('at once');
		});
		await expect(broken).rejects.toThrow('at once');
		expect(await limit(async () => await Promise.resolve('next'))).toBe('next');
	});

	it('never exceeds its limit with 50 works of different length', async () => {
		const limit = createLimiter(3);
		let running = 0;
		let most = 0;
		await Promise.all(
			Array.from({ length: 50 }, async (_, nth) => {
				for (let round = 0; round < nth % 4; round++) await settle();
				await limit(async () => {
					most = Math.max(most, ++running);
					for (let round = 0; round <= nth % 3; round++) await settle();
					running--;
				});
			}),
		);
		expect(most).toBe(3);
	});
});
