/**
 * The one door to the service: every call of the API goes through here, with its pace, its retry
 * policy, its time limit and its schema. Knows nothing of nodes and their parameters.
 */
import type { Clock } from '../base/clock';
import { fail, mayHaveActed, STOPPED, succeed } from '../base/result';
import type { Result } from '../base/result';
import { cancelCall, createCall, detectCall, listCall, policyCall, taskCall } from './calls';
import type { Bucket, Call, Model, TaskListQuery, VideoRequest } from './calls';
import { aheadOf, readResponse } from './readResponse';
import type { ApiResponse } from './readResponse';
import { withRetry } from './retry';
import type { Cancellation, CreatedTask, Detection, Task, TaskPage, UploadPolicy } from './schemas';
import type { Send } from './transport';

export { DETECTION_MODEL, VIDEO_MODEL } from './calls';
export type { Bucket, Model, TaskListQuery, VideoRequest } from './calls';
export type { ApiResponse } from './readResponse';

/** Waits for a free place in a bucket; the client never asks faster than it lets through. */
export interface Acquire {
	(bucket: Bucket, signal?: AbortSignal): Promise<void>;
	/**
	 * Hears whether the service took a request of the bucket, or refused it as one too many.
	 * @param sentAt when the request left, ms since the epoch
	 */
	answered?(bucket: Bucket, sentAt: number, outcome: 'taken' | 'throttled'): void;
}

export interface Client {
	/** Finds both face areas of a portrait. A portrait that does not pass is a value, not a failure. */
	detectFace(imageUrl: string): Promise<Result<ApiResponse<Detection>>>;
	/** Makes a task, which is paid for. Sent again only when the service did not take it. */
	submitTask(video: VideoRequest): Promise<Result<ApiResponse<CreatedTask>>>;
	/** A task's present state. `once`: a single attempt, for a caller that has patience of its own. */
	getTask(taskId: string, attempts?: 'once' | 'patient'): Promise<Result<ApiResponse<Task>>>;
	/** One page of the account's tasks, by submission, newest first as far as is known. */
	listTasks(query: TaskListQuery): Promise<Result<ApiResponse<TaskPage>>>;
	/**
	 * Takes a PENDING task out of the queue. Not sent again after a lost answer: whether it was
	 * canceled, its status tells.
	 */
	cancelTask(taskId: string): Promise<Result<ApiResponse<Cancellation>>>;
	/** Leave to upload files for a model, for some minutes. One attempt: an upload retries as a whole. */
	getUploadPolicy(model: Model): Promise<Result<ApiResponse<UploadPolicy>>>;
	/** How far the service's clock was ahead of this one by its last answer, in ms; 0 if it has not said. */
	aheadMs(): number;
}

/** Time limits per request. Detection downloads and looks at the image before it answers. */
const TIMEOUT_MS = { detect: 60_000, create: 60_000, query: 20_000, policy: 20_000 } as const;

/** What to do when nobody knows whether a task was made. */
export const UNCONFIRMED_SUBMIT =
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
	let aheadMs = 0;
	const call = async <T>({
		bucket,
		kind,
		request,
		reading,
	}: Call<T>): Promise<Result<ApiResponse<T>>> => {
		const attempt = async (): Promise<Result<ApiResponse<T>>> => {
			await acquire(bucket, signal);
			if (signal?.aborted) return fail(STOPPED);
			const sentAt = clock.now();
			const answer = await send({ ...request, timeoutMs: TIMEOUT_MS[bucket] });
			if (answer.ok) aheadMs = aheadOf(answer.value, clock.now()) ?? aheadMs;
			const result = answer.ok ? readResponse(answer.value, reading, clock.now()) : answer;
			const isThrottled = !result.ok && result.failure.kind === 'throttled';
			if (answer.ok) acquire.answered?.(bucket, sentAt, isThrottled ? 'throttled' : 'taken');
			return result;
		};
		return kind === 'once' ? await attempt() : await withRetry(kind, clock, attempt, signal);
	};

	return {
		detectFace: async (imageUrl) => await call(detectCall(imageUrl)),
		async submitTask(video) {
			const result = await call(createCall(video));
			const mayExist = !result.ok && mayHaveActed(result.failure);
			return mayExist ? fail({ ...result.failure, nextStep: UNCONFIRMED_SUBMIT }) : result;
		},
		async getTask(taskId, attempts = 'patient') {
			const result = await call(taskCall(taskId, attempts));
			if (!result.ok) return result;
			// Under the ID that was asked about, whatever the answer says its ID is.
			const { value, raw } = result.value;
			return succeed({ value: { ...value, taskId }, raw });
		},
		listTasks: async (query) => await call(listCall(query)),
		cancelTask: async (taskId) => await call(cancelCall(taskId)),
		getUploadPolicy: async (model) => await call(policyCall(model)),
		aheadMs: () => aheadMs,
	};
}
