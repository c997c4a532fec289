/** What the user says about the account: its rates, its price, and whether paying again is checked. */
import {
	checkBeforePayingForm,
	priceForm,
	ratesForm,
} from '../../../nodes/EmojiVideo/parameters/limits';
import { formOf, refusal } from '../support/formSource.mts';

const good = (value: unknown) => ({ ok: true, value });

const RATE = 'Use 0.01 to 20 per second.';

describe('rates', () => {
	it('are not given where nothing is set', () => {
		expect(ratesForm(formOf())).toEqual(good({ create: undefined, detect: undefined }));
	});

	it.each([0.01, 20, '2.5'])('may be %j per second, each on its own', (rate) => {
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
	])('%s of %j is refused', (option, value, message, nextStep) => {
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
	])('that is %j is read as %j', (given, price) => {
		expect(priceForm(formOf({ 'limitOptions.pricePerSecond': given }))).toEqual(good(price));
	});

	it.each([-0.01, 1000.5, 'free'])('cannot be %j', (given) => {
		expect(priceForm(formOf({ 'limitOptions.pricePerSecond': given }))).toEqual(
			refusal(`Price per Second "${given}" is not possible`, 'Use 0 to 1000 per second.'),
		);
	});
});

it.each([
	[undefined, false],
	[true, true],
	['false', false],
])('Check Before Paying Again that is %j is %j', (given, read) => {
	expect(checkBeforePayingForm(formOf({ 'limitOptions.checkBeforePayingAgain': given }))).toEqual(
		good(read),
	);
});

it('Check Before Paying Again is on or off', () => {
	expect(
		checkBeforePayingForm(formOf({ 'limitOptions.checkBeforePayingAgain': 'sometimes' })),
	).toEqual(
		refusal(
			'Check Before Paying Again "sometimes" is neither on nor off',
			'Use true or false for Check Before Paying Again.',
		),
	);
});
