/** "Limits and Cost": rates, price, and the limits of paying. */
import { payingForm, priceForm, ratesForm } from '../../../nodes/EmojiVideo/parameters/limits';
import { formOf, refusal } from '../support/formSource.mts';

const good = (value: unknown) => ({ ok: true, value });

const RATE = 'Use 0.01 to 20 per second.';

describe('the rates of an account', () => {
	it('are undefined if no option is set', () => {
		expect(ratesForm(formOf())).toEqual(good({ create: undefined, detect: undefined }));
	});

	it.each([0.01, 20, '2.5'])('may be %j per second, each independent of the other', (rate) => {
		expect(ratesForm(formOf({ 'limitOptions.creationsPerSecond': rate }))).toEqual(
			good({ create: Number(rate), detect: undefined }),
		);
		expect(ratesForm(formOf({ 'limitOptions.detectionsPerSecond': rate }))).toEqual(
			good({ create: undefined, detect: Number(rate) }),
		);
	});

	it.each([
		['creationsPerSecond', 0, 'Creations per Second "0" is not possible', RATE],
		['creationsPerSecond', 20.01, 'Creations per Second "20.01" is not possible', RATE],
		['detectionsPerSecond', 0.009, 'Detections per Second "0.009" is not possible', RATE],
		['detectionsPerSecond', 21, 'Detections per Second "21" is not possible', RATE],
		[
			'detectionsPerSecond',
			'0,5',
			'Detections per Second "0,5" is not possible',
			'Use 0.01 to 20 per second, with a point instead of the comma.',
		],
	])('reject %s of %j', (option, value, message, nextStep) => {
		expect(ratesForm(formOf({ [`limitOptions.${option}`]: value }))).toEqual(
			refusal(message, nextStep),
		);
	});
});

describe('the price of a second', () => {
	it.each([
		[undefined, undefined],
		[null, undefined],
		[0, 0],
		['0.08', 0.08],
		[1000, 1000],
	])('is %j in the form and %j for the node', (given, price) => {
		expect(priceForm(formOf({ 'limitOptions.pricePerSecond': given }))).toEqual(good(price));
	});

	it.each([-0.01, 1000.5, 'free'])('rejects %j', (given) => {
		expect(priceForm(formOf({ 'limitOptions.pricePerSecond': given }))).toEqual(
			refusal(`Price per Second "${given}" is not possible`, 'Use 0 to 1000 per second.'),
		);
	});
});

describe('the limits of paying', () => {
	it.each<[Record<string, unknown>, Record<string, unknown>]>([
		[{}, {}],
		[{ checkBeforePayingAgain: true }, { checksAgain: true }],
		[{ checkBeforePayingAgain: 'false' }, { checksAgain: false }],
		[{ maximumVideos: 1 }, { maximumVideos: 1 }],
		[{ maximumVideos: '100000' }, { maximumVideos: 100_000 }],
	])('that are %j change the default by %j', (options, changes) => {
		const fields = Object.fromEntries(
			Object.entries(options).map(([name, value]) => [`limitOptions.${name}`, value]),
		);
		expect(payingForm(formOf(fields))).toEqual(
			good({ checksAgain: false, maximumVideos: 100, ...changes }),
		);
	});

	it.each([
		[
			'checkBeforePayingAgain',
			'sometimes',
			'Check Before Paying Again "sometimes" is neither on nor off',
			'Use true or false for Check Before Paying Again.',
		],
		['maximumVideos', 0, 'Maximum Videos "0" is not possible', 'Use 1 to 100000 videos.'],
		['maximumVideos', 2.5, 'Maximum Videos "2.5" is not possible', 'Use 1 to 100000 videos.'],
	])('reject %s of %j', (option, value, message, nextStep) => {
		expect(payingForm(formOf({ [`limitOptions.${option}`]: value }))).toEqual(
			refusal(message, nextStep),
		);
	});
});
