/** Entries, states and requests of a durable wait for tests, and n8n as its layers see it. */
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { createPollSchedule, enqueue } from '../../../nodes/EmojiVideo/batch/pollSchedule';
import type { PollSchedule } from '../../../nodes/EmojiVideo/batch/pollSchedule';
import type { FaceAreas } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { isToSubmit, saveSchedule } from '../../../nodes/EmojiVideo/durable/plan/state';
import type { Entry, WaitState } from '../../../nodes/EmojiVideo/durable/plan/state';
import type { CheckRequest } from '../../../nodes/EmojiVideo/durable/plan/checkMessages';
import { defaults, START_MS } from '../support/simulatedAccount.mts';
import { INITIAL_LATE_MS } from '../../../nodes/EmojiVideo/durable/plan/pace';

export const AREAS: FaceAreas = { face: [192, 192, 448, 448], expression: [64, 64, 576, 576] };

const TEMPLATE = 'mengwa_kaixin';

/** An entry of a video without a task. */
export const unsubmitted = (itemIndex: number, more: Partial<Entry> = {}): Entry => ({
	itemIndex,
	templateId: TEMPLATE,
	imageFile: `${itemIndex}.png`,
	address: `oss://${itemIndex}.png`,
	areas: AREAS,
	simplify: true,
	...more,
});

/** An entry whose task was accepted a minute ago. */
export const accepted = (taskId: string, itemIndex: number, more: Partial<Entry> = {}): Entry => ({
	itemIndex,
	taskId,
	templateId: TEMPLATE,
	imageFile: `${itemIndex}.png`,
	requestId: `request-${itemIndex}`,
	acceptedAt: START_MS - 60_000,
	areas: AREAS,
	simplify: true,
	...more,
});

/** The schedule of the open entries. */
export function scheduleOf(entries: Entry[]): PollSchedule {
	const schedule = createPollSchedule(defaults);
	for (const { taskId, settled, templateId, acceptedAt } of entries) {
		if (taskId === undefined || settled !== undefined) continue;
		enqueue(schedule, { taskId, templateId, acceptedAt }, START_MS);
	}
	return schedule;
}

export const stateOf = (entries: Entry[], more: Partial<WaitState> = {}): WaitState => ({
	version: 3,
	entries,
	schedule: saveSchedule(scheduleOf(entries)),
	returnsUnfinished: false,
	stopsAtFirstFailure: false,
	lastCheckAt: START_MS + 30 * 24 * 3_600_000,
	isLastCheck: false,
	lateMs: INITIAL_LATE_MS,
	rounds: 0,
	...more,
});

/** A check's request with all entries. Its group is the entries without a task. */
export const requestOf = (entries: Entry[], more: Partial<CheckRequest> = {}): CheckRequest => ({
	number: 1,
	dueAt: START_MS,
	pollsBeforeSubmit: 0,
	waitSeconds: 66,
	entries: entries.map((entry, position) => ({ ...entry, position })),
	group: entries.flatMap((entry, position) => (isToSubmit(entry) ? [position] : [])),
	schedule: saveSchedule(scheduleOf(entries)),
	submitUntil: START_MS + 60_000,
	submittingEndsAt: START_MS + 150_000,
	isLastCheck: false,
	maySubmit: true,
	isEnd: false,
	returnsUnfinished: false,
	stopsAtFirstFailure: false,
	owner: { executionId: 'user', cancelsOnStop: false },
	...more,
});

/** The user's execution as rows of n8n's table. */
export const PARKED = { waitTill: new Date(START_MS) };
export const GONE_ON = { resultData: {} };
export const STOPPED_BY_USER = {
	resultData: { error: { name: 'ManualExecutionCancelledError' } },
};

/** A row with a value in a node's context. */
export const rowWith = (node: string, key: string, value: unknown, more: IDataObject = {}) => ({
	executionData: { contextData: { [`node:${node}`]: { [key]: value } } },
	...more,
});

/**
 * n8n with rows of its table by ID; a row may be a function. Keeps the IDs that are read and the lines of the log.
 */
export function n8nWith(rows: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
	const read: string[] = [];
	const log: string[] = [];
	const warned: string[] = [];
	const functions = {
		getExecutionId: () => 'own',
		getExecutionDataById: async (id: string) => {
			read.push(id);
			const row = rows[id];
			return await Promise.resolve(typeof row === 'function' ? (row as () => unknown)() : row);
		},
		logger: {
			info: (line: string) => void log.push(line),
			warn: (line: string) => void warned.push(line),
		},
		...more,
	} as unknown as IExecuteFunctions;
	return { functions, read, log, warned };
}

interface LayerRun {
	/** The node's context after earlier runs; this run changes it. */
	context?: IDataObject;
	/** The json of the one input item; absent: no item. */
	json?: unknown;
	/** The items of a sub-workflow that ends at once. */
	ends?: IDataObject[];
	/** n8n's error if it starts no sub-workflow. */
	refuses?: string;
	rows?: Record<string, unknown>;
	more?: Record<string, unknown>;
}

/** n8n with a node that runs in a layer. Keeps the parked execution and the started sub-workflows. */
export function layerWith({ context = {}, json, ends, refuses, rows, more }: LayerRun) {
	const started: Array<{ name: string; sent: unknown; options: unknown }> = [];
	const parked: Array<{ until: number; with: unknown }> = [];
	const executeData = { data: { main: [] as unknown[] } };
	const executeWorkflow = async (
		{ code }: { code: { name: string } },
		items: unknown,
		_: unknown,
		options: unknown,
	) => {
		if (refuses !== undefined) throw new Error(refuses);
		started.push({ name: code.name, sent: items, options });
		const data = [ends?.map((each) => ({ json: each }))];
		const waitTill = ends ? undefined : new Date(0);
		return await Promise.resolve({ executionId: `sub-${started.length}`, data, waitTill });
	};
	const putExecutionToWait = async (date: Date) => {
		parked.push({ until: date.getTime(), with: executeData.data.main });
		return await Promise.resolve();
	};
	const n8n = n8nWith(rows, {
		getContext: (type: string) => (type === 'node' ? context : {}),
		getInputData: () => (json === undefined ? [] : [{ json }]),
		getNode: () => ({ name: 'Emoji Video', type: 'emojiVideo', typeVersion: 1, parameters: {} }),
		getMode: () => 'trigger',
		getTimezone: () => 'UTC',
		getWorkflowDataProxy: () => ({ $execution: { id: 'own' }, $workflow: { id: 'w' } }),
		getExecuteData: () => executeData,
		setMetadata: () => undefined,
		executeWorkflow,
		putExecutionToWait,
		...more,
	});
	return { ...n8n, context, started, parked };
}
