/**
 * The border: DashScope's answers as the documents describe them, checked by zod, turned from
 * snake_case into this package's names once. Rule: nothing behind this file sees a wire name.
 */
import { z } from 'zod';

/** `[x1, y1, x2, y2]` in pixels: top-left and bottom-right corner. */
export const areaSchema = z.tuple([
	z.number().int(),
	z.number().int(),
	z.number().int(),
	z.number().int(),
]);
export type Area = z.infer<typeof areaSchema>;

/** Both areas that emoji-v1 needs, as emoji-detect-v1 finds them. */
export interface FaceAreas {
	/** `bbox_face` of the detection, `face_bbox` of the creation. */
	face: Area;
	/** `ext_bbox_face` of the detection, `ext_bbox` of the creation; about square. */
	expression: Area;
}

/** Errors, and not-passed verdicts at HTTP 400 (docs/service.md, "Where a verdict stands"). */
export const errorSchema = z
	.object({
		code: z.string().nullish(),
		message: z.string().nullish(),
		request_id: z.string().nullish(),
		output: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
	})
	.transform(({ code, message, request_id, output }) => ({
		code: code ?? output?.code ?? undefined,
		message: message ?? output?.message ?? undefined,
		requestId: request_id ?? undefined,
	}));

/**
 * emoji-detect-v1 (docs/service.md, "Face detection"): both areas when the portrait passed; when not, code
 * and message, in `output` at HTTP 200 as documented, or in `output` or at the top at HTTP 400.
 */
export const detectionSchema = z.union([
	z
		.object({
			request_id: z.string().optional(),
			output: z.object({ bbox_face: areaSchema, ext_bbox_face: areaSchema }),
		})
		.transform(({ request_id, output: { bbox_face: face, ext_bbox_face: expression } }) => ({
			passed: true as const,
			requestId: request_id,
			areas: { face, expression } satisfies FaceAreas,
		})),
	errorSchema
		.refine(({ code }) => Boolean(code))
		.transform(({ code = '', message = '', requestId }) => ({
			passed: false as const,
			requestId,
			code,
			message,
		})),
]);
export type Detection = z.infer<typeof detectionSchema>;

