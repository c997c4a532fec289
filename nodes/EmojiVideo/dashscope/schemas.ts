/**
 * The border: DashScope's answers, checked by zod, turned from snake_case into this package's names
 * once. Rules: nothing behind this file sees a wire name; only what decides has to be there: the ID of
 * a created task, a task's status, both areas or a code, an ID in each row of a list. Whatever else is
 * null, missing or of another type becomes `undefined` and costs nothing.
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

/** Longest texts that are kept of an answer. The answer as it came is not shortened. */
const LONGEST_CODE = 100;
const LONGEST_MESSAGE = 1000;

const code = looseText(LONGEST_CODE);
const message = looseText(LONGEST_MESSAGE);
const requestId = looseText(LONGEST_CODE);

/** Codes that say that nothing is wrong; older answers carry one (docs/service.md, "Shape of real answers"). */
const NO_ERROR = /^(success|ok|200|0)$/i;

const errorCode = code.transform((text) => (text && !NO_ERROR.test(text) ? text : undefined));

/**
 * Errors, and not-passed detections at HTTP 400: the code at the top, in `output`, or, as the
 * compatible API and gateways have it, in `error`.
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

/** A code in `output` is detection's verdict on the portrait, whatever the code. */
const codeInOutput = z
	.object({ output: z.object({ code: errorCode.pipe(z.string()), message }) })
	.transform(({ output }) => output);

/** A code at the top is a verdict only when it is one about a picture; else the request failed. */
const codeOfPicture = z.object({
	code: errorCode.pipe(z.string().startsWith('InvalidFile.')),
	message,
});

/**
 * emoji-detect-v1 (docs/service.md, "Face detection", "Where a verdict stands"): both areas when the
 * portrait passed; when not, code and message, in `output` or, for codes about a picture, at the top.
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

/** emoji-v1, task accepted. The ID is all that matters: it is paid for. */
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
 * A task's status. The SDK knows more than the reference, e.g. SUSPENDED: what is not known has not
 * ended, so it is waited for.
 */
const statusOf = (text: string) => {
	const wanted = text.trim().toUpperCase();
	return TASK_STATUSES.find((status) => status === wanted) ?? 'RUNNING';
};

/** Where sister models have the link; some have a list of results. */
function linkInResults(results: unknown): string | undefined {
	const { video_url, url } = objectOf(Array.isArray(results) ? results[0] : results);
	return linkOf(video_url) ?? linkOf(url);
}

/**
 * GET /tasks/{task_id}, every status. Times become milliseconds since the epoch. Asked for ten times for a
 * video, so all but the status is read in one step (tolerant.ts).
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
		/** As the answer has it. Who asked knows better. */
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

/**
 * The same, under the ID that was asked about.
 * @param taskId whatever the answer says its ID is
 */
export const taskSchemaFor = (taskId: string) =>
	taskSchema.transform((task): Task => ({ ...task, taskId }));

/** Pages are counted from 1; 0 pages with rows in them are no count. */
const pageCount = looseAmount.transform((count) => (count ? Math.ceil(count) : undefined));

/** A page of the task list. A row without a task ID is left out; the others are not lost for it. */
export const taskListSchema = z
	.object({ data: z.unknown(), total: looseAmount, total_page: pageCount })
	// An empty list may come without rows, but anything else without rows is no list.
	.refine(({ data, total }) => Array.isArray(data) || total === 0)
	.transform(({ data, total_page }) => {
		const rows: unknown[] = Array.isArray(data) ? data : [];
		return {
			/** How many pages the whole list has; `undefined` when the service does not say. */
			pages: total_page,
			/** How many rows came, those without a task ID too: a page without any is behind the last. */
			rows: rows.length,
			tasks: rows.map(listedTask).filter((task) => task !== undefined),
		};
	});
export type TaskPage = z.infer<typeof taskListSchema>;

/**
 * One row of GET /tasks/ (docs/service.md, "Task list"): its own dialect, with `status`, epoch
 * milliseconds and no video link. Rows of other models come here too, thousands of them for a trigger, so each is
 * read in one step (tolerant.ts).
 * @returns nothing for a row without a task ID
 */
function listedTask(row: unknown) {
	const fields = objectOf(row);
	const taskId = idOf(fields.task_id);
	if (taskId === undefined) return undefined;
	return {
		taskId,
		// Without a status it may not have ended, so it is looked at again.
		status: statusOf(typeof fields.status === 'string' ? fields.status : ''),
		model: shownTextOf(fields.model_name, LONGEST_CODE),
		submittedAt: timeOf(fields.gmt_create),
		startedAt: timeOf(fields.start_time),
		finishedAt: timeOf(fields.end_time),
		/** Of the request that made the task. */
		requestId: shownTextOf(fields.request_id, LONGEST_CODE),
		/** The row as it came. */
		raw: row as object,
	};
}
export type ListedTask = NonNullable<ReturnType<typeof listedTask>>;

/**
 * POST /tasks/{task_id}/cancel, accepted: an answer that names no error. Only its request ID, which every
 * documented one has, shows that the service itself has said so.
 */
export const canceledSchema = errorSchema
	.refine(({ code: error }) => error === undefined)
	.transform((answer) => ({ requestId: answer.requestId }));
export type Cancellation = z.infer<typeof canceledSchema>;

const needed = looseId.pipe(z.string());

/** What the documents' example has; used where an answer does not say. */
const POLICY_ACL = 'private';
const POLICY_FORBID_OVERWRITE = 'true';
const POLICY_VALID_S = 60;

/** GET /uploads?action=getPolicy: leave to put files into temporary storage (docs/service.md, "Uploads"). */
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
		/** Of one file; Infinity where the service does not say. */
		maxBytes: (data.max_file_size_mb || Infinity) * 1024 * 1024,
		accessKeyId: data.oss_access_key_id,
		acl: data.x_oss_object_acl ?? POLICY_ACL,
		forbidOverwrite: data.x_oss_forbid_overwrite ?? POLICY_FORBID_OVERWRITE,
	}));
export type UploadPolicy = z.infer<typeof uploadPolicySchema>;
