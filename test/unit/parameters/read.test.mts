/** Forms: they never throw, end at the first failure, and read only the fields that they need. */
import { z } from 'zod';
import {
	validate,
	choose,
	constant,
	field,
	group,
	then,
} from '../../../nodes/EmojiVideo/parameters/read';
import type { Form } from '../../../nodes/EmojiVideo/parameters/read';
import { invalidFailure, succeed } from '../../../nodes/EmojiVideo/base/result';
import { formOf, refusal } from '../support/formSource.mts';

const good = (value: unknown) => ({ ok: true, value });

describe('a schema that rejects a value without advice', () => {
	it('gives its own message and a general advice', () => {
		expect(validate(z.string({ invalid_type_error: 'Not text' }), 7)).toEqual(
			refusal('Not text', 'Correct the field.'),
		);
	});

	it('gives a general advice if its own is not text', () => {
		const odd = z.unknown().transform((_, context) => {
			context.addIssue({ code: 'custom', message: 'Odd', params: { nextStep: 7 } });
			context.addIssue({ code: 'custom', message: 'Odder', params: { nextStep: 'Go on.' } });
			return z.NEVER;
		});
		expect(validate(odd, 7)).toEqual(refusal('Odd', 'Correct the field.'));
	});

	it('gives a general message if it has none', () => {
		const bare = z.unknown().superRefine((_, context) => context.addIssue({ code: 'custom' }));
		expect(validate(bare, 7)).toEqual(refusal('Invalid input', 'Correct the field.'));
	});
});

describe('a field of a form', () => {
	const anything = field('options.size', 'Size', z.unknown());

	it('is read by its path', () => {
		expect(anything(formOf({ 'options.size': 7, size: 8 }))).toEqual(good(7));
	});

	it.each([0, false, ''])('that is %j is set', (value) => {
		expect(anything(formOf({ 'options.size': value }))).toEqual(good(value));
	});

	it.each([undefined, null])('that is %j is not set', (value) => {
		expect(anything(formOf({ 'options.size': value }))).toEqual(good(null));
	});

	it('may be validated by facts about its item', () => {
		const zoned = field('at', 'At', ({ timezone }) => z.unknown().transform(() => timezone));
		expect(zoned(formOf({}, { timezone: 'Asia/Tokyo' }))).toEqual(good('Asia/Tokyo'));
	});

	it('whose expression fails is named with the reason', () => {
		const get = () => {
			throw new Error('Referenced node is unexecuted');
		};
		expect(anything(formOf({}, { get }))).toEqual(
			refusal(
				'Size: the expression failed: Referenced node is unexecuted',
				'Correct the expression of Size.',
			),
		);
	});

	it('whose value cannot be inspected is named with the reason', () => {
		const trap = z.unknown().transform(() => {
			throw new Error('It is a trap');
		});
		expect(field('size', 'Size', trap)(formOf({ size: [1, 2] }))).toEqual(
			refusal(
				'Size "[1,2]" cannot be read: It is a trap',
				'Use plain text, a number or a list for Size.',
			),
		);
	});
});

describe('several forms', () => {
	const asked: string[] = [];
	const noting =
		<T,>(name: string, form: Form<T>): Form<T> =>
		(source) => {
			asked.push(name);
			return form(source);
		};
	const wrong: Form<number> = () => invalidFailure('Wrong', 'Correct it.');
	beforeEach(() => asked.splice(0));

	it('return one object', () => {
		const both = group({ a: constant(1), b: field('b', 'B', z.string()) });
		expect(both(formOf({ b: 'x' }))).toEqual(good({ a: 1, b: 'x' }));
	});

	it('end at the first failure', () => {
		const three = group({
			a: noting('a', constant(1)),
			b: noting('b', wrong),
			c: noting('c', constant(3)),
		});
		expect(three(formOf())).toEqual(refusal('Wrong', 'Correct it.'));
		expect(asked).toEqual(['a', 'b']);
	});

	it.each(['a', 'b'])('are chosen from: choice %j reads its own form only', (choice) => {
		const one = choose<string, number>(constant(choice), {
			a: noting('a', constant(1)),
			b: noting('b', constant(2)),
		});
		expect(one(formOf())).toEqual(good({ a: 1, b: 2 }[choice]));
		expect(asked).toEqual([choice]);
	});

	it('are not read if the choice fails', () => {
		const one = choose<string, number>(() => invalidFailure('No choice', 'Choose.'), {
			a: noting('a', constant(1)),
		});
		expect(one(formOf())).toEqual(refusal('No choice', 'Choose.'));
		expect(asked).toEqual([]);
	});

	it('pass a value on, to another value or to a failure', () => {
		const next = then(constant(2), (value, { isTool }) =>
			isTool ? invalidFailure(`${value} is not for tools`, 'Leave it.') : succeed(value * 2),
		);
		expect(next(formOf())).toEqual(good(4));
		expect(next(formOf({}, { isTool: true }))).toEqual(refusal('2 is not for tools', 'Leave it.'));
	});

	it('do not pass a failure on', () => {
		expect(then(wrong, noting('next', constant(1)) as never)(formOf())).toEqual(
			refusal('Wrong', 'Correct it.'),
		);
		expect(asked).toEqual([]);
	});
});
