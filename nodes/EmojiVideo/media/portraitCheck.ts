/**
 * Whether a file can be a portrait, by its bytes and before anything is paid for: format, width and
 * height, size. Pure. Rule: refuse only what the documents refuse; what the head of the file does not
 * show (colours, depth, the face) is the service's to judge.
 */
import { fail, succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import { shown } from '../base/text';
import { FORMATS, nameOther, readImageHeader } from './imageHeader';
import type { Format, ImageHeader } from './imageHeader';

/** How much of a file the check reads. */
export const HEAD_BYTES = 64 * 1024;

/** emoji-detect-v1 (docs/service.md, "Portrait requirements"). */
const MAX_BYTES = 10 * 1024 * 1024;
const MIN_PIXELS = 400;
const MAX_PIXELS = 7000;

const ALLOWED =
	'Use a JPEG, PNG, BMP or WEBP image, at most 10 MB, with width and height from 400 to 7000 pixels.';

/** A file that can be a portrait. */
export interface CheckedPortrait {
	format: Format;
	/** In pixels, as stored; `undefined` where the first 64 KB do not say. */
	width?: number;
	height?: number;
	/** EXIF orientation, 1 (upright) to 8. */
	orientation?: number;
	/** How many of the file's first bytes are its header. */
	headerBytes: number;
}

export interface FileFacts {
	/** The file's name, or what stands for it in a message. */
	name: string;
	/** Of the whole file, in bytes; `undefined` where nobody said. */
	size?: number;
}

/** The failure of a file that cannot be a portrait; `found` goes on after its name. */
export const unusable = (name: string, found: string): { ok: false; failure: Failure } =>
	fail({
		kind: 'invalid',
		message: `${shown(name)} cannot be used: it ${found}`,
		nextStep: ALLOWED,
	});

const thousands = (count: number) => count.toLocaleString('en');

/** Checks a file's size alone, in bytes, before any of it is read. */
export function checkSize({ name, size }: FileFacts): Result<void> {
	if (size === 0) return unusable(name, 'is empty');
	if (size !== undefined && size > MAX_BYTES) {
		return unusable(name, `has ${thousands(size)} bytes, more than 10 MB`);
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
			`is a truncated ${label}: ${thousands(size)} of ${thousands(declaredBytes)} bytes`,
		);
	}
	const sides = [width, height].filter((side) => side !== undefined);
	if (sides.some((side) => side < MIN_PIXELS || side > MAX_PIXELS)) {
		const dimensions = `${width ?? 'unknown'} x ${height ?? 'unknown'} pixels`;
		return unusable(name, `is a ${label} of ${dimensions}`);
	}
	return succeed({ format, width, height, orientation, headerBytes });
}

/**
 * Checks a file by its head.
 * @param head its first bytes, at most `HEAD_BYTES` of them count
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
	// A camera may write more than 64 KB before the picture: then the service looks at its size.
	return bytes.length === HEAD_BYTES
		? succeed({ format, headerBytes: HEAD_BYTES })
		: unusable(facts.name, `is a truncated ${label}: it ends inside its header`);
}

/** What a complete file of a format contains behind its header. */
const ENDS: Partial<Record<Format, Buffer>> = {
	// EOI. Picture data cannot contain it: FF is always followed by 00 or a restart marker there.
	jpeg: Buffer.from([0xff, 0xd9]),
	png: Buffer.from('IEND', 'latin1'),
};

/**
 * Watches a file go by and knows in the end whether it was all there. Only a file without the mark
 * counts as truncated: trailers that phones and editors append do no harm.
 */
export function createEndFinder({ format, headerBytes }: CheckedPortrait) {
	const end = ENDS[format] ?? Buffer.alloc(0);
	let isFound = end.length === 0;
	let toSkip = headerBytes;
	let rest = Buffer.alloc(0);
	return {
		/** Takes the file's next piece. */
		look(piece: Buffer) {
			if (isFound) return;
			const body = piece.subarray(Math.min(toSkip, piece.length));
			toSkip = Math.max(0, toSkip - piece.length);
			const seam = Buffer.concat([rest, body.subarray(0, end.length)]);
			isFound = body.includes(end) || seam.includes(end);
			rest = Buffer.concat([rest, body.subarray(-end.length)]).subarray(1 - end.length);
		},
		isFound: () => isFound,
	};
}

/** The failure of a file whose end is missing. */
export const truncated = (name: string, { format }: CheckedPortrait) =>
	unusable(name, `is a truncated ${FORMATS[format].label}: its end is missing`);

/** What a photographer may not see: the file is stored lying and shown upright. */
export const rotationHint = ({ orientation = 1 }: CheckedPortrait): string | undefined =>
	orientation === 1
		? undefined
		: `The file is stored turned (EXIF orientation ${orientation}): if the face looks tilted to the service, save the photo upright.`;
