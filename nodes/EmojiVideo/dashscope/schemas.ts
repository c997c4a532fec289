/**
 * The border: zod checks DashScope's responses and turns snake_case into this package's names, once. Rules: no
 * code above this file sees a wire name. Only a deciding value is required: the ID of a created task, the status
 * of a task, both areas or a code, an ID in each row of a list. Any other value that is null, missing or of
 * another type becomes `undefined`.
 */
import { withoutSlashes } from '../base/text';
import { z } from 'zod';
import { foundArea } from './areas';
import type { FaceAreas } from './areas';
import {
	amountOf,
	idOf,
	linkOf,
	looseAmount,
	looseId,
	looseObject,
	looseText,
	objectOf,
	shownTextOf,
	timeOf,
} from './tolerant';

export { areaSchema } from './areas';
export type { Area, FaceAreas } from './areas';

/** Texts of a response are cut to this many characters. The raw body keeps its full length. */
const LONGEST_CODE = 100;
const LONGEST_MESSAGE = 1000;

const code = looseText(LONGEST_CODE);
const message = looseText(LONGEST_MESSAGE);
const requestId = looseText(LONGEST_CODE);

/** Codes that mean success. Older responses carry one (docs/service.md, "Shape of real answers"). */
const NO_ERROR = /^(success|ok|200|0)$/i;

const errorCode = code.transform((text) => (text && !NO_ERROR.test(text) ? text : undefined));

/**
 * Errors, and detections at HTTP 400 whose portrait did not pass. The code is at the top, in `output`, or in
 * `error` (the compatible API and gateways).
 */
export const errorSchema = z
	.object({
		code: errorCode,
		message,
		request_id: requestId,
		output: looseObject({ code: errorCode, message }),
		error: looseObject({ code: errorCode, message }),
	})
	.transform(({ code, message, request_id, output, error }) => ({
		code: code ?? output.code ?? error.code,
		message: message ?? output.message ?? error.message,
		requestId: request_id,
	}));

/** Any code in `output` is face detection's verdict on the portrait. */
const codeInOutput = z
	.object({ output: z.object({ code: errorCode.pipe(z.string()), message }) })
	.transform(({ output }) => output);

/** A code at the top is a verdict only if it is about the image. Any other code means that the request failed. */
const codeOfPicture = z.object({
	code: errorCode.pipe(z.string().startsWith('InvalidFile.')),
	message,
});

/**
 * emoji-detect-v1 (docs/service.md, "Face detection", "Where a verdict stands"): both areas if the portrait
 * passed. Otherwise a code and a message, in `output` or, for codes about the image, at the top.
 */
export const detectionSchema = z.union([
	z
		.object({
			request_id: z.unknown(),
			output: z.object({ bbox_face: foundArea, ext_bbox_face: foundArea }),
		})
		.transform(({ request_id, output: { bbox_face: face, ext_bbox_face: expression } }) => ({
			passed: true as const,
			requestId: shownTextOf(request_id, LONGEST_CODE),
			areas: { face, expression } satisfies FaceAreas,
		})),
	z
		.object({ request_id: requestId })
		.and(z.union([codeInOutput, codeOfPicture]))
		.transform(({ request_id, code, message = '' }) => ({
			passed: false as const,
			requestId: request_id,
			code,
			message,
		})),
]);
export type Detection = z.infer<typeof detectionSchema>;

/** emoji-v1, task accepted. Only the ID is required, because the task is paid for. */
export const createdSchema = z
	.object({
		request_id: z.unknown(),
		output: z.object({ task_id: looseId.pipe(z.string()), task_status: z.unknown() }),
	})
	.transform(({ request_id, output }) => ({
		taskId: output.task_id,
		status: shownTextOf(output.task_status, LONGEST_CODE) ?? 'PENDING',
		requestId: shownTextOf(request_id, LONGEST_CODE),
	}));
export type CreatedTask = z.infer<typeof createdSchema>;

export const TASK_STATUSES = [
	'PENDING',
	'RUNNING',
	'SUCCEEDED',
	'FAILED',
	'CANCELED',
	'UNKNOWN',
] as const;

