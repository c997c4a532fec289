/**
 * Fields that several operations show. Rule: the internal names are what saved workflows contain,
 * so they never change; limits in the hints are the documented ones.
 */
import type { INodeProperties } from 'n8n-workflow';
import { TEMPLATES, templateLabel } from '../dashscope/templates';

export const faceAreaFields: INodeProperties[] = [
	{
		displayName: 'Face Areas',
		name: 'faceAreas',
		type: 'options',
		default: 'detect',
		options: [
			{
				name: 'Detect Automatically',
				value: 'detect',
				description: 'Find the face with emoji-detect-v1, once per portrait',
			},
			{
				name: 'Set Manually',
				value: 'manual',
				description: 'Use areas you have, for example from Detect Face',
			},
		],
		description: 'Where the face is in the portrait',
	},
	{
		displayName: 'Face Area',
		name: 'faceArea',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. [212, 194, 460, 441]',
		displayOptions: { show: { faceAreas: ['manual'] } },
		description: 'The face in the portrait (face_bbox): top-left and bottom-right corner',
		hint: '[x1, y1, x2, y2] in pixels, whole numbers. Drag faceArea of Detect Face here.',
	},
	{
		displayName: 'Expression Area',
		name: 'expressionArea',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. [63, 30, 609, 575]',
		displayOptions: { show: { faceAreas: ['manual'] } },
		description:
			'The part of the portrait that the video shows (ext_bbox): slightly larger than the face, with some background and shoulders',
		hint: '[x1, y1, x2, y2] in pixels, about square, around the face area. Drag expressionArea of Detect Face here.',
	},
];

export const templatesField: INodeProperties = {
	displayName: 'Templates',
	name: 'templates',
	type: 'multiOptions',
	required: true,
	default: [],
	options: TEMPLATES.map((template) => ({
		name: templateLabel(template),
		value: template.id,
	})).sort((a, b) => a.name.localeCompare(b.name, 'en')),
	description:
		'The expressions to make, one video each. By expression: one template ID, a list of IDs, or an ID that is newer than this list.',
	hint: 'One output item per portrait and template. Each video is billed.',
};

export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

export const taskIdField: INodeProperties = {
	displayName: 'Task ID',
	name: 'taskId',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. 0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10',
	description: 'The taskId that Create returned',
	hint: 'Can be queried for 24 hours. Drag taskId of Create here.',
};

/** Like Task ID, for one or several. */
export const taskIdsField: INodeProperties = {
	...taskIdField,
	displayName: 'Task IDs',
	default: '={{ $json.taskId }}',
	placeholder: 'e.g. 0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10',
	description:
		'The tasks to wait for: the taskId that Create returned, several with commas, or a list',
	hint: 'Tasks can be waited for until 24 hours after they have finished. Items of Create fit as they are.',
};

/** The rates of the account, for accounts with other limits than the documented ones. */
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

/** The collection "Options" with the given entries, in alphabetical order as n8n shows them. */
export const optionsField = (options: INodeProperties[]): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [...options].sort((a, b) => a.displayName.localeCompare(b.displayName, 'en')),
});
