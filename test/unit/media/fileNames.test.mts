/** File names to the byte and to the hyphen. For any text, see fuzzFiles.property.test.mts. */
import { ownFileName, videoFileName } from '../../../nodes/EmojiVideo/media/fileNames';

describe('the file name that a user gave', () => {
	it.each([
		['160 bytes', 'a'.repeat(160), 'a'.repeat(160)],
		['161 bytes', 'a'.repeat(161), 'a'.repeat(160)],
		['53 characters of three bytes', '表'.repeat(53), '表'.repeat(53)],
		['54 characters of three bytes', '表'.repeat(54), '表'.repeat(53)],
		['40 characters of four bytes', '😀'.repeat(40), '😀'.repeat(40)],
		['41 characters of four bytes', '😀'.repeat(41), '😀'.repeat(40)],
	])('of %s keeps at most 160 bytes', (_, name, kept) => {
		expect(ownFileName(name, '')).toBe(`${kept}.mp4`);
	});

	it.each([
		['ada', 'ada.mp4'],
		['ada.MP4', 'ada.mp4'],
		['ada.mp4.old', 'ada.mp4.old.mp4'],
		['. -ada', 'ada.mp4'],
		['ada. -.mp4', 'ada.mp4'],
		['ada. . . - -', 'ada.mp4'],
		['a - b', 'a - b.mp4'],
		['a<>b', 'a-b.mp4'],
		['. .', 'video.mp4'],
		['', 'video.mp4'],
		['con.old', 'con-video.old.mp4'],
	])('%j becomes %s', (name, made) => {
		expect(ownFileName(name, '')).toBe(made);
	});

	it('gets the distinction after a hyphen', () => {
		expect(ownFileName('ada', 'Smile')).toBe('ada-Smile.mp4');
	});
});

describe('a file name that we build', () => {
	it.each([
		['ada  (old).png', 'ada-old-t.mp4'],
		['--ada--.png', 'ada-t.mp4'],
		['ada--lovelace.png', 'ada--lovelace-t.mp4'],
		['((.png', 't.mp4'],
	])('for the portrait %j and the task t is %s', (imageFile, made) => {
		expect(videoFileName({ imageFile }, undefined, 't')).toBe(made);
	});

	it.each([
		['64 bytes', 't'.repeat(64), 't'.repeat(64)],
		['65 bytes', 't'.repeat(65), 't'.repeat(64)],
		['22 characters of three bytes', '表'.repeat(22), '表'.repeat(21)],
	])('keeps at most 64 bytes of an ID of %s', (_, id, kept) => {
		expect(videoFileName({}, undefined, id)).toBe(`${kept}.mp4`);
	});
});
