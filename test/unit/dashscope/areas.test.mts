/** Where a face can be: what is in no picture must not be paid for. */
import {
	foundArea,
	hintAboutAreas,
	impossibleArea,
} from '../../../nodes/EmojiVideo/dashscope/areas';
import type { Area } from '../../../nodes/EmojiVideo/dashscope/areas';

const GOOD: Area = [10, 20, 30, 40];

describe('an area that detection gives', () => {
	it.each<[unknown, Area]>([
		[GOOD, GOOD],
		['[10, 20, 30, 40]', GOOD],
		['(10,20,30,40)', GOOD],
		[['10', 20.9, 29.1, 40], GOOD],
		[
			[-3, -0.5, 30, 40],
			[0, 0, 30, 40],
		],
		[`${'['.repeat(189)}10,20,30,40`, GOOD],
	])('%j', (value, area) => expect(foundArea.parse(value)).toEqual(area));

	it.each([
		[['x', 20, 30, 40]],
		[[10, 'x', 30, 40]],
		[[10, 20, 'x', 40]],
		[[10, 20, 30, 'x']],
		[[10, 20, 30]],
		[[10, 20, 30, 40, 50]],
		[10],
		[null],
		[{}],
		[`${'['.repeat(190)}10,20,30,40`],
	])('%j is none', (value) => {
		expect(foundArea.safeParse(value).error?.issues).toMatchObject([
			{ code: 'custom', message: 'not four numbers' },
		]);
	});
});

describe('an area that is sent', () => {
	it.each<[Area]>([[GOOD], [[0, 0, 7000, 7000]], [[6999, 6999, 7001, 7001]], [[0, 0, 1, 1]]])(
		'%j can be in a picture, as face and as expression',
		(area) => {
			expect(impossibleArea({ face: area, expression: GOOD })).toBeUndefined();
			expect(impossibleArea({ face: GOOD, expression: area })).toBeUndefined();
		},
	);

	it.each<[Area]>([
		[[10, 20, 10, 40]],
		[[10, 20, 9, 40]],
		[[10, 20, 30, 20]],
		[[10, 20, 30, 19]],
		[[7000, 0, 7001, 10]],
		[[0, 7000, 10, 7001]],
		[[0, 0, 7001, 10]],
		[[0, 0, 10, 7001]],
	])('%j is in no picture, and named', (area) => {
		const name = `[${area.join(', ')}]`;
		expect(impossibleArea({ face: area, expression: GOOD })).toBe(name);
		expect(impossibleArea({ face: GOOD, expression: area })).toBe(name);
	});
});

describe('a hint about areas', () => {
	const hintAbout = (expression: Area) =>
		hintAboutAreas({ face: [110, 210, 120, 220], expression });

	it.each<[Area]>([
		[[100, 200, 140, 232]],
		[[100, 200, 132, 240]],
		[[100, 200, 200, 300]],
		[[110, 210, 120, 220]],
	])('is not given where the longer side is at most a quarter longer, as with %j', (expression) =>
		expect(hintAbout(expression)).toBeUndefined(),
	);

	it.each<[Area, string]>([
		[[100, 200, 141, 232], '41 x 32'],
		[[100, 200, 132, 241], '32 x 41'],
	])('tells the size of %j', (expression, size) =>
		expect(hintAbout(expression)).toBe(
			`The Expression Area is ${size} pixels; DashScope asks for about square. If the video fails or looks wrong, set Face Areas to Detect Automatically.`,
		),
	);

	it.each<[Area]>([
		[[111, 201, 131, 221]],
		[[101, 211, 121, 231]],
		[[99, 200, 119, 220]],
		[[100, 199, 120, 219]],
	])('is given where %j does not enclose the face', (expression) =>
		expect(hintAbout(expression)).toMatch(/^The Expression Area does not enclose the Face Area; /),
	);

	it('of areas that are unusual in two ways both are told', () =>
		expect(hintAboutAreas({ face: [0, 0, 100, 100], expression: [10, 10, 100, 60] })).toMatch(
			/about square\. The Expression Area does not enclose/,
		));
});
