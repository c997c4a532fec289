/** The trigger's form. Rule: a mistake in it is named before any call. */
import type { INodeProperties } from 'n8n-workflow';
import { z } from 'zod';
import { ENDED_STATUSES } from '../dashscope/schemas';
import type { EndedStatus } from '../dashscope/schemas';
import { optionsField, simplifyField, simplifyForm } from './common';
import { deliveryFields, downloadForm } from './delivery';
import { fieldOf, flagOf } from './fields';
import { group } from './read';
import type { Form } from './read';
import { addIssue } from './schemas';

export interface TriggerSettings {
	statuses: EndedStatus[];
	/** The output field for videos; `undefined` if they are not downloaded. */
	field: string | undefined;
	simplify: boolean;
	/** The first poll also returns the tasks that ended within the last 24 hours. */
	includesLast24Hours: boolean;
}

const statusField = {
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
} satisfies INodeProperties;

const last24HoursOption = {
	displayName: 'Include Last 24 Hours',
	name: 'includeLast24Hours',
	type: 'boolean',
	default: true,
	description:
		'Whether the first poll after activation also returns the tasks that ended before it. Later polls return new ones only.',
} satisfies INodeProperties;

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
				description: 'A video of this account has ended, also one that another program created',
			},
		],
	},
	statusField,
	...deliveryFields,
	simplifyField,
	optionsField([last24HoursOption]),
];

const STATUS_FORM = `Use one or more of ${ENDED_STATUSES.join(', ')}.`;

const statusesValue = z.unknown().transform((value, context): EndedStatus[] => {
	const names: unknown[] = Array.isArray(value) ? value : value === null ? [] : [value];
	if (names.length === 0) return addIssue(context, 'Status is empty', STATUS_FORM);
	const statuses = ENDED_STATUSES.filter((status) => names.includes(status));
	return statuses.length === new Set(names).size
		? statuses
		: addIssue(
				context,
				`Status "${names.map(String).join(', ')}" contains one that no finished task has`,
				STATUS_FORM,
			);
});

export const triggerForm: Form<TriggerSettings> = group({
	statuses: fieldOf(statusField, statusesValue),
	field: downloadForm,
	simplify: simplifyForm,
	includesLast24Hours: flagOf(last24HoursOption, 'options', false),
});
