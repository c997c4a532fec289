/**
 * The headers of images, byte by byte: what is read where, how few bytes are enough, and what is no header.
 * Rule: a test's bytes come from the format's specification, not from what our reader expects.
 */
import { nameOther, readImageHeader } from '../../../nodes/EmojiVideo/media/imageHeader';
import { bmp, jpeg, png, webp } from '../../images.mts';

const text = (letters: string) => Buffer.from(letters, 'latin1');
const u16 = (value: number) => [value >> 8, value & 255];

const readingOf = (bytes: Buffer) => readImageHeader(bytes)?.reading;

/** `bytes`, with others from an offset on. */
function changed(bytes: Buffer, offset: number, others: number[] | string): Buffer {
	const copy = Buffer.from(bytes);
	copy.set(typeof others === 'string' ? text(others) : others, offset);
	return copy;
}

describe('a header is known by its first', () => {
	it.each([
		['PNG', png(640, 480), 24],
		['BMP', bmp(640, 480), 26],
		['BMP of OS/2', bmp(640, 480, 12), 26],
		['lossy WEBP', webp.lossy(640, 480), 30],
		['lossless WEBP', webp.lossless(640, 480), 30],
		['extended WEBP', webp.extended(640, 480), 30],
	])('bytes of a %s, and cut before them', (_, bytes, count) => {
		expect(readingOf(bytes.subarray(0, count))).toMatchObject({
			width: 640,
			height: 480,
			headerBytes: count,
		});
		expect(readingOf(bytes.subarray(0, count - 1))).toBe('cut');
	});
});

