/**
 * Carries run times and parallelism of an account's queue from one batch to the next. Each process keeps one
 * memory per account. Rule: the values are a first guess; responses correct them.
 */
/** An account's queue, as the finished tasks showed it. */
export interface Learned {
	/** Run times in ms of finished tasks, newest last. */
	runs: Array<{ templateId?: string; ms: number }>;
	/** How many tasks the account seems to run at once. */
	width: number;
}

const accounts = new Map<string, Learned>();

/** Reads and writes the memory of one account. */
export interface AccountMemory {
	recall(): Learned;
	keep(learned: Learned): void;
}

/** The values of an account without finished tasks. */
const NOTHING: Learned = { runs: [], width: 1 };

/** @param accountId from `accountIdOf` */
export const accountMemoryOf = (accountId: string): AccountMemory => ({
	recall: () => accounts.get(accountId) ?? NOTHING,
	keep({ runs, width }) {
		if (runs.length > 0) accounts.set(accountId, { runs: [...runs], width });
	},
});
