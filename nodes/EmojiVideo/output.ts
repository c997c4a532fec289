/**
 * What a user sees: the json of an item. Rule: the names here are what workflows map, for ever.
 * Source of each field: API reference, "Response parameters".
 */
import { DateTime } from 'luxon';
import type { IDataObject } from 'n8n-workflow';
import type { CancelOutcome } from './batch/cancelTask';
import type { CreatedTask, Detection, FaceAreas, ListedTask, Task } from './dashscope/schemas';
import { nextStepFor } from './dashscope/errors';

/** What the node knows about a video beside the service's answer. */
export interface VideoFacts {
	templateId?: string;
	/** The portrait's address, where it has one of its own. */
	imageUrl?: string;
	/** The portrait's file name, where it came as a file. */
	imageFile?: string;
	areas?: FaceAreas;
}

/** Videos are kept for 24 hours after the task has finished (API reference, video_url). */
const VIDEO_KEPT_HOURS = 24;

/** ISO 8601 in the service's own zone, UTC+8. */
const iso = (ms: number | undefined): string | undefined =>
	ms === undefined ? undefined : (DateTime.fromMillis(ms, { zone: 'utc+8' }).toISO() ?? undefined);

/** The signed link names its own end (`Expires`, in seconds); otherwise it is 24 hours after the task's. */
function expiresAt({ videoUrl, finishedAt }: Task): number | undefined {
	if (!videoUrl) return undefined;
	const expires = Number(new URL(videoUrl).searchParams.get('Expires'));
	if (Number.isInteger(expires) && expires > 1e9 && expires < 1e11) return expires * 1000;
	return finishedAt === undefined ? undefined : finishedAt + VIDEO_KEPT_HOURS * 3_600_000;
}

/** Leaves out what is not known, so that `undefined` never reaches an item. */
const known = (fields: Record<string, unknown>): IDataObject =>
	Object.fromEntries(
		Object.entries(fields).filter(([, value]) => value !== undefined),
	) as IDataObject;

const shared = ({ templateId, imageUrl, imageFile, areas }: VideoFacts) => ({
	templateId,
	imageUrl,
	imageFile,
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
		submittedAt: iso(acceptedAt),
		requestId: task.requestId,
	});

/** A task in whatever state it is. */
export const taskToJson = (task: Task, facts: VideoFacts): IDataObject =>
	known({
		taskId: task.taskId,
		status: task.status,
		videoUrl: task.videoUrl,
		videoUrlExpiresAt: iso(expiresAt(task)),
		billedSeconds: task.billedSeconds,
		code: task.code,
		message: task.message,
		submittedAt: iso(task.submittedAt),
		startedAt: iso(task.startedAt),
		finishedAt: iso(task.finishedAt),
		requestId: task.requestId,
		...shared(facts),
	});

/** A row of the account's task list; `requestId` is that of the request that made the task. */
export const listedTaskToJson = (task: ListedTask): IDataObject =>
	known({
		taskId: task.taskId,
		status: task.status,
		model: task.model,
		submittedAt: iso(task.submittedAt),
		startedAt: iso(task.startedAt),
		finishedAt: iso(task.finishedAt),
		requestId: task.requestId,
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
				advice: [nextStepFor(detection.code, detection.message) ?? 'Use another portrait.', hint]
					.filter(Boolean)
					.join(' '),
				...portrait,
				requestId: detection.requestId,
			});
