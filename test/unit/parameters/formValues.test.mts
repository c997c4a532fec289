/** Values of fields, one by one. Each test kills a mutant that no other test noticed. */
import { DateTime } from 'luxon';
import { deliveryForm, deliveryOf } from '../../../nodes/EmojiVideo/parameters/delivery';
import { areaValue } from '../../../nodes/EmojiVideo/parameters/faceAreas';
import {
	dateValue,
	modelValue,
	statusValue,
} from '../../../nodes/EmojiVideo/parameters/listFilters';
import { imageUrlValue } from '../../../nodes/EmojiVideo/parameters/portrait';
import type { FormSource } from '../../../nodes/EmojiVideo/parameters/read';
import {
	choiceValue,
	flagValue,
	numberValue,
	optional,
	toList,
	withDefault,
} from '../../../nodes/EmojiVideo/parameters/schemas';
import { eachTaskId, taskIdsValue } from '../../../nodes/EmojiVideo/parameters/taskIds';
import { templatesValue } from '../../../nodes/EmojiVideo/parameters/templates';

interface Parses {
	safeParse: (value: unknown) => { success: boolean; data?: unknown; error?: { message: string } };
}
/** The value, or the message of what is wrong with it. */
const read = (schema: Parses, value: unknown): unknown => {
	const { success, data, error } = schema.safeParse(value);
	if (success) return data;
	const [issue] = JSON.parse(error?.message ?? '[]') as Array<{
		message: string;
		params: { nextStep: string };
	}>;
	return [issue?.message, issue?.params.nextStep];
};

describe('the value of a number field', () => {
	const whole = numberValue('Count', 1, 100, 'videos', 'whole');
	const any = numberValue('Rate', 0.5, 20, 'per second');
	it.each<[unknown, unknown]>([
		[1, 1],
		[100, 100],
		['7', 7],
		[' 7 ', 7],
		...[0, 101, 1.5, '', ' ', null, true, Number.NaN, 'seven', [7]].map(
			(value): [unknown, unknown] => [
				value,
				[expect.stringMatching(/^Count ".*" is not possible$/), 'Use 1 to 100 videos.'],
			],
		),
	])('%j as a whole number is read as %j', (value, expected) =>
		expect(read(whole, value)).toEqual(expected),
	);

	it.each(['', ' '])('%j is not read as 0', (value) =>
		expect(read(numberValue('Wait', 0, 9, 's'), value)).toEqual([
			`Wait "${value}" is not possible`,
			'Use 0 to 9 s.',
		]),
	);

	it.each<[string, string]>([
		...['1,5', ' 1,5 ', '12,75'].map((text): [string, string] => [
			text,
			'Use 0.5 to 20 per second, with a point instead of the comma.',
		]),
		...['a', 'a 1,5', '1,5 b', '1,', ',5', '1,2,3'].map((text): [string, string] => [
			text,
			'Use 0.5 to 20 per second.',
		]),
	])('%j is rejected with the advice: %s', (text, nextStep) =>
		expect(read(any, text)).toEqual([expect.stringContaining('Rate'), nextStep]),
	);

	it('a list is rejected without advice about commas', () =>
		expect(read(any, [1, 5])).toEqual([
			'Rate "[1,5]" is not possible',
			'Use 0.5 to 20 per second.',
		]));

	it('a fraction within the limits is accepted, the limits included', () => {
		expect([0.5, 1.5, 20].map((value) => read(any, value))).toEqual([0.5, 1.5, 20]);
		expect(any.safeParse(0.49).success || any.safeParse(20.01).success).toBe(false);
	});
});

it('an unknown choice is rejected, and the failure lists all choices', () => {
	const choice = choiceValue('When', ['now', 'later', 'never'] as const);
	expect(read(choice, 'later')).toBe('later');
	expect(read(choice, 'Later')).toEqual([
		'When "Later" is unknown',
		'Use "now", "later" or "never".',
	]);
	expect(read(choiceValue('When', ['now'] as const), 1)).toEqual([
		'When "1" is unknown',
		'Use "now".',
	]);
});