describe('damaged is', () => {
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

it('a BMP of OS/2 2.x may have a header of just 16 bytes', () => {
	expect(readingOf(changed(bmp(640, 480), 14, [16]))).toMatchObject({ width: 640, height: 480 });
});

it.each(['RIFF\0\0\0\0WAVE', 'LIST\0\0\0\0WEBP'])('%j is no WEBP', (start) => {
	expect(readImageHeader(Buffer.concat([text(start), Buffer.alloc(30)]))).toBeUndefined();
});

/** A segment of a JPEG: marker, length, content. */
const segment = (marker: number, content: number[] | Buffer, length = content.length + 2) => [
	...[0xff, marker],
	...u16(length),
	...content,
];
/** Of a frame of 640 x 480 pixels in one colour. */
const FRAME = segment(0xc0, [8, ...u16(480), ...u16(640), 1, 1, 0x11, 0]);
const OF_FRAME = { width: 640, height: 480 };
const jpegOf = (...parts: number[][]) => Buffer.from([0xff, 0xd8, ...parts.flat()]);

describe('a JPEG', () => {
	it.each([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf])(
		'has its size in a frame of the kind %i',
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
		'does not have it in a segment of the kind %i',
		(marker) => {
			const other = segment(marker, [8, 0, 1, 0, 1, 1, 1, 0x11, 0]);
			expect(readingOf(jpegOf(other, FRAME))).toMatchObject(OF_FRAME);
		},
	);

	it.each([0x01, 0xd0, 0xd3, 0xd7])('may have the marker %i, which has no length', (marker) => {
		expect(readingOf(jpegOf([0xff, marker], FRAME))).toMatchObject(OF_FRAME);
	});

	it('may be filled up between its segments, and have empty ones', () => {
		const bytes = jpegOf([0xff, 0xff, 0xff], segment(0xfe, []), [0xff], FRAME);
		expect(readingOf(bytes)).toMatchObject(OF_FRAME);
	});

	it.each([
		['ends before its frame', jpegOf([0xff, 0xd9], FRAME)],
		['has its pictures before its frame', jpegOf([0xff, 0xda], FRAME)],
		['has something between its segments', jpegOf(segment(0xfe, [1]), [0], FRAME)],
		['has a segment shorter than its own length', jpegOf(segment(0xe0, [], 0))],
		['has one a byte shorter', jpegOf(segment(0xe0, [], 1))],
		['has a frame too short for a size', jpegOf(segment(0xc0, FRAME.slice(4), 6))],
		['has one that ends with the file', jpegOf(segment(0xc0, FRAME.slice(4, 9), 6))],
	])('that %s is damaged', (_, bytes) => {
		expect(readingOf(bytes)).toBe('damaged');
	});

	it('is known by its frame up to the size, and cut before', () => {
		const bytes = jpegOf(FRAME);
		expect(readingOf(bytes.subarray(0, 2 + 9))).toMatchObject(OF_FRAME);
		expect(readingOf(bytes.subarray(0, 2 + 8))).toBe('cut');
		expect(readingOf(bytes.subarray(0, 2 + 4))).toBe('cut');
		expect(readingOf(bytes.subarray(0, 2 + 3))).toBe('cut');
	});

	it('may have a frame with nothing behind its size', () => {
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
 * @param count of entries, as the directory says
 * @param directory where it begins, as the header says
 */
function exif(
	entries: number[][],
	{ count = entries.length, directory = 8, id = 'Exif\0\0' } = {},
) {
	const head = [...text(id), ...text('MM'), ...u16(42), ...u16(directory >>> 16)];
	return [...head, ...u16(directory & 0xffff), ...u16(count), ...entries.flat()];
}

describe('the orientation', () => {
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

	it('stands in any entry of the directory, but not behind it', () => {
		const entries = [entryOf(MAKE, 3), entryOf(MAKE, 4), entryOf(ORIENTATION, 6)];
		expect(orientationOf(exif(entries))).toBe(6);
		expect(orientationOf(exif(entries, { count: 2 }))).toBeUndefined();
		// What a thumbnail's directory or a maker's note may bring.
		expect(orientationOf(exif([...entries, entryOf(MAKE, 5)], { count: 2 }))).toBeUndefined();
	});

	it('is not looked for behind the end of its segment, however many entries there should be', () => {
		expect(orientationOf(exif([entryOf(MAKE, 3)], { count: 1000 }))).toBeUndefined();
		expect(orientationOf(exif([entryOf(MAKE, 3), entryOf(ORIENTATION, 6)], { count: 9 }))).toBe(6);
		const short = exif([entryOf(ORIENTATION, 6)]).slice(0, -1);
		expect(orientationOf(short)).toBeUndefined();
	});

	it.each([21, 22, 0xffff, 0xffff_ff00])(
		'is not looked for in a directory that begins at %i of 22 bytes',
		(directory) => {
			expect(orientationOf(exif([entryOf(ORIENTATION, 6)], { directory }))).toBeUndefined();
		},
	);

	it.each([0, 4, 6, 8, 12, 13, 14, 15, 16])('is not there in %i bytes', (bytes) => {
		expect(orientationOf(exif([]).slice(0, bytes))).toBeUndefined();
	});

	it('is that of EXIF, in its own segment', () => {
		const entries = [entryOf(ORIENTATION, 6)];
		expect(orientationOf(exif(entries))).toBe(6);
		expect(orientationOf(exif(entries, { id: 'Exif\0\x01' }))).toBeUndefined();
		expect(orientationOf(exif(entries), 0xe2)).toBeUndefined();
	});

	it('is the first one, in whichever segment', () => {
		const [first, second] = [6, 8].map((value) =>
			segment(0xe1, exif([entryOf(ORIENTATION, value)])),
		);
		const xmp = segment(0xe1, text('http://ns.adobe.com/xap/1.0/\0'));
		const bytes = jpegOf(xmp, first ?? [], second ?? [], FRAME);
		expect(readingOf(bytes)).toMatchObject({ orientation: 6 });
	});
});

it('of a JPEG, the header ends with its frame', () => {
	const bytes = jpeg(640, 480);
	expect(readingOf(bytes)).toMatchObject({ headerBytes: bytes.indexOf(Buffer.from([0xff, 0xda])) });
});

describe('what is handed in instead', () => {
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
	])('%j is %s', (content, name) => {
		expect(nameOther(Buffer.from(content))).toBe(name);
	});

	it('is no text where it is not UTF-8', () => {
		expect(nameOther(Buffer.from([0x61, 0xff, 0x62]))).toBe('not an image of a known format');
	});
});
