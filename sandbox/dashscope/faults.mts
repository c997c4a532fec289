/**
 * Faults on order: which requests go wrong, and how. Rule: a fault is chosen when a request arrives;
 * only `lostAnswer`, `cut` and `slow` let the service do its work first or while failing.
 */
import { z } from 'zod';

const faultSchema = z.discriminatedUnion('kind', [
	/** This answer instead of the service's; the request is not processed. */
	z.object({
		kind: z.literal('status'),
		status: z.number().int().min(200).max(599),
		body: z.unknown().optional(),
		headers: z.record(z.string()).optional(),
	}),
	/** The service's own answer, `ms` later. */
	z.object({ kind: z.literal('delay'), ms: z.number().min(0) }),
	/** The connection is destroyed; the request is not processed. */
	z.object({ kind: z.literal('reset') }),
	/** The request is processed (and billed), then the connection is destroyed without an answer. */
	z.object({ kind: z.literal('lostAnswer') }),
	/** Half of the answer's body under the full Content-Length, then the connection is destroyed. */
	z.object({ kind: z.literal('cut') }),
	/** Status 200 with no JSON (default) or `body`; the request is not processed. */
	z.object({ kind: z.literal('garbage'), body: z.unknown().optional() }),
	/** The service's own answer, its body at this speed. */
	z.object({ kind: z.literal('slow'), bytesPerSecond: z.number().positive() }),
]);

const matchSchema = z
	.object({
		/** HTTP method, any case. */
		method: z.string(),
		/** Part of path and query string, or a regular expression written `/like this/`. */
		path: z.string(),
		/** Requests about this task: its query, its cancel, its video. */
		taskId: z.string(),
		/** Lets the first `after` matching requests through. */
		after: z.number().int().min(0),
	})
	.partial();

export const faultOrderSchema = z.object({
	match: matchSchema.default({}),
	/** How many requests it hits. Default 1. */
	times: z.union([z.number().int().min(1), z.literal('always')]).default(1),
	fault: faultSchema,
});

export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault['kind'];
/** An order for a fault; `match` and `times` may be left out. */
export type FaultOrder = z.input<typeof faultOrderSchema>;

export interface Faults {
	add: (order: FaultOrder) => void;
	clear: () => void;
}

export interface FaultBox extends Faults {
	/** The first order that fits this request, counted down. */
	take: (method: string, url: string) => Fault | undefined;
}

function pathTest(path: string): (url: string) => boolean {
	if (!/^\/.+\/$/.test(path)) return (url) => url.includes(path);
	const pattern = new RegExp(path.slice(1, -1));
	return (url) => pattern.test(url);
}

/** A box without orders. */
export function createFaults(): FaultBox {
	interface Standing {
		fits(method: string, url: string): boolean;
		skip: number;
		left: number;
		fault: Fault;
	}
	let orders: Standing[] = [];
	return {
		add(order) {
			const { match, times, fault } = faultOrderSchema.parse(order);
			const fitsPath = match.path === undefined ? () => true : pathTest(match.path);
			orders.push({
				fits: (method, url) =>
					(match.method === undefined || match.method.toUpperCase() === method) &&
					fitsPath(url) &&
					(match.taskId === undefined || url.includes(match.taskId)),
				skip: match.after ?? 0,
				left: times === 'always' ? Infinity : times,
				fault,
			});
		},
		clear() {
			orders = [];
		},
		take(method, url) {
			for (const order of orders.filter((candidate) => candidate.fits(method, url))) {
				if (order.skip > 0) order.skip -= 1;
				else {
					order.left -= 1;
					orders = orders.filter((other) => other.left > 0);
					return order.fault;
				}
			}
			return undefined;
		},
	};
}
