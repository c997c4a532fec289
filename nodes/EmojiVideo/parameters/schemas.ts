/**
 * What the form's fields may contain, checked before any call. Every refusal names the field by its
 * label, the value and what is allowed, and says what to do next.
 */
import { DateTime } from 'luxon';
import { z } from 'zod';
import { isLoopback, isPrivate, parseUrl } from '../net/publicHosts';
import { areaSchema, TASK_STATUSES } from '../dashscope/schemas';
import type { Area, FaceAreas, TaskStatus } from '../dashscope/schemas';

/** A value as a message shows it: quoted, and not for ever. */
export const shown = (value: unknown): string => {
	const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
	return `"${text.length > 100 ? `${text.slice(0, 100)}...` : text}"`;
};

/** Adds a refusal: what is wrong, and what to do about it. */
export function refuse(context: z.RefinementCtx, message: string, nextStep: string): never {
	context.addIssue({ code: z.ZodIssueCode.custom, message, params: { nextStep } });
	return z.NEVER;
}

/** Not set, or nothing but spaces. */
export const isBlank = (value: unknown): boolean =>
	value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

const PUBLIC_URL = 'Use a public http or https address of a JPEG, PNG, BMP or WEBP image.';

/**
 * A portrait's address that DashScope can download, normalized.
 * @param allowLoopback the account is a sandbox on this machine, which reaches loopback
 */
export const imageUrlValue = (allowLoopback: boolean) =>
	z.unknown().transform((value, context): string => {
		if (isBlank(value)) return refuse(context, 'Image URL is empty', PUBLIC_URL);
		if (typeof value !== 'string')
			return refuse(context, `Image URL ${shown(value)} is not text`, PUBLIC_URL);
		const url = parseUrl(value.trim());
		if (!url) return refuse(context, `Image URL ${shown(value)} is not an address`, PUBLIC_URL);
		if (url.protocol !== 'http:' && url.protocol !== 'https:') {
			return refuse(context, `Image URL ${shown(value)} is neither http nor https`, PUBLIC_URL);
		}
		if (isPrivate(url) && !(allowLoopback && isLoopback(url))) {
			return refuse(
				context,
				`Image URL ${shown(value)} leads into a private network, where DashScope cannot download it`,
				PUBLIC_URL,
			);
		}
		return url.href;
	});

/** From text, JSON or an array to a list; `undefined` for what is none of these. */
export function toList(value: unknown): unknown[] | undefined {
	if (Array.isArray(value)) return value;
	if (typeof value !== 'string') return undefined;
	const text = value.trim();
	if (text.startsWith('[')) {
		try {
			const parsed: unknown = JSON.parse(text);
			return Array.isArray(parsed) ? parsed : undefined;
		} catch {
			// e.g. [a, b] without quotes
			return text
				.replace(/^\[|\]$/g, '')
				.split(',')
				.map((part) => part.trim());
		}
	}
	return text.split(',').map((part) => part.trim());
}

const AREA_FORM =
	'Use four whole numbers in pixels, [x1, y1, x2, y2]: the top-left and the bottom-right corner, e.g. [212, 194, 460, 441]. Detect Face gives both areas.';

/** `[x1, y1, x2, y2]` as text, JSON or an array. */
export const areaValue = (label: string) =>
	z.unknown().transform((value, context): Area => {
		if (isBlank(value)) return refuse(context, `${label} is empty`, AREA_FORM);
		const numbers = toList(value)?.map((part) =>
			typeof part === 'string' && /^\d+$/.test(part) ? Number(part) : part,
		);
		const area = areaSchema.safeParse(numbers);
		if (!area.success || area.data.some((n) => n < 0)) {
			return refuse(
				context,
				`${label} ${shown(value)} is not four whole numbers of 0 or more`,
				AREA_FORM,
			);
		}
		const [x1, y1, x2, y2] = area.data;
		if (x2 <= x1 || y2 <= y1) {
			return refuse(
				context,
				`${label} ${shown(value)} is empty: x2 must be larger than x1, and y2 than y1`,
				AREA_FORM,
			);
		}
		return area.data;
	});

/** "The aspect ratio is about 1:1" (API reference, ext_bbox); the longer side by the shorter. */
const MAX_ASPECT_RATIO = 1.25;

/** Both areas together: the expression area is about square and around the face area. */
export const areasValue = z
	.object({ face: areaValue('Face Area'), expression: areaValue('Expression Area') })
	.transform((areas, context): FaceAreas => {
		const [x1, y1, x2, y2] = areas.expression;
		const [width, height] = [x2 - x1, y2 - y1];
		const ratio = Math.max(width, height) / Math.min(width, height);
		if (ratio > MAX_ASPECT_RATIO) {
			return refuse(
				context,
				`Expression Area ${shown(areas.expression)} is ${width} x ${height} pixels, which is far from square`,
				'Use an area whose sides differ by at most a quarter, or set Face Areas to Detect Automatically.',
			);
		}
		const [fx1, fy1, fx2, fy2] = areas.face;
		if (fx1 < x1 || fy1 < y1 || fx2 > x2 || fy2 > y2) {
			return refuse(
				context,
				`Expression Area ${shown(areas.expression)} does not enclose Face Area ${shown(areas.face)}`,
				'The expression area is a square around the face, slightly larger than it. Copy both from Detect Face, or set Face Areas to Detect Automatically.',
			);
		}
		return areas;
	});

