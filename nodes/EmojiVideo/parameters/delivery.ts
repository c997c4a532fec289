/** Fields for finished videos: download, file name, one item per video or per portrait. */
import type { INodeProperties } from 'n8n-workflow';
import { z } from 'zod';
import { UNSAFE_KEY } from '../base/json';
import { succeed } from '../base/result';
import type { Delivery } from '../wait/deliver';
import { notForTools } from './agentTool';
import { simplifyForm } from './common';
import { choiceField, choiceOf, fieldOf, flagOf } from './fields';
import { priceForm } from './limits';
import { choose, constant, group, then } from './read';
import type { Form } from './read';
import { addIssue, isBlank, shown, withDefault } from './schemas';

const downloadField = {
	displayName: 'Download Video',
	name: 'downloadVideo',
	type: 'boolean',
	default: true,
	description:
		'Whether to download each video into the item. The link in videoUrl works for 24 hours only.',
} satisfies INodeProperties;

const outputField = {
	displayName: 'Output Data Field Name',
	name: 'outputField',
	type: 'string',
	required: true,
	default: 'data',
	placeholder: 'e.g. data',
	displayOptions: { show: { downloadVideo: [true] } },
	hint: 'The name of the output field to put the video in',
} satisfies INodeProperties;

/** A tool's agent does not get the file. */
export const deliveryFields: INodeProperties[] = [downloadField, outputField].map(notForTools);

const failOption = {
	displayName: 'Fail on Download Error',
	name: 'failOnDownloadError',
	type: 'boolean',
	default: true,
	description:
		'Whether to fail the item when its video is made but cannot be downloaded. Otherwise the item has the link and says in downloadError what happened.',
} satisfies INodeProperties;

const fileNameOption = {
	displayName: 'File Name',
	name: 'fileName',
	type: 'string',
	default: '',
	placeholder: 'e.g. happy-birthday',
	description:
		'Name of the video file. Where an item makes several videos, the template is added to it. By default, the name is made of portrait, template and task ID.',
} satisfies INodeProperties;

const detailsOption = {
	displayName: 'Include Details',
	name: 'includeDetails',
	type: 'boolean',
	default: true,
	description:
		'Whether a simplified item also has all times, the areas of the face and the request ID',
} satisfies INodeProperties;

const groupOption = choiceField({
	displayName: 'Group Videos',
	name: 'output',
	type: 'options',
	default: 'portrait',
	options: [
		{
			name: 'One Item per Video',
			value: 'video',
		},
		{
			name: 'One Item per Portrait',
			value: 'portrait',
			description:
				"All videos of a portrait in one item, as a sticker pack. Each has its own output field, named after 'Output Data Field Name' and the template.",
		},
	],
	description: 'How to return several videos of one portrait',
});

/** Options of operations that return videos. */
export const deliveryOptions: INodeProperties[] = [
	failOption,
	fileNameOption,
	detailsOption,
	groupOption,
];

/** The name of an output field. */
export const fieldNameValue = z
	.unknown()
	.transform((value, context): string =>
		typeof value === 'string' && /^[\w-]{1,64}$/.test(value.trim()) && value.trim() !== UNSAFE_KEY
			? value.trim()
			: addIssue(
					context,
					`${outputField.displayName} ${shown(value)} cannot be a field name`,
					'Use letters, digits, hyphens and underscores, e.g. "data".',
				),
	);

/** The output field for the video; `undefined` if it is not downloaded. */
export const downloadForm: Form<string | undefined> = choose<'yes' | 'no', string | undefined>(
	then(flagOf(downloadField), (yes) => succeed(yes ? 'yes' : 'no')),
	{
		no: constant(undefined),
		yes: fieldOf(outputField, withDefault(fieldNameValue, outputField.default)),
	},
);

const fileNameValue = z
	.unknown()
	.transform((value): string | undefined => (isBlank(value) ? undefined : String(value)));

/** The delivery without the number of videos, which depends on the templates or task IDs. */
export const deliveryForm: Form<Delivery> = then(
	group({
		output: choiceOf(groupOption, 'fileOptions', 'video'),
		fileName: fieldOf(fileNameOption, fileNameValue, 'fileOptions'),
		failsOnDownloadError: flagOf(failOption, 'fileOptions', false),
		withDetails: flagOf(detailsOption, 'fileOptions', false),
		pricePerSecond: priceForm,
		simplify: simplifyForm,
		field: downloadForm,
	}),
	({ output, field: wanted, ...delivery }, { isTool }) =>
		succeed({ ...delivery, field: isTool ? undefined : wanted, isPack: output === 'portrait' }),
);

/** Adds whether the item has more than one video. */
export const deliveryOf = (delivery: Delivery, videos: number): Delivery => ({
	...delivery,
	isOneOfSeveral: videos > 1,
});
