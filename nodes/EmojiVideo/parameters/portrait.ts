/** Where an item's portrait is: at a URL, or in a file of the item. */
import type { IBinaryData, INodeProperties } from 'n8n-workflow';
import { z } from 'zod';
import type { PortraitSource } from '../media/portrait';
import { findSharePage } from '../media/sharePages';
import { isLoopback, isPrivate, parseUrl } from '../net/publicHosts';
import { optionGroup } from './common';
import { choiceField, choiceOf, fieldOf, flagOf } from './fields';
import { choose, group, then } from './read';
import type { Form, FormSource } from './read';
import { forTools, imageUrlFromModel, notForTools } from './agentTool';
import { addIssue, isBlank, shown } from './schemas';
import { succeed } from '../base/result';

const LIMITS =
	'JPEG, PNG, BMP or WEBP, at most 10 MB, width and height 400 to 7000 pixels, one person facing the camera';

const sourceField = choiceField({
	displayName: 'Image Source',
	name: 'imageSource',
	type: 'options',
	default: 'url',
	options: [
		{
			name: 'Image URL',
			value: 'url',
			description: 'The portrait is on the internet',
		},
		{
			name: 'Binary File',
			value: 'binary',
			description: 'The portrait is a file of the input item',
		},
	],
	description: 'Where the portrait comes from',
});

const urlField = {
	displayName: 'Image URL',
	name: 'imageUrl',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. https://example.com/portrait.png',
	displayOptions: { show: { imageSource: ['url'] } },
	description:
		'Public address of the portrait. DashScope downloads it, so it must be reachable from the internet by http or https.',
	hint: LIMITS,
} satisfies INodeProperties;

const fileField = {
	displayName: 'Input Data Field Name',
	name: 'inputField',
	type: 'string',
	required: true,
	default: 'data',
	placeholder: 'e.g. data',
	displayOptions: { show: { imageSource: ['binary'] } },
	description:
		"The name of the input field containing the portrait. The file is uploaded to DashScope's temporary storage, which deletes it after 48 hours.",
	hint: LIMITS,
} satisfies INodeProperties;

/** A tool gets no files from its agent, so it asks for a URL only. */
export const portraitFields: INodeProperties[] = [
	...[sourceField, urlField, fileField].map(notForTools),
	forTools({
		displayName: 'Image URL',
		name: 'imageUrl',
		type: 'string',
		required: true,
		default: imageUrlFromModel,
		description: 'Public address of the portrait',
		hint: LIMITS,
	}),
];

const checkOption = {
	displayName: 'Check Image First',
	name: 'checkImage',
	type: 'boolean',
	default: true,
	description:
		'Whether to read the first 64 KB of the image and refuse it if its format, width, height or size cannot be used, before anything is sent to DashScope. Files are always checked.',
} satisfies INodeProperties;

/** Options of operations that take a portrait; files have none yet. */
export const portraitGroup: INodeProperties = notForTools({
	...optionGroup('Portrait', 'portraitOptions', [checkOption]),
	displayOptions: { show: { imageSource: ['url'] } },
});

const PUBLIC_URL = 'Use a public http or https address of a JPEG, PNG, BMP or WEBP image.';

/** Advice for a text that is not a URL, by the mistake that it shows. */
function adviceOn(value: unknown): string {
	if (Array.isArray(value))
		return 'Use one public http or https address per item: Split Out makes items of a list.';
	const text = typeof value === 'string' ? value.trim() : '';
	if (text.includes('{{'))
		return 'Switch the field from Fixed to Expression, so that n8n fills in {{ }}.';
	if (/^(undefined|null|NaN|\[object Object\])$/.test(text))
		return 'Correct the expression: the field that it reads does not exist in this item.';
	if (text.startsWith('<') && text.endsWith('>'))
		return 'Remove the angle brackets around the address.';
	if (text.startsWith('[') && text.includes(']('))
		return 'Use only the address between the parentheses, without the text in brackets.';
	if (/^data:|^file:|^[A-Za-z]:\\|^\//.test(text))
		return `${PUBLIC_URL} For a file, set Image Source to Binary File.`;
	if (/^www\.|^[\w-]+(\.[\w-]+)+\//.test(text)) return `${PUBLIC_URL} It begins with https://.`;
	return PUBLIC_URL;
}

/**
 * The normalized URL of a portrait that DashScope can download.
 * @param allowLoopback the account is a mock on this machine, which can reach loopback
 */
export const imageUrlValue = (allowLoopback: boolean) =>
	z.unknown().transform((value, context): string => {
		if (isBlank(value)) return addIssue(context, `${urlField.displayName} is empty`, PUBLIC_URL);
		if (typeof value !== 'string')
			return addIssue(
				context,
				`${urlField.displayName} ${shown(value)} is not text`,
				adviceOn(value),
			);
		const url = parseUrl(value.trim());
		if (!url)
			return addIssue(
				context,
				`${urlField.displayName} ${shown(value)} is not an address`,
				adviceOn(value),
			);
		if (url.protocol !== 'http:' && url.protocol !== 'https:') {
			return addIssue(
				context,
				`${urlField.displayName} ${shown(value)} is neither http nor https`,
				adviceOn(value),
			);
		}
		if (isPrivate(url) && !(allowLoopback && isLoopback(url))) {
			return addIssue(
				context,
				`${urlField.displayName} ${shown(value)} leads into a private network, where DashScope cannot download it`,
				PUBLIC_URL,
			);
		}
		const page = findSharePage(url);
		if (page) {
			return addIssue(
				context,
				`Image URL ${shown(value)} is ${page.label}, not an image`,
				page.nextStep,
			);
		}
		return url.href;
	});

/** Advice for a wrong field name: the names of the item's files. */
const rightFields = ({ fileFields }: FormSource): string =>
	fileFields.length === 0
		? 'The item has no binary data: connect a node that outputs a file, or set Image Source to Image URL.'
		: `Use a binary field of this item: ${fileFields.join(', ')}.`;

/** The file in the field that the item names. */
const fileValue = (source: FormSource) =>
	z.unknown().transform((value, context): { file: IBinaryData; fallbackName: string } => {
		const refuseField = (message: string) => addIssue(context, message, rightFields(source));
		if (isBlank(value)) return refuseField(`${fileField.displayName} is empty`);
		const name = typeof value === 'string' ? value.trim() : value;
		try {
			const fallbackName = typeof value === 'string' ? value : 'portrait';
			const file = source.file?.(name);
			if (file) return { file, fallbackName };
		} catch {
			// The item has no such field. The failure below says so.
		}
		return refuseField(
			`${fileField.displayName} ${shown(name)}: the item has no such binary field`,
		);
	});

const addressForm = group({
	imageUrl: fieldOf(urlField, ({ allowLoopback }) => imageUrlValue(allowLoopback)),
	checkFirst: flagOf(checkOption, 'portraitOptions', false),
});

/** The portrait that the item names. This does not read the image. */
export const portraitForm: Form<PortraitSource> = choose<'url' | 'binary', PortraitSource>(
	choiceOf(sourceField),
	{
		url: then(addressForm, (address) => succeed({ kind: 'url' as const, ...address })),
		binary: then(fieldOf(fileField, fileValue), (file) =>
			succeed({ kind: 'file' as const, ...file }),
		),
	},
);
