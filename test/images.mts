/**
 * Images made by code, as far as a portrait check looks: true headers, no pictures behind them.
 * Rule: each is what its name says by the format's specification, not by what our reader expects.
 */

const u16be = (value: number) => [value >> 8, value & 255];
const u32be = (value: number) => [...u16be(value >>> 16), ...u16be(value & 0xffff)];
const u16le = (value: number) => u16be(value).reverse();
const u32le = (value: number) => u32be(value).reverse();
const u24le = (value: number) => u32le(value).slice(0, 3);
const text = (letters: string) => [...Buffer.from(letters, 'latin1')];

/** A JPEG segment: marker, length, content. */
const segment = (marker: number, content: number[]) => [
	0xff,
	marker,
	...u16be(content.length + 2),
	...content,
];

export interface JpegParts {
	/** EXIF orientation, in this byte order. */
	orientation?: { value: number; order: 'II' | 'MM' };
	/** Bytes of comment segments before the frame. */
	commentBytes?: number;
	/** 3 for colour, 4 for CMYK. */
	components?: number;
	/** The marker of the frame: baseline C0, progressive C2. */
	frame?: number;
	/** A thumbnail with an end of its own, inside the EXIF segment. */
	thumbnail?: boolean;
	/** Without the end-of-image marker. */
	cut?: boolean;
}

/** EXIF data: a TIFF header and a directory with the orientation alone. */
function tiffOf({ value, order }: { value: number; order: 'II' | 'MM' }): number[] {
	const [u16, u32] = order === 'II' ? [u16le, u32le] : [u16be, u32be];
	return [
		...text(order),
		...u16(42),
		...u32(8),
		...u16(1),
		...[...u16(0x0112), ...u16(3), ...u32(1), ...u16(value), ...u16(0)],
		...u32(0),
	];
}

const exif = (orientation: { value: number; order: 'II' | 'MM' }, thumbnail: boolean) =>
	segment(0xe1, [
		...text('Exif\0\0'),
		...tiffOf(orientation),
		...(thumbnail ? [0xff, 0xd8, 0xff, 0xd9] : []),
	]);

export function jpeg(width: number, height: number, parts: JpegParts = {}): Buffer {
	const { orientation, commentBytes = 0, components = 3, frame = 0xc0 } = parts;
	const comments: number[] = [];
	for (let left = commentBytes; left > 0; left -= 60_000) {
		comments.push(
			...segment(
				0xfe,
				Array.from({ length: Math.min(left, 60_000) }, () => 0x20),
			),
		);
	}
	const planes = Array.from({ length: components }, (_, id) => [id + 1, 0x11, 0]).flat();
	return Buffer.from([
		...[0xff, 0xd8],
		...segment(0xe0, [...text('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
		...(orientation ? exif(orientation, parts.thumbnail ?? false) : []),
		...comments,
		...segment(frame, [8, ...u16be(height), ...u16be(width), components, ...planes]),
		...segment(0xda, [1, 1, 0, 0, 63, 0]),
		...Array.from({ length: 400 }, (_, index) => index % 251),
		...(parts.cut ? [] : [0xff, 0xd9]),
	]);
}

/** @param depth bits per sample: 8 or 16 */
export const png = (width: number, height: number, depth = 8): Buffer =>
	Buffer.from([
		...[0x89, ...text('PNG\r\n\x1a\n')],
		...[...u32be(13), ...text('IHDR'), ...u32be(width), ...u32be(height), depth, 2, 0, 0, 0],
		...u32be(0),
		...[...u32be(300), ...text('IDAT'), ...Array.from({ length: 304 }, () => 7)],
		...[...u32be(0), ...text('IEND'), ...u32be(0xae426082)],
	]);

/** @param isLate the eXIf chunk stands after the image data */
export function pngWithExif(
	width: number,
	height: number,
	value: number,
	isLate = false,
	order: 'II' | 'MM' = 'MM',
): Buffer {
	const bytes = png(width, height);
	const tiff = tiffOf({ value, order });
	const chunk = Buffer.from([...u32be(tiff.length), ...text('eXIf'), ...tiff, ...u32be(0)]);
	const at = bytes.indexOf(isLate ? 'IEND' : 'IDAT') - 4;
	return Buffer.concat([bytes.subarray(0, at), chunk, bytes.subarray(at)]);
}

/** @param info bytes of the info header: 40 as today, 12 as in OS/2 */
export const bmp = (width: number, height: number, info: 12 | 40 = 40): Buffer =>
	Buffer.from([
		...[...text('BM'), ...u32le(14 + info), 0, 0, 0, 0, ...u32le(14 + info)],
		...u32le(info),
		...(info === 12
			? [...u16le(width), ...u16le(height), ...u16le(1), ...u16le(24)]
			: [...u32le(width), ...u32le(height >>> 0), ...u16le(1), ...u16le(24)]),
		...Array.from({ length: 100 }, () => 0),
	]);

const riff = (chunk: string, content: number[]) => {
	const body = [...text('WEBP'), ...text(chunk), ...u32le(content.length), ...content];
	return Buffer.from([...text('RIFF'), ...u32le(body.length), ...body]);
};
const filler = Array.from({ length: 64 }, () => 1);

export const webp = {
	lossy: (width: number, height: number) =>
		riff('VP8 ', [0x50, 0, 0, 0x9d, 0x01, 0x2a, ...u16le(width), ...u16le(height), ...filler]),
	lossless: (width: number, height: number) =>
		riff('VP8L', [0x2f, ...u32le((width - 1) | ((height - 1) << 14)), ...filler]),
	extended: (width: number, height: number, animated = false) =>
		riff('VP8X', [animated ? 2 : 0, 0, 0, 0, ...u24le(width - 1), ...u24le(height - 1), ...filler]),
	/** With image data of an odd length, and an EXIF chunk after it, as RFC 9649 orders them. */
	withExif(width: number, height: number, value: number, prefix = ''): Buffer {
		const chunk = (type: string, content: number[]) => [
			...[...text(type), ...u32le(content.length), ...content],
			...(content.length % 2 === 0 ? [] : [0]),
		];
		const body = [
			...text('WEBP'),
			...chunk('VP8X', [8, 0, 0, 0, ...u24le(width - 1), ...u24le(height - 1)]),
			...chunk('VP8L', [0x2f, ...u32le((width - 1) | ((height - 1) << 14)), ...filler]),
			...chunk('EXIF', [...text(prefix), ...tiffOf({ value, order: 'II' })]),
		];
		return Buffer.from([...text('RIFF'), ...u32le(body.length), ...body]);
	},
};

/** `image`, padded with zeros to this many bytes: programs that read images do not mind. */
export const padded = (image: Buffer, bytes: number): Buffer =>
	Buffer.concat([image, Buffer.alloc(bytes - image.length)]);
