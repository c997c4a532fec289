/**
 * The one door to the service: every call of the API goes through here, with its pace, its retry
 * policy, its time limit and its schema. Knows nothing of nodes and their parameters.
 */
import type { z } from 'zod';
import type { Clock } from '../clock';
import { impossibleArea } from './areas';
import { isDetectionResult, refusal, refusalInSuccess } from './errors';
import { fail, mayHaveActed, STOPPED, succeed } from '../result';
import type { Failure, Result } from '../result';
import { withRetry } from './retry';
import type { RequestKind } from './retry';
import {
	canceledSchema,
	createdSchema,
	detectionSchema,
	taskListSchema,
	taskSchemaFor,
	uploadPolicySchema,
} from './schemas';
import type {
	Cancellation,
	CreatedTask,
	Detection,
	FaceAreas,
	Task,
	TaskPage,
	TaskStatus,
	UploadPolicy,
} from './schemas';
import { listStamps } from './listTimeRange';
import type { ApiAnswer, ApiRequest, Send } from './transport';

export const DETECTION_MODEL = 'emoji-detect-v1';
export const VIDEO_MODEL = 'emoji-v1';
export type Model = typeof DETECTION_MODEL | typeof VIDEO_MODEL;

/** A rate limit of an account (docs/service.md, "Limits"). */
export type Bucket = 'detect' | 'create' | 'query' | 'policy';

/** Waits for a free place in a bucket; the client never asks faster than it lets through. */
export type Acquire = (bucket: Bucket, signal?: AbortSignal) => Promise<void>;

/** An answer in this package's terms, and the body as it came. */
export interface Answer<T> {
	value: T;
	raw: object;
}

export interface Client {
	/** Finds both face areas of a portrait. A portrait that does not pass is a value, not a failure. */
	detectFace(imageUrl: string): Promise<Result<Answer<Detection>>>;
	/** Makes a task, which is paid for. Sent again only when the service did not take it. */
	createTask(video: VideoRequest): Promise<Result<Answer<CreatedTask>>>;
	/** A task's present state. `once`: a single attempt, for a caller that has patience of its own. */
	getTask(taskId: string, attempts?: 'once' | 'patient'): Promise<Result<Answer<Task>>>;
	/** One page of the account's tasks, by submission, newest first as far as is known. */
	listTasks(query: TaskListQuery): Promise<Result<Answer<TaskPage>>>;
	/**
	 * Takes a PENDING task out of the queue. Not sent again after a lost answer: whether it was
	 * canceled, its status tells.
	 */
	cancelTask(taskId: string): Promise<Result<Answer<Cancellation>>>;
	/** Leave to upload files for a model, for some minutes. One attempt: an upload retries as a whole. */
	getUploadPolicy(model: Model): Promise<Result<Answer<UploadPolicy>>>;
}

/** What to list (docs/service.md, "Task list"). */
export interface TaskListQuery {
	/** From 1. */
	page: number;
	/** 1 to 100. */
	pageSize: number;
	/** `model_name`; absent: every model of the account. */
	model?: string;
	status?: TaskStatus;
	/**
	 * When the tasks were submitted, in ms since the epoch, 24 hours at most; the wire has whole
	 * seconds. Absent: the last 24 hours by the service's own clock.
	 */
	submitted?: { from: number; to: number };
}

export interface VideoRequest {
	imageUrl: string;
	/** `driven_id` */
	templateId: string;
	areas: FaceAreas;
}

/** Time limits per request. Detection downloads and looks at the image before it answers. */
const TIMEOUT_MS = { detect: 60_000, create: 60_000, query: 20_000, policy: 20_000 } as const;

/** A file in temporary storage is found only with this header, which nothing else may carry. */
const resolveHeader = (imageUrl: string): Record<string, string> | undefined =>
	imageUrl.startsWith('oss://') ? { 'X-DashScope-OssResourceResolve': 'enable' } : undefined;

