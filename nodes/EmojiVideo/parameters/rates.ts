/** What the user knows about the account, and what may be spent: other limits than the documented ones, its price. */
import type { INodeProperties } from 'n8n-workflow';
import type { Rates } from '../account/rateLimiter';
import { flag } from './common';
import { field, group } from './read';
import type { Form } from './read';
import { numberValue, optional } from './schemas';

export const rateOptions: INodeProperties[] = [
	{
		displayName: 'Creations per Second',
		name: 'creationsPerSecond',
		type: 'number',
		default: 1,
		typeOptions: { minValue: 0.01, maxValue: 20, numberPrecision: 2 },
		description:
			'How many tasks to create per second, over all executions with this API key. The documented limit of an account is 1.',
	},
	{
		displayName: 'Detections per Second',
		name: 'detectionsPerSecond',
		type: 'number',
		default: 1,
		typeOptions: { minValue: 0.01, maxValue: 20, numberPrecision: 2 },
		description:
			'How many portraits to detect per second, over all executions with this API key. The documented limit of an account is 1.',
	},
];

export const priceOption: INodeProperties = {
	displayName: 'Price per Second',
	name: 'pricePerSecond',
	type: 'number',
	default: 0,
	typeOptions: { minValue: 0, numberPrecision: 4 },
	description:
		'What a second of video costs you, in your own currency. Each item then has its cost, billedSeconds times this price. Face detections are billed beside it.',
};

/** Of operations that pay. */
export const checkBeforePayingOption: INodeProperties = {
	displayName: 'Check Before Paying Again',
	name: 'checkBeforePayingAgain',
	type: 'boolean',
	default: false,
	description:
		"Whether the Retry of an execution, in n8n's list, first looks at the account's tasks since the first try began. If there are some that it does not know, as after a crash, it ends in an error that names them and pays for nothing. Tasks that others make with the same account count, too.",
};

/** By expression, the value of the first item counts. */
export const checkBeforePayingForm = flag(
	'limitOptions.checkBeforePayingAgain',
	'Check Before Paying Again',
);

/** Per billed second, in the user's currency; `undefined`: no costs are told. */
export const priceForm = field(
	'limitOptions.pricePerSecond',
	'Price per Second',
	optional(numberValue('Price per Second', 0, 1_000, 'per second')),
);

const rate = (option: string, label: string) =>
	field(`limitOptions.${option}`, label, optional(numberValue(label, 0.01, 20, 'per second')));

/** By expression, the rates of the first item count. */
export const ratesForm: Form<Partial<Rates>> = group({
	create: rate('creationsPerSecond', 'Creations per Second'),
	detect: rate('detectionsPerSecond', 'Detections per Second'),
});
