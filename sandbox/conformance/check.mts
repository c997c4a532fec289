/**
 * The shape of a check. Rule: a check is data: its request, the response by the documents, and its
 * price. Other modules run, compare and record all checks alike.
 */
import type { Area } from '../dashscope/images.mts';
import type { PolicyData } from '../dashscope/uploads.mts';
import type { RecordingKind } from './record.mts';
import type { Document } from './documents.mts';

/** A response: JSON parsed, text as text, and only the head of a video. */
export interface Answer {
	status: number;
	/** Names in lower case. */
	headers: Record<string, string>;
	body: unknown;
}

/** Requests with a limit of one per second. */
export type Lane = 'detect' | 'create';

export interface Ask {
	method?: 'GET' | 'POST';
	/** Below the base URL, or a whole address. */
	path: string;
	/** Added to the key and the content type. */
	headers?: Record<string, string>;
	/** Sent as JSON. */
	body?: object;
	form?: FormData;
	/** Another key than the target's; null sends none. */
	key?: string | null;
	/** The limit of one per second that the request falls under. */
	lane?: Lane;
	/** Does not wait for the limit. */
	hurry?: boolean;
}

/** What checks find out for those that come after them. */
export interface Found {
	face?: Area;
	expression?: Area;
	policy?: PolicyData;
	uploaded?: string;
	taskId?: string;
	queuedId?: string;
	videoUrl?: string;
}

/** One run of all checks against one service. */
export interface Visit {
	/** A portrait that passes, at a public address. */
	portrait: string;
	found: Found;
	ask: (ask: Ask) => Promise<Answer>;
	/** The service's clock, epoch ms. */
	now: () => number;
	/** Lets time pass on it. */
	wait: (ms: number) => Promise<void>;
	/** Bytes of a sample portrait. */
	sample: (name: string) => Buffer;
}

/** The response by the documents. */
export interface Expected {
	/** One, or any of these. */
	status: number | readonly number[];
	/** `code` of a refusal: one, or any of these. */
	code?: string | readonly string[];
	message?: string;
	/** Paths that must lead to something, e.g. `output.task_id`. */
	has?: readonly string[];
	/** Values by path: one, or any of these. */
	says?: Readonly<Record<string, unknown>>;
	/** Headers by name, in lower case. */
	headers?: Readonly<Record<string, string>>;
}

export interface Check {
	/** Also the name of its recording. */
	id: string;
	title: string;
	document: Document;
	section: string;
	/** The kind of its recording: it decides which schema reads it. */
	kind: RecordingKind;
	/** The item that the service bills for it. Absent: it is free. */
	bills?: 'detection' | 'video';
	/** Runs only if `--also` names it, since it may cost more than it settles. */
	optional?: boolean;
	/** Skipped where an earlier check did not find these. */
	needs?: readonly (keyof Found)[];
	ask: (visit: Visit) => Promise<Answer>;
	expected: Expected;
}