/** How a task can end. */
export const ENDED_STATUSES = ['SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type EndedStatus = (typeof ENDED_STATUSES)[number];

/**
 * A task's status. The SDK has more statuses than the reference, e.g. SUSPENDED. A status that is not in
 * `TASK_STATUSES` counts as RUNNING, so the node waits for the task.
 */
const statusOf = (text: string) => {
	const wanted = text.trim().toUpperCase();
	return TASK_STATUSES.find((status) => status === wanted) ?? 'RUNNING';
};

/** Sister models put the link into `results`, which can be a list. */
function linkInResults(results: unknown): string | undefined {
	const { video_url, url } = objectOf(Array.isArray(results) ? results[0] : results);
	return linkOf(video_url) ?? linkOf(url);
}

/**
 * GET /tasks/{task_id}, every status. Times become milliseconds since the epoch. The node polls about ten times
 * for a video, so one step reads everything but the status (tolerant.ts).
 */
export const taskSchema = z
	.object({
		request_id: z.unknown(),
		output: z.object({
			task_id: z.unknown(),
			task_status: z.string().trim().min(1),
			submit_time: z.unknown(),
			scheduled_time: z.unknown(),
			end_time: z.unknown(),
			video_url: z.unknown(),
			results: z.unknown(),
			code: z.unknown(),
			message: z.unknown(),
		}),
		usage: z.unknown(),
	})
	.transform(({ request_id, output, usage }) => ({
		/** From the response. The client replaces it by the ID that it asked for. */
		taskId: idOf(output.task_id) ?? '',
		status: statusOf(output.task_status),
		submittedAt: timeOf(output.submit_time),
		startedAt: timeOf(output.scheduled_time),
		finishedAt: timeOf(output.end_time),
		videoUrl: linkOf(output.video_url) ?? linkInResults(output.results),
		code: shownTextOf(output.code, LONGEST_CODE),
		message: shownTextOf(output.message, LONGEST_MESSAGE),
		billedSeconds: amountOf(objectOf(usage).video_duration),
		requestId: shownTextOf(request_id, LONGEST_CODE),
	}));
export type Task = z.infer<typeof taskSchema>;

export type TaskStatus = Task['status'];

/** Pages start at 1. A count of 0 pages in a response with rows says nothing. */
const pageCount = looseAmount.transform((count) => (count ? Math.ceil(count) : undefined));

/** A page of the task list. Rows without a task ID are left out. */
export const taskListSchema = z
	.object({ data: z.unknown(), total: looseAmount, total_page: pageCount })
	// An empty list may have no `data`. Any other response without rows is not a list.
	.refine(({ data, total }) => Array.isArray(data) || total === 0)
	.transform(({ data, total_page }) => {
		const rows: unknown[] = Array.isArray(data) ? data : [];
		return {
			/** Pages of the whole list. `undefined`: the response does not say. */
			pages: total_page,
			/** Rows of the response, also those without a task ID. A page of 0 rows is past the last one. */
			rows: rows.length,
			tasks: rows.map(listedTask).filter((task) => task !== undefined),
		};
	});
export type TaskPage = z.infer<typeof taskListSchema>;

/**
 * Reads one row of GET /tasks/ (docs/service.md, "Task list"). Rows have `status`, epoch milliseconds and no video
 * link. A trigger reads thousands of rows, also of other models, so one step reads a row (tolerant.ts).
 * @returns `undefined` for a row without a task ID
 */
function listedTask(row: unknown) {
	const fields = objectOf(row);
	const taskId = idOf(fields.task_id);
	if (taskId === undefined) return undefined;
	return {
		taskId,
		// A task without a status may still run, so the node polls it.
		status: statusOf(typeof fields.status === 'string' ? fields.status : ''),
		model: shownTextOf(fields.model_name, LONGEST_CODE),
		submittedAt: timeOf(fields.gmt_create),
		startedAt: timeOf(fields.start_time),
		finishedAt: timeOf(fields.end_time),
		/** Of the request that created the task. */
		requestId: shownTextOf(fields.request_id, LONGEST_CODE),
		/** The row, unchanged. */
		raw: row as object,
	};
}
export type ListedTask = NonNullable<ReturnType<typeof listedTask>>;

/**
 * POST /tasks/{task_id}/cancel, accepted: a response without an error code. Every documented one has a request
 * ID. Without it, the response may come from a box in between.
 */
export const canceledSchema = errorSchema
	.refine(({ code: error }) => error === undefined)
	.transform((answer) => ({ requestId: answer.requestId }));
export type Cancellation = z.infer<typeof canceledSchema>;

const needed = looseId.pipe(z.string());

/** Defaults for a response that leaves them out, from the documents' example. */
const POLICY_ACL = 'private';
const POLICY_FORBID_OVERWRITE = 'true';
const POLICY_VALID_S = 60;

/** GET /uploads?action=getPolicy: permission to upload files to temporary storage (docs/service.md, "Uploads"). */
export const uploadPolicySchema = z
	.object({
		request_id: requestId,
		data: z.object({
			policy: needed,
			signature: needed,
			upload_dir: needed,
			upload_host: needed,
			expire_in_seconds: looseAmount,
			max_file_size_mb: looseAmount,
			oss_access_key_id: needed,
			x_oss_object_acl: looseId,
			x_oss_forbid_overwrite: z.boolean().transform(String).or(looseId),
		}),
	})
	.transform(({ request_id, data }) => ({
		requestId: request_id,
		policy: data.policy,
		signature: data.signature,
		directory: withoutSlashes(data.upload_dir),
		host: data.upload_host,
		validMs: (data.expire_in_seconds || POLICY_VALID_S) * 1000,
		/** The largest file. Infinity: the response does not say. */
		maxBytes: (data.max_file_size_mb || Infinity) * 1024 * 1024,
		accessKeyId: data.oss_access_key_id,
		acl: data.x_oss_object_acl ?? POLICY_ACL,
		forbidOverwrite: data.x_oss_forbid_overwrite ?? POLICY_FORBID_OVERWRITE,
	}));
export type UploadPolicy = z.infer<typeof uploadPolicySchema>;
