/**
 * A batch that can be put into a database and taken up again: which videos are still to be created, which
 * tasks are open, how the others ended, and what was learned about the queue. Rules: plain JSON, and
 * every task that was accepted is in it from the check that made it to the last.
 */
import { z } from 'zod';
import { failureSchema } from '../../base/result';
import type { Failure } from '../../base/result';
import { areaSchema } from '../../dashscope/schemas';
import { untilAllShouldBeDone } from '../../batch/pollSchedule';
import type { PollSchedule } from '../../batch/pollSchedule';
import { MOST_AHEAD, untilRoomFor } from '../../batch/queueAhead';
import { aboutSchema } from '../../execution/outcome';
import type { OutputItem } from '../../execution/outcome';
import { unpack } from './packing';

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
	settings: z.object({
		pollIntervalMs: z.number(),
		runTimeoutMs: z.number(),
		queueTimeoutMs: z.number(),
		patienceMs: z.number(),
	}),
	open: z.array(openSchema),
	width: z.number(),
	runs: z.array(z.object({ templateId: z.string().optional(), ms: z.number() })),
	inOrder: z.boolean(),
});
type SavedSchedule = z.infer<typeof scheduleSchema>;

const outputItemSchema = z
	.object({ json: z.record(z.unknown()), binary: z.record(z.unknown()).optional() })
	.transform((item) => item as unknown as OutputItem);

/** What becomes known of an entry on the way. */
export const progressSchema = z.object({
	/** Absent where no task was made. */
	taskId: z.string().optional(),
	requestId: z.string().optional(),
	/** When its create was answered (ms since the epoch). */
	acceptedAt: z.number().optional(),
	/** How it ended; absent while the task is open. */
	settled: z.enum(['succeeded', 'outOfTime']).or(failureSchema).optional(),
	/** What comes out in the end, its video by reference. */
	item: outputItemSchema.optional(),
	/** Which of the item's videos this is, where its video could not be downloaded. */
	about: aboutSchema.optional(),
	/** n8n keeps files in its memory: the video is fetched by the last check. */
	fetchedAtEnd: z.boolean().optional(),
});
export type EntryProgress = z.infer<typeof progressSchema>;

/** One output item to be. */
export const waitEntrySchema = progressSchema.extend({
	itemIndex: z.number().int().nonnegative(),
	templateId: z.string().optional(),
	imageUrl: z.string().optional(),
	imageFile: z.string().optional(),
	/** Where the service can read the portrait: of a video that is still to be created. */
	address: z.string().optional(),
	areas: z.object({ face: areaSchema, expression: areaSchema }).optional(),
	simplify: z.boolean(),
	field: z.string().optional(),
	fileName: z.string().optional(),
	failsOnDownloadError: z.boolean().optional(),
	isPack: z.boolean().optional(),
	isOneOfSeveral: z.boolean().optional(),
	withDetails: z.boolean().optional(),
	pricePerSecond: z.number().optional(),
});
export type Entry = z.infer<typeof waitEntrySchema>;

/** The user's execution, whose end ends the wait. */
export const ownerSchema = z.object({ executionId: z.string(), cancelsOnStop: z.boolean() });

/** A check under way. */
const turnSchema = z.object({
	number: z.number(),
	/** Which entries it may create, by their place. */
	group: z.array(z.number()),
	/** Its first create is not sent before, ms since the epoch. */
	since: z.number(),
	/** Its last request to create has ended by then. */
	creatingEndsAt: z.number(),
	/** It is lost when it has not ended by then. */
	lostAt: z.number(),
	/** How many looks it has before it may create. */
	looks: z.number().default(0),
	/** Its execution. */
	executionId: z.string().optional(),
});
export type Turn = z.infer<typeof turnSchema>;

/** Entries of which nobody knows whether they were created: their check was lost. */
const doubtSchema = z.object({
	group: z.array(z.number()),
	since: z.number(),
	until: z.number(),
	/** How often the account's list could not be read. */
	tries: z.number(),
});
export type Doubt = z.infer<typeof doubtSchema>;

