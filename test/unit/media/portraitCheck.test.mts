/** Portraits checked by their first bytes. Code makes the image headers: test/images.mts. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { imageSize } from 'image-size';
import fc from 'fast-check';
import {
	checkPortrait,
	HEAD_BYTES,
	hintAboutPortrait,
} from '../../../nodes/EmojiVideo/media/portraitCheck';
import { portraitsFolder } from '../../../sandbox/dashscope/index.mts';
import { bmp, jpeg, padded, png, webp } from '../../images.mts';
import { expectProperty } from '../../properties.mts';

const judge = (bytes: Buffer, size = bytes.length, name = 'me.png') =>
	checkPortrait(bytes.subarray(0, HEAD_BYTES), { name, size });

const refusalOf = (...parameters: Parameters<typeof judge>) => {
	const result = judge(...parameters);
	return result.ok ? 'accepted' : result.failure.message;
};

describe('a portrait is accepted with its width and height', () => {
	test.each([
		['a baseline JPEG', jpeg(640, 480), 'jpeg'],
		['a progressive JPEG', jpeg(640, 480, { frame: 0xc2 }), 'jpeg'],
		['a CMYK JPEG, which DashScope judges', jpeg(640, 480, { components: 4 }), 'jpeg'],
		['a PNG', png(640, 480), 'png'],
		['a 16-bit PNG, which DashScope judges', png(640, 480, 16), 'png'],
		['a BMP', bmp(640, 480), 'bmp'],
		['a BMP with rows from the top', bmp(640, -480), 'bmp'],
		['a BMP of OS/2', bmp(640, 480, 12), 'bmp'],
		['a lossy WEBP', webp.lossy(640, 480), 'webp'],
		['a lossless WEBP', webp.lossless(640, 480), 'webp'],
		['an extended WEBP', webp.extended(640, 480), 'webp'],
		[
			'a PNG with a ZIP after its end',
			Buffer.concat([png(640, 480), Buffer.from('PK\x03\x04')]),
			'png',
		],
	])('%s', (_, bytes, format) => {
		expect(judge(bytes)).toMatchObject({ ok: true, value: { format, width: 640, height: 480 } });
	});

	test.each([400, 7000])('%i pixels are within the limits', (side) => {
		expect(judge(png(side, 700)).ok).toBe(true);
		expect(judge(jpeg(700, side)).ok).toBe(true);
	});

	test('a file of exactly 10 MB', () => {
		expect(judge(padded(png(640, 480), 10 * 1024 * 1024)).ok).toBe(true);
	});

	test.each(readdirSync(portraitsFolder).filter((name) => name !== 'too-small.png'))(
		'the real image %s, with the width and height that image-size reads',
		(name) => {
			const bytes = readFileSync(path.join(portraitsFolder, name));
			const { width, height } = imageSize(bytes);
			expect(judge(bytes)).toMatchObject({ ok: true, value: { width, height } });
		},
	);
});

describe('a portrait is rejected', () => {
	test.each<[string, Buffer, string]>([
		['a text file', Buffer.from('Just some notes\n'), '"me.png" cannot be used: it is a text file'],
		[
			'an HTML page',
			Buffer.from('<!DOCTYPE html><html>'),
			'"me.png" cannot be used: it is an HTML page',
		],
		['a GIF', Buffer.from('GIF89a......'), '"me.png" cannot be used: it is a GIF image'],
		[
			'a PDF with a JPEG in it',
			Buffer.concat([Buffer.from('%PDF-1.7\n'), jpeg(640, 480)]),
			'"me.png" cannot be used: it is a PDF document',
		],
		[
			'a HEIC image',
			Buffer.from('\0\0\0\x18ftypheic\0\0', 'latin1'),
			'"me.png" cannot be used: it is a HEIC image',
		],
		[
			'noise',
			Buffer.from([1, 2, 3, 250, 251]),
			'"me.png" cannot be used: it is not an image of a known format',
		],
		['an empty file', Buffer.alloc(0), '"me.png" cannot be used: it is empty'],
		['399 pixels wide', png(399, 640), '"me.png" cannot be used: it is a PNG of 399 x 640 pixels'],
		[
			'7001 pixels high',
			jpeg(640, 7001),
			'"me.png" cannot be used: it is a JPEG of 640 x 7001 pixels',
		],
		[
			'an animated WEBP',
			webp.extended(640, 480, true),
			'"me.png" cannot be used: it is an animated WEBP, not a still image',
		],
		[
			'a JPEG that ends in its header',
			jpeg(640, 480).subarray(0, 22),
			'"me.png" cannot be used: it is a truncated JPEG',
		],
		[
			'a PNG that ends in its header',
			png(640, 480).subarray(0, 20),
			'"me.png" cannot be used: it is a truncated PNG',
		],
		[
			'a WEBP that ends early',
			webp.lossy(640, 480).subarray(0, 50),
			'"me.png" cannot be used: it is a truncated WEBP: 50 of 94 bytes',
		],
		[
			'a JPEG without a frame',
			Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 2]),
			'"me.png" cannot be used: it is a damaged JPEG',
		],
	])('if it is %s', (_, bytes, message) => {
		expect(refusalOf(bytes)).toContain(message);
	});

	test('with the limits, if it has one byte more than 10 MB', () => {
		const result = judge(png(640, 480), 10 * 1024 * 1024 + 1);
		expect(result).toEqual({
			ok: false,
			failure: {
				kind: 'invalid',
				message: '"me.png" cannot be used: it has 10,485,761 bytes, more than 10 MB',
				nextStep:
					'Use a JPEG, PNG, BMP or WEBP image, at most 10 MB, with width and height from 400 to 7000 pixels.',
			},
		});
	});
});

test.each(['II', 'MM'] as const)('the EXIF orientation is read (%s)', (order) => {
	const result = judge(jpeg(640, 480, { orientation: { value: 6, order } }));
	expect(result).toMatchObject({ ok: true, value: { orientation: 6 } });
	expect(result.ok && hintAboutPortrait(result.value)).toContain('EXIF orientation 6');
});

test.each([undefined, 1])('an upright file gets no hint (EXIF orientation %s)', (orientation) => {
	expect(hintAboutPortrait({ format: 'jpeg', headerBytes: 20, orientation })).toBeUndefined();
});

test('a file of unknown size is checked by its head', () => {
	const bytes = webp.lossy(640, 480);
	expect(checkPortrait(bytes.subarray(0, 50), { name: 'me.webp' }).ok).toBe(true);
	expect(checkPortrait(Buffer.alloc(0), { name: 'me.webp' }).ok).toBe(false);
});

test('a JPEG whose frame comes after the first 64 KB is accepted without width and height', () => {
	const bytes = jpeg(640, 480, { commentBytes: 90_000 });
	expect(judge(bytes)).toEqual({
		ok: true,
		value: { format: 'jpeg', headerBytes: HEAD_BYTES },
	});
});

test('the check throws for no bytes', () => {
	const starts = [jpeg(640, 480), png(640, 480), bmp(640, 480), webp.lossy(640, 480)];
	const anything = fc.record({
		start: fc.constantFrom(...starts, Buffer.alloc(0)),
		keep: fc.nat(60),
		rest: fc.uint8Array({ maxLength: 200 }),
	});
	expectProperty(
		fc.property(anything, ({ start, keep, rest }) => {
			const result = judge(Buffer.concat([start.subarray(0, keep), rest]));
			expect(typeof result.ok).toBe('boolean');
		}),
		2000,
	);
});
