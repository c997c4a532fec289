/**
 * The options of a mock at its start. Rule: every option has the documented value, or a harmless
 * one, as its default, so that `startDashScopeMock()` is the service as documented.
 */
import type { Clock } from './clock.mts';
import type { Operation } from './ledger.mts';
import type { RateLimits } from './limits.mts';
import type { OddityName } from './oddities.mts';
import type { VerdictStyle } from './verdicts.mts';

/** One main account: its keys see the same tasks, uploads and limits. */
export interface AccountOption {
	id: string;
	keys: string[];
}

/** The input of a running time. `index` counts all tasks since the start or reset, from 0. */
export interface TaskTiming {
	index: number;
	taskId: string;
	drivenId: string;
}

/**
 * Running time of a task in seconds, fractions allowed: one for all, a list that is gone through
 * again and again by task index, or a function.
 */
export type TaskSeconds = number | readonly number[] | ((task: TaskTiming) => number);

/** How long responses are delayed, in ms of real time: all of them, or some operations'. */
export type AnswerDelay = number | Partial<Record<Operation, number>>;

export interface DashScopeMockOptions {
	/** Address both origins listen on. Default 127.0.0.1. */
	host?: string;
	/** Port of the API origin; 0, the default, takes a free one. */
	port?: number;
	/** Port of the storage origin (portraits, uploads, videos); 0, the default, takes a free one. */
	storagePort?: number;
	/** Origin written into `video_url` and `upload_host`, when clients reach it by another name. */
	storageUrl?: string;
	/** The key of the only account. Ignored when `accounts` is given. */
	apiKey?: string;
	/** Several accounts, each with its keys. The first account's first key is the mock's `apiKey`. */
	accounts?: AccountOption[];
	/** Default 60 seconds. Read when a task starts running. */
	taskSeconds?: TaskSeconds;
	/** Tasks running at once per account. Default 1; 0 holds all tasks back. */
	concurrency?: number;
	/** Default `Date`. */
	clock?: Clock;
	/** Default: the documented limits, enforced. */
	rateLimits?: Partial<RateLimits>;
	/** How long an ended task is known, in ms. Default 24 h. */
	taskRetentionMs?: number;
	/** Whether the 24 hours count from a task's end (default) or from its submission. */
	taskRetentionFrom?: 'end' | 'submit';
	/**
	 * How long after its submission a task without a result ends FAILED, `InternalError.Timeout`, in ms.
	 * Default never. The error page says 3 hours, and not from when they count.
	 */
	resultTimeoutMs?: number;
	/** How long a `video_url` works, in ms from the task's end. Default 24 h. */
	resultLinkMs?: number;
	/** How long an upload is kept, in ms. Default 48 h. */
	uploadRetentionMs?: number;
	/** `max_file_size_mb` of upload policies. Default 1024, as recorded; the page's example has 100. */
	maxUploadMegabytes?: number;
	/** Default `output200`, as documented. */
	verdictStyle?: VerdictStyle;
	/** The largest `page_size` of the task list. Default 100, an assumption. */
	maxPageSize?: number;
	/**
	 * When models go offline, by model, e.g. `{ 'emoji-v1': '2027-03-31 00:00:00' }`, as the model list
	 * tells it. Default: no plans.
	 */
	modelOfflineTimes?: Readonly<Record<string, string>>;
	/**
	 * Models of other makers that make videos on `video-generation/video-synthesis`, for comparisons on
	 * one account. They share its queue. Default none.
	 */
	otherVideoModels?: readonly string[];
	/** Responses that differ in form and mean the same, in turns: all of them, or these. Default none. */
	oddities?: boolean | readonly OddityName[];
	/** Pads every video to this many bytes with an MP4 `free` box, for memory measurements. */
	videoBytes?: number;
	/** How long the service tries to download an image, in ms. Default 5 s. */
	imageTimeoutMs?: number;
	/**
	 * Delays responses after the service has done its work, so that a test can act between a create
	 * and its response. Default 0.
	 */
	answerDelayMs?: AnswerDelay;
}

export type Settings = Required<
	Omit<DashScopeMockOptions, 'rateLimits' | 'storageUrl' | 'oddities'>
> & {
	rateLimits: RateLimits;
	storageUrl: string | undefined;
	oddities: readonly OddityName[];
};