const unpackedSchema = z.object({
	version: z.literal(2),
	entries: z.array(waitEntrySchema),
	schedule: scheduleSchema,
	returnsUnfinished: z.boolean(),
	stopsAtFirstFailure: z.boolean(),
	queueAhead: z.number().max(MOST_AHEAD).optional(),
	/** Creates per second, where not as documented. */
	createRate: z.number().optional(),
	/** Every time limit has ended by now (ms since the epoch): one more check asks about all, no other. */
	lastCheckAt: z.number(),
	isLastCheck: z.boolean(),
	/** How late a check may be and still create. */
	lateMs: z.number(),
	/** How many checks there were. */
	turns: z.number(),
	turn: turnSchema.optional(),
	doubt: doubtSchema.optional(),
	owner: ownerSchema.optional(),
	/** The execution that guards the supervisor. */
	guardId: z.string().optional(),
});
/** As it is stored, packed or not. */
export const waitStateSchema = z.preprocess(unpack, unpackedSchema);
export type WaitState = z.infer<typeof waitStateSchema>;

/** Why a task has no end when there will be no further check. */
export const NOT_ASKED: Failure = {
	kind: 'timeLimit',
	message: 'n8n could not ask DashScope about this task in time',
	nextStep:
		'The task goes on, and may be billed. Use Get Status or Wait with this task ID within 24 hours of its creation.',
};

/** Created at a time: what is in doubt when n8n dies while it creates. */
export const GROUP_SIZE = 20;

/** A wait under 65 s would stay in n8n's memory (docs/n8n.md, "Waiting in the database"). */
export const SHORTEST_WAIT_MS = 66_000;
/** Twenty videos of a minute and a half; a check looks more often by itself (looks.ts). */
const LONGEST_WAIT_MS = 30 * 60_000;

/** @returns the schedule as plain JSON */
export const saveSchedule = ({
	settings,
	open,
	width,
	runs,
	inOrder,
}: PollSchedule): SavedSchedule => ({
	settings,
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

/** A video that is still to be created. */
export const isToCreate = ({ taskId, settled, address }: Entry): boolean =>
	taskId === undefined && settled === undefined && address !== undefined;

/** A video that is made and not yet fetched. */
export const isToFetch = ({ settled, item, fetchedAtEnd }: Entry): boolean =>
	settled === 'succeeded' && item === undefined && fetchedAtEnd !== true;

/** Whether nothing is left to wait for. */
export const isSettled = ({
	entries,
	stopsAtFirstFailure,
}: Pick<WaitState, 'entries' | 'stopsAtFirstFailure'>): boolean =>
	entries.every(({ settled }) => settled !== undefined) ||
	(stopsAtFirstFailure && entries.some(({ settled }) => typeof settled === 'object'));

/** The state for the next check; `undefined` when the last one has been taken, or was lost. */
export function nextCheck(state: WaitState, now: number): WaitState | undefined {
	if (now <= state.lastCheckAt) return state;
	return state.isLastCheck ? undefined : { ...state, isLastCheck: true };
}

/**
 * How long until there is something to do: a video to fetch, room for a group, or all should be done.
 * @returns milliseconds from `now`
 */
export function untilWorthwhile(
	{ entries, queueAhead, schedule }: Pick<WaitState, 'entries' | 'queueAhead' | 'schedule'>,
	now: number,
): number {
	if (entries.some(isToFetch)) return 0;
	const knowledge = restoreSchedule(schedule);
	const untilDone = untilAllShouldBeDone(knowledge, now);
	if (!entries.some(isToCreate)) return untilDone;
	return Math.min(untilDone, untilRoomFor(knowledge, queueAhead, GROUP_SIZE, now));
}

/** How long to let the tasks run before the next check creates, in milliseconds. */
export function waitBeforeCheck(state: WaitState, now: number): number {
	const { doubt, lastCheckAt } = state;
	// Nobody else may be creating when what is in doubt is looked for.
	if (doubt) return Math.max(SHORTEST_WAIT_MS, doubt.until - now);
	const longest = Math.min(LONGEST_WAIT_MS, lastCheckAt - now);
	return Math.max(SHORTEST_WAIT_MS, Math.min(untilWorthwhile(state, now), longest));
}
