/**
 * A value or a failure. Rule: code below the nodes does not throw. A failure travels up with all its facts and
 * becomes n8n's error in one place, execution/nodeErrors.ts.
 */
import { z } from 'zod';
import { reasonOf } from './text';

/**
 * - `invalid`: the node found bad input before it sent a request.
 * - `rejected`: DashScope rejected the request (4xx). The same request would be rejected again.
 * - `unauthorized`: every request with this key would fail (401, 403, an empty account).
 * - `throttled`: 429. DashScope did not accept the request now; it may later.
 * - `unavailable`: 5xx. DashScope failed.
 * - `unreachable`: the node sent no request, because it had no connection.
 * - `intermediary`: a firewall, proxy or gateway responded instead of DashScope, which may have acted.
 * - `noResponse`: the connection broke or time ran out after sending. DashScope may have acted.
 * - `unreadable`: the response has not the documented shape. DashScope may have acted.
 * - `portrait`: face detection does not accept this portrait.
 * - `task`: the task ended as FAILED, CANCELED or UNKNOWN.
 * - `timeLimit`: a time limit of the node ended the wait. The task continues.
 * - `stopped`: the user or n8n stopped the execution before the request was sent.
 * - `interrupted`: the execution was stopped during a request. DashScope may have acted.
 * - `unexpected`: this package or n8n threw. DashScope may have acted.
 */
export const FAILURE_KINDS = [
	'invalid',
	'rejected',
	'unauthorized',
	'throttled',
	'unavailable',
	'unreachable',
	'intermediary',
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

/**
 * The node's time limits: for a task that runs, for a task in the queue, for an AI agent's answer. Only the form
 * knows their labels.
 */
export const LIMITS = ['run', 'queue', 'answer'] as const;
export type Limit = (typeof LIMITS)[number];

/** Stands in a message where the form puts the label of the limit (parameters/limitLabels.ts). */
export const LIMIT_PLACEHOLDER = '{limit}';

/** A failure as plain JSON, because n8n's database stores it with a parked wait. */
export const failureSchema = z.object({
	kind: z.enum(FAILURE_KINDS),
	/** What happened: one sentence without a full stop. */
	message: z.string(),
	/** What the user can do next. */
	nextStep: z.string(),
	/** HTTP status of the response. */
	httpStatus: z.number().optional(),
	/** DashScope's own error code, e.g. `InvalidParameter`. */
	code: z.string().optional(),
	/** DashScope's own words. */
	serviceMessage: z.string().optional(),
	requestId: z.string().optional(),
	/** From a `Retry-After` header. */
	retryAfterMs: z.number().optional(),
	/** The accepted task that this is about. It may be paid for. */
	taskId: z.string().optional(),
	/** The task's last known status. */
	status: z.string().optional(),
	/** The same request will fail until somebody changes a setting, as far as one failure can tell. */
	lasts: z.boolean().optional(),
	/** HTTP 429 with a code that is not in the table: the limit may pass or last. */
	isUnknownLimit: z.boolean().optional(),
	/** The time limit that ended the wait. */
	limit: z.enum(LIMITS).optional(),
});

/**
 * Under this key an unexpected failure keeps the exception it comes from. A symbol, so that n8n's database,
 * items and logs, which are JSON, never contain it.
 */
export const CAUSE = Symbol('cause');

export type Failure = z.infer<typeof failureSchema> & { [CAUSE]?: Error };

export type Result<T> = { ok: true; value: T } | { ok: false; failure: Failure };

/** DashScope's own words as a sentence, to follow ours. */
export function saidByService({ code, serviceMessage }: Failure): string | undefined {
	if (serviceMessage) return `DashScope says: "${serviceMessage}"${code ? ` (${code})` : ''}.`;
	return code && `DashScope's error code: ${code}.`;
}

/** Wraps a value as a success. */
export const succeed = <T>(value: T): Result<T> => ({ ok: true, value });

/** Wraps a failure as a result. */
export const fail = (failure: Failure): { ok: false; failure: Failure } => ({ ok: false, failure });

/** A failure that the user can correct. The node sent nothing. */
export const invalidFailure = (
	message: string,
	nextStep: string,
): { ok: false; failure: Failure } => fail({ kind: 'invalid', message, nextStep });

/** After these failures, DashScope may have done what the request asked for. */
const MAY_HAVE_ACTED: readonly FailureKind[] = [
	'intermediary',
	'noResponse',
	'unreadable',
	'unavailable',
	'interrupted',
	'unexpected',
];

/** Whether DashScope may have acted although the request failed. */
export const mayHaveActed = ({ kind }: Failure): boolean => MAY_HAVE_ACTED.includes(kind);

/**
 * The failure of code that threw although it must not.
 * @param taskIds the accepted tasks that the failure may concern
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

/**
 * Runs work that returns a result. An exception becomes a failure.
 * @param toFailure may also log the exception (execution/exceptions.ts)
 */
export async function caught<T>(
	work: () => Promise<Result<T>>,
	toFailure: (error: unknown) => Failure = unexpectedFailure,
): Promise<Result<T>> {
	try {
		return await work();
	} catch (error) {
		return fail(toFailure(error));
	}
}

/** The failure of a request that Stop prevented. */
export const STOPPED: Failure = {
	kind: 'stopped',
	message: 'The execution was stopped',
	nextStep:
		'Tasks that DashScope has accepted go on there. Use Get Status with their task IDs to fetch the videos within 24 hours of their creation.',
};
