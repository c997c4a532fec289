/** A portrait that is a file in n8n: we read it once, and only its head if it is no portrait. */
import { createHash } from 'node:crypto';
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { HEAD_BYTES } from '../../../nodes/EmojiVideo/media/portraitCheck';
import { readPortraitFile } from '../../../nodes/EmojiVideo/media/portraitFile';
import { jpeg, padded, png, pngWithExif } from '../../images.mts';

const MOST_BYTES = 10 * 1024 * 1024;
const PIECE_BYTES = HEAD_BYTES / 4;
const IMAGE = padded(png(640, 480), 2 * HEAD_BYTES);
const STORED: IBinaryData = {
	data: 'filesystem',
	id: 'f',
	mimeType: 'image/png',
	fileName: 'ada.png',
};

/** n8n's storage with one file, which it returns in pieces. */
function storageOf(file: Buffer, fileSize = file.length, pieceBytes = PIECE_BYTES) {
	const asked: string[] = [];
	let read = 0;
	const pieces = async function* () {
		for (let at = 0; at < file.length; at += pieceBytes) {
			read += 1;
			yield await Promise.resolve(file.subarray(at, at + pieceBytes));
		}
	};
	const helpers = {
		getBinaryMetadata: async (id: string) => {
			asked.push(`size of ${id}`);
			return await Promise.resolve({ fileSize });
		},
		getBinaryStream: async (id: string) => {
			asked.push(`bytes of ${id}`);
			return await Promise.resolve(pieces());
		},
	} as unknown as IExecuteFunctions['helpers'];
	return { helpers, asked, piecesRead: () => read };
}

const read = async (binary: IBinaryData, { helpers }: ReturnType<typeof storageOf>) =>
	await readPortraitFile(binary, 'Item 1', helpers);

const NOTHING = storageOf(Buffer.alloc(0));
const inItem = (bytes: Buffer, fileName?: string): IBinaryData => ({
	data: bytes.toString('base64'),
	mimeType: 'image/png',
	fileName,
});
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

it("a file in the item itself is read without n8n's storage", async () => {
	const bytes = png(640, 480);
	expect(await read(inItem(bytes, 'ada.png'), NOTHING)).toEqual({
		ok: true,
		value: {
			format: 'png',
			width: 640,
			height: 480,
			headerBytes: 24,
			name: 'ada.png',
			size: bytes.length,
			hash: sha256(bytes),
			source: { kind: 'bytes', bytes },
		},
	});
	expect(NOTHING.asked).toEqual([]);
});

