/**
 * Properties of files and names: any text gives a valid file name, the reader survives any image head, and
 * videos may come in any pieces. `npm run fuzz` runs more cases.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { lastSegment, ownFileName, videoFileName } from '../../../nodes/EmojiVideo/media/fileNames';
import { FORMATS, nameOther, readImageHeader } from '../../../nodes/EmojiVideo/media/imageHeader';
import { createMp4Watch, isMp4Head } from '../../../nodes/EmojiVideo/media/mp4Boxes';
import { createBodyReader } from '../../../nodes/EmojiVideo/media/imageBody';
import { checkPortrait } from '../../../nodes/EmojiVideo/media/portraitCheck';
import { bmp, jpeg, png, pngWithExif, webp } from '../../images.mts';
import { expectProperty, PROPERTY_TIMEOUT_MS } from '../../properties.mts';

const RUNS = 300;

/** Pieces of names that have a meaning for a file system or a parser. */
const piece = fc.constantFrom(
	...[
		'../..',
		'.',
		'/',
		'\\',
		':',
		'*',
		'?',
		'"',
		'<',
		'>',
		'|',
		'-',
		'_',
		' ',
		'%2f',
		'%00',
		'%',
		'#',
	],
	...[
		'con',
		'PRN',
		'aux.',
		'nul',
		'COM1',
		'lpt9',
		'com\u00b9',
		'.mp4',
		'.MP4',
		'.png',
		'.tar.gz',
		'~',
	],
	...[
		'\0',
		'\n',
		'\t',
		'\x7f',
		'\u202e',
		'\u200b',
		'\ufeff',
		'\ud83d',
		'\ude00',
		'\u{1f600}',
		'é',
		'猫',
	],
	...[
		'e\u0301',
		'a',
		'portrait',
		'猫'.repeat(90),
		'x'.repeat(300),
		'\u{20000}'.repeat(90),
		'.'.repeat(300),
	],
);
const name = fc.oneof(
	{ weight: 3, arbitrary: fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')) },
	{ weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);

/** Windows reserves these names for devices, with or without an extension. */
const DEVICE = /^(con|prn|aux|nul|(com|lpt)[\d\u00b9\u00b2\u00b3]) *(\.|$)/i;

function expectName(made: string): void {
	expect(made).toMatch(/[^.]\.mp4$/);
	expect(Buffer.byteLength(made)).toBeLessThanOrEqual(255);
	expect(made).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}<>:"|?*/\\]/u);
	expect(made).not.toMatch(/^[\s.-]/);
	expect(made).not.toMatch(DEVICE);
}

it(
	"a name from a user's text is valid on every file system",
	() => {
		expectProperty(
			fc.property(name, fc.oneof(fc.constant(''), name), (own, distinction) => {
				const made = ownFileName(own, distinction);
				expectName(made);
				// A name of ours stays the same if a user sets it as File Name.
				if (distinction === '') expect(ownFileName(made, '')).toBe(made);
			}),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);

it(
	"a name from a portrait's file or URL is valid on every file system",
	() => {
		const id = '0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10';
		expectProperty(
			fc.property(name, name, (first, second) => {
				expectName(videoFileName({ imageFile: first }, second, id));
				expectName(videoFileName({ imageUrl: `https://a.example/${first}` }, second, id));
				expectName(videoFileName({ imageUrl: first }, undefined, id));
				expect(lastSegment(first)).not.toMatch(/^undefined$/);
			}),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);

const portrait = (file: string) =>
	readFileSync(path.join(import.meta.dirname, '../../../sandbox/dashscope/portraits', file));

const HEADS = [
	portrait('ada.png').subarray(0, 300),
	portrait('ben.jpg').subarray(0, 800),
	...[png(640, 640), jpeg(640, 480), bmp(500, 500), bmp(500, 500, 12), bmp(500, -500 >>> 0)],
	jpeg(640, 480, { orientation: { value: 6, order: 'II' }, thumbnail: true }),
	jpeg(640, 480, { orientation: { value: 3, order: 'MM' }, frame: 0xc2, commentBytes: 40 }),
	...[webp.lossy(500, 500), webp.lossless(500, 500), webp.extended(500, 500, true)],
	pngWithExif(500, 500, 6),
	webp.withExif(500, 500, 8),
	Buffer.from('GIF89a'),
	Buffer.from('<svg xmlns="http://www.w3.org/2000/svg">'),
	Buffer.from('\0\0\0\x18ftypmp42'),
];

/** A head with bytes changed, inserted or cut off. */
const head = fc.oneof(
	{
		weight: 4,
		arbitrary: fc
			.record({
				original: fc.constantFrom(...HEADS),
				changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
				inserted: fc.option(fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 20 }))),
				cutAt: fc.option(fc.nat(), { freq: 2 }),
			})
			.map(({ original, changes, inserted, cutAt }) => {
				const bytes = Buffer.from(original);
				for (const [at, value] of changes) bytes[at % bytes.length] = value;
				const at = (inserted?.[0] ?? 0) % bytes.length;
				const parts = [bytes.subarray(0, at), inserted?.[1] ?? [], bytes.subarray(at)];
				const whole = Buffer.concat(parts.map((part) => Buffer.from(part)));
				return cutAt === null ? whole : whole.subarray(0, cutAt % whole.length);
			}),
	},
	{
		weight: 1,
		arbitrary: fc
			.tuple(
				fc.constantFrom('', '\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'BM', 'RIFF\0\0\0\0WEBP'),
				fc.uint8Array({ maxLength: 300 }),
			)
			.map(([start, bytes]) => Buffer.concat([Buffer.from(start, 'latin1'), bytes])),
	},
);

const isSide = (side: number | undefined) =>
	side === undefined || (Number.isInteger(side) && Math.abs(side) < 2 ** 32);

it(
	'the reader stays within the bytes of any image head',
	() => {
		expectProperty(
			fc.property(head, fc.option(fc.nat(20_000_000), { nil: undefined }), (bytes, size) => {
				const found = readImageHeader(bytes);
				if (found && typeof found.reading === 'object') {
					const { format, width, height, orientation = 1, headerBytes } = found.reading;
					expect(Object.keys(FORMATS)).toContain(format);
					expect(isSide(width) && isSide(height)).toBe(true);
					expect(orientation >= 1 && orientation <= 8).toBe(true);
					expect(headerBytes).toBeGreaterThan(0);
				}
				expect(nameOther(bytes)).toMatch(/^(an?|not) \w/);
				const checked = checkPortrait(bytes, { name: 'portrait', size });
				if (checked.ok) {
					const { width = 400, height = 400 } = checked.value;
					expect(Math.min(width, height)).toBeGreaterThanOrEqual(400);
					expect(Math.max(width, height)).toBeLessThanOrEqual(7000);
					expect(size ?? bytes.length).toBeLessThanOrEqual(10 * 1024 * 1024);
				} else {
					expect(checked.failure).toMatchObject({ kind: 'invalid' });
					expect(checked.failure.message).toMatch(/^"portrait" \w/);
				}
			}),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);

/** Cuts a file into pieces of these lengths, repeated. */
function* inPieces(file: Buffer, lengths: number[]): Generator<Buffer> {
	let at = 0;
	for (let nth = 0; at < file.length; nth++) {
		const length = lengths[nth % lengths.length] ?? 1;
		yield file.subarray(at, at + length);
		at += length;
	}
}

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });

it(
	'the end and the orientation of an image do not depend on its pieces',
	() => {
		const tail = fc.constantFrom('', '\xff\xd9', 'IEND', 'IEN', '\xff', 'xIENDx', '\xff\xff\xd9');
		expectProperty(
			fc.property(head, tail, fc.nat(40), lengths, (bytes, end, headerBytes, pieces) => {
				const file = Buffer.concat([bytes, Buffer.from(end, 'latin1')]);
				for (const format of ['png', 'jpeg', 'bmp', 'webp'] as const) {
					const whole = createBodyReader({ format, headerBytes });
					whole.read(file);
					const parts = createBodyReader({ format, headerBytes });
					for (const part of inPieces(file, pieces)) parts.read(part);
					expect(parts.hasEnd()).toBe(whole.hasEnd());
					expect(parts.orientation()).toBe(whole.orientation());
				}
			}),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);

/** A box with a size of 32 or 64 bits (ISO/IEC 14496-12, 4.2). */
function box(type: string, content: Buffer, isLong: boolean): Buffer {
	const size = Buffer.alloc(isLong ? 16 : 8);
	size.writeUInt32BE(isLong ? 1 : 8 + content.length, 0);
	size.write(type, 4, 'latin1');
	if (isLong) size.writeBigUInt64BE(BigInt(16 + content.length), 8);
	return Buffer.concat([size, content]);
}

const anyBox = fc
	.tuple(
		fc.constantFrom('free', 'moov', 'mdat', 'udta', 'ftyp', '\0\0\0\0'),
		fc.uint8Array({ maxLength: 60 }),
		fc.boolean(),
	)
	.map(([type, content, isLong]) => box(type, Buffer.from(content), isLong));
const content = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
const video = fc
	.tuple(content, fc.array(anyBox, { maxLength: 4 }), content, content, fc.boolean())
	.map(([brand, others, moov, mdat, isLong]) => [
		box('ftyp', brand, false),
		...others,
		box('moov', moov, isLong),
		box('mdat', mdat, isLong),
	]);

function isWhole(file: Buffer, pieces: number[]): boolean {
	const watch = createMp4Watch();
	for (const part of inPieces(file, pieces)) watch.read(part);
	return watch.isWhole();
}

it(
	'a whole video is complete in any pieces, and a cut one is not',
	() => {
		expectProperty(
			fc.property(video, lengths, fc.nat(), (boxes, pieces, cutAt) => {
				const file = Buffer.concat(boxes);
				expect(isMp4Head(file)).toBe(true);
				expect(isWhole(file, pieces)).toBe(true);
				const last = boxes.at(-1)?.length ?? 0;
				// A cut between two boxes shows only if a required box is missing.
				expect(isWhole(file.subarray(0, file.length - 1 - (cutAt % last)), pieces)).toBe(
					boxes.slice(0, -1).some((part) => part.toString('latin1', 4, 8) === 'mdat') &&
						cutAt % last === last - 1,
				);
			}),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);

it(
	'the completeness of any bytes does not depend on the pieces',
	() => {
		const bytes = fc.oneof(
			fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
			fc
				.tuple(video, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
				.map(([boxes, changes]) => {
					const file = Buffer.concat(boxes);
					for (const [at, value] of changes) file[at % file.length] = value;
					return file;
				}),
		);
		expectProperty(
			fc.property(bytes, lengths, (file, pieces) => {
				expect(isWhole(file, pieces)).toBe(isWhole(file, [file.length || 1]));
				if (file.length >= 8)
					expect(isMp4Head(file)).toBe(file.toString('latin1', 4, 8) === 'ftyp');
			}),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);
