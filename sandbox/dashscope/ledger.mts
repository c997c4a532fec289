/**
 * Every request to the mock, on both origins, with its effects. Rule: an entry is
 * written when the request arrives, before any fault, so nothing that reached the wire is missing;
 * and no key but the mock's own is ever kept.
 */

export type Origin = 'api' | 'storage';

/** What can be asked of the mock; `unknown` is a path it has not. */
export const operations = [
	'detect',
	'create',
	'query',
	'list',
	'cancel',
	'models',
	'quotas',
	'policy',
	'upload',
	'portrait',
	'result',
	'unknown',
] as const;

export type Operation = (typeof operations)[number];

export interface LedgerEntry {
	/** Counts from 1 in order of arrival. */
	seq: number;
	/** Epoch ms on the mock's clock. */
	atMs: number;
	origin: Origin;
	operation: Operation;
	method: string;
	/** Path without the query string. */
	path: string;
	/** Path with the query string. */
	url: string;
	/** As received, names in lower case; a key the mock does not know is left out. */
	headers: Record<string, string | string[] | undefined>;
	/** The JSON body, where there was one. */
	body?: unknown;
	/** The account whose key was used. */
	account?: string;
	/** HTTP status of the response; null until it leaves, and for good if it never does. */
	status: number | null;
	requestId: string;
	/** True when this request billed one image detection. */
	billedDetection: boolean;
	/** The task this request created. */
	createdTaskId?: string;
	/** True when it was over the rate limit. */
	throttled: boolean;
	/** The fault it was given. */
	fault?: string;
	/** `code` of a refusal. */
	code?: string;
}

export interface LedgerCounts {
	requests: number;
	/** Tasks created, including those whose response was lost. */
	createsAccepted: number;
	detectsBilled: number;
	/** Task queries, lists and cancels that arrived. */
	queries: number;
	throttled: number;
	faulted: number;
	/** Most requests that arrived within any one second, refused ones included. */
	maxInOneSecond: { detects: number; creates: number; queries: number };
	/** True when a request to the storage origin ever carried an Authorization header. */
	authorizationSeenOnStorage: boolean;
}

const queryOperations: readonly Operation[] = ['query', 'list', 'cancel'];

/** The largest number of times within [t, t + 1 s); `timesMs` is in order. */
export function maxInOneSecond(timesMs: readonly number[]): number {
	let first = 0;
	let most = 0;
	timesMs.forEach((atMs, last) => {
		while (atMs - (timesMs[first] ?? atMs) >= 1000) first += 1;
		most = Math.max(most, last - first + 1);
	});
	return most;
}

/** The figures of `entries`. */
export function countLedger(entries: readonly LedgerEntry[]): LedgerCounts {
	const count = (test: (entry: LedgerEntry) => boolean) => entries.filter(test).length;
	const rate = (counted: readonly Operation[]) =>
		maxInOneSecond(
			entries.filter((entry) => counted.includes(entry.operation)).map((entry) => entry.atMs),
		);
	return {
		requests: entries.length,
		createsAccepted: count((entry) => entry.createdTaskId !== undefined),
		detectsBilled: count((entry) => entry.billedDetection),
		queries: count((entry) => queryOperations.includes(entry.operation)),
		throttled: count((entry) => entry.throttled),
		faulted: count((entry) => entry.fault !== undefined),
		maxInOneSecond: {
			detects: rate(['detect']),
			creates: rate(['create']),
			queries: rate(queryOperations),
		},
		authorizationSeenOnStorage: entries.some(
			(entry) => entry.origin === 'storage' && entry.headers.authorization !== undefined,
		),
	};
}