const TASK_ID_FORM =
	'Use the taskId of a Create item, e.g. "0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10".';
const TASK_ID = /^[A-Za-z0-9_-]{1,128}$/;

export const taskIdValue = z.unknown().transform((value, context): string => {
	if (isBlank(value)) return refuse(context, 'Task ID is empty', TASK_ID_FORM);
	const text = typeof value === 'string' ? value.trim() : '';
	return TASK_ID.test(text)
		? text
		: refuse(
				context,
				`Task ID ${shown(value)} is not a task ID: only letters, digits and hyphens`,
				TASK_ID_FORM,
			);
});

/** The single IDs in text with commas or line breaks, in JSON or in an array; blanks are dropped. */
export function listedIds(value: unknown): unknown[] {
	const list =
		typeof value === 'string' ? toList(value.replace(/[\r\n]+/g, ',')) : (toList(value) ?? [value]);
	return (list ?? []).filter((id) => !isBlank(id));
}

/** One task ID or several; blanks and doubles are dropped. */
export const taskIdsValue = z.unknown().transform((value, context): string[] => {
	const ids = listedIds(value);
	if (ids.length === 0) return refuse(context, 'Task ID is empty', TASK_ID_FORM);
	const parsed = ids.map((id) => taskIdValue.safeParse(id));
	const wrong = parsed.find(({ success }) => !success);
	if (wrong?.error) {
		wrong.error.issues.forEach((issue) => context.addIssue(issue));
		return z.NEVER;
	}
	return [...new Set(parsed.flatMap(({ data }) => data ?? []))];
});

/** A number within limits, in the unit that the label names. */
export const numberValue = (
	label: string,
	min: number,
	max: number,
	unit: string,
	parts: 'whole' | 'any' = 'any',
) =>
	z.unknown().transform((value, context): number => {
		const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
		return typeof number === 'number' &&
			number >= min &&
			number <= max &&
			(parts === 'any' || Number.isInteger(number))
			? number
			: refuse(
					context,
					`${label} ${shown(value)} is not possible`,
					`Use ${min} to ${max} ${unit}.`,
				);
	});

/** A task status to filter by; blank for every status. */
export const statusValue = z.unknown().transform((value, context): TaskStatus | undefined => {
	if (isBlank(value)) return undefined;
	const text = typeof value === 'string' ? value.trim().toUpperCase() : '';
	return (
		TASK_STATUSES.find((status) => status === text) ??
		refuse(
			context,
			`Status ${shown(value)} is unknown`,
			`Use one of ${TASK_STATUSES.join(', ')}, or leave it empty for every status.`,
		)
	);
});

/** A model to filter by; blank for every model. */
export const modelValue = z
	.unknown()
	.transform((value, context): string | undefined =>
		isBlank(value)
			? undefined
			: typeof value === 'string' && /^[\w.-]{1,64}$/.test(value.trim())
				? value.trim()
				: refuse(
						context,
						`Model ${shown(value)} cannot be a model name`,
						'Use a name such as "emoji-v1", or leave it empty for every model.',
					),
	);

/** What a Date & Time field or an expression can hold: text, a date, or ms since the epoch. */
function toDateTime(value: unknown, zone: string): DateTime | undefined {
	if (DateTime.isDateTime(value)) return value;
	if (value instanceof Date) return DateTime.fromJSDate(value);
	if (typeof value === 'number') return DateTime.fromMillis(value);
	if (typeof value !== 'string') return undefined;
	const iso = DateTime.fromISO(value.trim().replace(' ', 'T'), { zone });
	return iso.isValid ? iso : DateTime.fromRFC2822(value.trim(), { zone });
}

/** 2001 and 2286: numbers outside are no milliseconds since the epoch, but seconds perhaps. */
const [EARLIEST_MS, LATEST_MS] = [1e12, 1e13];

/**
 * A moment, in milliseconds since the epoch; blank for none.
 * @param zone of texts that name none, e.g. the workflow's
 */
export const dateValue = (label: string, zone: string) =>
	z.unknown().transform((value, context): number | undefined => {
		if (isBlank(value)) return undefined;
		const ms = toDateTime(value, zone)?.toMillis() ?? Number.NaN;
		return ms >= EARLIEST_MS && ms < LATEST_MS
			? ms
			: refuse(
					context,
					`${label} ${shown(value)} is not a time`,
					'Use a date and time, e.g. "2025-10-14T11:28:04+08:00".',
				);
	});

/** A switch; by expression anything but true is off. */
export const flagValue = z
	.unknown()
	.transform((value): boolean => value === true || value === 'true');

/** The name of an output field. */
export const fieldNameValue = z
	.unknown()
	.transform((value, context): string =>
		typeof value === 'string' && /^[\w-]{1,64}$/.test(value.trim())
			? value.trim()
			: refuse(
					context,
					`Output Data Field Name ${shown(value)} cannot be a field name`,
					'Use letters, digits, hyphens and underscores, e.g. "data".',
				),
	);
