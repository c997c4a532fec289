/**
 * From an answer that is no success to a failure that says what happened and what to do next. Rule:
 * the service's code and request ID are kept; what each code means is data, in errorCodes.ts.
 */
import { z } from 'zod';
import type { Failure } from '../base/result';
import { afterColon } from '../base/text';
import { ERRORS } from './errorCodes';
import type { ErrorRow, Meaning } from './errorCodes';
import { BY_STATUS, STATUS_OF_CODES } from './errorStatuses';
import { errorSchema } from './schemas';
import { shownText } from './tolerant';
import type { Task } from './schemas';

/**
 * What an error code of the service means, in our words.
 * @param code DashScope's code, e.g. `InvalidFile.FacePose`
 * @param message the service's own message, which tells some codes' meanings apart
 */
export const meaningOf = (code = '', message = ''): ErrorRow | undefined =>
	ERRORS.find(
		(row) =>
			(code === row.code || code.startsWith(row.code.endsWith('.') ? row.code : `${row.code}.`)) &&
			(row.says?.test(message) ?? true),
	);

/** A verdict on a portrait by a code that is not known. */
export const UNKNOWN_VERDICT: Meaning = {
	title: 'The portrait cannot be used',
	nextStep: 'Use another portrait.',
};

/** A task that failed with a code that is not known. */
export const UNKNOWN_FAULT: Meaning = {
	title: 'The task failed',
	nextStep: 'Create the video again, or change the portrait.',
};

const verdictAt400 = z.union([
	z.object({ output: z.object({ code: z.string().min(1) }) }),
	z.object({ code: z.string().startsWith('InvalidFile.') }),
]);

/**
 * Whether the body of an HTTP 400 is face detection's verdict on the portrait: a code in `output`, or
 * a portrait's code at the top (docs/service.md, "Where a verdict stands").
 */
export const isDetectionResult = (body: unknown): boolean => verdictAt400.safeParse(body).success;

/** What the service says of an error, as far as it can be read. */
const errorIn = (body: unknown): Pick<Failure, 'code' | 'requestId'> & { message?: string } =>
	errorSchema.safeParse(body).data ?? { code: undefined, requestId: undefined };

const LONGEST_WORDS = 500;

/** The service's own words, as they are shown. */
export const wordsOf = (message: string | undefined): string | undefined =>
	message && shownText(message, LONGEST_WORDS);

/**
 * Turns an answer that is not 2xx into a failure.
 * @param status the HTTP status
 * @param body the parsed body, or `undefined` where it was no JSON
 * @param retryAfterMs from the `Retry-After` header
 */
export function refusal(status: number, body: unknown, retryAfterMs?: number): Failure {
	const { code, message, requestId } = errorIn(body);
	const row = meaningOf(code, message);
	const byStatus = BY_STATUS.find(({ from, to = Infinity }) => status >= from && status <= to);
	const title = row?.title ?? byStatus?.title ?? 'DashScope refused the request';
	return {
		kind: row?.kind ?? byStatus?.kind ?? 'unreadable',
		message: code || message ? title : `${title} (HTTP ${status})`,
		nextStep: row?.nextStep ?? byStatus?.nextStep ?? '',
		httpStatus: status,
		code,
		serviceMessage: wordsOf(message),
		requestId,
		retryAfterMs,
	};
}

/**
 * An error inside HTTP 2xx: a code where an answer should be. It is taken for what it would be with the
 * status that belongs to its code.
 * @returns undefined when the body names no error
 */
export function refusalInSuccess(
	httpStatus: number,
	body: unknown,
	retryAfterMs?: number,
): Failure | undefined {
	const { code } = errorIn(body);
	if (code === undefined) return undefined;
	const status = STATUS_OF_CODES.find(({ codes }) => codes.test(code))?.status ?? 500;
	return { ...refusal(status, body, retryAfterMs), httpStatus };
}

const FETCH_LATER =
	'Use Get Status with this task ID, within 24 hours of its creation, to fetch the video.';

/**
 * Why a task has no video.
 * @param task ended as FAILED, CANCELED or UNKNOWN
 */
export function taskFailure({ taskId, status, code, message, requestId }: Task): Failure {
	const meaning = meaningOf(code, message);
	const { title, nextStep: whatToDo } = UNKNOWN_FAULT;
	const reasons: Partial<Record<Task['status'], Pick<Failure, 'message' | 'nextStep'>>> = {
		FAILED: {
			message: meaning ? `${title}: ${afterColon(meaning.title)}` : title,
			nextStep: meaning?.nextStep ?? whatToDo,
		},
		CANCELED: {
			message: 'The task was taken out of the queue before it ran',
			nextStep: 'Nothing was billed. Create the video again if you still want it.',
		},
		UNKNOWN: {
			message: 'DashScope does not know this task',
			nextStep:
				'Task IDs can be queried for 24 hours, from their creation or from their end (the documents disagree), with a key of the account that made them. Check the task ID and the credential; when the time is over, the video is gone and has to be created again.',
		},
	};
	const { message: text, nextStep } = reasons[status] ?? {
		message: `The task is ${status}`,
		nextStep: FETCH_LATER,
	};
	return {
		kind: 'task',
		message: text,
		nextStep,
		code,
		serviceMessage: wordsOf(message),
		requestId,
		taskId,
		status,
	};
}

/** The options that end a wait, by their labels in the form. */
export const LIMIT_LABELS = {
	run: 'Timeout (Seconds)',
	queue: 'Queue Timeout (Seconds)',
	answer: 'Answer Within (Seconds)',
} as const;
export type Limit = keyof typeof LIMIT_LABELS;

/** A time limit of the node ended the wait for a task that goes on. */
export const timeLimitFailure = ({ taskId, status, requestId }: Task, limit: Limit): Failure => ({
	kind: 'timeLimit',
	message: `The task is still ${status === 'RUNNING' ? 'running' : 'in the queue'} at the end of "${LIMIT_LABELS[limit]}"`,
	nextStep: `The task goes on, and may be billed. ${FETCH_LATER} To wait longer, raise the limit.`,
	requestId,
	taskId,
	status,
});

/**
 * The same where the last questions had no answer.
 * @param fault why not
 */
export const unansweredLimitFailure = (
	{ taskId, status }: Pick<Task, 'taskId' | 'status'>,
	{ message }: Failure,
	limit: Limit,
): Failure => ({
	kind: 'timeLimit',
	message: `At the end of "${LIMIT_LABELS[limit]}" nobody knows how far the task is: ${afterColon(message)}`,
	nextStep: `The task goes on, and may be billed. ${FETCH_LATER}`,
	taskId,
	status,
});
