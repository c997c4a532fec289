/**
 * What a user sees: the json of an item. Rule: the names here are what workflows map, for ever.
 * Source of each field: API reference, "Response parameters".
 */
import { DateTime } from 'luxon';
import type { IDataObject } from 'n8n-workflow';
import type { CancelOutcome } from './account/cancelTask';
import type { CreatedTask, Detection, FaceAreas, ListedTask, Task } from './dashscope/schemas';
import { hintAboutAreas } from './dashscope/areas';
import type { Meaning } from './dashscope/errorCodes';
import { meaningOf, UNKNOWN_FAULT, UNKNOWN_VERDICT } from './dashscope/errors';
import type { Failure } from './base/result';
import { readLinkExpiry } from './net/linkExpiry';
import { nameOfTemplate } from './dashscope/templateNames';

/**
 * The names of all fields of items. Code that reads items (Wait, Get Status, the tool) takes its names from this
 * list, so that a renamed field does not compile where it is still read.
 */
export const OUTPUT_FIELDS = [
	'taskId',
	'status',
	'model',
	'passed',
	'canceled',
	'reason',
	'templateId',
	'templateName',
	'imageUrl',
	'imageFile',
	'faceArea',
	'expressionArea',
	'videoUrl',
	'videoUrlExpiresAt',
	'billedSeconds',
	'cost',
	'code',
	'message',
	'advice',
	'hint',
	'submittedAt',
	'startedAt',
	'finishedAt',
	'requestId',
] as const;
export type OutputField = (typeof OUTPUT_FIELDS)[number];
type OutputFields = Partial<Record<OutputField, unknown>>;

/** What the node knows about a video beside the service's answer. */
export interface VideoFacts {
	templateId?: string;
	/** The portrait's address, where it has one of its own. */
	imageUrl?: string;
	/** The portrait's file name, where it came as a file. */
	imageFile?: string;
	areas?: FaceAreas;
}

/**
 * Videos are kept for 24 hours; documents disagree from when (docs/service.md, "Retention"), so what is
 * promised counts from the creation.
 */
const VIDEO_KEPT_HOURS = 24;

/** ISO 8601 in the service's own zone, UTC+8. */
const iso = (ms: number | undefined): string | undefined =>
	ms === undefined ? undefined : (DateTime.fromMillis(ms, { zone: 'utc+8' }).toISO() ?? undefined);

/** The signed link names its own end (`Expires`, in seconds); otherwise 24 hours are promised. */
function expiresAt({ videoUrl, submittedAt }: Task): number | undefined {
	if (!videoUrl || !URL.canParse(videoUrl)) return undefined;
	const linkExpiry = readLinkExpiry(new URL(videoUrl));
	if (linkExpiry !== undefined) return linkExpiry;
	return submittedAt === undefined ? undefined : submittedAt + VIDEO_KEPT_HOURS * 3_600_000;
}

/** A success without a link is not documented; that there is none must not look like a bug of the reader's. */
export const WITHOUT_LINK = {
	message: 'DashScope says that the task has succeeded, but gave no link to its video',
	nextStep:
		'Ask again with Get Status and this task ID, within 24 hours of its creation; if there is still no link, report the request ID to Alibaba Cloud.',
};

const hintOf = (task: Task, { areas }: VideoFacts): string | undefined => {
	const hints = [
		task.status === 'SUCCEEDED' && task.videoUrl === undefined && sentencesOf(WITHOUT_LINK),
		areas && hintAboutAreas(areas),
	].filter(Boolean);
	return hints.length === 0 ? undefined : hints.join(' ');
};

/** A failure that an item carries as a text. */
export const sentencesOf = ({ message, nextStep }: Pick<Failure, 'message' | 'nextStep'>): string =>
	`${message}. ${nextStep}`;

/** Leaves out what is not known, so that `undefined` never reaches an item. */
const known = (fields: OutputFields): IDataObject =>
	Object.fromEntries(
		Object.entries(fields).filter(([, value]) => value !== undefined),
	) as IDataObject;

const shared = ({ templateId, imageUrl, imageFile, areas }: VideoFacts): OutputFields => ({
	templateId,
	templateName: templateId === undefined ? undefined : nameOfTemplate(templateId),
	imageUrl,
	// A portrait is named by one of them; an item that was changed on its way may have both.
	imageFile: imageUrl === undefined ? imageFile : undefined,
	faceArea: areas?.face,
	expressionArea: areas?.expression,
});

/** A task that was just accepted. `acceptedAt` in ms since the epoch, by n8n's clock. */
export const createdToJson = (
	task: CreatedTask,
	acceptedAt: number,
	facts: VideoFacts,
): IDataObject =>
	known({
		taskId: task.taskId,
		status: task.status,
		...shared(facts),
		hint: facts.areas && hintAboutAreas(facts.areas),
		submittedAt: iso(acceptedAt),
		requestId: task.requestId,
	});

