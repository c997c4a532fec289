/** Face areas: an impossible one must not be paid for. */
import {
	foundArea,
	hintAboutAreas,
	impossibleArea,
} from '../../../nodes/EmojiVideo/dashscope/areas';
import type { Area } from '../../../nodes/EmojiVideo/dashscope/areas';

const GOOD: Area = [10, 20, 30, 40];

describe('an area of a detection', () => {
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
	])('%j is read as %j', (value, area) => expect(foundArea.parse(value)).toEqual(area));

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
	])('%j cannot be read', (value) => {
		expect(foundArea.safeParse(value).error?.issues).toMatchObject([
			{ code: 'custom', message: 'not four numbers' },
		]);
	});
});

describe('an area to submit', () => {
	it.each<[Area]>([[GOOD], [[0, 0, 7000, 7000]], [[6999, 6999, 7001, 7001]], [[0, 0, 1, 1]]])(
		'%j is possible as face and as expression area',
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
	])('%j is impossible, and the result names it', (area) => {
		const name = `[${area.join(', ')}]`;
		expect(impossibleArea({ face: area, expression: GOOD })).toBe(name);
		expect(impossibleArea({ face: GOOD, expression: area })).toBe(name);
	});
});

describe('the hint about unusual areas', () => {
	const hintAbout = (expression: Area) =>
		hintAboutAreas({ face: [110, 210, 120, 220], expression });

	it.each<[Area]>([
		[[100, 200, 140, 232]],
		[[100, 200, 132, 240]],
		[[100, 200, 200, 300]],
		[[110, 210, 120, 220]],
	])('is absent if the longer side is at most a quarter longer: %j', (expression) =>
		expect(hintAbout(expression)).toBeUndefined(),
	);

	it.each<[Area, string]>([
		[[100, 200, 141, 232], '41 x 32'],
		[[100, 200, 132, 241], '32 x 41'],
	])('names the size of %j', (expression, size) =>
		expect(hintAbout(expression)).toBe(
			`The Expression Area is ${size} pixels; DashScope asks for about square. If the video fails or looks wrong, set Face Areas to Detect Automatically.`,
		),
	);

	it.each<[Area]>([
		[[111, 201, 131, 221]],
		[[101, 211, 121, 231]],
		[[99, 200, 119, 220]],
		[[100, 199, 120, 219]],
	])('is present if %j does not enclose the face', (expression) =>
		expect(hintAbout(expression)).toMatch(/^The Expression Area does not enclose the Face Area; /),
	);

	it('names both if the areas are unusual in two ways', () =>
		expect(hintAboutAreas({ face: [0, 0, 100, 100], expression: [10, 10, 100, 60] })).toMatch(
			/about square\. The Expression Area does not enclose/,
		));
});
