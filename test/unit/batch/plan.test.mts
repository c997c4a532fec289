import {
	TEMPLATE_ID,
	templateLabel,
	TEMPLATES,
} from '../../../nodes/EmojiVideo/dashscope/templates';
import { aboveMaximum, aboutOf, planJobs } from '../../../nodes/EmojiVideo/batch/plan';
import { portraitAt } from '../../../nodes/EmojiVideo/media/portrait';
import type { ItemRequest } from '../../../nodes/EmojiVideo/batch/plan';
import type { FaceAreas } from '../../../nodes/EmojiVideo/dashscope/schemas';

const areas: FaceAreas = { face: [212, 194, 460, 441], expression: [63, 30, 609, 575] };

const order = (more: Partial<ItemRequest> = {}): ItemRequest => ({
	itemIndex: 0,
	portrait: portraitAt('https://example.com/a.png'),
	areas: undefined,
	templateIds: ['mengwa_kaixin'],
	...more,
});

const keysOf = (orders: ItemRequest[], runIndex = 0) =>
	planJobs(orders, runIndex).map(({ key }) => key);

describe('a plan', () => {
	it('has one job per item and template, in their order', () => {
		const jobs = planJobs(
			[
				order({ itemIndex: 3, templateIds: ['b', 'a'] }),
				order({ itemIndex: 1, portrait: portraitAt('https://example.com/b.png'), areas }),
			],
			0,
		);
		expect(jobs.map(({ itemIndex, templateId }) => [itemIndex, templateId])).toEqual([
			[3, 'b'],
			[3, 'a'],
			[1, 'mengwa_kaixin'],
		]);
		expect(jobs[2]).toMatchObject({ imageUrl: 'https://example.com/b.png', areas });
		expect(jobs[0]?.areas).toBeUndefined();
	});

	it('makes a template that an item names twice once', () => {
		const jobs = planJobs([order({ templateIds: ['a', 'b', 'a'] })], 0);
		expect(jobs.map(({ templateId }) => templateId)).toEqual(['a', 'b']);
	});

	it('makes the same video once for each item that asks for it', () => {
		expect(new Set(keysOf([order(), order({ itemIndex: 1 })])).size).toBe(2);
	});

	it('is empty when nothing is ordered', () => {
		expect(planJobs([], 0)).toEqual([]);
	});
});

it('a job has all that its video is made of, and what those who wait for it need', () => {
	const portrait = {
		...portraitAt('https://example.com/a.png'),
		id: 'sha256:1',
		about: { imageFile: 'ada.png' },
	};
	expect(planJobs([order({ itemIndex: 4, portrait, areas })], 2)).toEqual([
		{
			itemIndex: 4,
			imageFile: 'ada.png',
			portrait,
			areas,
			templateId: 'mengwa_kaixin',
			key: expect.stringMatching(/^2:4:mengwa_kaixin:[\w-]{16}$/) as string,
		},
	]);
});

it('an item says of its video the template and the portrait, and no more', () => {
	const [job] = planJobs([order()], 0);
	expect(job && aboutOf(job)).toEqual({
		templateId: 'mengwa_kaixin',
		imageUrl: 'https://example.com/a.png',
		imageFile: undefined,
	});
	expect(aboutOf({ itemIndex: 0, imageFile: 'ada.png' })).toEqual({ imageFile: 'ada.png' });
});

describe('the key of a job', () => {
	const key = () => keysOf([order()])[0];

	it('stays what it was when the package is updated between two tries', () => {
		expect([key(), keysOf([order({ areas })])[0]]).toEqual([
			'0:0:mengwa_kaixin:xG3p3cM076WIEKC8',
			'0:0:mengwa_kaixin:dmLG7TlSaTXCBto6',
		]);
	});

	it('is the same in every try of an execution', () => {
		expect(keysOf([order()])[0]).toBe(key());
		expect(keysOf([order({ itemIndex: 9 }), order()])[1]).toBe(key());
	});

	it.each([
		['item', order({ itemIndex: 1 }), 0],
		['portrait', order({ portrait: portraitAt('https://example.com/b.png') }), 0],
		['template', order({ templateIds: ['jingdian_lei'] }), 0],
		['face areas', order({ areas }), 0],
		['run of the node', order(), 1],
	])('changes with the %s', (_, changed, runIndex) => {
		expect(keysOf([changed], runIndex)[0]).not.toBe(key());
	});

	it('changes with each number of the areas', () => {
		const other: FaceAreas = { ...areas, expression: [63, 30, 609, 576] };
		expect(keysOf([order({ areas })])).not.toEqual(keysOf([order({ areas: other })]));
	});
});

describe('the templates', () => {
	it('are labelled with series, mood and ID', () => {
		expect(TEMPLATES.map(templateLabel)).toContain('Cute Kid: Happy (mengwa_kaixin)');
		for (const template of TEMPLATES) {
			const label = templateLabel(template);
			expect(label).toMatch(
				/^(Cute Kid|Worker|Classic): [A-Z][A-Za-z]*([- ][A-Z][a-z]+)? \([a-z]+_[a-z]+(_1)?\)$/,
			);
			expect(label).toContain(`(${template.id})`);
		}
	});

	it('belong to the series that their IDs name', () => {
		for (const { id, series } of TEMPLATES) expect(id.startsWith(`${series}_`)).toBe(true);
	});

	it('have each label and ID once', () => {
		expect(new Set(TEMPLATES.map(templateLabel)).size).toBe(TEMPLATES.length);
		expect(new Set(TEMPLATES.map(({ id }) => id)).size).toBe(TEMPLATES.length);
	});

	it('have IDs that the field takes', () => {
		for (const { id } of TEMPLATES) expect(id).toMatch(TEMPLATE_ID);
	});
});

describe('"Maximum Videos"', () => {
	const keysFrom = (first: number, count: number) =>
		Array.from({ length: count }, (_, index) => `key-${first + index}`);
	/** So many new videos beside so many earlier ones, some of which may be the same. */
	const judge = (wanted: number, earlier: number, maximum: number, same = 0) =>
		aboveMaximum(
			keysFrom(earlier - same, wanted).map((key) => ({ key })),
			keysFrom(0, earlier),
			maximum,
		);

	it.each([
		[100, 0, 100],
		[1, 99, 100],
		[0, 0, 1],
	])('allows %d videos beside %d with a maximum of %d', (wanted, earlier, maximum) => {
		expect(judge(wanted, earlier, maximum)).toBeUndefined();
	});

	it('counts a video once that an earlier try has begun', () => {
		expect(judge(2, 99, 100, 1)).toBeUndefined();
		expect(judge(2, 99, 99, 1)).toMatchObject({ kind: 'invalid' });
	});

	it('rejects a first run that wants more, and names the number that would do', () => {
		expect(judge(101, 0, 100)).toEqual({
			kind: 'invalid',
			message: "This execution wants 101 videos, and 'Maximum Videos' is 100",
			nextStep:
				"Nothing was paid for. To create them all, set 'Maximum Videos' in 'Limits and Cost' to 101.",
		});
	});

	it('counts the videos of earlier runs in the same execution', () => {
		expect(judge(2, 99, 100)).toEqual({
			kind: 'invalid',
			message:
				"This execution wants 2 videos, beside the 99 that it created before, and 'Maximum Videos' is 100",
			nextStep:
				"Nothing was paid for in this run. To create them all, set 'Maximum Videos' in 'Limits and Cost' to 101.",
		});
	});
});
