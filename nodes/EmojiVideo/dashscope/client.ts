/**
 * The only way to the service: every API call passes here and gets its rate limit, retry policy, time limit and
 * schema.
 */
import type { Clock } from '../base/clock';
import { fail, mayHaveActed, STOPPED, succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import { neverStops } from '../base/stop';
import type { Stop } from '../base/stop';
import { cancelCall, createCall, detectCall, listCall, policyCall, taskCall } from './calls';
import type { Bucket, Call, Model, TaskListQuery, VideoRequest } from './calls';
import { confirmationPauseMs, noteResult, withoutLasting } from './keyTrust';
import type { KeyTrust } from './keyTrust';
import { aheadOf, readResponse } from './readResponse';
import type { ApiResponse } from './readResponse';
import { withRetry } from './retry';
import type { Cancellation, CreatedTask, Detection, Task, TaskPage, UploadPolicy } from './schemas';
import type { Send } from './transport';

export { DETECTION_MODEL, VIDEO_MODEL } from './calls';
export type { Bucket, Model, TaskListQuery, VideoRequest } from './calls';
export type { ApiResponse } from './readResponse';

/** Waits until the account's rate limit allows a request of the bucket. */
export interface Acquire {
	(bucket: Bucket, signal?: AbortSignal): Promise<void>;
	/**
	 * Records whether DashScope accepted or throttled a request of the bucket.
	 * @param sentAt when the request was sent, ms since the epoch
	 * @param failure of a throttled request
	 */
	recordOutcome?(
		bucket: Bucket,
		sentAt: number,
		outcome: 'taken' | 'throttled',
		failure?: Failure,
	): void;
	/** How long DashScope has throttled every request of the bucket, in ms; 0 after an accepted one. */
	throttledForMs?(bucket: Bucket): number;
}

export interface Client {
	/** Finds both face areas of a portrait. If the portrait does not pass, the result is still a success. */
	detectFace(imageUrl: string): Promise<Result<ApiResponse<Detection>>>;
	/** Submits a task, which is paid for. Sent again only if DashScope certainly did not accept it. */
	submitTask(video: VideoRequest): Promise<Result<ApiResponse<CreatedTask>>>;
	/** Polls a task. `once`: a single attempt, for callers with their own retry policy. */
	getTask(taskId: string, attempts?: 'once' | 'patient'): Promise<Result<ApiResponse<Task>>>;
	/** One page of the account's tasks. The newest come first in all known responses. */
	listTasks(query: TaskListQuery): Promise<Result<ApiResponse<TaskPage>>>;
	/**
	 * Takes a PENDING task out of the queue. Not sent again after a lost response, because the task's status shows
	 * whether it was canceled.
	 */
	cancelTask(taskId: string): Promise<Result<ApiResponse<Cancellation>>>;
	/** Permission to upload files for a model, for some minutes. One attempt: an upload retries as a whole. */
	getUploadPolicy(model: Model): Promise<Result<ApiResponse<UploadPolicy>>>;
	/** How far DashScope's clock was ahead of ours in its last response, in ms. 0: not known. */
	aheadMs(): number;
}

/** Time limits per request. Detection downloads and inspects the image before it responds. */
const TIMEOUT_MS = { detect: 60_000, create: 60_000, query: 20_000, policy: 20_000 } as const;

/** Successes of other requests in between make a rejection odd again, but not forever. */
const MOST_CONFIRMATIONS = 3;

/** Sends a rejected request again, because one odd response must not end a batch. */
async function withConfirmation<T>(
	clock: Clock,
	attempt: () => Promise<Result<T>>,
	pauseMs: (result: Result<T>) => number | undefined,
	signal?: AbortSignal,
): Promise<Result<T>> {
	for (let repeats = 0; ; repeats++) {
		const result = await attempt();
		const pause = pauseMs(result);
		if (pause === undefined || repeats >= MOST_CONFIRMATIONS) return result;
		await clock.sleep(pause, signal);
		if (signal?.aborted) return fail(STOPPED);
	}
}

/** The next step after an unconfirmed submit. */
export const UNCONFIRMED_SUBMIT =
	"A task may have been made, and may be paid for, although its answer was lost. It was not sent again. Look for it with Get Many, which lists the account's tasks of the last 24 hours, before you create this video in a new execution.";

/** The outcome of a call. */
type Called<T> = Result<ApiResponse<T>>;

/**
 * @param send the transport to the account
 * @param acquire the account's rate limit
 */
export function createClient(
	send: Send,
	acquire: Acquire,
	clock: Clock,
	{ batchEnd }: Pick<Stop, 'batchEnd'> = neverStops(),
): Client {
	let aheadMs = 0;
	let trust: KeyTrust = { hasWorked: false };
	const call = async <T>({
		bucket,
		kind,
		request,
		reading,
		isAboutTask,
	}: Call<T>): Promise<Called<T>> => {
		const attempt = async (): Promise<Called<T>> => {
			await acquire(bucket, batchEnd);
			if (batchEnd.aborted) return fail(STOPPED);
			const sentAt = clock.now();
			const response = await send({ ...request, timeoutMs: TIMEOUT_MS[bucket] });
			if (response.ok) aheadMs = aheadOf(response.value, clock.now()) ?? aheadMs;
			const result = response.ok ? readResponse(response.value, reading, clock.now()) : response;
			if (!result.ok && result.failure.kind === 'throttled')
				acquire.recordOutcome?.(bucket, sentAt, 'throttled', result.failure);
			else if (response.ok) acquire.recordOutcome?.(bucket, sentAt, 'taken');
			trust = noteResult(trust, result, clock.now(), isAboutTask);
			return trust.hasWorked ? withoutLasting(result) : result;
		};
		const pauseMs = (result: Result<unknown>) => confirmationPauseMs(trust, result, clock.now());
		const confirmed = async () => await withConfirmation(clock, attempt, pauseMs, batchEnd);
		if (kind === 'once') return await confirmed();
		const throttledForMs = () => acquire.throttledForMs?.(bucket) ?? 0;
		return await withRetry(kind, clock, confirmed, batchEnd, throttledForMs);
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
			// A response may name another ID than the request.
			const { value, raw } = result.value;
			return succeed({ value: { ...value, taskId }, raw });
		},
		listTasks: async (query) => await call(listCall(query)),
		cancelTask: async (taskId) => await call(cancelCall(taskId)),
		getUploadPolicy: async (model) => await call(policyCall(model)),
		aheadMs: () => aheadMs,
	};
}
