/** What the trigger's form asks for. Rule: a mistake in it is named before any call. */
import type { INodeProperties, IPollFunctions } from 'n8n-workflow';
import { check } from './read';
import { fieldNameValue } from './schemas';
import { deliveryFields } from '../wait/deliver';
import { simplifyField } from './common';
import { fail, succeed } from '../result';
import type { Result } from '../result';
import { ENDED } from '../trigger/seenTasks';
import type { EndedStatus } from '../trigger/seenTasks';

export interface Wish {
	statuses: EndedStatus[];
	/** The output field for videos; `undefined`: no download. */
	field: string | undefined;
	simplify: boolean;
	/** At the first poll, what has ended within the last 24 hours counts as new. */
	includesLast24Hours: boolean;
}

export const triggerFields: INodeProperties[] = [
	{
		displayName: 'Trigger On',
		name: 'event',
		type: 'options',
		noDataExpression: true,
		default: 'videoFinished',
		options: [
			{
				name: 'Video Finished',
				value: 'videoFinished',
				description: 'A task of this account has ended, whoever made it',
			},
		],
	},
	{
		displayName: 'Status',
		name: 'statuses',
		type: 'multiOptions',
		required: true,
		default: ['SUCCEEDED'],
		options: [
			{ name: 'Canceled', value: 'CANCELED' },
			{ name: 'Failed', value: 'FAILED' },
			{ name: 'Succeeded', value: 'SUCCEEDED' },
		],
		description:
			'How tasks have to end to start the workflow. A change holds for tasks that end from then on.',
	},
	...deliveryFields,
	simplifyField,
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Include Last 24 Hours',
				name: 'includeLast24Hours',
				type: 'boolean',
				default: false,
				description:
					'Whether the first poll after activation also returns the tasks that ended before it. Later polls return new ones only.',
			},
		],
	},
];

/** Reads the form. */
export function readTriggerSettings(functions: IPollFunctions): Result<Wish> {
	const chosen: unknown = functions.getNodeParameter('statuses', []);
	const names: unknown[] = Array.isArray(chosen) ? chosen : [chosen];
	const statuses = ENDED.filter((status) => names.includes(status));
	if (statuses.length === 0 || statuses.length < new Set(names).size) {
		return fail({
			kind: 'input',
			message:
				names.length === 0
					? 'Status is empty'
					: `Status "${names.join(', ')}" contains one that no finished task has`,
			nextStep: `Use one or more of ${ENDED.join(', ')}.`,
		});
	}
	const download = functions.getNodeParameter('downloadVideo', true) === true;
	const field = download
		? check(fieldNameValue, functions.getNodeParameter('outputField', 'data'))
		: succeed(undefined);
	if (!field.ok) return field;
	return succeed({
		statuses,
		field: field.value,
		simplify: functions.getNodeParameter('simplify', true) === true,
		includesLast24Hours: functions.getNodeParameter('options.includeLast24Hours', false) === true,
	});
}
