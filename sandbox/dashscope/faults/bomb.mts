/**
 * Compressed bodies that are small on the wire and huge when read. Rule: each is made once, in pieces,
 * so that the mock never holds the decompressed bytes.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import type { Transform } from 'node:stream';

export type BombEncoding = 'br' | 'gzip' | 'deflate';

const compressors: Readonly<Record<BombEncoding, () => Transform>> = {
	br: () =>
		createBrotliCompress({
			params: {
				[constants.BROTLI_PARAM_QUALITY]: 5,
				[constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
			},
		}),
	gzip: () => createGzip({ level: 9 }),
	deflate: () => createDeflate({ level: 9 }),
};

const blankPiece = Buffer.alloc(1024 * 1024, ' ');
const made = new Map<string, Promise<Buffer>>();

function* blanks(bytes: number): Generator<Buffer> {
	for (let left = bytes; left > 0; left -= blankPiece.length) {
		yield blankPiece.subarray(0, left);
	}
}

/** `bytes` blanks, compressed: white space is the beginning of any JSON. */
export async function bomb(encoding: BombEncoding, bytes: number): Promise<Buffer> {
	const name = `${encoding} ${bytes}`;
	const known = made.get(name);
	if (known) return await known;
	const making = buffer(Readable.from(blanks(bytes)).pipe(compressors[encoding]()));
	made.set(name, making);
	return await making;
}
