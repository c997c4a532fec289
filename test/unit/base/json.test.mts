/** JSON of others loses its keys named `__proto__`, and nothing else. */
import fc from 'fast-check';
import { z } from 'zod';
import { parseJson } from '../../../nodes/EmojiVideo/base/json';
import { expectProperty } from '../../properties.mts';

it.each([
	['{"a":1,"__proto__":{"isAdmin":true}}', { a: 1 }],
	['{"a":{"__proto__":"x","b":[{"__proto__":null}]}}', { a: { b: [{}] } }],
	['{"\\u005f_proto__":1,"proto":2}', { proto: 2 }],
	[
		'{"constructor":1,"prototype":2,"toString":null}',
		{ constructor: 1, prototype: 2, toString: null },
	],
	['["__proto__"]', ['__proto__']],
	['null', null],
])('%s is parsed without its unsafe keys', (text, value) => {
	expect(parseJson(text)).toEqual(value);
});

it('parsed JSON is the same after each way of copying it', () => {
	const copies = (value: object): object[] => [
		{ ...value },
		Object.assign({}, value),
		Object.fromEntries(Object.entries(value)),
		z.record(z.unknown()).parse(value),
		z.object({}).passthrough().parse(value),
	];
	const keys = fc.oneof(fc.constant('__proto__'), fc.string());
	expectProperty(
		fc.property(fc.dictionary(keys, fc.jsonValue(), { noNullPrototype: true }), (json) => {
			const value = parseJson(JSON.stringify(json)) as object;
			for (const copy of copies(value)) {
				expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
				expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
			}
		}),
		100,
	);
});

it('text that is not JSON throws', () => {
	expect(() => parseJson('{')).toThrow(SyntaxError);
});
