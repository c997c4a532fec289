/**
 * Faults on order: which requests go wrong, and how often. Rule: a fault is chosen when a request
 * arrives, and the first order that fits wins.
 */
import { z } from 'zod';
import { operations, type LedgerEntry } from '../ledger.mts';
import { faultSchema, type Fault } from './kinds.mts';

const matchSchema = z
	.object({
		/** The request's name in the ledger. */
		operation: z.enum(operations),
		/** HTTP method, any case. */
		method: z.string(),
		/** Part of path and query string, or a regular expression written `/like this/`. */
		path: z.string(),
		/** Requests about this task: its query, its cancel, its video. */
		taskId: z.string(),
		/** Lets the first `after` matching requests through. */
		after: z.number().int().min(0),
	})
	.partial()
	.strict();

export const faultOrderSchema = z.object({
	match: matchSchema.default({}),
	/** How many requests it hits. Default 1. */
	times: z.union([z.number().int().min(1), z.literal('always')]).default(1),
	fault: faultSchema,
});

/** An order for a fault; `match` and `times` may be left out. */
export type FaultOrder = z.input<typeof faultOrderSchema>;

export interface Faults {
	add: (order: FaultOrder) => void;
	clear: () => void;
}

/** What an order is matched with. */
export type Asked = Pick<LedgerEntry, 'operation' | 'method' | 'url'>;

export interface FaultBox extends Faults {
	/** The first order that fits this request, counted down. */
	take: (asked: Asked) => Fault | undefined;
}

function pathTest(path: string): (url: string) => boolean {
	if (!/^\/.+\/$/.test(path)) return (url) => url.includes(path);
	const pattern = new RegExp(path.slice(1, -1));
	return (url) => pattern.test(url);
}

/** A box without orders. */
export function createFaults(): FaultBox {
	interface Standing {
		fits(asked: Asked): boolean;
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
				fits: ({ operation, method, url }) =>
					(match.operation === undefined || match.operation === operation) &&
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
		take(asked) {
			for (const order of orders.filter((candidate) => candidate.fits(asked))) {
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
