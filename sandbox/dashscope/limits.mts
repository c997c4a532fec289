/**
 * Requests per second per account (docs/service.md, "Limits"). Rule: a sliding window of one
 * second on the mock's clock; a refused request does not use the window up.
 */

export interface RateLimits {
	/** Face detections per second (documented: 1). */
	detectPerSecond: number;
	/** Task creations per second (documented: 1). */
	createPerSecond: number;
	/** Task queries, lists and cancels together per second (documented: 20). */
	queriesPerSecond: number;
	/** Upload policies per second and model (documented: 100). */
	policiesPerSecond: number;
	/** False lets everything through; the ledger still counts. */
	enforce: boolean;
}

export const documentedLimits: RateLimits = {
	detectPerSecond: 1,
	createPerSecond: 1,
	queriesPerSecond: 20,
	policiesPerSecond: 100,
	enforce: true,
};

export interface RateLimiter {
	/** True when this request is within `perSecond`; it then counts for one second from `nowMs`. */
	admit(bucket: string, perSecond: number, nowMs: number): boolean;
}

const windowMs = 1000;

/** A limiter with no history. */
export function createLimiter(): RateLimiter {
	const seen = new Map<string, number[]>();
	return {
		admit(bucket, perSecond, nowMs) {
			const recent = (seen.get(bucket) ?? []).filter((atMs) => nowMs - atMs < windowMs);
			const admitted = recent.length < perSecond;
			if (admitted) recent.push(nowMs);
			seen.set(bucket, recent);
			return admitted;
		},
	};
}