it.each<[unknown, boolean]>([
	[true, true],
	['true', true],
	[' TRUE ', true],
	[false, false],
	['false', false],
])('a switch that is %j is read as %s', (value, expected) =>
	expect(read(flagValue('Simplify'), value)).toBe(expected),
);

it.each(['maybe', 1, 0, '', [], {}, 'yes', null])(
	'a switch that is %j is rejected by its name',
	(value) =>
		expect(read(flagValue('Simplify'), value)).toEqual([
			expect.stringMatching(/^Simplify ".*" is neither on nor off$/),
			'Use true or false for Simplify.',
		]),
);

it('a default replaces a missing value and no other', () => {
	const flag = withDefault(flagValue('Simplify'), true);
	expect([undefined, null, false, true].map((value) => flag.parse(value))).toEqual([
		true,
		true,
		false,
		true,
	]);
	expect(optional(flagValue('Simplify')).parse(null)).toBeUndefined();
	expect(optional(flagValue('Simplify')).parse('true')).toBe(true);
});

it.each<[unknown, unknown]>([
	['a, b ,c', ['a', 'b', 'c']],
	[' ["a", "b"] ', ['a', 'b']],
	['[a, b ]', ['a', 'b']],
	['[[a], b]', ['[a]', 'b']],
	['a[1], b]', ['a[1]', 'b]']],
	['x', ['x']],
	[
		['a', 1],
		['a', 1],
	],
	[7, undefined],
	[{ a: 1 }, undefined],
])('%j is read as the list %j', (value, expected) => expect(toList(value)).toEqual(expected));

describe('the value of Task IDs', () => {
	it.each<[unknown, unknown[]]>([
		['a,b,', ['a', 'b']],
		['a\r\nb\n\nc', ['a', 'b', 'c']],
		['["a","b"]', ['a', 'b']],
		// JSON as editors and models write it, and lists with a line for each.
		['[\n  "a",\n  "b"\n]', ['a', 'b']],
		['\u3000[\r\n"a",\r\n"b"\r\n]\n', ['a', 'b']],
		[JSON.stringify([{ taskId: 'a' }, { taskId: 'b' }], null, '\t'), ['a', 'b']],
		['["a"\r\n"b"]', ['a', 'b']],
		['\n[a\nb]\n', ['a', 'b']],
		[[{ taskId: ' a\n' }], ['a']],
		[
			['a', ' ', 'b'],
			['a', 'b'],
		],
		[
			[{ taskId: 'a' }, { json: { taskId: 'b' } }],
			['a', 'b'],
		],
		[[{ output: { task_id: 'a', task_status: 'PENDING' }, request_id: 'r' }], ['a']],
		['[{"json":{"output":{"task_id":"a"}}}]', ['a']],
		[{ taskId: 'a' }, ['a']],
	])('%j is read as %j', (value, expected) => expect(read(taskIdsValue, value)).toEqual(expected));

	it('names each item without an ID, with the reason', () => {
		const failedItem = { json: { error: { message: 'No face' }, message: 'No face' } };
		expect(eachTaskId([{ json: { taskId: 'a' } }, failedItem, 'b'])).toMatchObject([
			{ ok: true, value: 'a' },
			{
				ok: false,
				failure: {
					message: 'Task IDs: "No face" (entry 2 of the list) has no taskId',
					nextStep: expect.stringContaining('That item has failed') as string,
				},
			},
			{ ok: true, value: 'b' },
		]);
		expect(read(taskIdsValue, ['a', failedItem])).toEqual([
			'Task IDs: "No face" (entry 2 of the list) has no taskId',
			expect.stringContaining('Put only items that have a taskId into the list'),
		]);
		for (const [value, shown] of [
			[null, 'null'],
			[undefined, 'null'],
			[{}, '{}'],
			[{ taskId: '' }, '{"taskId":""}'],
			[{ json: { taskId: null } }, '{"taskId":null}'],
		]) {
			expect(read(taskIdsValue, ['a', value])).toEqual([
				`Task IDs: "${shown as string}" (entry 2 of the list) has no taskId`,
				expect.stringContaining('Use the taskId of a Create item'),
			]);
		}
	});

	it('names the position of an item in a list, and none for a single item', () => {
		const none = {};
		const messages = (value: unknown) =>
			eachTaskId(value).map((result) => (result.ok ? '' : result.failure.message));
		expect(messages(none)).toEqual(['Task IDs: "{}" has no taskId']);
		expect(messages([none, none])).toEqual([
			'Task IDs: "{}" (entry 1 of the list) has no taskId',
			'Task IDs: "{}" (entry 2 of the list) has no taskId',
		]);
	});

	it('has each ID once, without spaces around it', () => {
		expect(read(taskIdsValue, [' a ', 'a', 'b'])).toEqual(['a', 'b']);
		expect(eachTaskId([' a', 'a ', 'b'])).toEqual([
			{ ok: true, value: 'a' },
			{ ok: true, value: 'b' },
		]);
	});

	it('names the first wrong ID', () => {
		expect(read(taskIdsValue, ['a', 'b c', 'd e'])).toEqual([
			expect.stringContaining('"b c" is not a task ID'),
			expect.stringContaining('Use the taskId of a Create item'),
		]);
		expect(read(taskIdsValue, ' , ')).toEqual(['Task IDs is empty', expect.stringMatching(/\S/)]);
		expect(eachTaskId('')).toMatchObject([
			{ ok: false, failure: { message: 'Task IDs is empty' } },
		]);
		expect(eachTaskId([7, 'a'])).toMatchObject([{ ok: false }, { ok: true, value: 'a' }]);
	});
});

