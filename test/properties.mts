/**
 * Limits of the property tests (fast-check). Rule: a counterexample is always printed, with its seed: a
 * search for a smaller one ends before Jest gives up on the test.
 */

/** For Jest, in milliseconds; the tests take seconds, but the machine may be busy. */
export const PROPERTY_TIMEOUT_MS = 180_000;

/** For fast-check. A run that is cut off by the limit counts as failed, so no test is quietly shorter. */
export const PROPERTY_LIMITS = {
	interruptAfterTimeLimit: 150_000,
	markInterruptAsFailure: true,
} as const;
