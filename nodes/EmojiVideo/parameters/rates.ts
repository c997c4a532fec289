/** Requests per second that the user allows, for accounts with other limits than the documented ones. */
import type { INodeProperties } from 'n8n-workflow';
import type { Rates } from '../batch/rateLimiter';
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

const rate = (option: string, label: string) =>
	field(`options.${option}`, label, optional(numberValue(label, 0.01, 20, 'per second')));

/** By expression, the rates of the first item count. */
export const ratesForm: Form<Partial<Rates>> = group({
	create: rate('creationsPerSecond', 'Creations per Second'),
	detect: rate('detectionsPerSecond', 'Detections per Second'),
});
