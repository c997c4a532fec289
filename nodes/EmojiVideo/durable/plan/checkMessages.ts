/**
 * The messages between a supervisor and its check: the request, which the check also sends to itself after
 * each poll, and the result.
 */
import { z } from 'zod';
import { failureSchema } from '../../base/result';
import { ownerSchema, progressSchema, scheduleSchema, entrySchema } from './state';

const positionSchema = z.object({ position: z.number().int().nonnegative() });

/** A request has only what its check needs, because n8n stores it several times. */
export const checkRequestSchema = z.object({
	number: z.number(),
	/** The open entries, those to download, and those that the check may submit. */
	entries: z.array(entrySchema.merge(positionSchema)),
	/** The check submits nothing before this moment (ms since the epoch). */
	dueAt: z.number(),
	/** How many polls come before that. */
	pollsBeforeSubmit: z.number(),
	/** How long the check waits for its next poll, or for its submits. */
	waitSeconds: z.number(),
	/** Positions of the entries that the check may submit. */
	group: z.array(z.number()),
	schedule: scheduleSchema,
	/** The check starts no submit after this moment (ms since the epoch). */
	submitUntil: z.number(),
	/** The check aborts its submits at this moment (ms since the epoch). */
	submittingEndsAt: z.number(),
	isLastCheck: z.boolean(),
	/** False after a failure that ends the batch. */
	maySubmit: z.boolean(),
	/** True if nothing is left to wait for: videos that wait for the end are downloaded. */
	isEnd: z.boolean(),
	returnsUnfinished: z.boolean(),
	stopsAtFirstFailure: z.boolean(),
	queueAhead: z.number().optional(),
	submitRate: z.number().optional(),
	/** DashScope may have accepted the group already. The check first searches the account's list for unknown tasks. */
	unconfirmed: z
		.object({ since: z.number(), until: z.number(), known: z.array(z.string()) })
		.optional(),
	owner: ownerSchema.optional(),
	guardId: z.string().optional(),
	/** The execution of the supervisor that sent the request. */
	supervisorId: z.string().optional(),
});
export type CheckRequest = z.infer<typeof checkRequestSchema>;
export type RequestEntry = CheckRequest['entries'][number];

/** The fields of an entry that polls and downloads fill in. */
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

/** What a check reports to its supervisor. */
export const checkResultSchema = z.object({
	number: z.number(),
	progress: z.array(progressSchema.merge(positionSchema)),
	schedule: scheduleSchema,
	/** `late`: the check ran too late to submit. `unreadable`: the account's task list could not be read. */
	submitting: z.enum(['done', 'late', 'unreadable']),
	/** A failure that every further submit of this account would repeat. */
	endedBy: failureSchema.optional(),
});
export type CheckResult = z.infer<typeof checkResultSchema>;
