/**
 * Reads format, width and height from the first bytes of an image file. Pure; it decodes no pixels.
 * Rule: every read stays within the given bytes, whatever lengths the header claims.
 */

/** The formats that emoji-detect-v1 and emoji-v1 accept (docs/service.md, "Portrait requirements"). */
export const FORMATS = {
	jpeg: { label: 'JPEG', extension: 'jpg', mimeType: 'image/jpeg' },
	png: { label: 'PNG', extension: 'png', mimeType: 'image/png' },
	bmp: { label: 'BMP', extension: 'bmp', mimeType: 'image/bmp' },
	webp: { label: 'WEBP', extension: 'webp', mimeType: 'image/webp' },
} as const;
export type Format = keyof typeof FORMATS;

export interface ImageHeader {
	format: Format;
	/** In pixels, as stored; `undefined` if the header does not contain it. */
	width?: number;
	height?: number;
	/** EXIF orientation, 1 (upright) to 8. */
	orientation?: number;
	/** The file has more than one frame. */
	isAnimated?: boolean;
	/** Length of the whole file in bytes, by its header. */
	declaredBytes?: number;
	/** Length of the header in bytes. It may contain thumbnails with end markers of their own. */
	headerBytes: number;
}

/** `cut`: the bytes end inside the header. `damaged`: they contradict the format's specification. */
export type HeaderReading = ImageHeader | 'cut' | 'damaged';

const hasTextAt = (bytes: Buffer, text: string, offset: number) =>
	bytes.toString('latin1', offset, offset + text.length) === text;

/** PNG specification, 5.2 signature and 11.2.2 IHDR. */
function readPng(bytes: Buffer): HeaderReading {
	if (bytes.length < 24) return 'cut';
	if (!hasTextAt(bytes, 'IHDR', 12)) return 'damaged';
	return {
		format: 'png',
		width: bytes.readUInt32BE(16),
		height: bytes.readUInt32BE(20),
		headerBytes: 24,
	};
}

/**
 * Microsoft, "Bitmap Header Types": a BITMAPCOREHEADER has 12 bytes and 16-bit sides. A negative height
 * means that the top row comes first.
 */
function readBmp(bytes: Buffer): HeaderReading {
	if (bytes.length < 26) return 'cut';
	const infoBytes = bytes.readUInt32LE(14);
	const bmp = { format: 'bmp' as const, headerBytes: 26 };
	if (infoBytes === 12) {
		return { ...bmp, width: bytes.readUInt16LE(18), height: bytes.readUInt16LE(20) };
	}
	if (infoBytes < 16) return 'damaged';
	return { ...bmp, width: bytes.readInt32LE(18), height: Math.abs(bytes.readInt32LE(22)) };
}

/** RFC 9649, 2.5 to 2.7: lossy (VP8), lossless (VP8L) or extended (VP8X). Only VP8X can be animated. */
function readWebp(bytes: Buffer): HeaderReading {
	if (bytes.length < 30) return 'cut';
	const declaredBytes = bytes.readUInt32LE(4) + 8;
	const webp = { format: 'webp' as const, declaredBytes, headerBytes: 30 };
	if (hasTextAt(bytes, 'VP8 ', 12)) {
		if (bytes.readUIntBE(23, 3) !== 0x9d012a) return 'damaged';
		const [width, height] = [bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff];
		return { ...webp, width, height };
	}
	if (hasTextAt(bytes, 'VP8L', 12)) {
		if (bytes[20] !== 0x2f) return 'damaged';
		const sides = bytes.readUInt32LE(21);
		return { ...webp, width: (sides & 0x3fff) + 1, height: ((sides >>> 14) & 0x3fff) + 1 };
	}
	if (hasTextAt(bytes, 'VP8X', 12)) {
		const isAnimated = (bytes.readUInt8(20) & 0b10) !== 0;
		const [width, height] = [bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1];
		return { ...webp, width, height, isAnimated };
	}
	return 'damaged';
}

const ORIENTATION_TAG = 0x0112;

/**
 * Reads the orientation from EXIF data: a TIFF header and its first directory (EXIF 2.32, 4.5.2).
 * @returns 1 (upright) to 8; `undefined` if there is none
 */
export function readOrientation(tiff: Buffer): number | undefined {
	if (tiff.length < 10) return undefined;
	const isLittle = hasTextAt(tiff, 'II', 0);
	const u16 = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
	const directory = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
	if (directory + 2 > tiff.length) return undefined;
	const last = Math.min(directory + 2 + u16(directory) * 12, tiff.length - 11);
	for (let entry = directory + 2; entry < last; entry += 12) {
		if (u16(entry) !== ORIENTATION_TAG) continue;
		const value = u16(entry + 8);
		return value >= 1 && value <= 8 ? value : undefined;
	}
	return undefined;
}

/** A JPEG's APP1 segment contains EXIF data after this prefix. Some WEBP writers add it, too. */
const EXIF_PREFIX = 'Exif\0\0';

/** Removes the prefix of EXIF data; `undefined` if it is missing. */
const removeExifPrefix = (segment: Buffer): Buffer | undefined =>
	hasTextAt(segment, EXIF_PREFIX, 0) ? segment.subarray(EXIF_PREFIX.length) : undefined;

/** Reads the orientation from a chunk of PNG (3rd edition, 11.3.2.5) or WEBP (RFC 9649, 2.7.1.5). */
export const readChunkOrientation = (chunk: Buffer): number | undefined =>
	readOrientation(removeExifPrefix(chunk) ?? chunk);

/** ITU-T T.81, table B.1: start of frame is C0 to CF, except DHT (C4), JPG (C8) and DAC (CC). */
const isStartOfFrame = (marker: number) =>
	marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** ITU-T T.81, table B.1: TEM and RST0 to RST7 have no length. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
