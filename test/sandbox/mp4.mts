/** Reads as much of an MP4 as the tests need. Rule: boxes by their sizes, no searching for names. */

export interface Box {
	type: string;
	/** The box's content, without its header. */
	content: Buffer;
}

/** The boxes in `bytes`, which must be filled by them exactly. */
export function readBoxes(bytes: Buffer): Box[] {
	const boxes: Box[] = [];
	for (let at = 0; at < bytes.length; ) {
		const short = bytes.readUInt32BE(at);
		const type = bytes.toString('latin1', at + 4, at + 8);
		const header = short === 1 ? 16 : 8;
		const size = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short;
		if (size < header || at + size > bytes.length) throw new Error(`Bad box ${type} at ${at}.`);
		boxes.push({ type, content: bytes.subarray(at + header, at + size) });
		at += size;
	}
	return boxes;
}

/** The content of the box at this path of types; throws when there is none. */
export function boxAt(bytes: Buffer, ...path: string[]): Buffer {
	return path.reduce((content, type) => {
		const box = readBoxes(content).find((candidate) => candidate.type === type);
		if (!box) throw new Error(`There is no ${type} box.`);
		return box.content;
	}, bytes);
}

/** What the documents promise of a video. */
export function describeVideo(bytes: Buffer) {
	const moov = boxAt(bytes, 'moov');
	const stbl = boxAt(moov, 'trak', 'mdia', 'minf', 'stbl');
	const entries = readBoxes(boxAt(stbl, 'stsd').subarray(8));
	const timing = boxAt(moov, 'trak', 'mdia', 'mdhd');
	const frames = boxAt(stbl, 'stsz').readUInt32BE(8);
	const seconds = timing.readUInt32BE(16) / timing.readUInt32BE(12);
	return {
		boxes: readBoxes(bytes).map(({ type }) => type),
		tracks: readBoxes(moov).filter(({ type }) => type === 'trak').length,
		codec: entries.map(({ type }) => type).join(),
		width: entries[0]?.content.readUInt16BE(24),
		height: entries[0]?.content.readUInt16BE(26),
		framesPerSecond: frames / seconds,
		seconds,
	};
}
