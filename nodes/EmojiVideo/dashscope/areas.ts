/**
 * Face areas: reads them from a detection and validates them before a submit. Rule: an impossible area fails
 * before the paid request. An unusual area is sent with a hint, because the documents say "about" and "slightly".
 */
import { z } from 'zod';
import { numberOf } from './tolerant';

/** `[x1, y1, x2, y2]` in pixels: top-left and bottom-right corner. */
export const areaSchema = z.tuple([
	z.number().int(),
	z.number().int(),
	z.number().int(),
	z.number().int(),
]);
export type Area = z.infer<typeof areaSchema>;

/** Both areas that emoji-v1 needs. emoji-detect-v1 finds them. */
export interface FaceAreas {
	/** `bbox_face` of the detection, `face_bbox` of the creation. */
	face: Area;
	/** `ext_bbox_face` of the detection, `ext_bbox` of the creation; about square. */
	expression: Area;
}

const parts = (value: unknown): unknown[] => {
	if (Array.isArray(value)) return value;
	if (typeof value !== 'string' || value.length > 200) return [];
	return value.replace(/[[\]()]/g, '').split(',');
};

/**
 * An area of a detection: four numbers, also as text or with fractions. Rounded outwards to whole pixels, and cut
 * at the left and upper edge of the image.
 */
export const foundArea = z.unknown().transform((value, context): Area => {
	const [x1, y1, x2, y2, ...more] = parts(value).map(numberOf);
	if (
		x1 === undefined ||
		y1 === undefined ||
		x2 === undefined ||
		y2 === undefined ||
		more.length > 0
	) {
		context.addIssue({ code: 'custom', message: 'not four numbers' });
		return z.NEVER;
	}
	const first = (n: number) => Math.max(0, Math.floor(n));
	const last = (n: number) => Math.max(0, Math.ceil(n));
	return [first(x1), first(y1), last(x2), last(y2)];
});

/** DashScope's limit for width and height in pixels (docs/service.md, "Portrait requirements"). */
const LONGEST_SIDE = 7000;

const isImpossible = ([x1, y1, x2, y2]: Area): boolean =>
	x2 <= x1 ||
	y2 <= y1 ||
	Math.max(x1, y1) >= LONGEST_SIDE ||
	Math.max(x2 - x1, y2 - y1) > LONGEST_SIDE;

/** @returns the first area that no valid image can have, as text */
export function impossibleArea({ face, expression }: FaceAreas): string | undefined {
	const area = [face, expression].find(isImpossible);
	return area && `[${area.join(', ')}]`;
}

/** Longer side by shorter side. "The aspect ratio is about 1:1" (API reference, ext_bbox). */
const USUAL_ASPECT_RATIO = 1.25;

/**
 * Names unusual areas. They are sent, because the reference gives no bounds: "about 1:1", "typically slightly
 * larger" than the face.
 * @returns `undefined` for usual areas
 */
export function hintAboutAreas({ face, expression }: FaceAreas): string | undefined {
	const [x1, y1, x2, y2] = expression;
	const [width, height] = [x2 - x1, y2 - y1];
	const [fx1, fy1, fx2, fy2] = face;
	const hints = [
		Math.max(width, height) / Math.min(width, height) > USUAL_ASPECT_RATIO &&
			`The Expression Area is ${width} x ${height} pixels; DashScope asks for about square.`,
		(fx1 < x1 || fy1 < y1 || fx2 > x2 || fy2 > y2) &&
			'The Expression Area does not enclose the Face Area; it is typically slightly larger.',
	].filter(Boolean);
	return hints.length === 0
		? undefined
		: `${hints.join(' ')} If the video fails or looks wrong, set Face Areas to Detect Automatically.`;
}
