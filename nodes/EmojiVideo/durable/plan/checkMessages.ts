/**
 * What goes between a supervisor and its check: the order down, looks on the way to itself, the report up.
 */
import { z } from 'zod';
import { failureSchema } from '../../base/result';
import { ownerSchema, progressSchema, scheduleSchema, waitEntrySchema } from './state';

const placed = z.object({ place: z.number().int().nonnegative() });

/** What a check is told: only what it needs, since n8n stores it several times. */
export const orderSchema = z.object({
	number: z.number(),
	/** Those that are open or to be fetched, and those that it may create, each with its place. */
	entries: z.array(waitEntrySchema.merge(placed)),
	/** When it may create, ms since the epoch. */
	dueAt: z.number().default(0),
	/** How many looks come before that. */
	looks: z.number().default(0),
	/** How long it waits for the next of them. */
	waitSeconds: z.number().default(0),
	/** Places of the entries that it may create. */
	group: z.array(z.number()),
	schedule: scheduleSchema,
	/** It sends no create after this moment (ms since the epoch). */
	createUntil: z.number(),
	/** By then its creating is broken off. */
	creatingEndsAt: z.number(),
	isLastCheck: z.boolean(),
	/** Not after a failure that ends the batch. */
	mayCreate: z.boolean(),
	/** Files that n8n keeps in its memory are fetched now. */
	isEnd: z.boolean(),
	returnsUnfinished: z.boolean(),
	stopsAtFirstFailure: z.boolean(),
	queueAhead: z.number().optional(),
	createRate: z.number().optional(),
	/** The group may have been created: look in the account's list first, for tasks but these. */
	doubt: z.object({ since: z.number(), until: z.number(), known: z.array(z.string()) }).optional(),
	owner: ownerSchema.optional(),
	guardId: z.string().optional(),
	/** The execution that has ordered it. */
	supervisorId: z.string().optional(),
});
export type Order = z.infer<typeof orderSchema>;
export type OrderEntry = Order['entries'][number];

/** What is known of an entry, by this look or by those before. */
export const progressOf = ({ place, taskId, settled, item, about, fetchedAtEnd }: OrderEntry) => ({
	place,
	taskId,
	settled,
	item,
	about,
	fetchedAtEnd,
});

/** What a check has found out. */
export const reportSchema = z.object({
	number: z.number(),
	progress: z.array(progressSchema.merge(placed)),
	schedule: scheduleSchema,
	/** `late`: it was taken up too late to create; `unreadable`: the account's list was. */
	creating: z.enum(['done', 'late', 'unreadable']),
	/** No create of this account will do better. */
	endedBy: failureSchema.optional(),
});
export type Report = z.infer<typeof reportSchema>;
