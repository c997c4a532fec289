/** Presigned URLs that end before the turn of their videos. */
import { warnOfEarlyEnds } from '../../../nodes/EmojiVideo/media/earlyEnds';

const NOW = Date.UTC(2026, 11, 1, 12);
const RUN_MS = 5 * 60_000;
const until = (minutes: number | undefined, name = 'ada.jpg') => ({
	about: { imageUrl: `https://a.example/${name}?Expires=1` },
	expiresAt: minutes === undefined ? undefined : NOW + minutes * 60_000,
});
const warn = (...portraits: Array<ReturnType<typeof until>>) =>
	warnOfEarlyEnds(portraits, RUN_MS, NOW);

it('a URL that ends within the run of its video is named with the time', () => {
	expect(warn(until(4))).toBe(
		'The image URL of "ada.jpg" is valid until 2026-12-01 20:04 (UTC+8), but its video may start as late as 2026-12-01 20:05 (UTC+8). Use URLs that are valid longer, or set Image Source to Binary File.',
	);
});

it('a URL needs five more minutes for each video before its own', () => {
	expect(warn(until(5), until(10), until(15))).toBeUndefined();
	expect(warn(until(5), until(10), until(14, 'kim.png'))).toContain('"kim.png"');
});

it('several URLs are counted', () => {
	expect(warn(until(1), until(1), until(1))).toContain('The same holds for 2 more videos.');
});

it('URLs without a date, and files, need no warning', () => {
	const file = { about: { imageFile: 'ada.jpg' }, expiresAt: undefined };
	expect(warn(until(undefined))).toBeUndefined();
	expect(warnOfEarlyEnds([file], RUN_MS, NOW)).toBeUndefined();
});
