/**
 * From an HTTP response to a value or a failure. Rule: the schema decides. A response that does not match becomes
 * a failure with DashScope's code and request ID.
 */
import type { z } from 'zod';
import { parseJson } from '../base/json';
import { fail, succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import { failureOfResponse, failureInSuccess } from './errors';
import { intermediaryFailure } from './intermediary';
import type { HttpResponse } from './transport';

/** A response in this package's terms, and its raw body. */
export interface ApiResponse<T> {
	value: T;
	raw: object;
}

function parseBody(text: string): unknown {
	try {
		// Some gateways put a byte order mark before their JSON.
		return parseJson(text.replace(/^\uFEFF/, ''));
	} catch {
		return undefined;
	}
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110 section 10.2.3). */
function retryAfterMs(headers: HttpResponse['headers'], now: number): number | undefined {
	const text = headers['retry-after'];
	if (typeof text !== 'string') return undefined;
	const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
	return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** How far the clock of a response's `Date` (RFC 9110 section 6.6.1) is ahead of ours, in ms. */
export function aheadOf({ headers }: HttpResponse, now: number): number | undefined {
	const { date } = headers;
	// `Date.parse` would read the obsolete form without a zone as local time.
	const ms = typeof date === 'string' && date.endsWith('GMT') ? Date.parse(date) - now : NaN;
	return Number.isFinite(ms) ? ms : undefined;
}

/** Whether a body is neither JSON nor the beginning of it. */
const isPage = (text: string, body: unknown): boolean =>
	body === undefined && /^\uFEFF?\s*[^\s{[]/.test(text);

/** How to read the response of one kind of call. */
export interface Reading<T> {
	schema: z.ZodType<T, z.ZodTypeDef, unknown>;
	/** Whether the body of an HTTP 400 is a result rather than an error. */
	isAnswer?: (body: unknown) => boolean;
	/** Why a value that matches the schema cannot be used. */
	objection?: (value: T) => Pick<Failure, 'message' | 'nextStep'> | undefined;
}

const UNREADABLE = {
	message: 'DashScope gave an answer that this package cannot read',
	nextStep:
		'Check that the endpoint of the credential is DashScope. If it is, the API has changed: look for a new version of this package.',
};

/**
 * Reads a response.
 * @param now ms since the epoch, for a `Retry-After` that names a date
 */
export function readResponse<T>(
	answer: HttpResponse,
	{ schema, isAnswer, objection }: Reading<T>,
	now: number,
): Result<ApiResponse<T>> {
	const { httpStatus } = answer;
	const body = parseBody(answer.text);
	if (httpStatus < 200 || httpStatus > 299) {
		if (httpStatus !== 400 || !isAnswer?.(body)) {
			const pauseMs = retryAfterMs(answer.headers, now);
			return fail(failureOfResponse(httpStatus, body, pauseMs, answer.text));
		}
	}
	if (isPage(answer.text, body)) return fail(intermediaryFailure(httpStatus, answer.text));
	const parsed = schema.safeParse(body);
	if (!parsed.success || typeof body !== 'object' || body === null) {
		const refused = failureInSuccess(httpStatus, body, retryAfterMs(answer.headers, now));
		return fail(refused ?? { kind: 'unreadable', ...UNREADABLE, httpStatus });
	}
	const doubt = objection?.(parsed.data);
	if (doubt) return fail({ kind: 'unreadable', ...doubt, httpStatus });
	return succeed({ value: parsed.data, raw: body });
}