it.each<[unknown, unknown]>([
	[' succeeded ', 'SUCCEEDED'],
	['UNKNOWN', 'UNKNOWN'],
	['', undefined],
	[null, undefined],
	['DONE', ['Status "DONE" is unknown', expect.stringContaining('PENDING, RUNNING, SUCCEEDED')]],
	[7, ['Status "7" is unknown', expect.stringContaining('leave it empty')]],
])('the status filter %j is read as %j', (value, expected) =>
	expect(read(statusValue, value)).toEqual(expected),
);

it.each<[unknown, unknown]>([
	[' emoji-v1 ', 'emoji-v1'],
	['qwen2.5_vl', 'qwen2.5_vl'],
	['', undefined],
	...['a b', 'a/b', 'x'.repeat(65), 7].map((value): [unknown, unknown] => [
		value,
		[expect.stringContaining('cannot be a model name'), expect.stringContaining('emoji-v1')],
	]),
])('the model filter %j is read as %j', (value, expected) =>
	expect(read(modelValue, value)).toEqual(expected),
);

it.each<[unknown, unknown]>([
	['2025-10-14T11:28:04+08:00', Date.UTC(2025, 9, 14, 3, 28, 4)],
	[' 2025-10-14 11:28:04 ', Date.UTC(2025, 9, 14, 3, 28, 4)],
	['Tue, 14 Oct 2025 03:28:04 GMT', Date.UTC(2025, 9, 14, 3, 28, 4)],
	[new Date('2025-10-14T03:28:04Z'), Date.UTC(2025, 9, 14, 3, 28, 4)],
	[' Tue, 14 Oct 2025 03:28:04 GMT ', Date.UTC(2025, 9, 14, 3, 28, 4)],
	[DateTime.fromMillis(1_760_412_484_000), 1_760_412_484_000],
	[1_760_412_484_000, 1_760_412_484_000],
	[1e12, 1e12],
	[1e13 - 1, 1e13 - 1],
	['', undefined],
	[null, undefined],
	...['soon', 0, -1, 1e12 - 1, 1e13, 1e15, {}, true].map((value): [unknown, unknown] => [
		value,
		[expect.stringContaining('is not a time'), expect.stringContaining('2025-10-14T11:28:04')],
	]),
])('the time %j in Shanghai is read as %j', (value, expected) =>
	expect(read(dateValue('Created After', 'Asia/Shanghai'), value)).toEqual(expected),
);