const [END_OF_IMAGE, START_OF_SCAN, APP1] = [0xd9, 0xda, 0xe1];

/** ITU-T T.81, B.1.1.2 and B.2.2: reads segment after segment, up to the start of the frame. */
function readJpeg(bytes: Buffer): HeaderReading {
	let orientation: number | undefined;
	let at = 2;
	while (at + 4 <= bytes.length) {
		const marker = bytes.readUInt8(at + 1);
		if (bytes[at] !== 0xff || marker === END_OF_IMAGE || marker === START_OF_SCAN) return 'damaged';
		if (marker === 0xff || isBare(marker)) {
			at += marker === 0xff ? 1 : 2;
			continue;
		}
		const length = bytes.readUInt16BE(at + 2);
		const segment = bytes.subarray(at + 4, at + 2 + length);
		if (length < 2) return 'damaged';
		if (isStartOfFrame(marker)) {
			if (segment.length < 5) return at + 9 > bytes.length ? 'cut' : 'damaged';
			// If the height is 0, it follows after the first scan (B.2.5).
			const [height, width] = [segment.readUInt16BE(1) || undefined, segment.readUInt16BE(3)];
			return { format: 'jpeg', width, height, orientation, headerBytes: at + 2 + length };
		}
		const exif = marker === APP1 ? removeExifPrefix(segment) : undefined;
		if (exif) orientation ??= readOrientation(exif);
		at += 2 + length;
	}
	return 'cut';
}

const READERS: Array<{ starts: (bytes: Buffer) => boolean; format: Format; read: typeof readPng }> =
	[
		{ starts: (bytes) => hasTextAt(bytes, '\xff\xd8\xff', 0), format: 'jpeg', read: readJpeg },
		{ starts: (bytes) => hasTextAt(bytes, '\x89PNG\r\n\x1a\n', 0), format: 'png', read: readPng },
		{
			starts: (bytes) => hasTextAt(bytes, 'RIFF', 0) && hasTextAt(bytes, 'WEBP', 8),
			format: 'webp',
			read: readWebp,
		},
		{ starts: (bytes) => hasTextAt(bytes, 'BM', 0), format: 'bmp', read: readBmp },
	];

/**
 * Finds the format by the first bytes and reads its header.
 * @param head the file's first bytes
 * @returns `undefined` if it is none of `FORMATS`
 */
export function readImageHeader(
	head: Buffer,
): { format: Format; reading: HeaderReading } | undefined {
	const reader = READERS.find(({ starts }) => starts(head));
	return reader && { format: reader.format, reading: reader.read(head) };
}

/** Other formats that users send, by their first bytes. The first match counts. */
const OTHERS: Array<{ label: string; starts: string[] }> = [
	{ label: 'a GIF image', starts: ['GIF87a', 'GIF89a'] },
	// ISO/IEC 18181-2: a file in boxes, or a bare codestream.
	{ label: 'a JPEG XL image', starts: ['\0\0\0\x0cJXL \r\n\x87\n', '\xff\x0a'] },
	{ label: 'a JPEG 2000 image', starts: ['\0\0\0\x0cjP  \r\n\x87\n', '\xff\x4f\xff\x51'] },
	{ label: 'a TIFF image', starts: ['II*\0', 'MM\0*'] },
	{ label: 'a PDF document', starts: ['%PDF'] },
	{ label: 'a ZIP archive', starts: ['PK\x03\x04'] },
	{ label: 'a Photoshop document', starts: ['8BPS'] },
	{ label: 'an icon', starts: ['\0\0\x01\0'] },
];

/** Image formats by the brands of their `ftyp` box (ISO/IEC 23008-12, annex B; AV1 Image File Format, 6). */
const IMAGE_BRANDS: Array<{ label: string; brands: string[] }> = [
	{ label: 'an AVIF image', brands: ['avif', 'avis'] },
	{
		label: 'a HEIC image',
		brands: ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'],
	},
	{ label: 'a JPEG XL image', brands: ['jxl '] },
	{ label: 'a Canon raw image', brands: ['crx '] },
	// Any codec. An AVIF or HEIC image may have this as its first brand.
	{ label: 'a HEIF image', brands: ['mif1', 'msf1', 'mif2', 'miaf'] },
];

/** Names a file that begins with an `ftyp` box: size, type, major brand, version, compatible brands. */
function nameByBrands(head: Buffer): string | undefined {
	if (!hasTextAt(head, 'ftyp', 4)) return undefined;
	const end = Math.min(head.length, head.readUInt32BE(0));
	const brands = [head.toString('latin1', 8, 12)];
	for (let at = 16; at + 4 <= end; at += 4) brands.push(head.toString('latin1', at, at + 4));
	const image = IMAGE_BRANDS.find((other) => other.brands.some((brand) => brands.includes(brand)));
	return image?.label ?? 'an MP4 or QuickTime video';
}

/** Names a file that is none of `FORMATS`, e.g. "a GIF image" or "a text file". */
export function nameOther(head: Buffer): string {
	const other = OTHERS.find(({ starts }) => starts.some((start) => hasTextAt(head, start, 0)));
	const label = other?.label ?? nameByBrands(head);
	if (label !== undefined) return label;
	const text = head.toString('utf8', 0, 512);
	if (/<svg[\s>]/.test(text)) return 'an SVG drawing';
	if (/<(!doctype )?html[\s>]/i.test(text)) return 'an HTML page';
	// Text is valid UTF-8 without control characters, except tabs and line breaks.
	const isText = [...text].every((letter) => letter >= ' ' || '\t\r\n'.includes(letter));
	return isText && !text.includes('\ufffd') ? 'a text file' : 'not an image of a known format';
}
