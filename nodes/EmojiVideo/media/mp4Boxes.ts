/**
 * Whether a stream of bytes is a whole MP4 file, told by its boxes as they go by (ISO/IEC 14496-12, 4.2).
 * Rule: nothing is kept but the head of the box at hand, whatever a box claims to be long.
 */

/** Of a box: 32 bits of size, four letters of type, and perhaps 64 bits of size. */
const LONGEST_HEAD = 16;
/** A file type box comes first: size and `ftyp`. */
export const MP4_HEAD_BYTES = 8;

/** @param head at least `MP4_HEAD_BYTES` of the file's first bytes */
export const isMp4Head = (head: Buffer): boolean => head.toString('latin1', 4, 8) === 'ftyp';

/** Watches a file go by. */
export function createMp4Watch() {
	const types = new Set<string>();
	let head = Buffer.alloc(0);
	/** Bytes of the present box that are still to come; Infinity: it goes to the end of the file. */
	let left = 0;

	/** The box whose head is at hand; 0 where more of the head is needed. */
	const openBox = (): number => {
		if (head.length < MP4_HEAD_BYTES) return 0;
		const size = head.readUInt32BE(0);
		const headBytes = size === 1 ? LONGEST_HEAD : MP4_HEAD_BYTES;
		if (head.length < headBytes) return 0;
		types.add(head.toString('latin1', 4, 8));
		const bytes = size === 1 ? Number(head.readBigUInt64BE(8)) : size;
		// 0 is the documented way to say: to the end of the file; a size within the head is no size at all.
		left = bytes < headBytes ? Infinity : bytes - headBytes;
		return headBytes;
	};

	return {
		/** Takes the file's next piece. */
		look(piece: Buffer) {
			let rest = piece;
			while (rest.length > 0) {
				if (left > 0) {
					const passed = Math.min(left, rest.length);
					left -= passed;
					rest = rest.subarray(passed);
					continue;
				}
				const before = head.length;
				head = Buffer.concat([head, rest.subarray(0, LONGEST_HEAD - before)]);
				const headBytes = openBox();
				if (headBytes === 0) return;
				head = Buffer.alloc(0);
				rest = rest.subarray(headBytes - before);
			}
		},
		/** Whether the file, ending here, is a whole one: no box is cut, and both kinds that play are there. */
		isWhole: () =>
			head.length === 0 &&
			(left === 0 || left === Infinity) &&
			['ftyp', 'moov', 'mdat'].every((type) => types.has(type)),
	};
}
