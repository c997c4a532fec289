/**
 * Frames -> a GIF that loops for ever. Rule: the same frames give the same bytes, so that a picture that
 * has not changed makes no difference in a commit.
 */
import { createRequire } from 'node:module';
import type gifenc from 'gifenc';

// The package is CommonJS: Node.js does not see the names it exports, and Jest sees another default than Node.js.
const { applyPalette, GIFEncoder, quantize } = createRequire(import.meta.url)(
	'gifenc',
) as typeof gifenc;

/** RGBA pixels of all frames, `width` x `height` each. */
export interface Frames {
	width: number;
	height: number;
	pixels: Uint8Array[];
}

/** One index of the palette stays free for "as in the frame before". */
const MOST_COLORS = 255;

/** Every eighth frame is enough to choose the colours by. */
const SAMPLE_EVERY = 8;

function concatenate(parts: Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

/**
 * @param delayMs how long a frame stays; GIF counts in hundredths of a second
 * @param colors at most 255; fewer make a smaller file
 */
export function encodeGif({ width, height, pixels }: Frames, delayMs: number, colors: number) {
	const sample = pixels.filter((_, index) => index % SAMPLE_EVERY === 0);
	const palette = quantize(concatenate(sample), Math.min(colors, MOST_COLORS));
	const unchanged = palette.length;
	const encoder = GIFEncoder();
	let before: Uint8Array | undefined;
	for (const frame of pixels) {
		const index = applyPalette(frame, palette);
		const drawn = before;
		encoder.writeFrame(
			drawn ? index.map((color, at) => (color === drawn[at] ? unchanged : color)) : index,
			width,
			height,
			{
				delay: delayMs,
				transparentIndex: unchanged,
				transparent: drawn !== undefined,
				dispose: 1,
				...(!drawn && { palette: [...palette, [255, 255, 255]] }),
			},
		);
		before = index;
	}
	encoder.finish();
	return encoder.bytes();
}
