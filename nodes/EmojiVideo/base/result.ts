/**
 * A value or a failure. Rule: nothing below the nodes throws; a failure travels up with everything that
 * is known about it and becomes n8n's error in one place, execution/nodeErrors.ts.
 */
import { z } from 'zod';
import { reasonOf } from './text';

/**
 * - `invalid`: rejected here, before any call; nothing was sent.
 * - `rejected`: DashScope said no (4xx); repeating the same request gives the same answer.
 * - `unauthorized`: 401/403: no request with this key will do better.
 * - `throttled`: 429: DashScope did not take the request; later it will.
 * - `unavailable`: 5xx: DashScope could not do it now.
 * - `unreachable`: no connection was made; the request was not sent.
 * - `noResponse`: the connection broke or time ran out after sending; DashScope may have acted.
 * - `unreadable`: an answer came that is not what the documents promise; DashScope may have acted.
 * - `portrait`: face detection works, and does not accept this portrait.
 * - `task`: the task ended as FAILED, CANCELED or UNKNOWN.
 * - `timeLimit`: a time limit of the node ended the wait; the task goes on.
 * - `stopped`: the user or n8n stopped the execution before this was asked.
 * - `interrupted`: stopped while a request was under way; DashScope may have acted.
 * - `unexpected`: this package, or n8n, threw; DashScope may have acted.
 */
export const FAILURE_KINDS = [
	'invalid',
	'rejected',
	'unauthorized',
	'throttled',
	'unavailable',
	'unreachable',
	'noResponse',
	'unreadable',
	'portrait',
	'task',
	'timeLimit',
	'stopped',
	'interrupted',
	'unexpected',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** A failure as plain JSON: it is stored in n8n's database with a parked wait. */
export const failureSchema = z.object({
	kind: z.enum(FAILURE_KINDS),
	/** What happened, in one sentence of ours. */
	message: z.string(),
	/** What to do next. */
	nextStep: z.string(),
	/** HTTP status of DashScope's answer. */
	httpStatus: z.number().optional(),
	/** DashScope's own error code, e.g. `InvalidParameter`. */
	code: z.string().optional(),
	/** What DashScope itself says, in its own English. */
	serviceMessage: z.string().optional(),
	requestId: z.string().optional(),
	/** From a `Retry-After` header. */
	retryAfterMs: z.number().optional(),
	/** The task this is about, once there is one: it may be paid for. */
	taskId: z.string().optional(),
	/** A task's last known status, where a task is what failed. */
	status: z.string().optional(),
});
export type Failure = z.infer<typeof failureSchema>;

export type Result<T> = { ok: true; value: T } | { ok: false; failure: Failure };

/** What the service itself says of a failure, as a sentence for behind ours. */
export function saidByService({ code, serviceMessage }: Failure): string | undefined {
	if (serviceMessage) return `DashScope says: "${serviceMessage}"${code ? ` (${code})` : ''}.`;
	return code && `DashScope's error code: ${code}.`;
}

/** Wraps a value as a success. */
export const succeed = <T>(value: T): Result<T> => ({ ok: true, value });

/** Wraps a failure as a result. */
export const fail = (failure: Failure): { ok: false; failure: Failure } => ({ ok: false, failure });

/** The failure of something the user can correct before anything is sent. */
export const invalidFailure = (
	message: string,
	nextStep: string,
): { ok: false; failure: Failure } => fail({ kind: 'invalid', message, nextStep });

/** Failures after which DashScope may have done what it was asked. */
const MAY_HAVE_ACTED: readonly FailureKind[] = [
	'noResponse',
	'unreadable',
	'unavailable',
	'interrupted',
	'unexpected',
];

/** Whether DashScope may have done what a request asked although the request failed. */
export const mayHaveActed = ({ kind }: Failure): boolean => MAY_HAVE_ACTED.includes(kind);

/**
 * What was thrown where nothing should be.
 * @param taskIds of all tasks that may be concerned
 */
export function unexpectedFailure(error: unknown, taskIds: readonly string[] = []): Failure {
	const accepted = {
		0: '',
		1: ' DashScope has accepted a task: fetch its video with Get Status or Wait.',
	}[taskIds.length];
	const several = ` Tasks that DashScope has accepted: ${taskIds.join(', ')}: fetch their videos with Get Status or Wait.`;
	return {
		kind: 'unexpected',
		message: `Emoji Video came to an unexpected end: ${reasonOf(error)}`,
		nextStep: `Look with Get Many for tasks that were made before you run again, and please report this error to the package.${accepted ?? several}`,
		...(taskIds.length === 1 && { taskId: taskIds[0] }),
	};
}

/** Does work that ends as a result; what it throws although it should not is a failure, too. */
export async function caught<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
	try {
		return await work();
	} catch (error) {
		return fail(unexpectedFailure(error));
	}
}

/** The failure that Stop causes. */
export const STOPPED: Failure = {
	kind: 'stopped',
	message: 'The execution was stopped',
	nextStep:
		'Tasks that DashScope has accepted go on there. Use Get Status with their task IDs to fetch the videos within 24 hours of their creation.',
};
