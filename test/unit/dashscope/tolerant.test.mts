/** Readers of single values, at their limits. */
import {
	linkOf,
	looseAmount,
	looseId,
	looseObject,
	looseText,
	looseTime,
	numberOf,
	shownText,
} from '../../../nodes/EmojiVideo/dashscope/tolerant';

describe('a tolerant number', () => {
	it.each<[unknown, number | undefined]>([
		[7.5, 7.5],
		[' 7.5 ', 7.5],
		['.5', 0.5],
		['5.', 5],
		['-1e2', -100],
		[`${'0'.repeat(39)}7`, 7],
		[`${'0'.repeat(40)}7`, undefined],
		['1e999', undefined],
		[NaN, undefined],
		[Infinity, undefined],
		['0x10', undefined],
		['', undefined],
		[true, undefined],
		[null, undefined],
	])('from %j is %j', (value, number) => expect(numberOf(value)).toBe(number));

	it.each<[unknown, number | undefined]>([
		[0, 0],
		['2', 2],
		[-0.1, undefined],
		['-1', undefined],
		[undefined, undefined],
	])('from %j as an amount is %j', (value, amount) =>
		expect(looseAmount.parse(value)).toBe(amount),
	);
});

describe('a tolerant time', () => {
	const EARLIEST = Date.UTC(2020, 0, 1);
	const LATEST = Date.UTC(2100, 0, 1) - 1;

	it.each<[unknown, number | undefined]>([
		[EARLIEST, EARLIEST],
		[EARLIEST - 1, undefined],
		[LATEST, LATEST],
		[LATEST + 1, undefined],
		[EARLIEST / 1000, EARLIEST],
		[EARLIEST / 1000 - 1, undefined],
		[(LATEST + 1) / 1000 - 1, LATEST - 999],
		[(LATEST + 1) / 1000, undefined],
		['2020-01-01 08:00:00', EARLIEST],
		['2020-01-01 07:59:59.999', undefined],
		[' 2020-01-01 08:00:00.5\n', EARLIEST + 500],
		['2020-01-01 08:00:00 +08:00', undefined],
		['x2020-01-01 08:00:00', undefined],
	])('from %j is %j', (value, ms) => expect(looseTime.parse(value)).toBe(ms));
});

describe('a tolerant text', () => {
	it.each<[unknown, string | undefined]>([
		[' a\nb ', 'a b'],
		['abcdef', 'abcde...'],
		[7, '7'],
		[0, '0'],
		[12n, '12'],
		['', undefined],
		[' \u200B ', undefined],
		[true, undefined],
		[null, undefined],
		[undefined, undefined],
		[['a'], undefined],
		[{ toString: () => 'a' }, undefined],
	])('case %#: is read, or undefined', (value, text) =>
		expect(looseText(5).parse(value)).toBe(text),
	);
});

describe('a tolerant ID', () => {
	it.each<[unknown, string | undefined]>([
		[' a b ', 'a b'],
		['a\u200Bb', 'a\u200Bb'],
		['x'.repeat(1000), 'x'.repeat(1000)],
		[7, '7'],
		[9007199254740993n, '9007199254740993'],
		['', undefined],
		[' ', undefined],
		[false, undefined],
		[null, undefined],
		[['a'], undefined],
	])('case %#: loses only the spaces around it, or is undefined', (value, id) =>
		expect(looseId.parse(value)).toBe(id),
	);
});

describe('a tolerant object', () => {
	const schema = looseObject({ text: looseText(9) });

	it('is read with its known fields', () =>
		expect(schema.parse({ text: 'a', more: 1 })).toEqual({ text: 'a' }));

	it.each([
		[undefined],
		[null],
		['text'],
		[7],
		[true],
		[['a']],
		[Object.assign([], { text: 'a' })],
	])('is empty if the value is %j', (value) =>
		expect(schema.parse(value)).toEqual({ text: undefined }),
	);
});

it.each<[unknown, string | undefined]>([
	['https://a.example/v.mp4?Expires=1', 'https://a.example/v.mp4?Expires=1'],
	[' HTTP://a.example\n', 'HTTP://a.example'],
	['https:///v.mp4', undefined],
	['x https://a.example', undefined],
	['ftp://a.example/https://b.example', undefined],
	['javascript:https://b.example', undefined],
	['ftp://a.example', undefined],
	['https://[', undefined],
	[7, undefined],
	['', undefined],
])('a tolerant link from %j is %j', (value, link) => expect(linkOf(value)).toBe(link));

it.each([
	['abcd', 4, 'abcd'],
	['abcde', 4, 'abcd...'],
	['abc😀', 4, 'abc...'],
	['a😀bcd', 4, 'a😀b...'],
	[' a \n b ', 4, 'a b'],
	[`${'\0'.repeat(15)}ab`, 4, 'a'],
	[`${'\0'.repeat(16)}ab`, 4, ''],
])('%j cut to %i characters is %j', (text, most, shown) =>
	expect(shownText(text, most)).toBe(shown),
);
