/**
 * Image headers byte by byte: which bytes the reader needs, and which headers are damaged.
 * Rule: the bytes of a test follow the format's specification, not our reader.
 */
import { nameOther, readImageHeader } from '../../../nodes/EmojiVideo/media/imageHeader';
import { bmp, jpeg, png, webp } from '../../images.mts';

const text = (letters: string) => Buffer.from(letters, 'latin1');
const u16 = (value: number) => [value >> 8, value & 255];

const readingOf = (bytes: Buffer) => readImageHeader(bytes)?.reading;

/** `bytes`, overwritten from an offset on. */
function changed(bytes: Buffer, offset: number, others: number[] | string): Buffer {
	const copy = Buffer.from(bytes);
	copy.set(typeof others === 'string' ? text(others) : others, offset);
	return copy;
}

describe('the reader needs the first', () => {
	it.each([
		['PNG', png(640, 480), 24],
		['BMP', bmp(640, 480), 26],
		['BMP of OS/2', bmp(640, 480, 12), 26],
		['lossy WEBP', webp.lossy(640, 480), 30],
		['lossless WEBP', webp.lossless(640, 480), 30],
		['extended WEBP', webp.extended(640, 480), 30],
	])('bytes of a %s, and calls fewer bytes cut', (_, bytes, count) => {
		expect(readingOf(bytes.subarray(0, count))).toMatchObject({
			width: 640,
			height: 480,
			headerBytes: count,
		});
		expect(readingOf(bytes.subarray(0, count - 1))).toBe('cut');
	});
});

describe('the reader calls damaged', () => {
	it.each([
		['a PNG that does not begin with its header', changed(png(640, 480), 12, 'IDAT')],
		['a BMP whose header is shorter than any', changed(bmp(640, 480), 14, [15])],
		['a lossy WEBP without its start code', changed(webp.lossy(640, 480), 23, [0x9d, 0x01, 0x2b])],
		['a lossless WEBP without its signature', changed(webp.lossless(640, 480), 20, [0x2e])],
		['a WEBP that begins with anything else', changed(webp.lossy(640, 480), 12, 'ICCP')],
	])('%s', (_, bytes) => {
		expect(readingOf(bytes)).toBe('damaged');
	});
});

it('a BMP of OS/2 2.x may have an info header of 16 bytes', () => {
	expect(readingOf(changed(bmp(640, 480), 14, [16]))).toMatchObject({ width: 640, height: 480 });
});

it.each(['RIFF\0\0\0\0WAVE', 'LIST\0\0\0\0WEBP'])(
	'a file that begins with %j is not a WEBP',
	(start) => {
		expect(readImageHeader(Buffer.concat([text(start), Buffer.alloc(30)]))).toBeUndefined();
	},
);

/** A JPEG segment: marker, length, content. */
const segment = (marker: number, content: number[] | Buffer, length = content.length + 2) => [
	...[0xff, marker],
	...u16(length),
	...content,
];
/** A frame header of 640 x 480 pixels with one component. */
const FRAME = segment(0xc0, [8, ...u16(480), ...u16(640), 1, 1, 0x11, 0]);
const OF_FRAME = { width: 640, height: 480 };
const jpegOf = (...parts: number[][]) => Buffer.from([0xff, 0xd8, ...parts.flat()]);

