/**
 * Which finished tasks are news. List and memory in, news and memory out; no I/O, no clock.
 *
 * The list is ordered by submission, and tasks end in any order, so no watermark can tell what has
 * been told: a task submitted yesterday may end now. The memory therefore holds every ended task
 * itself, by a short hash, for as long as the service may list it.
 *
 * | what                                         | then                                          |
 * |----------------------------------------------|-----------------------------------------------|
 * | no memory: the first look                    | everything that has ended so far is old       |
 * | ended, not in the memory                     | news, if its status is wanted; else just known|
 * | ended, in the memory                         | old                                           |
 * | news that could not be handed over           | not remembered: news again at the next look   |
 * | known, no longer listed, ended 25 hours ago  | forgotten; `floor` keeps it from coming back  |
 * | more than `MOST_KNOWN` known                 | the earliest ends are forgotten likewise      |
 *
 * Rules: all times are the service's own, compared with each other only, so that clocks that differ
 * do no harm; a part of a list is never passed in; what is remembered was told, or was not wanted.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ENDED_STATUSES } from '../dashscope/schemas';
import type { EndedStatus, ListedTask } from '../dashscope/schemas';

const HOUR_MS = 3_600_000;

/** The service forgets tasks 24 hours after their end (API reference, task_id); one hour for doubt. */
const KEPT_MS = 25 * HOUR_MS;

/** About 500 KB of n8n's database; ten times what an account finishes in a day, one at a time. */
const MOST_KNOWN = 20_000;

/** Of what is stored in the workflow's static data. */
const VERSION = 1;

const memorySchema = z.object({
	version: z.literal(VERSION),
	/** Hash of a task's ID -> its end in ms since the epoch. */
	known: z.record(z.number()),
	/** Whatever ended at this moment or before counts as known. */
	floor: z.number().default(0),
	/** The latest moment that the service has named. */
	newest: z.number().default(0),
	/** When the earliest task was submitted that had not ended at the last look. */
	openSince: z.number().optional(),
});
export type Memory = z.infer<typeof memorySchema>;

/** A memory as it comes from n8n's database; `undefined` before the first look, or when it is broken. */
export const readSeenTasks = (stored: unknown): Memory | undefined =>
	memorySchema.safeParse(stored).data;

/** 72 bits: two of a day's tasks will not share one. */
const keyOf = ({ taskId }: ListedTask): string =>
	createHash('sha256').update(taskId).digest('base64url').slice(0, 12);

const hasEnded = ({ status }: ListedTask): boolean =>
	ENDED_STATUSES.some((ended) => ended === status);

const isOpen = ({ status }: ListedTask) => status === 'PENDING' || status === 'RUNNING';

const isKnown = (memory: Memory, task: ListedTask): boolean =>
	keyOf(task) in memory.known || (task.finishedAt !== undefined && task.finishedAt <= memory.floor);

/** A canceled task may come without an end. */
const endOf = ({ finishedAt, submittedAt }: ListedTask) => finishedAt ?? submittedAt ?? 0;

/**
 * The news in a list, earliest end first.
 * @param memory `undefined` at the first look, when nothing is news unless `includesEarlier`
 * @param listed every task that the service lists, in any order
 * @param wanted statuses that are told
 */
export function findNews(
	memory: Memory | undefined,
	listed: ListedTask[],
	wanted: readonly EndedStatus[],
	includesEarlier: boolean,
): ListedTask[] {
	if (!memory && !includesEarlier) return [];
	return listed
		.filter(
			(task) =>
				wanted.some((status) => status === task.status) && !(memory && isKnown(memory, task)),
		)
		.sort((a, b) => endOf(a) - endOf(b));
}

/** Drops what the service cannot list any more, and the earliest ends of what is too much. */
function prune(
	known: Array<[key: string, end: number]>,
	isListed: (key: string) => boolean,
	newest: number,
) {
	const isCurrent = ([key, end]: [string, number]) => isListed(key) || end > newest - KEPT_MS;
	const current = known.filter(isCurrent).sort(([, a], [, b]) => b - a);
	const kept = current.slice(0, MOST_KNOWN);
	const dropped = [...known.filter((entry) => !isCurrent(entry)), ...current.slice(MOST_KNOWN)];
	return { kept, droppedUntil: Math.max(0, ...dropped.map(([, end]) => end)) };
}

/**
 * What to remember after a look.
 * @param listed the list that the news came from
 * @param postponed IDs of news that could not be handed over
 */
export function remember(
	memory: Memory | undefined,
	listed: ListedTask[],
	postponed: ReadonlySet<string> = new Set(),
): Memory {
	const times = listed.flatMap(({ submittedAt, startedAt, finishedAt }) => [
		submittedAt ?? 0,
		startedAt ?? 0,
		finishedAt ?? 0,
	]);
	const newest = times.reduce((a, b) => Math.max(a, b), memory?.newest ?? 0);
	const ended = listed.filter(
		(task) => hasEnded(task) && !postponed.has(task.taskId) && !(memory && isKnown(memory, task)),
	);
	const known = new Map(Object.entries(memory?.known ?? {}));
	for (const task of ended) known.set(keyOf(task), task.finishedAt ?? newest);

	const listedKeys = new Set(listed.map(keyOf));
	const { kept, droppedUntil } = prune([...known], (key) => listedKeys.has(key), newest);
	const open = listed.filter(isOpen).map(({ submittedAt }) => submittedAt ?? newest);
	return {
		version: VERSION,
		known: Object.fromEntries(kept),
		floor: Math.max(memory?.floor ?? 0, droppedUntil),
		newest,
		...(open.length > 0 && { openSince: open.reduce((a, b) => Math.min(a, b)) }),
	};
}
