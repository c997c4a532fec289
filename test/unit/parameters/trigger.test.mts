/** The trigger's form, which is read at every poll. */
import { triggerForm } from '../../../nodes/EmojiVideo/parameters/trigger';
import { formOf, refusal } from '../support/formSource.mts';

const ONES = 'Use one or more of SUCCEEDED, FAILED, CANCELED.';

it('a new trigger starts for finished videos and downloads them', () => {
	expect(triggerForm(formOf({ statuses: ['SUCCEEDED'] }))).toEqual({
		ok: true,
		value: { statuses: ['SUCCEEDED'], field: 'data', simplify: true, includesLast24Hours: false },
	});
});

it('a trigger takes its settings from its fields', () => {
	const fields = {
		statuses: ['FAILED'],
		downloadVideo: true,
		outputField: 'clip',
		simplify: false,
		'options.includeLast24Hours': true,
	};
	expect(triggerForm(formOf(fields))).toEqual({
		ok: true,
		value: { statuses: ['FAILED'], field: 'clip', simplify: false, includesLast24Hours: true },
	});
	expect(triggerForm(formOf({ ...fields, downloadVideo: false }))).toMatchObject({
		value: { field: undefined },
	});
});

describe('Status of the trigger', () => {
	it.each<[unknown, string[]]>([
		['CANCELED', ['CANCELED']],
		[
			['FAILED', 'SUCCEEDED'],
			['SUCCEEDED', 'FAILED'],
		],
		[['FAILED', 'FAILED'], ['FAILED']],
		[
			['CANCELED', 'FAILED', 'SUCCEEDED'],
			['SUCCEEDED', 'FAILED', 'CANCELED'],
		],
	])('may be %j', (statuses, read) => {
		expect(triggerForm(formOf({ statuses }))).toMatchObject({
			ok: true,
			value: { statuses: read },
		});
	});

	it.each([undefined, null, []])('is empty if it is %j', (statuses) => {
		expect(triggerForm(formOf({ statuses }))).toEqual(refusal('Status is empty', ONES));
	});

	it.each<[unknown, string]>([
		['RUNNING', 'RUNNING'],
		['', ''],
		[['SUCCEEDED', 'PENDING'], 'SUCCEEDED, PENDING'],
		[['SUCCEEDED', 7], 'SUCCEEDED, 7'],
		[{ a: 1 }, '[object Object]'],
	])('rejects %j, which contains a status that no finished task has', (statuses, shown) => {
		expect(triggerForm(formOf({ statuses }))).toEqual(
			refusal(`Status "${shown}" contains one that no finished task has`, ONES),
		);
	});
});

it.each([
	[
		{ 'options.includeLast24Hours': 'sure' },
		'Include Last 24 Hours "sure" is neither on nor off',
		'Use true or false for Include Last 24 Hours.',
	],
	[
		{ simplify: 'sure' },
		'Simplify "sure" is neither on nor off',
		'Use true or false for Simplify.',
	],
	[
		{ downloadVideo: 'sure' },
		'Download Video "sure" is neither on nor off',
		'Use true or false for Download Video.',
	],
	[
		{ outputField: 'a b' },
		'Output Data Field Name "a b" cannot be a field name',
		'Use letters, digits, hyphens and underscores, e.g. "data".',
	],
])('the trigger rejects %j and names the label', (fields, message, nextStep) => {
	expect(triggerForm(formOf({ statuses: ['SUCCEEDED'], ...fields }))).toEqual(
		refusal(message, nextStep),
	);
});
