/**
 * What one batch of an account has learned of its queue, for the next one: how long runs take, how many
 * run at once. Kept per process and account, like the pace. Rule: a guess to start from, never a fact;
 * the first answers correct it.
 */
/** What is learned of a queue. */
export interface Learned {
	/** Run times in ms of finished tasks, newest last. */
	runs: Array<{ templateId?: string; ms: number }>;
	/** How many tasks the account seems to run at once. */
	width: number;
}

const accounts = new Map<string, Learned>();

/** The memory of an account. */
export interface AccountMemory {
	recall(): Learned;
	keep(learned: Learned): void;
}

/** As long as nothing is known. */
const NOTHING: Learned = { runs: [], width: 1 };

/** @param accountId from `accountIdOf` */
export const accountMemoryOf = (accountId: string): AccountMemory => ({
	recall: () => accounts.get(accountId) ?? NOTHING,
	keep({ runs, width }) {
		if (runs.length > 0) accounts.set(accountId, { runs: [...runs], width });
	},
});
