/**
 * The state of a durable batch and its schema: the videos to submit, the open tasks, the ends of the others,
 * and what the batch has learned about the queue.
 *
 * Rules: the state is plain JSON. Every accepted task stays in it from the check that submitted it to the end.
 */
import { z } from 'zod';
import { failureSchema } from '../../base/result';
import { pollSettingsSchema } from '../../batch/pollSchedule';
import type { PollSchedule } from '../../batch/pollSchedule';
import { MOST_AHEAD } from '../../batch/queueAhead';
import { aboutSchema } from '../../execution/outcome';
import type { OutputItem } from '../../execution/outcome';
import { commonSchema, unpack } from './packing';

const openSchema = z.object({
	taskId: z.string(),
	templateId: z.string().optional(),
	acceptedAt: z.number().optional(),
	queuedAt: z.number(),
	status: z.enum(['PENDING', 'RUNNING']),
	startedAt: z.number().optional(),
	knownAt: z.number(),
	answers: z.number(),
	faults: z.number(),
	faultySince: z.number().optional(),
	retryAt: z.number(),
});

export const scheduleSchema = z.object({
	settings: pollSettingsSchema,
	open: z.array(openSchema),
	width: z.number(),
	runs: z.array(z.object({ templateId: z.string().optional(), ms: z.number() })),
	inOrder: z.boolean(),
});
type SavedSchedule = z.infer<typeof scheduleSchema>;

const outputItemSchema = z
	.object({ json: z.record(z.unknown()), binary: z.record(z.unknown()).optional() })
	.transform((item) => item as unknown as OutputItem);

/** The fields of an entry that checks fill in. */
export const progressSchema = z.object({
	/** Absent while the video has no task. */
	taskId: z.string().optional(),
	requestId: z.string().optional(),
	/** When DashScope accepted the task (ms since the epoch). */
	acceptedAt: z.number().optional(),
	/** The end of the video; absent while it has none. */
	settled: z.enum(['succeeded', 'outOfTime']).or(failureSchema).optional(),
	/** The output item, with its video by reference. */
	item: outputItemSchema.optional(),
	/** Names the video and its link in a failure, if the download failed. */
	about: aboutSchema.optional(),
	/** n8n keeps files in its memory, so the last check downloads this video. */
	downloadsAtEnd: z.boolean().optional(),
});
export type EntryProgress = z.infer<typeof progressSchema>;

/** One video of the batch. */
export const entrySchema = progressSchema.merge(commonSchema).extend({
	itemIndex: z.number().int().nonnegative(),
	templateId: z.string().optional(),
	imageUrl: z.string().optional(),
	imageFile: z.string().optional(),
	/** The portrait's URL for DashScope; absent once the video has a task. */
	address: z.string().optional(),
});
export type Entry = z.infer<typeof entrySchema>;

/** The user's execution. If it ends, the wait ends. */
export const ownerSchema = z.object({ executionId: z.string(), cancelsOnStop: z.boolean() });

/** The current round: one check that the supervisor has started. */
const roundSchema = z.object({
	number: z.number(),
	/** Positions of the entries that the check may submit. */
	group: z.array(z.number()),
	/** The check submits nothing before this moment (ms since the epoch). */
	since: z.number(),
	/** The check's last submit request has ended by then (ms since the epoch). */
	submittingEndsAt: z.number(),
	/** If the check has not ended by then, n8n has lost it (ms since the epoch). */
	deadlineAt: z.number(),
	/** How many polls the check runs before it may submit. */
	pollsBeforeSubmit: z.number(),
	/** The check's execution. */
	executionId: z.string().optional(),
});
export type Round = z.infer<typeof roundSchema>;

/** Entries whose check was lost: DashScope may have accepted them. */
const unconfirmedSchema = z.object({
	group: z.array(z.number()),
	since: z.number(),
	until: z.number(),
	/** How many times the account's task list could not be read. */
	tries: z.number(),
});

const unpackedSchema = z.object({
	version: z.literal(3),
	entries: z.array(entrySchema),
	schedule: scheduleSchema,
	returnsUnfinished: z.boolean(),
	stopsAtFirstFailure: z.boolean(),
	queueAhead: z.number().max(MOST_AHEAD).optional(),
	/** Submits per second, if the user has set a rate. */
	submitRate: z.number().optional(),
	/** Every time limit has ended by this moment (ms since the epoch). One more check follows. */
	lastCheckAt: z.number(),
	isLastCheck: z.boolean(),
	/** How late a check may start and still submit. */
	lateMs: z.number(),
	/** How many rounds have begun. */
	rounds: z.number(),
	round: roundSchema.optional(),
	unconfirmed: unconfirmedSchema.optional(),
	owner: ownerSchema.optional(),
	/** The execution of the guard. */
	guardId: z.string().optional(),
});
/** Reads a stored state, packed or not. */
export const waitStateSchema = z.preprocess(unpack, unpackedSchema);
export type WaitState = z.infer<typeof waitStateSchema>;

/** Returns the schedule as plain JSON. */
export const saveSchedule = ({
	settings,
	open,
	width,
	runs,
	inOrder,
}: PollSchedule): SavedSchedule => ({
	settings: pollSettingsSchema.parse(settings),
	open: [...open.values()].map((task) => openSchema.parse(task)),
	width,
	runs,
	inOrder,
});

export const restoreSchedule = (saved: SavedSchedule): PollSchedule => ({
	...saved,
	runs: [...saved.runs],
	open: new Map(saved.open.map((task) => [task.taskId, { ...task, beingAsked: false }])),
	probedAt: -Infinity,
	externalTasks: [],
});

/** Whether a video has no task and no end yet. */
export const isToSubmit = ({ taskId, settled, address }: Entry): boolean =>
	taskId === undefined && settled === undefined && address !== undefined;

/** Whether a video is finished and its download is due. */
export const isToDownload = ({ settled, item, downloadsAtEnd }: Entry): boolean =>
	settled === 'succeeded' && item === undefined && downloadsAtEnd !== true;

/** Whether every video has an end, or one failure ends the batch. */
export const isSettled = ({
	entries,
	stopsAtFirstFailure,
}: Pick<WaitState, 'entries' | 'stopsAtFirstFailure'>): boolean =>
	entries.every(({ settled }) => settled !== undefined) ||
	(stopsAtFirstFailure && entries.some(({ settled }) => typeof settled === 'object'));
