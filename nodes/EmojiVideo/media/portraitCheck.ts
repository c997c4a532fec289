/**
 * Checks whether a file can be a portrait: format, width, height and size. Pure. Rule: it rejects only
 * what DashScope's documents reject. DashScope itself judges colours, depth and the face.
 */
import { fail, succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import { shown } from '../base/text';
import type { BodyReader } from './imageBody';
import { FORMATS, nameOther, readImageHeader } from './imageHeader';
import type { Format, ImageHeader } from './imageHeader';

/**
 * Bytes that the check reads from the start of a file. One JPEG segment has at most 64 KB (ITU-T T.81, B.1.1.4),
 * so a header with a full EXIF segment nearly fits.
 */
export const HEAD_BYTES = 64 * 1024;

/** Limits of emoji-detect-v1 (docs/service.md, "Portrait requirements"). */
const MAX_PORTRAIT_BYTES = 10 * 1024 * 1024;
const MIN_SIDE_PIXELS = 400;
const MAX_SIDE_PIXELS = 7000;

const ALLOWED =
	'Use a JPEG, PNG, BMP or WEBP image, at most 10 MB, with width and height from 400 to 7000 pixels.';

/** A file that passed the check. */
export interface CheckedPortrait {
	format: Format;
	/** In pixels, as stored; `undefined` if the first `HEAD_BYTES` do not contain it. */
	width?: number;
	height?: number;
	/** EXIF orientation, 1 (upright) to 8. */
	orientation?: number;
	/** Length of the header in bytes. */
	headerBytes: number;
	/** A JPEG without its end marker, which most programs can show. */
	isEndMissing?: boolean;
}

export interface FileFacts {
	/** What messages call the file. */
	name: string;
	/** Length of the whole file in bytes; `undefined` if the host did not send it. */
	size?: number;
}

/**
 * The failure of a file that cannot be a portrait.
 * @param found the end of the sentence "It ..."
 */
export const unusable = (name: string, found: string): { ok: false; failure: Failure } =>
	fail({
		kind: 'invalid',
		message: `${shown(name)} cannot be used: it ${found}`,
		nextStep: ALLOWED,
	});

const formatCount = (count: number) => count.toLocaleString('en');

/** Checks only the file's size, before we read any byte of it. */
export function checkSize({ name, size }: FileFacts): Result<void> {
	if (size === 0) return unusable(name, 'is empty');
	if (size !== undefined && size > MAX_PORTRAIT_BYTES) {
		return unusable(name, `has ${formatCount(size)} bytes, more than 10 MB`);
	}
	return succeed(undefined);
}

function checkHeader(header: ImageHeader, { name, size }: FileFacts): Result<CheckedPortrait> {
	const { format, width, height, orientation, isAnimated, declaredBytes, headerBytes } = header;
	const { label } = FORMATS[format];
	if (isAnimated) return unusable(name, `is an animated ${label}, not a still image`);
	if (size !== undefined && declaredBytes !== undefined && declaredBytes > size) {
		return unusable(
			name,
			`is a truncated ${label}: ${formatCount(size)} of ${formatCount(declaredBytes)} bytes`,
		);
	}
	const sides = [width, height].filter((side) => side !== undefined);
	if (sides.some((side) => side < MIN_SIDE_PIXELS || side > MAX_SIDE_PIXELS)) {
		const dimensions = `${width ?? 'unknown'} x ${height ?? 'unknown'} pixels`;
		return unusable(name, `is a ${label} of ${dimensions}`);
	}
	return succeed({ format, width, height, orientation, headerBytes });
}

/**
 * Checks a file by its first bytes.
 * @param head the first bytes; we read at most `HEAD_BYTES` of them
 */
export function checkPortrait(head: Buffer, facts: FileFacts): Result<CheckedPortrait> {
	const size = checkSize({ name: facts.name, size: facts.size ?? head.length });
	if (!size.ok) return size;
	const bytes = head.subarray(0, HEAD_BYTES);
	const found = readImageHeader(bytes);
	if (!found) return unusable(facts.name, `is ${nameOther(bytes)}`);
	const { format, reading } = found;
	const { label } = FORMATS[format];
	if (reading === 'damaged') return unusable(facts.name, `is a damaged ${label}`);
	if (reading !== 'cut') return checkHeader(reading, facts);
	// A camera may write more than `HEAD_BYTES` before the frame. Then DashScope checks width and height.
	return bytes.length === HEAD_BYTES
		? succeed({ format, headerBytes: HEAD_BYTES })
		: unusable(facts.name, `is a truncated ${label}: it ends inside its header`);
}

/**
 * Completes a check by the bytes after the header.
 * @param isWhole the whole file was read, so its end must be there. A JPEG passes without: phones write such files
 */
export function checkBody(
	portrait: CheckedPortrait,
	body: BodyReader,
	{ name, isWhole }: { name: string; isWhole: boolean },
): Result<CheckedPortrait> {
	const { format, orientation = body.orientation() } = portrait;
	const isEndMissing = isWhole && !body.hasEnd();
	return isEndMissing && format !== 'jpeg'
		? unusable(name, `is a truncated ${FORMATS[format].label}: its end is missing`)
		: succeed({ ...portrait, orientation, ...(isEndMissing && { isEndMissing }) });
}

/** What may explain why DashScope rejects a portrait that passed the check. */
export function hintAboutPortrait({
	orientation = 1,
	isEndMissing = false,
}: CheckedPortrait): string | undefined {
	const hints = [
		// Image viewers apply the EXIF orientation, so the user may not see that the stored image is rotated.
		orientation !== 1 &&
			`The file is stored turned (EXIF orientation ${orientation}): if the face looks tilted to the service, save the photo upright.`,
		isEndMissing &&
			'The JPEG has no end marker, so its last rows may be missing: if DashScope cannot read it, save the photo again.',
	].filter((hint) => hint !== false);
	return hints.length === 0 ? undefined : hints.join(' ');
}
