/**
 * How the property tests (fast-check) run. `npm test` tries the same examples every time: each property has
 * a fixed seed and its own number of runs. `npm run fuzz` tries 100 times as many from a random seed.
 * Rule: only this file calls fast-check's runners (test/unit/package/noChance.test.mts).
 */
import { env } from 'node:process';
import fc from 'fast-check';

/** How many times its own number of runs a property gets; `npm run fuzz` sets it. */
const FUZZ_TIMES = Number(env['FUZZ_TIMES'] ?? 1);

const SEED = Number(env['FUZZ_SEED'] ?? 20251014);

/**
 * For Jest. The tests take seconds, but the machine may be busy. In `npm test` fast-check stops first, so
 * that it still prints the counterexample and its seed.
 */
export const PROPERTY_TIMEOUT_MS = FUZZ_TIMES > 1 ? 6 * 3_600_000 : 180_000;

const parametersOf = (runs: number) => ({
	numRuns: runs * FUZZ_TIMES,
	seed: SEED,
	// A run that the limit cuts off counts as failed: no test becomes shorter unnoticed.
	...(FUZZ_TIMES === 1 && { interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true }),
});

/**
 * Tries a property on this many examples, and throws with the smallest counterexample and its seed.
 * @param runs in `npm test`
 */
export function expectProperty<Example>(
	property: fc.IAsyncProperty<Example>,
	runs: number,
): Promise<void>;
export function expectProperty<Example>(property: fc.IProperty<Example>, runs: number): void;
export function expectProperty<Example>(
	property: fc.IRawProperty<Example>,
	runs: number,
): Promise<void> | void {
	return fc.assert(property, parametersOf(runs));
}

/** Examples for tests of their own, where one example needs what Jest sets up for each test. */
export const sampleOf = <Example,>(examples: fc.Arbitrary<Example>, runs: number): Example[] =>
	fc.sample(examples, parametersOf(runs));
