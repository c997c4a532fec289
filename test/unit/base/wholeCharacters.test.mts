/** Many functions cut text. None cuts inside a character of two UTF-16 units. */
import { shownText } from '../../../nodes/EmojiVideo/dashscope/tolerant';
import { errorSchema } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { ownFileName, videoFileName } from '../../../nodes/EmojiVideo/media/fileNames';
import { unusable } from '../../../nodes/EmojiVideo/media/portraitCheck';
import { cut, reasonOf, shown } from '../../../nodes/EmojiVideo/base/text';

/** Functions that shorten a text. */
const CUTTERS: Record<string, (text: string) => unknown> = {
	'a name of the user': (text) => ownFileName(text, ''),
	'a distinction': (text) => ownFileName('name', text),
	'a file of a portrait': (text) => videoFileName({ imageFile: text }, 'mengwa_kaixin', 'id'),
	'an address of a portrait': (text) =>
		videoFileName({ imageUrl: `https://a.b/${encodeURIComponent(text)}` }, 'mengwa_kaixin', 'id'),
	'a template and an ID': (text) => videoFileName({ imageFile: 'a' }, text, text),
	'a portrait in a message': (text) => unusable(text, 'is empty').failure.message,
	'a value in a message': (text) => [shown(text), shown({ text }), shown([text])],
	'why something was thrown': (text) => [reasonOf(new Error(text)), reasonOf(text)],
	"the service's words": (text) =>
		errorSchema.parse({ code: text, message: text, request_id: text }),
	'a text for people': (text) => [shownText(text, 99), shownText(text, 100)],
};

const HALF = /\p{Cs}/u;

const textsIn = (value: unknown): string[] =>
	typeof value === 'string' ? [value] : Object.values(value as object).flatMap(textsIn);

/** A letter and a picture, each of two units; before them one unit more, so that every cut is met. */
it.each(Object.entries(CUTTERS))('%s is never cut inside a surrogate pair', (_, make) => {
	for (const letter of ['\u{1d49c}', '\u{20000}', '\u{1f600}', 'a\u{1f600}']) {
		for (let before = 0; before < 4; before++) {
			const text = 'x'.repeat(before) + letter.repeat(3000);
			for (const made of textsIn(make(text))) {
				expect(made.length).toBeLessThan(text.length);
				expect(made).not.toMatch(HALF);
				// What is written as UTF-8 comes back.
				expect(Buffer.from(made).toString()).toBe(made);
			}
		}
	}
});

it('cut keeps as many whole characters as the length allows', () => {
	const text = 'ab\u{1f600}c\u{1f600}\u{1f600}';
	const whole = [...text];
	for (let length = 0; length <= text.length + 1; length++) {
		const made = cut(text, length);
		expect(made.length).toBeLessThanOrEqual(length);
		expect(made.length).toBeGreaterThanOrEqual(Math.min(length, text.length) - 1);
		expect(whole.slice(0, [...made].length).join('')).toBe(made);
	}
});