function parseJson(text: string): unknown {
	try {
		// Some gateways put a byte order mark before their JSON.
		return JSON.parse(text.replace(/^\uFEFF/, ''));
	} catch {
		return undefined;
	}
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110 section 10.2.3). */
function retryAfterMs(headers: ApiAnswer['headers'], now: number): number | undefined {
	const text = headers['retry-after'];
	if (typeof text !== 'string') return undefined;
	const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
	return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** How an answer of one kind is told from an error, and read. */
interface Reading<T> {
	schema: z.ZodType<T, z.ZodTypeDef, unknown>;
	/** HTTP 400 that is an answer rather than an error, judged by its body. */
	isAnswer?: (body: unknown) => boolean;
	/** What makes a readable answer one that cannot be worked with. */
	objection?: (value: T) => Pick<Failure, 'message' | 'nextStep'> | undefined;
}

const UNREADABLE = {
	message: 'DashScope gave an answer that this package cannot read',
	nextStep:
		'Check that the endpoint of the credential is DashScope. If it is, the API has changed: look for a new version of this package.',
};

/** An answer's body, checked; every doubt becomes a failure with DashScope's code and request ID. */
function read<T>(
	answer: ApiAnswer,
	{ schema, isAnswer, objection }: Reading<T>,
	now: number,
): Result<Answer<T>> {
	const { httpStatus } = answer;
	const body = parseJson(answer.text);
	if (httpStatus < 200 || httpStatus > 299) {
		if (httpStatus !== 400 || !isAnswer?.(body)) {
			return fail(refusal(httpStatus, body, retryAfterMs(answer.headers, now)));
		}
	}
	const parsed = schema.safeParse(body);
	if (!parsed.success || typeof body !== 'object' || body === null) {
		const refused = refusalInSuccess(httpStatus, body, retryAfterMs(answer.headers, now));
		return fail(refused ?? { kind: 'unreadable', ...UNREADABLE, httpStatus });
	}
	const doubt = objection?.(parsed.data);
	if (doubt) return fail({ kind: 'unreadable', ...doubt, httpStatus });
	return succeed({ value: parsed.data, raw: body });
}

/** Areas that no picture has would be sent, and paid for, as they are. */
function objectionToAreas(detection: Detection) {
	const area = detection.passed ? impossibleArea(detection.areas) : undefined;
	return area === undefined
		? undefined
		: {
				message: `Face detection gave the area ${area}, which is in no picture`,
				nextStep: 'Try again, use another copy of the portrait, or set Face Areas to Set Manually.',
			};
}

/** What to do when nobody knows whether a task was made. */
export const LOST_CREATE =
	"A task may have been made, and may be paid for, although its answer was lost. It was not sent again. Look for it with Get Many, which lists the account's tasks of the last 24 hours, before you create this video in a new execution.";

/**
 * @param send the transport to the account
 * @param acquire the account's shared pace
 * @param signal aborts when the user stops the execution
 */
export function createClient(
	send: Send,
	acquire: Acquire,
	clock: Clock,
	signal?: AbortSignal,
): Client {
	const call = async <T>(
		kind: RequestKind | 'once',
		bucket: Bucket,
		request: Omit<ApiRequest, 'timeoutMs'>,
		reading: Reading<T>,
	): Promise<Result<Answer<T>>> => {
		const attempt = async (): Promise<Result<Answer<T>>> => {
			await acquire(bucket, signal);
			if (signal?.aborted) return fail(STOPPED);
			const answer = await send({ ...request, timeoutMs: TIMEOUT_MS[bucket] });
			return answer.ok ? read(answer.value, reading, clock.now()) : answer;
		};
		return kind === 'once' ? await attempt() : await withRetry(kind, clock, attempt, signal);
	};

	return {
		async detectFace(imageUrl) {
			// A verdict can also come as HTTP 400 (docs/service.md, "Where a verdict stands").
			return await call(
				'detection',
				'detect',
				{
					method: 'POST',
					path: '/api/v1/services/aigc/image2video/face-detect',
					headers: resolveHeader(imageUrl),
					body: {
						model: DETECTION_MODEL,
						input: { image_url: imageUrl },
						parameters: { ratio: '1:1' },
					},
				},
				{
					schema: detectionSchema,
					isAnswer: isDetectionResult,
					objection: objectionToAreas,
				},
			);
		},

		async createTask({ imageUrl, templateId, areas }) {
			const result = await call(
				'paidWrite',
				'create',
				{
					method: 'POST',
					path: '/api/v1/services/aigc/image2video/video-synthesis',
					headers: { 'X-DashScope-Async': 'enable', ...resolveHeader(imageUrl) },
					body: {
						model: VIDEO_MODEL,
						input: {
							image_url: imageUrl,
							driven_id: templateId,
							face_bbox: areas.face,
							ext_bbox: areas.expression,
						},
					},
				},
				{ schema: createdSchema },
			);
			const mayExist = !result.ok && mayHaveActed(result.failure);
			return mayExist ? fail({ ...result.failure, nextStep: LOST_CREATE }) : result;
		},

		async getTask(taskId, attempts = 'patient') {
			return await call(
				attempts === 'once' ? 'once' : 'read',
				'query',
				{
					method: 'GET',
					path: `/api/v1/tasks/${encodeURIComponent(taskId)}`,
				},
				{ schema: taskSchemaFor(taskId) },
			);
		},

		async listTasks({ page, pageSize, model, status, submitted }) {
			return await call(
				'read',
				'query',
				{
					method: 'GET',
					path: '/api/v1/tasks/',
					query: {
						page_no: page,
						page_size: pageSize,
						...(model && { model_name: model }),
						...(status && { status }),
						...(submitted && listStamps(submitted)),
					},
				},
				{ schema: taskListSchema },
			);
		},

		async cancelTask(taskId) {
			return await call(
				'change',
				'query',
				{
					method: 'POST',
					path: `/api/v1/tasks/${encodeURIComponent(taskId)}/cancel`,
				},
				{ schema: canceledSchema },
			);
		},

		async getUploadPolicy(model) {
			return await call(
				'once',
				'policy',
				{ method: 'GET', path: '/api/v1/uploads', query: { action: 'getPolicy', model } },
				{ schema: uploadPolicySchema },
			);
		},
	};
}