describe('a JPEG', () => {
	it.each([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf])(
		'has its width and height in a frame with marker %i',
		(marker) => {
			expect(readingOf(jpegOf(changed(Buffer.from(FRAME), 1, [marker]).toJSON().data))).toEqual({
				format: 'jpeg',
				...OF_FRAME,
				orientation: undefined,
				headerBytes: 2 + FRAME.length,
			});
		},
	);

	it.each([0x02, 0xbf, 0xc4, 0xc8, 0xcc, 0xdb, 0xe0, 0xfe])(
		'has no width and height in a segment with marker %i',
		(marker) => {
			const other = segment(marker, [8, 0, 1, 0, 1, 1, 1, 0x11, 0]);
			expect(readingOf(jpegOf(other, FRAME))).toMatchObject(OF_FRAME);
		},
	);

	it.each([0x01, 0xd0, 0xd3, 0xd7])('may have marker %i, which has no length', (marker) => {
		expect(readingOf(jpegOf([0xff, marker], FRAME))).toMatchObject(OF_FRAME);
	});

	it('may have fill bytes between its segments, and empty segments', () => {
		const bytes = jpegOf([0xff, 0xff, 0xff], segment(0xfe, []), [0xff], FRAME);
		expect(readingOf(bytes)).toMatchObject(OF_FRAME);
	});

	it.each([
		['ends before its frame', jpegOf([0xff, 0xd9], FRAME)],
		['has image data before its frame', jpegOf([0xff, 0xda], FRAME)],
		['has a byte other than FF between its segments', jpegOf(segment(0xfe, [1]), [0], FRAME)],
		['has a segment of length 0', jpegOf(segment(0xe0, [], 0))],
		['has a segment of length 1', jpegOf(segment(0xe0, [], 1))],
		['has a frame too short for width and height', jpegOf(segment(0xc0, FRAME.slice(4), 6))],
		['has such a frame at the end of the file', jpegOf(segment(0xc0, FRAME.slice(4, 9), 6))],
	])('that %s is damaged', (_, bytes) => {
		expect(readingOf(bytes)).toBe('damaged');
	});

	it('needs its frame up to the width, and is cut before', () => {
		const bytes = jpegOf(FRAME);
		expect(readingOf(bytes.subarray(0, 2 + 9))).toMatchObject(OF_FRAME);
		expect(readingOf(bytes.subarray(0, 2 + 8))).toBe('cut');
		expect(readingOf(bytes.subarray(0, 2 + 4))).toBe('cut');
		expect(readingOf(bytes.subarray(0, 2 + 3))).toBe('cut');
	});

	it('may have a frame that ends after the width', () => {
		expect(readingOf(jpegOf(segment(0xc0, FRAME.slice(4, 9))))).toMatchObject(OF_FRAME);
	});
});

const ORIENTATION = 0x0112;
const MAKE = 0x010f;
const entryOf = (tag: number, value: number) => [
	...[...u16(tag), ...u16(3), 0, 0, 0, 1],
	...[...u16(value), 0, 0],
];

/**
 * EXIF 2.32, 4.5.2.
 * @param count the number of entries that the directory claims
 * @param directory the offset that the header claims
 */
function exif(
	entries: number[][],
	{ count = entries.length, directory = 8, id = 'Exif\0\0' } = {},
) {
	const head = [...text(id), ...text('MM'), ...u16(42), ...u16(directory >>> 16)];
	return [...head, ...u16(directory & 0xffff), ...u16(count), ...entries.flat()];
}

describe('the EXIF orientation of a JPEG', () => {
	const orientationOf = (content: number[], marker = 0xe1) => {
		const reading = readingOf(jpegOf(segment(marker, content), FRAME));
		expect(reading).toMatchObject(OF_FRAME);
		return typeof reading === 'object' ? reading.orientation : reading;
	};

	it.each([
		[0, undefined],
		[1, 1],
		[8, 8],
		[9, undefined],
	])('%i is read as %s', (value, orientation) => {
		expect(orientationOf(exif([entryOf(ORIENTATION, value)]))).toBe(orientation);
	});

	it('may be any entry of the directory, and no entry after it', () => {
		const entries = [entryOf(MAKE, 3), entryOf(MAKE, 4), entryOf(ORIENTATION, 6)];
		expect(orientationOf(exif(entries))).toBe(6);
		expect(orientationOf(exif(entries, { count: 2 }))).toBeUndefined();
		// A thumbnail's directory or a maker note may follow.
		expect(orientationOf(exif([...entries, entryOf(MAKE, 5)], { count: 2 }))).toBeUndefined();
	});

	it('is not read after the end of its segment, whatever count the directory claims', () => {
		expect(orientationOf(exif([entryOf(MAKE, 3)], { count: 1000 }))).toBeUndefined();
		expect(orientationOf(exif([entryOf(MAKE, 3), entryOf(ORIENTATION, 6)], { count: 9 }))).toBe(6);
		const short = exif([entryOf(ORIENTATION, 6)]).slice(0, -1);
		expect(orientationOf(short)).toBeUndefined();
	});

	it.each([21, 22, 0xffff, 0xffff_ff00])(
		'is not read from a directory at offset %i of 22 bytes',
		(directory) => {
			expect(orientationOf(exif([entryOf(ORIENTATION, 6)], { directory }))).toBeUndefined();
		},
	);

	it.each([0, 4, 6, 8, 12, 13, 14, 15, 16])('is undefined in a segment of %i bytes', (bytes) => {
		expect(orientationOf(exif([]).slice(0, bytes))).toBeUndefined();
	});

	it('comes only from an Exif segment with the APP1 marker', () => {
		const entries = [entryOf(ORIENTATION, 6)];
		expect(orientationOf(exif(entries))).toBe(6);
		expect(orientationOf(exif(entries, { id: 'Exif\0\x01' }))).toBeUndefined();
		expect(orientationOf(exif(entries), 0xe2)).toBeUndefined();
	});

	it('is the first of several, in any segment', () => {
		const [first, second] = [6, 8].map((value) =>
			segment(0xe1, exif([entryOf(ORIENTATION, value)])),
		);
		const xmp = segment(0xe1, text('http://ns.adobe.com/xap/1.0/\0'));
		const bytes = jpegOf(xmp, first ?? [], second ?? [], FRAME);
		expect(readingOf(bytes)).toMatchObject({ orientation: 6 });
	});
});

