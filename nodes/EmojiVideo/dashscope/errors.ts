/**
 * From an error response to a failure that says what happened and what to do next. Rule: the failure keeps
 * DashScope's code and request ID. The meaning of each code is data, in errorCodes.ts.
 */
import { z } from 'zod';
import type { Failure, FailureKind } from '../base/result';
import { intermediaryFailure } from './intermediary';
import { afterColon } from '../base/text';
import { ERRORS } from './errorCodes';
import type { ErrorRow, Meaning } from './errorCodes';
import { BY_STATUS, INTERMEDIARY, STATUS_OF_CODES } from './errorStatuses';
import { errorSchema } from './schemas';
import { shownText } from './tolerant';
import type { Task } from './schemas';

const INNER_PREFIX = 'InternalError.Algo.';

/** A code at the start of a message: "<400> InternalError.Algo.InvalidParameter: Failed to download ...". */
const CODE_IN_MESSAGE = /^\s*(?:<\d{3}>\s*)?([A-Za-z_]+(?:\.[A-Za-z_]+)*)\s*:/;

/** The codes of an error, the most specific one first: a code can stand behind another, or in the message. */
function codesIn(code: string, message: string): string[] {
	const inMessage = CODE_IN_MESSAGE.exec(message)?.[1];
	return [inMessage, code].flatMap((each) =>
		each?.startsWith(INNER_PREFIX) ? [each.slice(INNER_PREFIX.length), each] : (each ?? []),
	);
}

const matchesCode = (row: ErrorRow, code: string): boolean =>
	row.code === '*' ||
	code === row.code ||
	code.startsWith(row.code.endsWith('.') ? row.code : `${row.code}.`);

/**
 * The meaning of a DashScope error code, in our words.
 * @param code DashScope's code, e.g. `InvalidFile.FacePose`
 * @param message DashScope's message, because some codes have several meanings
 */
export const meaningOf = (code = '', message = ''): ErrorRow | undefined =>
	[...codesIn(code, message), '']
		.map((each) =>
			ERRORS.find((row) => matchesCode(row, each) && (row.says?.test(message) ?? true)),
		)
		.find((row) => row !== undefined);

/** A verdict on a portrait whose code is not in the table. */
export const UNKNOWN_VERDICT: Meaning = {
	title: 'The portrait cannot be used',
	nextStep: 'Use another portrait.',
};

/** A failed task whose code is not in the table. */
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

type ServiceError = Pick<Failure, 'code' | 'requestId'> & { message?: string };

/** The readable parts of an error body. */
const errorIn = (body: unknown): ServiceError =>
	errorSchema.safeParse(body).data ?? { code: undefined, requestId: undefined };

const LONGEST_WORDS = 500;

/** DashScope's own words for messages. */
export const wordsOf = (message: string | undefined): string | undefined =>
	message && shownText(message, LONGEST_WORDS);

/** The table decides; rows whose errors can pass leave the kind to the HTTP status. */
function kindOf(row: ErrorRow | undefined, byStatus: FailureKind): FailureKind {
	if (row?.concerns === 'account') return row.lasts ? 'unauthorized' : 'throttled';
	return row?.lasts ? 'rejected' : byStatus;
}

/**
 * Whether a body is an error of DashScope: a known code, or any code with a request ID. Pages and other JSON are the
 * words of a firewall, proxy or gateway.
 */
const isFromService = (row: ErrorRow | undefined, { code, requestId }: ServiceError): boolean =>
	row !== undefined || (code !== undefined && requestId !== undefined);

/**
 * The failure of a response that is not 2xx.
 * @param status the HTTP status
 * @param body the parsed body; `undefined` if it was not JSON
 * @param retryAfterMs from the `Retry-After` header
 * @param text the raw body
 */
export function failureOfResponse(
	status: number,
	body: unknown,
	retryAfterMs?: number,
	text = '',
): Failure {
	const error = errorIn(body);
	const { code, message, requestId } = error;
	const row = meaningOf(code, message);
	const byStatus = BY_STATUS.find(({ from, to = Infinity }) => status >= from && status <= to);
	if (!isFromService(row, error) && !byStatus?.isProtocol)
		return intermediaryFailure(status, message ?? text, retryAfterMs);
	const title = row?.title ?? byStatus?.title ?? INTERMEDIARY.title;
	const kind = kindOf(row, byStatus?.kind ?? 'intermediary');
	return {
		kind,
		message: code || message ? title : `${title} (HTTP ${status})`,
		nextStep: row?.nextStep ?? byStatus?.nextStep ?? INTERMEDIARY.nextStep,
		httpStatus: status,
		code,
		serviceMessage: wordsOf(message),
		requestId,
		retryAfterMs,
		...(byStatus?.lasts && row === undefined && { lasts: true }),
		...(kind === 'throttled' && (row?.isUnlisted ?? !row) && { isUnknownLimit: true }),
	};
}

/**
 * The failure of an error body with HTTP 2xx. Its kind follows the status that belongs to its code.
 * @returns `undefined` if the body has no error code
 */
export function failureInSuccess(
	httpStatus: number,
	body: unknown,
	retryAfterMs?: number,
): Failure | undefined {
	const error = errorIn(body);
	const { code, message } = error;
	if (code === undefined) return undefined;
	if (!isFromService(meaningOf(code, message), error))
		return intermediaryFailure(httpStatus, message ?? code, retryAfterMs);
	const status = STATUS_OF_CODES.find(({ codes }) => codes.test(code))?.status ?? 500;
	return { ...failureOfResponse(status, body, retryAfterMs), httpStatus };
}

export const FETCH_LATER =
	'Use Get Status with this task ID, within 24 hours of its creation, to fetch the video.';

/**
 * The failure of a task without a video.
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
				"Check the task ID, and that the credential's account created it. Tasks expire after 24 hours.",
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
