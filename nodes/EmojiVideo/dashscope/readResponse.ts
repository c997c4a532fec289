/**
 * From an HTTP answer to a value or a failure. Rule: only what the schema asks for decides; every doubt
 * becomes a failure with DashScope's code and request ID.
 */
import type { z } from 'zod';
import { fail, succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import { refusal, refusalInSuccess } from './errors';
import type { HttpResponse } from './transport';

/** An answer in this package's terms, and the body as it came. */
export interface ApiResponse<T> {
	value: T;
	raw: object;
}

function parseJson(text: string): unknown {
	try {
		// Some gateways put a byte order mark before their JSON.
		return JSON.parse(text.replace(/^\uFEFF/, ''));
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

/** How far the clock that an answer's `Date` tells (RFC 9110 section 6.6.1) is ahead of this one, in ms. */
export function aheadOf({ headers }: HttpResponse, now: number): number | undefined {
	const { date } = headers;
	// The obsolete form without a zone would be read as local time.
	const ms = typeof date === 'string' && date.endsWith('GMT') ? Date.parse(date) - now : NaN;
	return Number.isFinite(ms) ? ms : undefined;
}

/** How an answer of one kind is told from an error, and read. */
export interface Reading<T> {
	schema: z.ZodType<T, z.ZodTypeDef, unknown>;
	/** HTTP 400 that is an answer rather than an error, judged by its body. */
	isAnswer?: (body: unknown) => boolean;
	/** What makes a readable answer one that cannot be worked with. */
	objection?: (value: T) => Pick<Failure, 'message' | 'nextStep'> | undefined;
}

const UNREADABLE = {
	message: 'DashScope gave an answer that this package cannot read',
	nextStep:
		'Check that the endpoint of the credential is DashScope. If it is, the API has changed: look for a new version of this package.',
};

/**
 * Reads an answer.
 * @param now in ms since the epoch, for a `Retry-After` that names a date
 */
export function readResponse<T>(
	answer: HttpResponse,
	{ schema, isAnswer, objection }: Reading<T>,
	now: number,
): Result<ApiResponse<T>> {
	const { httpStatus } = answer;
	const body = parseJson(answer.text);
	if (httpStatus < 200 || httpStatus > 299) {
		if (httpStatus !== 400 || !isAnswer?.(body)) {
			return fail(refusal(httpStatus, body, retryAfterMs(answer.headers, now)));
		}
	}
	const parsed = schema.safeParse(body);
	if (!parsed.success || typeof body !== 'object' || body === null) {
		const refused = refusalInSuccess(httpStatus, body, retryAfterMs(answer.headers, now));
		return fail(refused ?? { kind: 'unreadable', ...UNREADABLE, httpStatus });
	}
	const doubt = objection?.(parsed.data);
	if (doubt) return fail({ kind: 'unreadable', ...doubt, httpStatus });
	return succeed({ value: parsed.data, raw: body });
}
