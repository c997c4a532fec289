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
export type LedgerEntry = z.infer<typeof entrySchema>;

export interface Ledger {
	/** The task of a job that was accepted earlier in this execution. */
	find(key: string): LedgerEntry | undefined;
	/** Remembers an accepted task. Synchronous on purpose. */
	write(key: string, entry: LedgerEntry): void;
	/** Remembers, before it is sent, that a create is on its way; `write` or `strike` end the doubt. */
	doubt(key: string): void;
	/** Whether a create was sent and its answer never came: a task may exist. */
	isDoubtful(key: string): boolean;
	/** Forgets a task that ended without a video, so that a new try makes a new one. */
	strike(key: string): void;
	/** Areas found earlier in this execution: a second try does not pay for the detection again. */
	findAreas(portraitId: string): FaceAreas | undefined;
	writeAreas(portraitId: string, areas: FaceAreas): void;
}

/** In the place of a task: the create was sent, its answer has not come. */
const DOUBT = 'sent';

function drawer(context: IDataObject, name: string): Record<string, unknown> {
	const existing = context[name];
	if (typeof existing === 'object' && existing !== null) return existing as Record<string, unknown>;
	const fresh: IDataObject = {};
	context[name] = fresh;
	return fresh;
}

/**
 * @param context `this.getContext('node')`, the same object in every try of an execution
 */
export function openLedger(context: IDataObject): Ledger {
	const tasks = drawer(context, 'emojiVideoTasks');
	const areas = drawer(context, 'emojiVideoAreas');
	return {
		find: (key) => (key in tasks ? entrySchema.safeParse(tasks[key]).data : undefined),
		write: (key, entry) => {
			tasks[key] = { ...entry };
		},
		doubt: (key) => {
			tasks[key] = DOUBT;
		},
		isDoubtful: (key) => tasks[key] === DOUBT,
		strike: (key) => {
			delete tasks[key];
		},
		findAreas: (portraitId) =>
			portraitId in areas ? areasSchema.safeParse(areas[portraitId]).data : undefined,
		writeAreas: (portraitId, found) => {
			areas[portraitId] = { ...found };
		},
	};
}
