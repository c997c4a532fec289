/** The options of the output: their meaning, their defaults, and the values that are rejected. */
import { deliveryForm, deliveryOf } from '../../../nodes/EmojiVideo/parameters/delivery';
import { formOf, refusal } from '../support/formSource.mts';

const USUAL = {
	simplify: true,
	field: 'data',
	fileName: undefined,
	failsOnDownloadError: false,
	isPack: false,
	withDetails: false,
	pricePerSecond: undefined,
};

it('by default each video is an item of its own with its file in "data"', () => {
	expect(deliveryForm(formOf())).toEqual({ ok: true, value: USUAL });
});

it.each<[Record<string, unknown>, Record<string, unknown>]>([
	[{ simplify: false }, { simplify: false }],
	[{ outputField: ' clip_1 ' }, { field: 'clip_1' }],
	[{ downloadVideo: false }, { field: undefined }],
	// A hidden field is not read.
	[{ downloadVideo: false, outputField: 'a b' }, { field: undefined }],
	[{ 'fileOptions.fileName': 'party' }, { fileName: 'party' }],
	[{ 'fileOptions.fileName': 7 }, { fileName: '7' }],
	[{ 'fileOptions.fileName': ' ' }, { fileName: undefined }],
	[{ 'fileOptions.failOnDownloadError': true }, { failsOnDownloadError: true }],
	[{ 'fileOptions.includeDetails': true }, { withDetails: true }],
	[{ 'fileOptions.output': 'portrait' }, { isPack: true }],
	[{ 'limitOptions.pricePerSecond': 0.5 }, { pricePerSecond: 0.5 }],
])('the output option %j changes the delivery by %j only', (fields, changes) => {
	expect(deliveryForm(formOf(fields))).toEqual({ ok: true, value: { ...USUAL, ...changes } });
});

it("an agent's tool downloads no video, whatever the options say", () => {
	const fields = { downloadVideo: true, outputField: 'clip', simplify: false };
	expect(deliveryForm(formOf(fields, { isTool: true }))).toEqual({
		ok: true,
		value: { ...USUAL, simplify: false, field: undefined },
	});
});

it.each([
	['fileOptions.output', 'zip', 'Group Videos "zip" is unknown', 'Use "video" or "portrait".'],
	[
		'fileOptions.failOnDownloadError',
		'?',
		'Fail on Download Error "?" is neither on nor off',
		'Use true or false for Fail on Download Error.',
	],
	[
		'fileOptions.includeDetails',
		'?',
		'Include Details "?" is neither on nor off',
		'Use true or false for Include Details.',
	],
	[
		'outputField',
		'my video',
		'Output Data Field Name "my video" cannot be a field name',
		'Use letters, digits, hyphens and underscores, e.g. "data".',
	],
	[
		'outputField',
		'__proto__',
		'Output Data Field Name "__proto__" cannot be a field name',
		'Use letters, digits, hyphens and underscores, e.g. "data".',
	],
	[
		'outputField',
		'-'.repeat(65),
		`Output Data Field Name "${'-'.repeat(65)}" cannot be a field name`,
		'Use letters, digits, hyphens and underscores, e.g. "data".',
	],
])('the output rejects %s of %j', (field, value, message, nextStep) => {
	expect(deliveryForm(formOf({ [field]: value }))).toEqual(refusal(message, nextStep));
});

it('a delivery keeps its options when the number of videos is added', () => {
	expect(deliveryOf({ simplify: true, field: 'data', isPack: true }, 3)).toEqual({
		simplify: true,
		field: 'data',
		isPack: true,
		isOneOfSeveral: true,
	});
});