describe("a file in n8n's storage", () => {
	it('is read once for the check and can be opened again for the upload', async () => {
		const storage = storageOf(IMAGE);
		const result = await read(STORED, storage);
		expect(result).toMatchObject({
			ok: true,
			value: { format: 'png', size: IMAGE.length, hash: sha256(IMAGE), source: { kind: 'stored' } },
		});
		expect(storage.asked).toEqual(['size of f', 'bytes of f']);
		if (!result.ok || result.value.source.kind !== 'stored') throw new Error('not stored');
		await result.value.source.open();
		expect(storage.asked.at(-1)).toBe('bytes of f');
	});

	it('has the size that its item states', async () => {
		const storage = storageOf(IMAGE, 1);
		const result = await read({ ...STORED, bytes: IMAGE.length }, storage);
		expect(result).toMatchObject({ ok: true, value: { size: IMAGE.length } });
		expect(storage.asked).toEqual(['bytes of f']);
	});

	it.each([
		[0, '"ada.png" cannot be used: it is empty'],
		[MOST_BYTES + 1, '"ada.png" cannot be used: it has 10,485,761 bytes, more than 10 MB'],
	])('is not read if it has %i bytes', async (size, message) => {
		const storage = storageOf(IMAGE, size);
		expect(await read(STORED, storage)).toMatchObject({ ok: false, failure: { message } });
		expect(storage.asked).toEqual(['size of f']);
	});

	it('is read no further than its head if it is no portrait', async () => {
		const storage = storageOf(padded(Buffer.from('GIF89a'), 20 * PIECE_BYTES));
		expect(await read(STORED, storage)).toMatchObject({
			ok: false,
			failure: { message: '"ada.png" cannot be used: it is a GIF image' },
		});
		expect(storage.piecesRead()).toBe(4);
	});

	it('is checked by its whole head, even if its pieces are small', async () => {
		const camera = jpeg(640, 480, { commentBytes: 3 * PIECE_BYTES });
		for (const pieceBytes of [100, PIECE_BYTES, camera.length]) {
			const storage = storageOf(camera, camera.length, pieceBytes);
			expect(await read(STORED, storage)).toMatchObject({ ok: true, value: { width: 640 } });
		}
	});

	it('is a truncated PNG if its end is missing, wherever its pieces end', async () => {
		const cut = Buffer.concat([png(640, 480).subarray(0, -12), Buffer.alloc(2 * HEAD_BYTES)]);
		for (const pieceBytes of [100, PIECE_BYTES, cut.length]) {
			expect(await read(STORED, storageOf(cut, cut.length, pieceBytes))).toMatchObject({
				failure: { message: '"ada.png" cannot be used: it is a truncated PNG: its end is missing' },
			});
		}
	});

	it('is accepted without its end marker if it is a JPEG, wherever its pieces end', async () => {
		const cut = jpeg(640, 480, { cut: true, commentBytes: 2 * HEAD_BYTES });
		for (const pieceBytes of [100, PIECE_BYTES, cut.length]) {
			expect(await read(STORED, storageOf(cut, cut.length, pieceBytes))).toMatchObject({
				ok: true,
				value: { format: 'jpeg', isEndMissing: true },
			});
		}
	});

	it('has its EXIF orientation read, also after the first 64 KB', async () => {
		const late = pngWithExif(640, 480, 8, true);
		const idat = late.indexOf('IDAT');
		const more = Buffer.alloc(3 * HEAD_BYTES);
		late.writeUInt32BE(300 + more.length, idat - 4);
		const long = Buffer.concat([late.subarray(0, idat + 4), more, late.subarray(idat + 4)]);
		expect(await read(STORED, storageOf(long))).toMatchObject({ value: { orientation: 8 } });
	});
});

it('a field that a Code node built wrongly is named, and its bytes are not read', async () => {
	const field = { data: png(640, 480), mimeType: 'image/png', fileName: 'ada.png' };
	expect(await read(field as unknown as IBinaryData, NOTHING)).toMatchObject({
		failure: {
			kind: 'invalid',
			message: '"ada.png" cannot be read: the field has a Buffer as its data',
			nextStep: expect.stringContaining('prepareBinaryData') as string,
		},
	});
});

it('a file without a name is called by the fallback name', async () => {
	expect(await read(inItem(Buffer.from('notes')), NOTHING)).toMatchObject({
		ok: false,
		failure: { message: '"Item 1" cannot be used: it is a text file' },
	});
});

it('a file that n8n has deleted is a failure with advice', async () => {
	const getBinaryMetadata = async () => await Promise.reject(new Error('ENOENT'));
	const helpers = { getBinaryMetadata } as unknown as IExecuteFunctions['helpers'];
	expect(await readPortraitFile(STORED, 'Item 1', helpers)).toEqual({
		ok: false,
		failure: {
			kind: 'invalid',
			message: '"ada.png" cannot be read from n8n\'s storage: ENOENT',
			nextStep: 'Run the node that made the file again: n8n may have deleted it since.',
		},
	});
});

it('a file that cannot be read for another reason is a failure', async () => {
	const getBinaryMetadata = jest.fn().mockRejectedValue('odd');
	const helpers = { getBinaryMetadata } as unknown as IExecuteFunctions['helpers'];
	expect(await readPortraitFile(STORED, 'Item 1', helpers)).toMatchObject({
		ok: false,
		failure: { message: '"ada.png" cannot be read from n8n\'s storage: unknown reason' },
	});
});
