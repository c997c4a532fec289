/** Completeness of a video by its boxes (ISO/IEC 14496-12, 4.2), in pieces of any size. */
import { createMp4Watch } from '../../../nodes/EmojiVideo/media/mp4Boxes';

/** @param size the length that the box claims; by default its true one with its head */
function box(type: string, contentBytes: number, size = 8 + contentBytes): Buffer {
	const head = Buffer.from(`\0\0\0\0${type}`, 'latin1');
	head.writeUInt32BE(size);
	return Buffer.concat([head, Buffer.alloc(contentBytes, 1)]);
}

/** A box with a 64-bit size. */
function longBox(type: string, contentBytes: number, size = 16 + contentBytes): Buffer {
	const long = Buffer.alloc(8);
	long.writeBigUInt64BE(BigInt(size));
	return Buffer.concat([box(type, 0, 1), long, Buffer.alloc(contentBytes, 1)]);
}

const FTYP = box('ftyp', 16);
const MOOV = box('moov', 20);
const MDAT = box('mdat', 50);

function isWhole(boxes: Buffer[], pieceBytes: number): boolean {
	const file = Buffer.concat(boxes);
	const watch = createMp4Watch();
	for (let at = 0; at < file.length; at += pieceBytes) {
		watch.read(file.subarray(at, at + pieceBytes));
	}
	return watch.isWhole();
}

describe.each([1, 3, 8, 16, 1000])('read in pieces of %i bytes', (pieceBytes) => {
	it.each([
		['of three boxes', [FTYP, MOOV, MDAT]],
		['with an empty box between others', [FTYP, box('free', 0), MOOV, MDAT]],
		['with an empty box at its end', [FTYP, MOOV, MDAT, box('free', 0)]],
		['with long boxes', [FTYP, longBox('moov', 20), longBox('mdat', 50)]],
		['with an empty long box between others', [FTYP, longBox('free', 0), MOOV, MDAT]],
		['with an empty long box at its end', [FTYP, MOOV, MDAT, longBox('free', 0)]],
		['whose last box ends with the file', [FTYP, MOOV, box('mdat', 50, 0)]],
		['whose last box claims less than its head', [FTYP, MOOV, box('mdat', 50, 4)]],
		['whose last long box claims less than its head', [FTYP, MOOV, longBox('mdat', 50, 15)]],
	])('a video %s is complete', (_, boxes) => {
		expect(isWhole(boxes, pieceBytes)).toBe(true);
	});

	it.each([
		['that is empty', []],
		['without its first box', [MOOV, MDAT]],
		['without its index', [FTYP, MDAT]],
		['without its media data', [FTYP, MOOV]],
		['that ends within a box', [FTYP, MOOV, MDAT.subarray(0, -1)]],
		['that ends after the head of a box', [FTYP, MOOV, MDAT, box('free', 1).subarray(0, 8)]],
		['that ends within the head of a box', [FTYP, MOOV, MDAT, box('free', 1).subarray(0, 3)]],
		[
			'that ends within the head of a long box',
			[FTYP, MOOV, MDAT, longBox('free', 1).subarray(0, 15)],
		],
		['whose first box but one ends with the file', [FTYP, box('free', 0, 0), MOOV, MDAT]],
	])('a video %s is incomplete', (_, boxes) => {
		expect(isWhole(boxes, pieceBytes)).toBe(false);
	});
});