/** emoji-v1, task accepted. */
export const createdSchema = z
	.object({
		request_id: z.string().optional(),
		output: z.object({ task_id: z.string().min(1), task_status: z.string() }),
	})
	.transform(({ request_id, output }) => ({
		taskId: output.task_id,
		status: output.task_status,
		requestId: request_id,
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
 * The service's times are "YYYY-MM-DD HH:mm:ss.SSS" in UTC+8 (API reference, submit_time).
 * A time that cannot be read is no reason to lose a paid video, so it becomes `undefined`.
 */
const serviceTime = z
	.string()
	.optional()
	.transform((text) => {
		const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?)$/.exec(text ?? '');
		const ms = match ? Date.parse(`${match[1]}T${match[2]}+08:00`) : Number.NaN;
		return Number.isNaN(ms) ? undefined : ms;
	});

/** GET /tasks/{task_id}, every status. Times become milliseconds since the epoch. */
export const taskSchema = z
	.object({
		request_id: z.string().optional(),
		output: z.object({
			task_id: z.string().min(1),
			// The SDK knows more than the reference, e.g. SUSPENDED: not ended, so wait on.
			task_status: z
				.string()
				.transform((text) => TASK_STATUSES.find((s) => s === text) ?? 'RUNNING'),
			submit_time: serviceTime,
			scheduled_time: serviceTime,
			end_time: serviceTime,
			video_url: z.string().url().optional(),
			code: z.string().optional(),
			message: z.string().optional(),
		}),
		usage: z.object({ video_duration: z.number().nonnegative().optional() }).nullish(),
	})
	.transform(({ request_id, output, usage }) => ({
		taskId: output.task_id,
		status: output.task_status,
		submittedAt: output.submit_time,
		startedAt: output.scheduled_time,
		finishedAt: output.end_time,
		videoUrl: output.video_url,
		code: output.code,
		message: output.message,
		billedSeconds: usage?.video_duration,
		requestId: request_id,
	}));
export type Task = z.infer<typeof taskSchema>;

export type TaskStatus = Task['status'];

/** Times of the task list are milliseconds since the epoch; one that cannot be read is not known. */
const epochMs = z
	.number()
	.positive()
	.optional()
	.catch(() => undefined);

/**
 * One row of GET /tasks/ (docs/service.md, "Task list"): its own dialect, with `status`,
 * epoch milliseconds and no video link. Rows of other models come here too.
 */
const listedTaskSchema = z
	.object({
		task_id: z.string().min(1),
		status: z.string().transform((text) => TASK_STATUSES.find((s) => s === text) ?? 'RUNNING'),
		model_name: z.string().optional(),
		request_id: z.string().optional(),
		gmt_create: epochMs,
		start_time: epochMs,
		end_time: epochMs,
	})
	.passthrough();

/** A page of the task list. A row that cannot be read is left out; the others are not lost for it. */
export const taskListSchema = z
	.object({
		data: z.array(z.unknown()).nullish(),
		total: z.number().int().nonnegative().optional(),
		total_page: z.number().int().nonnegative().optional(),
	})
	// An empty list may come without rows, but anything else without rows is no list.
	.refine(({ data, total }) => Array.isArray(data) || total === 0)
	.transform(({ data, total_page }) => ({
		/** How many pages the whole list has; `undefined` when the service does not say. */
		pages: total_page,
		tasks: (data ?? []).flatMap((row) => {
			const parsed = listedTaskSchema.safeParse(row);
			return parsed.success ? [listedTask(parsed.data)] : [];
		}),
	}));
export type TaskPage = z.infer<typeof taskListSchema>;
export type ListedTask = ReturnType<typeof listedTask>;

function listedTask(row: z.infer<typeof listedTaskSchema>) {
	return {
		taskId: row.task_id,
		status: row.status,
		model: row.model_name,
		submittedAt: row.gmt_create,
		startedAt: row.start_time,
		finishedAt: row.end_time,
		/** Of the request that made the task. */
		requestId: row.request_id,
		/** The row as it came. */
		raw: row as object,
	};
}

/** POST /tasks/{task_id}/cancel, accepted. */
export const canceledSchema = z
	.object({ request_id: z.string().optional() })
	.transform(({ request_id }) => ({ requestId: request_id }));
export type Cancellation = z.infer<typeof canceledSchema>;

/** The documents' table says text where their example has numbers (section 4), so both will do. */
const textual = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const numeric = textual.pipe(z.coerce.number().positive());

/** GET /uploads?action=getPolicy: leave to put files into temporary storage (section 4). */
export const uploadPolicySchema = z
	.object({
		request_id: z.string().optional(),
		data: z.object({
			policy: textual,
			signature: textual,
			upload_dir: textual,
			upload_host: textual,
			expire_in_seconds: numeric,
			max_file_size_mb: numeric.optional().catch(undefined),
			oss_access_key_id: textual,
			x_oss_object_acl: textual,
			x_oss_forbid_overwrite: textual,
		}),
	})
	.transform(({ request_id, data }) => ({
		requestId: request_id,
		policy: data.policy,
		signature: data.signature,
		directory: data.upload_dir.replace(/\/+$/, ''),
		host: data.upload_host,
		validMs: data.expire_in_seconds * 1000,
		/** Of one file; Infinity where the service does not say. */
		maxBytes: (data.max_file_size_mb ?? Infinity) * 1024 * 1024,
		accessKeyId: data.oss_access_key_id,
		acl: data.x_oss_object_acl,
		forbidOverwrite: data.x_oss_forbid_overwrite,
	}));
export type UploadPolicy = z.infer<typeof uploadPolicySchema>;
