/**
 * The tasks that this execution has already paid for. It lives in the node's context, which n8n keeps
 * across the tries of Retry On Fail and stores with the execution, so a second try picks up the first
 * one's tasks instead of paying again. Rule: a task is written down before the next await.
 */
import type { IDataObject } from 'n8n-workflow';
import { z } from 'zod';
import { areaSchema } from '../dashscope/schemas';
import type { FaceAreas } from '../dashscope/schemas';

const areasSchema = z.object({ face: areaSchema, expression: areaSchema });

const entrySchema = z.object({
	taskId: z.string().min(1),
	/** When the create was answered, in milliseconds since the epoch. */
	acceptedAt: z.number(),
	requestId: z.string().optional(),
	/** What was sent as `face_bbox` and `ext_bbox`. */
	areas: areasSchema,
});
export type PaidTask = z.infer<typeof entrySchema>;

export interface PaidTasks {
	/** The IDs of all tasks that this execution has made and knows of. */
	taskIds(): string[];
	/** The keys of all videos that this execution has submitted or is about to, unless they failed. */
	keys(): string[];
	/** The task of a job that was accepted earlier in this execution. */
	find(key: string): PaidTask | undefined;
	/** Remembers an accepted task. Synchronous on purpose. */
	write(key: string, entry: PaidTask): void;
	/** Remembers, before it is sent, that a create is on its way; `write` or `remove` end that. */
	markInFlight(key: string): void;
	/** Whether a task may exist of which nothing is known: its answer never came, or its entry cannot be read. */
	isInFlight(key: string): boolean;
	/** Forgets a task that ended without a video, so that a new try makes a new one. */
	remove(key: string): void;
	/** Areas found earlier in this execution: a second try does not pay for the detection again. */
	findAreas(portraitId: string): FaceAreas | undefined;
	writeAreas(portraitId: string, areas: FaceAreas): void;
}

/** In the place of a task: the create was sent, its answer has not come. */
const DOUBT = 'sent';

/** Of what is stored with the execution; a Retry may come after an update of the package. */
const VERSION = 1;

const recordSchema = z.object({
	version: z.literal(VERSION),
	tasks: z.record(z.unknown()),
	areas: z.record(z.unknown()),
});
type StoredRecord = z.infer<typeof recordSchema>;

const RECORD_KEY = 'emojiVideo';

const emptyRecord = (): StoredRecord => ({ version: VERSION, tasks: {}, areas: {} });

/** The record in the node's context; `undefined` when another version of the package has written it. */
function getOrCreate(context: IDataObject): StoredRecord | undefined {
	const existing = context[RECORD_KEY];
	// The stored object itself is changed, not a copy of it.
	if (existing !== undefined) {
		return recordSchema.safeParse(existing).success
			? (existing as unknown as StoredRecord)
			: undefined;
	}
	const fresh = emptyRecord();
	context[RECORD_KEY] = fresh as unknown as IDataObject;
	return fresh;
}

/**
 * @param context `this.getContext('node')`, the same object in every try of an execution
 */
export function openPaidTasks(context: IDataObject): PaidTasks {
	const stored = getOrCreate(context);
	const { tasks, areas } = stored ?? emptyRecord();
	const find = (key: string) => (key in tasks ? entrySchema.safeParse(tasks[key]).data : undefined);
	return {
		keys: () => Object.keys(tasks),
		taskIds: () => Object.keys(tasks).flatMap((key) => find(key)?.taskId ?? []),
		find,
		write: (key, entry) => {
			tasks[key] = { ...entry };
		},
		markInFlight: (key) => {
			tasks[key] = DOUBT;
		},
		// What cannot be read may be a task: nothing is paid for on top of it.
		isInFlight: (key) => stored === undefined || (key in tasks && find(key) === undefined),
		remove: (key) => {
			delete tasks[key];
		},
		findAreas: (portraitId) =>
			portraitId in areas ? areasSchema.safeParse(areas[portraitId]).data : undefined,
		writeAreas: (portraitId, found) => {
			areas[portraitId] = { ...found };
		},
	};
}
