/** The part of gifenc 1.0 that the gallery uses; the package ships no types. */
declare module 'gifenc' {
	/** Colours as [red, green, blue]. */
	type Palette = number[][];

	interface FrameOptions {
		palette?: Palette;
		/** Milliseconds. */
		delay?: number;
		transparent?: boolean;
		transparentIndex?: number;
		/** 1: the frame stays where the next one is transparent. */
		dispose?: number;
	}

	const gifenc: {
		quantize: (rgba: Uint8Array, maxColors: number) => Palette;
		/** One index into the palette for each pixel. */
		applyPalette: (rgba: Uint8Array, palette: Palette) => Uint8Array;
		GIFEncoder: () => {
			writeFrame(index: Uint8Array, width: number, height: number, options: FrameOptions): void;
			finish(): void;
			bytes(): Uint8Array;
		};
	};
	export default gifenc;
}
