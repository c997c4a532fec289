/**
 * Every call of the API as data: what is sent, at which rate, what is sent again after which failure, and
 * how the answer is read. Source: docs/service.md.
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

/** One call. */
export interface Call<T> {
	bucket: Bucket;
	/** What it is repeated after; `once`: nothing. */
	kind: RequestKind | 'once';
	request: Omit<ApiRequest, 'timeoutMs'>;
	reading: Reading<T>;
}

/** A file in temporary storage is found only with this header, which nothing else may carry. */
const resolveHeader = (imageUrl: string): Record<string, string> | undefined =>
	imageUrl.startsWith('oss://') ? { 'X-DashScope-OssResourceResolve': 'enable' } : undefined;

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
});

export const policyCall = (model: Model): Call<UploadPolicy> => ({
	bucket: 'policy',
	kind: 'once',
	request: { method: 'GET', path: '/api/v1/uploads', query: { action: 'getPolicy', model } },
	reading: { schema: uploadPolicySchema },
});
