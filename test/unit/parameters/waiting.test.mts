/** The options of the wait: their meaning, their defaults, and the values that are rejected. */
import { waitForm } from '../../../nodes/EmojiVideo/parameters/waiting';
import { formOf, NOW, refusal } from '../support/formSource.mts';

const MINUTE = 60_000;

/** The documented defaults. */
const USUAL = {
	pollIntervalMs: 15_000,
	runTimeoutMs: 30 * MINUTE,
	queueTimeoutMs: 12 * 60 * MINUTE,
	patienceMs: 15 * MINUTE,
	cancelsOnStop: true,
	survivesRestarts: false,
	returnsUnfinished: false,
	queueAhead: undefined,
};

it('the wait has the documented times if no option is set', () => {
	expect(waitForm(formOf())).toEqual({ ok: true, value: USUAL });
});

it.each<[Record<string, unknown>, Record<string, unknown>]>([
	[{ 'options.pollInterval': 1 }, { pollIntervalMs: 1000 }],
	[{ 'options.pollInterval': '300' }, { pollIntervalMs: 300_000 }],
	[{ 'options.timeout': 1 }, { runTimeoutMs: 1000 }],
	[{ 'options.timeout': 86_400 }, { runTimeoutMs: 86_400_000 }],
	[{ 'options.queueTimeout': 1 }, { queueTimeoutMs: 1000 }],
	[{ 'options.queueTimeout': 86_400 }, { queueTimeoutMs: 86_400_000 }],
	[{ 'options.onTimeLimit': 'error' }, { returnsUnfinished: false }],
	[{ 'options.onTimeLimit': 'returnTask' }, { returnsUnfinished: true }],
	[{ 'options.cancelOnStop': false }, { cancelsOnStop: false }],
	[{ 'options.surviveRestarts': true }, { survivesRestarts: true }],
	[{ 'limitOptions.queueAhead': 100 }, { queueAhead: 100 }],
	[{ 'limitOptions.queueAhead': 1 }, { queueAhead: 1 }],
	// An agent's field, which says nothing elsewhere.
	[{ answerWithin: 5 }, {}],
])('the option %j changes the wait by %j only', (fields, changes) => {
	expect(waitForm(formOf(fields))).toEqual({ ok: true, value: { ...USUAL, ...changes } });
});

describe("the wait of an agent's tool", () => {
	const tool = (fields: Record<string, unknown> = {}) => waitForm(formOf(fields, { isTool: true }));
	const usual = { ...USUAL, returnsUnfinished: true };

	it('ends after 90 seconds by default, and returns the unfinished task', () => {
		expect(tool()).toEqual({ ok: true, value: { ...usual, endsAt: NOW + 90_000 } });
	});

	it.each([1, 30, 86_400])('ends after %d seconds if Answer Within says so', (answerWithin) => {
		expect(tool({ answerWithin })).toEqual({
			ok: true,
			value: { ...usual, endsAt: NOW + answerWithin * 1000 },
		});
	});

	it('stays in memory and returns unfinished tasks, whatever the options say', () => {
		expect(tool({ 'options.surviveRestarts': true, 'options.onTimeLimit': 'error' })).toMatchObject(
			{ ok: true, value: { survivesRestarts: false, returnsUnfinished: true } },
		);
	});
});

type Case = [field: string, value: unknown, message: string, nextStep: string];

const outside = (field: string, label: string, values: unknown[], nextStep: string): Case[] =>
	values.map((value) => [field, value, `${label} "${String(value)}" is not possible`, nextStep]);

it.each<Case>([
	...outside('options.pollInterval', 'Poll Interval (Seconds)', [0, 301], 'Use 1 to 300 seconds.'),
	...outside('options.timeout', 'Timeout (Seconds)', [0, 86_401], 'Use 1 to 86400 seconds.'),
	...outside(
		'options.queueTimeout',
		'Queue Timeout (Seconds)',
		[0, 86_401],
		'Use 1 to 86400 seconds.',
	),
	...outside('answerWithin', 'Answer Within (Seconds)', [0, 86_401], 'Use 1 to 86400 seconds.'),
	...outside('limitOptions.queueAhead', 'Queue Ahead', [0, 101], 'Use 1 to 100 tasks.'),
	[
		'options.onTimeLimit',
		'give up',
		'When Time Runs Out "give up" is unknown',
		'Use "error" or "returnTask".',
	],
	[
		'options.cancelOnStop',
		'no',
		'Cancel Queued Tasks on Stop "no" is neither on nor off',
		'Use true or false for Cancel Queued Tasks on Stop.',
	],
	[
		'options.surviveRestarts',
		'no',
		'Survive Restarts "no" is neither on nor off',
		'Use true or false for Survive Restarts.',
	],
])('the wait rejects %s of %j', (field, value, message, nextStep) => {
	expect(waitForm(formOf({ [field]: value }))).toEqual(refusal(message, nextStep));
});