it('the header of a JPEG ends with its frame', () => {
	const bytes = jpeg(640, 480);
	expect(readingOf(bytes)).toMatchObject({ headerBytes: bytes.indexOf(Buffer.from([0xff, 0xda])) });
});

describe('a file of another format', () => {
	it.each([
		['<svg xmlns="http://www.w3.org/2000/svg">', 'an SVG drawing'],
		['<?xml version="1.0"?>\n<svg>', 'an SVG drawing'],
		['<svgs of mine', 'a text file'],
		['<html>', 'an HTML page'],
		['<HTML lang="en">', 'an HTML page'],
		['<!DOCTYPE html>', 'an HTML page'],
		['<!doctype html SYSTEM "about:legacy-compat">', 'an HTML page'],
		['<htmlx>', 'a text file'],
		['a\tb\r\nc', 'a text file'],
		['表情', 'a text file'],
		['some text, then \u0001', 'not an image of a known format'],
		['\u0001, then some text', 'not an image of a known format'],
	])('that begins with %j is %s', (content, name) => {
		expect(nameOther(Buffer.from(content))).toBe(name);
	});

	it.each([
		['HEIC', 'heic', [], 'a HEIC image'],
		['HEIC of another profile', 'heix', ['mif1'], 'a HEIC image'],
		['an iPhone’s HEIC', 'mif1', ['heic', 'miaf'], 'a HEIC image'],
		['AVIF', 'avif', ['mif1', 'miaf'], 'an AVIF image'],
		['AVIF by its second brand', 'mif1', ['avif', 'miaf'], 'an AVIF image'],
		['AVIF by its last brand', 'mif1', ['miaf', 'MA1B', 'avif'], 'an AVIF image'],
		['HEIF of an unknown codec', 'mif1', ['miaf'], 'a HEIF image'],
		['a Canon raw image', 'crx ', ['isom'], 'a Canon raw image'],
		['MP4', 'mp42', ['isom', 'avc1'], 'an MP4 or QuickTime video'],
		['QuickTime', 'qt  ', [], 'an MP4 or QuickTime video'],
	])('with the brands of %s is named by them', (_, major, compatible, name) => {
		const box = Buffer.from(`\0\0\0\0ftyp${major}\0\0\0\0${compatible.join('')}`, 'latin1');
		box.writeUInt32BE(box.length);
		expect(nameOther(Buffer.concat([box, text('\0\0\0\x08avif')]))).toBe(name);
		expect(nameOther(Buffer.concat([box, text('more')]))).toBe(name);
	});

	it.each([
		['\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ', 'a JPEG XL image'],
		['\xff\x0a\xfa\x1f', 'a JPEG XL image'],
		['\0\0\0\x0cjP  \r\n\x87\n', 'a JPEG 2000 image'],
		['\0\0\0\x1cftyp', 'an MP4 or QuickTime video'],
	])('that begins with the bytes %j is %s', (start, name) => {
		expect(nameOther(text(start))).toBe(name);
	});

	it('is no text file if it is not UTF-8', () => {
		expect(nameOther(Buffer.from([0x61, 0xff, 0x62]))).toBe('not an image of a known format');
	});
});
