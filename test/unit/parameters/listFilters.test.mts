/** The filters of a list of tasks, and the periods that are rejected before any request. */
import { listForm, periodOf } from '../../../nodes/EmojiVideo/parameters/listFilters';
import type { Listing } from '../../../nodes/EmojiVideo/parameters/listFilters';
import type { ListedTask } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { formOf, NOW, refusal } from '../support/formSource.mts';

const SECOND = 1000;
const DAY = 24 * 3_600_000;
/** DashScope's clock may be ahead by this much. */
const MARGIN = 5 * 60_000;

const listing = (fields: Record<string, unknown> = {}): Listing => {
	const read = listForm(formOf(fields));
	if (!read.ok) throw new Error(read.failure.message);
	return read.value;
};

const taskOf = (submittedAt: number | undefined) => ({ taskId: 't', submittedAt }) as ListedTask;

describe('a list of tasks', () => {
	it('has up to fifty emoji videos of the last 24 hours by default', () => {
		expect(listing()).toEqual({
			filter: { model: 'emoji-v1', status: undefined, submitted: undefined },
			limit: 50,
			simplify: true,
			includeVideoUrl: false,
			fits: expect.any(Function) as unknown,
		});
	});

	it('takes its filters from its fields', () => {
		expect(
			listing({
				limit: 7,
				simplify: false,
				'options.includeVideoUrl': true,
				'filters.model': 'qwen2.5_vl',
				'filters.status': 'FAILED',
				'filters.createdAfter': '2025-10-14 11:28:04',
				'filters.createdBefore': '2025-10-14 12:00:00',
			}),
		).toMatchObject({
			limit: 7,
			simplify: false,
			includeVideoUrl: true,
			filter: {
				model: 'qwen2.5_vl',
				status: 'FAILED',
				submitted: { from: Date.UTC(2025, 9, 14, 3, 28, 4), to: Date.UTC(2025, 9, 14, 4) },
			},
		});
	});

	it('has all models if Model is empty', () => {
		expect(listing({ 'filters.model': '' }).filter.model).toBeUndefined();
	});

	it.each([1, 100_000, '20'])('may have up to %j tasks', (limit) => {
		expect(listing({ returnAll: false, limit }).limit).toBe(Number(limit));
	});

	it('has no limit with Return All, and does not read Limit', () => {
		expect(listing({ returnAll: true, limit: -1 }).limit).toBe(Infinity);
	});

	it.each<[Record<string, unknown>, string, string]>([
		...[0, 100_001, 1.5, 'many'].map((limit): [Record<string, unknown>, string, string] => [
			{ limit },
			`Limit "${limit}" is not possible`,
			'Use 1 to 100000 tasks, or turn on Return All.',
		]),
		[
			{ returnAll: 'perhaps' },
			'Return All "perhaps" is neither on nor off',
			'Use true or false for Return All.',
		],
		[{ simplify: 1 }, 'Simplify "1" is neither on nor off', 'Use true or false for Simplify.'],
		[
			{ 'options.includeVideoUrl': 1 },
			'Include Video URL "1" is neither on nor off',
			'Use true or false for Include Video URL.',
		],
		[
			{ 'filters.model': 'a b' },
			'Model "a b" cannot be a model name',
			'Use a name such as "emoji-v1", or leave it empty for every model.',
		],
		[
			{ 'filters.status': 'DONE' },
			'Status "DONE" is unknown',
			'Use one of PENDING, RUNNING, SUCCEEDED, FAILED, CANCELED, UNKNOWN, or leave it empty for every status.',
		],
		[
			{ 'filters.createdAfter': 'soon' },
			'Created After "soon" is not a time',
			'Use a date and time, e.g. "2025-10-14T11:28:04+08:00".',
		],
		[
			{ 'filters.createdBefore': 'soon' },
			'Created Before "soon" is not a time',
			'Use a date and time, e.g. "2025-10-14T11:28:04+08:00".',
		],
		[
			{ 'filters.createdAfter': '2025-10-15 00:00' },
			'Created After "2025-10-15T00:00:00.000+08:00" is in the future',
			'Use a time within the last 24 hours.',
		],
	])('rejects %j', (fields, message, nextStep) => {
		expect(listForm(formOf(fields))).toEqual(refusal(message, nextStep));
	});

	it.each(['returnAll', 'limit', 'filters.model', 'filters.status', 'filters.createdBefore'])(
		'names the field whose expression fails: %s',
		(broken) => {
			const read = listForm(
				formOf(
					{},
					{
						get: (path) => {
							if (path === broken) throw new Error('No such node');
							return null;
						},
					},
				),
			);
			const label = {
				returnAll: 'Return All',
				limit: 'Limit',
				'filters.model': 'Model',
				'filters.status': 'Status',
				'filters.createdBefore': 'Created Before',
			}[broken];
			expect(read).toEqual(
				refusal(
					`${label}: the expression failed: No such node`,
					`Correct the expression of ${label}.`,
				),
			);
		},
	);
});

