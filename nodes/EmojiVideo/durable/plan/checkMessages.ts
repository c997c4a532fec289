/**
 * What goes between a supervisor and its check: the order down, looks on the way to itself, the report up.
 */
import { z } from 'zod';
import { failureSchema } from '../../base/result';
import { ownerSchema, progressSchema, scheduleSchema, entrySchema } from './state';

const positionSchema = z.object({ position: z.number().int().nonnegative() });

/** What a check is told: only what it needs, since n8n stores it several times. */
export const checkRequestSchema = z.object({
	number: z.number(),
	/** Those that are open or to be fetched, and those that it may create, each with its place. */
	entries: z.array(entrySchema.merge(positionSchema)),
	/** When it may create, ms since the epoch. */
	dueAt: z.number(),
	/** How many looks come before that. */
	pollsBeforeSubmit: z.number(),
	/** How long it waits for the next of them. */
	waitSeconds: z.number(),
	/** Places of the entries that it may create. */
	group: z.array(z.number()),
	schedule: scheduleSchema,
	/** It sends no create after this moment (ms since the epoch). */
	submitUntil: z.number(),
	/** By then its creating is broken off. */
	submittingEndsAt: z.number(),
	isLastCheck: z.boolean(),
	/** Not after a failure that ends the batch. */
	maySubmit: z.boolean(),
	/** Files that n8n keeps in its memory are fetched now. */
	isEnd: z.boolean(),
	returnsUnfinished: z.boolean(),
	stopsAtFirstFailure: z.boolean(),
	queueAhead: z.number().optional(),
	submitRate: z.number().optional(),
	/** The group may have been created: look in the account's list first, for tasks but these. */
	unconfirmed: z
		.object({ since: z.number(), until: z.number(), known: z.array(z.string()) })
		.optional(),
	owner: ownerSchema.optional(),
	guardId: z.string().optional(),
	/** The execution that has ordered it. */
	supervisorId: z.string().optional(),
});
export type CheckRequest = z.infer<typeof checkRequestSchema>;
export type RequestEntry = CheckRequest['entries'][number];

/** What is known of an entry, by this look or by those before. */
export const pickProgress = ({
	position,
	taskId,
	settled,
	item,
	about,
	downloadsAtEnd,
}: RequestEntry) => ({
	position,
	taskId,
	settled,
	item,
	about,
	downloadsAtEnd,
});

/** What a check has found out. */
export const checkResultSchema = z.object({
	number: z.number(),
	progress: z.array(progressSchema.merge(positionSchema)),
	schedule: scheduleSchema,
	/** `late`: it was taken up too late to create; `unreadable`: the account's list was. */
	submitting: z.enum(['done', 'late', 'unreadable']),
	/** No create of this account will do better. */
	endedBy: failureSchema.optional(),
});
export type CheckResult = z.infer<typeof checkResultSchema>;