/** How much an item says. */
export interface Wishes {
	/** All that is known, rather than what most workflows need. */
	withDetails?: boolean;
	/** When the task ended, where the item has room for it. */
	withEnd?: boolean;
	/** Per billed second, in the user's currency; adds `cost`. */
	pricePerSecond?: number;
}

/** Money without the dust of binary fractions. */
const costOf = (seconds: number | undefined, price: number | undefined) =>
	seconds === undefined || price === undefined ? undefined : Number((seconds * price).toFixed(6));

/** The link to a finished video, and its end, as an item has them. */
export const linkOf = (task: Task) => ({
	videoUrl: task.videoUrl,
	videoUrlExpiresAt: iso(expiresAt(task)),
});

/** A finished video, for the hint after a run. */
export interface BilledVideo {
	seconds: number;
	/** In the user's currency, if the user gave a price. */
	cost?: number;
	/** When its link ends, ms since the epoch. */
	linkEndsAt?: number;
}

/**
 * What a task adds to the hint after a run.
 * @param pricePerSecond in the user's currency
 * @returns at most one video; none if DashScope did not bill the task
 */
export function billedOf(task: Task, pricePerSecond?: number): BilledVideo[] {
	const { status, billedSeconds: seconds } = task;
	if (status !== 'SUCCEEDED' || seconds === undefined) return [];
	return [{ seconds, cost: costOf(seconds, pricePerSecond), linkEndsAt: expiresAt(task) }];
}

/** What happened and what to do, in our words; the service's stand beside it. */
function adviceOn({ code, message }: Pick<Task, 'code' | 'message'>, unknown: Meaning): string {
	const { title, nextStep } = meaningOf(code, message) ?? unknown;
	return `${title}. ${nextStep}`;
}

/**
 * A task in whatever state it is: at most ten fields, as n8n's guidelines ask, unless all are wanted.
 * `submittedAt` is of interest as long as the task has not ended.
 */
export function taskToJson(task: Task, facts: VideoFacts, wishes: Wishes = {}): IDataObject {
	const { faceArea, expressionArea, ...about } = shared(facts);
	const isOpen = task.status === 'PENDING' || task.status === 'RUNNING';
	const isDone = task.status === 'SUCCEEDED';
	const { withDetails = false, withEnd = withDetails, pricePerSecond } = wishes;
	const details = {
		submittedAt: iso(task.submittedAt),
		startedAt: iso(task.startedAt),
		requestId: task.requestId,
		faceArea,
		expressionArea,
	};
	return known({
		taskId: task.taskId,
		status: task.status,
		...about,
		...((isOpen || isDone) && linkOf(task)),
		...(isDone && {
			billedSeconds: task.billedSeconds,
			cost: costOf(task.billedSeconds, pricePerSecond),
		}),
		...(!isDone && !isOpen && { code: task.code, message: task.message }),
		...(task.status === 'FAILED' && { advice: adviceOn(task, UNKNOWN_FAULT) }),
		...(isOpen && { submittedAt: details.submittedAt }),
		...(withEnd && { finishedAt: iso(task.finishedAt) }),
		...(withDetails && details),
		hint: hintOf(task, facts),
	});
}

/** A row of the account's task list. */
export const listedTaskToJson = (task: ListedTask): IDataObject =>
	known({
		taskId: task.taskId,
		status: task.status,
		model: task.model,
		submittedAt: iso(task.submittedAt),
		startedAt: iso(task.startedAt),
		finishedAt: iso(task.finishedAt),
	});

/** A row of the list together with what only the task itself tells: link, price, reason. */
export const listedVideoToJson = (listed: ListedTask, task: Task): IDataObject => ({
	...taskToJson(task, {}),
	...listedTaskToJson(listed),
});

/** What became of a cancellation. */
export const cancelToJson = ({
	taskId,
	canceled,
	status,
	reason,
	requestId,
}: CancelOutcome): IDataObject => known({ taskId, canceled, status, reason, requestId });

/**
 * A detection's verdict, as data to branch on. The areas fit Create's fields as they are.
 * @param hint what may explain a verdict, from the file itself
 */
export const detectionToJson = (
	detection: Detection,
	portrait: Pick<VideoFacts, 'imageUrl' | 'imageFile'>,
	hint?: string,
): IDataObject =>
	detection.passed
		? known({
				passed: true,
				faceArea: detection.areas.face,
				expressionArea: detection.areas.expression,
				...portrait,
				requestId: detection.requestId,
			})
		: known({
				passed: false,
				code: detection.code,
				message: detection.message,
				advice: [adviceOn(detection, UNKNOWN_VERDICT), hint].filter(Boolean).join(' '),
				...portrait,
				requestId: detection.requestId,
			});
