/**
 * Every call of the API as data: its request, its rate limit, its retry policy, and the schema of its response.
 * Source: docs/service.md.
 */
import { impossibleArea } from './areas';
import { isDetectionResult } from './errors';
import { listStamps } from './listTimeRange';
import type { Reading } from './readResponse';
import type { RequestKind } from './retry';
import {
	canceledSchema,
	createdSchema,
	detectionSchema,
	taskListSchema,
	taskSchema,
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
import type { ApiRequest } from './transport';

export const DETECTION_MODEL = 'emoji-detect-v1';
export const VIDEO_MODEL = 'emoji-v1';
export type Model = typeof DETECTION_MODEL | typeof VIDEO_MODEL;

/** A rate limit of an account (docs/service.md, "Limits"). */
export type Bucket = 'detect' | 'create' | 'query' | 'policy';

/** Filters of the task list (docs/service.md, "Task list"). */
export interface TaskListQuery {
	/** From 1. */
	page: number;
	/** 1 to 100. */
	pageSize: number;
	/** `model_name`; absent: every model of the account. */
	model?: string;
	status?: TaskStatus;
	/**
	 * When the tasks were submitted, in ms since the epoch, at most 24 hours. The request has whole seconds.
	 * Absent: the last 24 hours by DashScope's clock.
	 */
	submitted?: { from: number; to: number };
}

export interface VideoRequest {
	imageUrl: string;
	/** `driven_id` */
	templateId: string;
	areas: FaceAreas;
}

/** One call. */
export interface Call<T> {
	bucket: Bucket;
	/** The retry policy. `once`: the request is sent once. */
	kind: RequestKind | 'once';
	request: Omit<ApiRequest, 'timeoutMs'>;
	reading: Reading<T>;
	/** The request names an accepted task. */
	isAboutTask?: true;
}

/** DashScope resolves oss:// URLs only with this header. The documents allow it for oss:// URLs only. */
const resolveHeader = (imageUrl: string): Record<string, string> | undefined =>
	imageUrl.startsWith('oss://') ? { 'X-DashScope-OssResourceResolve': 'enable' } : undefined;

/** A submit with an impossible area would be paid for. */
function objectionToAreas(detection: Detection) {
	const area = detection.passed ? impossibleArea(detection.areas) : undefined;
	return area === undefined
		? undefined
		: {
				message: `Face detection gave the area ${area}, which is in no picture`,
				nextStep: 'Try again, use another copy of the portrait, or enter the face areas yourself.',
			};
}

export const detectCall = (imageUrl: string): Call<Detection> => ({
	bucket: 'detect',
	kind: 'detection',
	request: {
		method: 'POST',
		path: '/api/v1/services/aigc/image2video/face-detect',
		headers: resolveHeader(imageUrl),
		body: {
			model: DETECTION_MODEL,
			input: { image_url: imageUrl },
			parameters: { ratio: '1:1' },
		},
	},
	// A verdict can also come as HTTP 400 (docs/service.md, "Where a verdict stands").
	reading: { schema: detectionSchema, isAnswer: isDetectionResult, objection: objectionToAreas },
});

export const createCall = ({ imageUrl, templateId, areas }: VideoRequest): Call<CreatedTask> => ({
	bucket: 'create',
	kind: 'paidWrite',
	request: {
		method: 'POST',
		path: '/api/v1/services/aigc/image2video/video-synthesis',
		isPaid: true,
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
	reading: { schema: createdSchema },
});

const taskPath = (taskId: string) => `/api/v1/tasks/${encodeURIComponent(taskId)}`;

export const taskCall = (taskId: string, attempts: 'once' | 'patient'): Call<Task> => ({
	bucket: 'query',
	kind: attempts === 'once' ? 'once' : 'read',
	request: { method: 'GET', path: taskPath(taskId) },
	reading: { schema: taskSchema },
	isAboutTask: true,
});

export const listCall = ({
	page,
	pageSize,
	model,
	status,
	submitted,
}: TaskListQuery): Call<TaskPage> => ({
	bucket: 'query',
	kind: 'read',
	request: {
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
	reading: { schema: taskListSchema },
});

export const cancelCall = (taskId: string): Call<Cancellation> => ({
	bucket: 'query',
	kind: 'change',
	request: { method: 'POST', path: `${taskPath(taskId)}/cancel` },
	reading: { schema: canceledSchema },
	isAboutTask: true,
});

export const policyCall = (model: Model): Call<UploadPolicy> => ({
	bucket: 'policy',
	kind: 'once',
	request: { method: 'GET', path: '/api/v1/uploads', query: { action: 'getPolicy', model } },
	reading: { schema: uploadPolicySchema },
});
