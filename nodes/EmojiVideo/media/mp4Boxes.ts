/**
 * Checks whether a stream of bytes is a complete MP4 file, by its boxes (ISO/IEC 14496-12, 4.2).
 * Rule: it keeps only the head of the current box in memory, whatever size a box claims.
 */

/** Bytes of a box's head with a 64-bit size: 32 bits, four letters of type, 64 bits of size. */
const LARGE_HEAD_BYTES = 16;
/** Bytes of a box's head with a 32-bit size. The first box of a file is `ftyp` (4.3). */
export const MP4_HEAD_BYTES = 8;

/** @param head at least `MP4_HEAD_BYTES` of the file's first bytes */
export const isMp4Head = (head: Buffer): boolean => head.toString('latin1', 4, 8) === 'ftyp';

/** Creates a checker that reads a file piece by piece. */
export function createMp4Watch() {
	const types = new Set<string>();
	let head = Buffer.alloc(0);
	/** Bytes of the current box that have not come yet. Infinity: the box ends with the file. */
	let left = 0;

	/** Opens the box whose head is in `head`. Returns the head's length, or 0 if bytes of it are missing. */
	const openBox = (): number => {
		if (head.length < MP4_HEAD_BYTES) return 0;
		const size = head.readUInt32BE(0);
		const headBytes = size === 1 ? LARGE_HEAD_BYTES : MP4_HEAD_BYTES;
		if (head.length < headBytes) return 0;
		types.add(head.toString('latin1', 4, 8));
		const bytes = size === 1 ? Number(head.readBigUInt64BE(8)) : size;
		// Size 0 means that the box ends with the file (4.2). We treat a size smaller than the head alike.
		left = bytes < headBytes ? Infinity : bytes - headBytes;
		return headBytes;
	};

	return {
		/** Reads the file's next piece. */
		read(piece: Buffer) {
			let rest = piece;
			while (rest.length > 0) {
				if (left > 0) {
					const passed = Math.min(left, rest.length);
					left -= passed;
					rest = rest.subarray(passed);
					continue;
				}
				const before = head.length;
				head = Buffer.concat([head, rest.subarray(0, LARGE_HEAD_BYTES - before)]);
				const headBytes = openBox();
				if (headBytes === 0) return;
				head = Buffer.alloc(0);
				rest = rest.subarray(headBytes - before);
			}
		},
		/** Whether the file is complete if it ends here: no box is cut, and index and media data are there. */
		isWhole: () =>
			head.length === 0 &&
			(left === 0 || left === Infinity) &&
			['ftyp', 'moov', 'mdat'].every((type) => types.has(type)),
	};
}
