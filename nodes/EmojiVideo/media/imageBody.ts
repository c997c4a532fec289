/**
 * Reads an image file piece by piece after its header: whether its end is there, and the EXIF orientation
 * that PNG and WEBP may keep after the image data. Rule: it keeps at most one EXIF chunk in memory, whatever
 * length a chunk claims.
 */
import type { Format, ImageHeader } from './imageHeader';
import { readChunkOrientation } from './imageHeader';

/** Reads a file from its first byte to its last. */
export interface BodyReader {
	read(piece: Buffer): void;
	/** Whether the format's end mark was there. Always true for BMP and WEBP, which have none. */
	hasEnd(): boolean;
	/** EXIF orientation, 1 (upright) to 8. */
	orientation(): number | undefined;
}

/** EOI (ITU-T T.81, B.1.1.2). Image data cannot contain it: after FF comes 00 or a restart marker (B.1.1.5). */
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);

/** Phones and editors append data of their own, so the end mark may stand anywhere after the header. */
function createJpegReader(headerBytes: number): BodyReader {
	let hasEnd = false;
	let toSkip = headerBytes;
	let last = Buffer.alloc(0);
	return {
		read(piece) {
			if (hasEnd) return;
			const body = Buffer.concat([last, piece.subarray(Math.min(toSkip, piece.length))]);
			toSkip = Math.max(0, toSkip - piece.length);
			hasEnd = body.includes(END_OF_IMAGE);
			last = body.subarray(1 - END_OF_IMAGE.length);
		},
		hasEnd: () => hasEnd,
		orientation: () => undefined,
	};
}

/** How a format frames its chunks. */
interface Framing {
	/** Bytes before the first chunk. */
	startBytes: number;
	/** Reads a chunk's head of 8 bytes. `trailingBytes` follow its content. */
	readHead(head: Buffer): { type: string; contentBytes: number; trailingBytes: number };
	exifType: string;
	/** The last chunk of a file, if the format has one. */
	endType?: string;
}

const CHUNK_HEAD_BYTES = 8;
/** Larger EXIF chunks are not read: JPEG allows at most 64 KB, and other formats copy from it. */
const MAX_EXIF_BYTES = 64 * 1024;

const FRAMINGS: Partial<Record<Format, Framing>> = {
	// PNG (3rd edition), 5.2 and 5.3: length, type, content, CRC.
	png: {
		startBytes: 8,
		readHead: (head) => ({
			type: head.toString('latin1', 4, 8),
			contentBytes: head.readUInt32BE(0),
			trailingBytes: 4,
		}),
		exifType: 'eXIf',
		endType: 'IEND',
	},
	// RFC 9649, 2.3 and 2.4: type, length, content, and a padding byte after an odd length.
	webp: {
		startBytes: 12,
		readHead: (head) => {
			const contentBytes = head.readUInt32LE(4);
			return { type: head.toString('latin1', 0, 4), contentBytes, trailingBytes: contentBytes % 2 };
		},
		exifType: 'EXIF',
	},
};

function createChunkReader({ startBytes, readHead, exifType, endType }: Framing): BodyReader {
	let hasEnd = endType === undefined;
	let orientation: number | undefined;
	let toSkip = startBytes;
	/** Bytes of a chunk's head, or of an EXIF chunk's content, until `wanted` of them are there. */
	let kept = Buffer.alloc(0);
	let wanted = CHUNK_HEAD_BYTES;
	let afterContent = 0;
	let isInExif = false;

	const openChunk = () => {
		const { type, contentBytes, trailingBytes } = readHead(kept);
		isInExif = type === exifType && contentBytes <= MAX_EXIF_BYTES;
		hasEnd ||= type === endType;
		wanted = isInExif ? contentBytes : CHUNK_HEAD_BYTES;
		toSkip = isInExif ? 0 : contentBytes + trailingBytes;
		afterContent = trailingBytes;
	};
	const closeExif = () => {
		orientation ??= readChunkOrientation(kept);
		isInExif = false;
		wanted = CHUNK_HEAD_BYTES;
		toSkip = afterContent;
	};
	return {
		read(piece) {
			let rest = piece;
			while (rest.length > 0) {
				const skipped = Math.min(toSkip, rest.length);
				toSkip -= skipped;
				const missing = wanted - kept.length;
				kept = Buffer.concat([kept, rest.subarray(skipped, skipped + missing)]);
				rest = rest.subarray(skipped + missing);
				if (kept.length < wanted) return;
				if (isInExif) closeExif();
				else openChunk();
				kept = Buffer.alloc(0);
			}
		},
		hasEnd: () => hasEnd,
		orientation: () => orientation,
	};
}

const NO_END: BodyReader = {
	read: () => undefined,
	hasEnd: () => true,
	orientation: () => undefined,
};

/** Creates the reader of a format. It reads the file from its first byte. */
export function createBodyReader({
	format,
	headerBytes,
}: Pick<ImageHeader, 'format' | 'headerBytes'>): BodyReader {
	if (format === 'jpeg') return createJpegReader(headerBytes);
	const framing = FRAMINGS[format];
	return framing ? createChunkReader(framing) : NO_END;
}