describe('a listed task fits the period', () => {
	const from = NOW - 3600 * SECOND + 250;
	const to = NOW - 1800 * SECOND + 750;

	it('if it is between the two ends, to the millisecond', () => {
		const { fits } = listing({ 'filters.createdAfter': from, 'filters.createdBefore': to });
		const ends = [from - 1, from, to, to + 1];
		expect(ends.map((at) => fits(taskOf(at)))).toEqual([false, true, true, false]);
	});

	it('if it does not say when it was submitted', () => {
		expect(listing({ 'filters.createdAfter': from }).fits(taskOf(undefined))).toBe(true);
	});

	it('if no period is set', () => {
		const { fits } = listing();
		expect([0, NOW, NOW + DAY, undefined].map((at) => fits(taskOf(at)))).toEqual([
			true,
			true,
			true,
			true,
		]);
	});
});

describe('the period of a list', () => {
	it("is DashScope's own if neither end is set", () => {
		expect(periodOf(undefined, undefined, NOW)).toEqual({ ok: true, value: undefined });
	});

	it.each([
		['a beginning alone ends now, or a little later', NOW - 1000, NOW + MARGIN],
		['a beginning alone ends no more than 24 hours later', NOW - DAY, NOW],
		['so the end is counted from the whole second', NOW - DAY + 1999, NOW + SECOND],
		['a beginning may be as far ahead as clocks differ', NOW + MARGIN, NOW + MARGIN],
	])('%s', (_, after, to) => {
		expect(periodOf(after, undefined, NOW)).toEqual({ ok: true, value: { from: after, to } });
	});

	it.each([
		['an end alone begins 24 hours before', undefined, NOW - DAY, NOW - 2 * DAY, NOW - DAY],
		['both ends are as they are', NOW - 3 * DAY, NOW - 2 * DAY, NOW - 3 * DAY, NOW - 2 * DAY],
		['both ends may be the same', NOW - 5, NOW - 5, NOW - 5, NOW - 5],
	])('%s', (_, after, before, from, to) => {
		expect(periodOf(after, before, NOW)).toEqual({ ok: true, value: { from, to } });
	});

	it.each<[string, number, number | undefined, string, string]>([
		[
			'a beginning in the future',
			NOW + MARGIN + 1,
			undefined,
			'Created After "2025-10-14T20:05:00.001+08:00" is in the future',
			'Use a time within the last 24 hours.',
		],
		[
			'a beginning in the future, with an end',
			NOW + DAY,
			NOW + DAY + 1,
			'Created After "2025-10-15T20:00:00.000+08:00" is in the future',
			'Use a time within the last 24 hours.',
		],
		[
			'a beginning after the end',
			NOW - 1000,
			NOW - 1001,
			'Created After "2025-10-14T19:59:59.000+08:00" is later than Created Before "2025-10-14T19:59:58.999+08:00"',
			'Use an earlier time for Created After, or swap the two.',
		],
		[
			'a beginning more than 24 hours ago',
			NOW - DAY - 1,
			undefined,
			'From Created After "2025-10-13T19:59:59.999+08:00" to now are more than 24 hours',
			'DashScope lists 24 hours at a time. Use times that are at most 24 hours apart.',
		],
		[
			'two ends more than 24 hours apart',
			NOW - DAY - 2000,
			NOW - 1999,
			'From Created After "2025-10-13T19:59:58.000+08:00" to Created Before "2025-10-14T19:59:58.001+08:00" are more than 24 hours',
			'DashScope lists 24 hours at a time. Use times that are at most 24 hours apart.',
		],
	])('rejects %s', (_, after, before, message, nextStep) => {
		expect(periodOf(after, before, NOW)).toEqual(refusal(message, nextStep));
	});
});
