/**
 * What face detection says of an image. Rule: a verdict hangs on the image's bytes (SHA-256), so the
 * same portrait gets the same verdict by URL, by upload and from disk.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Code and message of a detection that was not passed. */
export interface Verdict {
	code: string;
	message: string;
}

/** Where a verdict that was not passed is written (docs/service.md, "Where a verdict stands"). */
export type VerdictStyle = 'output200' | 'output400' | 'top400';

/** Codes of docs/service.md, "Portrait requirements", in the words of the error page; "oriention" is the service's own spelling. */
export const verdicts = {
	'InvalidFile.NoHuman':
		'The input image has no human body. Please upload other image with single person.',
	'InvalidFile.MultiHuman':
		'The input image has multi human bodies. Please upload other image with single person.',
	'InvalidFile.BodyProportion':
		'The proportion of the detected person in the picture is too large or too small, please upload other image.',
	'InvalidFile.FacePose':
		'The pose of the detected face is invalid, please upload other image with the expected oriention.',
	'InvalidFile.FullFace':
		'The pose of the detected face is invalid, please upload other image with whole face.',
	'InvalidFile.FrontBody':
		'The pose of the detected person is invalid, please upload other image with the front view.',
	'InvalidFile.FullBody':
		'The pose of the detected person is invalid, please upload other image with whole body, or change the ratio parameter to 1:1.',
	'InvalidFile.Resolution':
		'The image resolution is invalid, please make sure that the largest length of image is smaller than 7000, and the smallest length of image is larger than 400.',
	'InvalidFile.Value': 'The value of the image is invalid, please upload other clearer image.',
} as const;

export type VerdictCode = keyof typeof verdicts;

/** The verdict with the service's words for `code`. */
export function verdict(code: VerdictCode): Verdict {
	return { code, message: verdicts[code] };
}

/** The sample portraits that do not pass, by file name. Every other sample passes. */
export const portraitVerdicts: Readonly<Record<string, VerdictCode>> = {
	'no-human.png': 'InvalidFile.NoHuman',
	'two-people.png': 'InvalidFile.MultiHuman',
	'tilted.png': 'InvalidFile.FacePose',
	'covered.png': 'InvalidFile.FullFace',
	'too-dark.png': 'InvalidFile.Value',
	'far-away.png': 'InvalidFile.BodyProportion',
};

export const portraitsFolder = join(import.meta.dirname, 'portraits');

/** File names of the sample portraits, in alphabetical order. */
export const portraitNames: readonly string[] = readdirSync(portraitsFolder)
	.filter((name) => /\.(png|jpg|webp|bmp)$/.test(name))
	.sort();

/** Hexadecimal SHA-256 of an image's bytes. */
export function imageHash(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}

const verdictByHash: ReadonlyMap<string, Verdict> = new Map(
	Object.entries(portraitVerdicts)
		.filter(([name]) => portraitNames.includes(name))
		.map(([name, code]) => [imageHash(readFileSync(join(portraitsFolder, name))), verdict(code)]),
);

/** The verdict of a sample portrait's bytes, or undefined when the image passes. */
export function sampleVerdict(hash: string): Verdict | undefined {
	return verdictByHash.get(hash);
}
