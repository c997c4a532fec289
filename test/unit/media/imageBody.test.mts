/** The body of an image: its end mark, and the EXIF orientation of PNG and WEBP, in pieces of any size. */
import { createBodyReader } from '../../../nodes/EmojiVideo/media/imageBody';
import { readImageHeader } from '../../../nodes/EmojiVideo/media/imageHeader';
import { jpeg, padded, png, pngWithExif, webp } from '../../images.mts';

function readBody(bytes: Buffer, pieceBytes: number) {
	const reading = readImageHeader(bytes)?.reading;
	if (typeof reading !== 'object') throw new Error('no header');
	const body = createBodyReader(reading);
	for (let at = 0; at < bytes.length; at += pieceBytes) {
		body.read(bytes.subarray(at, at + pieceBytes));
	}
	return { hasEnd: body.hasEnd(), orientation: body.orientation() };
}

const exif = { orientation: { value: 1, order: 'II' as const }, thumbnail: true };

describe.each([1, 2, 3, 7, 64, 100_000])('read in pieces of %i bytes', (pieceBytes) => {
	it.each([
		['JPEG', jpeg(640, 480, exif)],
		['JPEG with data after its end', padded(jpeg(640, 480), 5000)],
		['PNG', png(640, 480)],
		['PNG with data after its end', padded(png(640, 480), 5000)],
		['WEBP, which needs no mark', webp.lossy(640, 480)],
	])('the end of a %s is found', (_, bytes) => {
		expect(readBody(bytes, pieceBytes).hasEnd).toBe(true);
	});

	it.each([
		['JPEG whose thumbnail has an end mark', jpeg(640, 480, { ...exif, cut: true })],
		['PNG cut in its last chunk', png(640, 480).subarray(0, -9)],
		['PNG cut in its image data', png(640, 480).subarray(0, 200)],
	])('the end of a %s is missing', (_, bytes) => {
		expect(readBody(bytes, pieceBytes).hasEnd).toBe(false);
	});

	it.each([
		['PNG before its image data', pngWithExif(640, 480, 6)],
		['PNG after its image data', pngWithExif(640, 480, 6, true, 'II')],
		['WEBP', webp.withExif(640, 480, 6)],
		['WEBP with a JPEG’s prefix', webp.withExif(640, 480, 6, 'Exif\0\0')],
	])('the EXIF orientation of a %s is read', (_, bytes) => {
		expect(readBody(bytes, pieceBytes)).toEqual({ hasEnd: true, orientation: 6 });
	});
});

/** A PNG whose eXIf chunk claims this length. */
function claiming(bytes: number): Buffer {
	const image = pngWithExif(640, 480, 6);
	image.writeUInt32BE(bytes, image.indexOf('eXIf') - 4);
	return image;
}

it.each([64 * 1024 + 1, 0xffff_ffff])('an eXIf chunk that claims %i bytes is skipped', (bytes) => {
	expect(readBody(claiming(bytes), 100)).toEqual({ hasEnd: false, orientation: undefined });
});

it('an empty eXIf chunk has no orientation', () => {
	const chunk = Buffer.from('\0\0\0\0eXIf\0\0\0\0', 'latin1');
	const image = png(640, 480);
	const at = image.indexOf('IDAT') - 4;
	const bytes = Buffer.concat([image.subarray(0, at), chunk, image.subarray(at)]);
	expect(readBody(bytes, 1)).toEqual({ hasEnd: true, orientation: undefined });
});