it('templates are found by ID and by name, with any separator', () => {
	expect(read(templatesValue, 'mengwa_kaixin，jingdian_lei;\n\r\ndagong_wunai')).toEqual([
		'mengwa_kaixin',
		'jingdian_lei',
		'dagong_wunai',
	]);
	expect(read(templatesValue, '[\n  "newer_one_1",\n  "newer_one_2"\n]')).toEqual([
		'newer_one_1',
		'newer_one_2',
	]);
	expect(read(templatesValue, '["newer_one_1"；\r\n"newer_one_2"]')).toEqual([
		'newer_one_1',
		'newer_one_2',
	]);
	expect(templatesValue.safeParse(['mengwa_kaixin', 7]).success).toBe(false);
});

describe('the advice for an Image URL that is not a URL', () => {
	const BASIC = 'Use a public http or https address of a JPEG, PNG, BMP or WEBP image.';
	const ADVICE = {
		expression: 'Correct the expression: the field that it reads does not exist in this item.',
		file: `${BASIC} For a file, set Image Source to Binary File.`,
		scheme: `${BASIC} It begins with https://.`,
		none: BASIC,
	};
	it.each<[keyof typeof ADVICE, string]>([
		...['undefined', ' null ', 'NaN', '[object Object]'].map(
			(text): [keyof typeof ADVICE, string] => ['expression', text],
		),
		...['/home/ada.png', ' /ada.png', 'C:\\ada.png', 'file:///ada.png', 'data:image/png,A'].map(
			(text): [keyof typeof ADVICE, string] => ['file', text],
		),
		...['www.example.com', 'a.example.com/ada.png', 'my-site.example.org/'].map(
			(text): [keyof typeof ADVICE, string] => ['scheme', text],
		),
		...[
			'ada.png',
			'undefined.png',
			'is undefined',
			'my data: ada',
			'a file: ada',
			'see C:\\ada.png',
			'see www.example.com',
			'see example.com/ada.png',
		].map((text): [keyof typeof ADVICE, string] => ['none', text]),
	])('is about "%s" for %j', (advice, text) => {
		expect(read(imageUrlValue(false), text)).toEqual([
			expect.stringContaining('Image URL'),
			ADVICE[advice],
		]);
	});
});

it.each([[[null, 0, 9, 9]], [[true, 2, 9, 9]], [['', 0, 9, 9]], [[[0], 0, 9, 9]]])(
	'the area %j is rejected because one part is not a number',
	(area) =>
		expect(read(areaValue('Face Area'), area)).toEqual([
			expect.stringContaining('is not four whole numbers'),
			expect.stringContaining('[x1, y1, x2, y2]'),
		]),
);

it.each([
	['portrait', true],
	['video', false],
])('Group Videos "%s" puts all videos of a portrait into one item: %s', (output, isPack) => {
	const fields: Record<string, unknown> = { 'fileOptions.output': output };
	const source = { get: (path: string) => fields[path] ?? null, isTool: false } as FormSource;
	expect(deliveryForm(source)).toMatchObject({ ok: true, value: { isPack, field: 'data' } });
	expect(deliveryForm({ ...source, isTool: true })).toMatchObject({
		ok: true,
		value: { field: undefined },
	});
});

it('an item with two videos has several, an item with one has not', () => {
	const several = (videos: number) => deliveryOf({ simplify: true }, videos).isOneOfSeveral;
	expect([1, 2].map(several)).toEqual([false, true]);
});
