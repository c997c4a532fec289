/**
 * Where an item's portrait is, and whether it can be one: an address, or a file of the item. Rule: a
 * file is checked by its bytes here, before anything is uploaded or paid for.
 */
import type { IBinaryData, INodeProperties } from 'n8n-workflow';
import { portraitAt } from '../batch/plan';
import type { Portrait } from '../batch/plan';
import { fail, succeed } from '../result';
import type { Result } from '../result';
import { readPortraitFile } from '../media/portraitFile';
import { rotationHint } from '../media/portraitCheck';
import type { ExecutionContext } from '../execution/context';
import { readField, readFields } from './read';
import { imageUrlValue, isBlank, shown } from './schemas';

const LIMITS =
	'JPEG, PNG, BMP or WEBP, at most 10 MB, width and height 400 to 7000 pixels, one person facing the camera';

/** "Image Source" and the fields it shows. */
export const portraitFields: INodeProperties[] = [
	{
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
	},
	{
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
	},
	{
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
	},
];

/** Entries of "Options" for operations that take a portrait. */
export const portraitOptions: INodeProperties[] = [
	{
		displayName: 'Check Image First',
		name: 'checkImage',
		type: 'boolean',
		default: false,
		displayOptions: { show: { '/imageSource': ['url'] } },
		description:
			'Whether to read the first 64 KB of the image and refuse it if its format, width, height or size cannot be used, before anything is sent to DashScope. Files are always checked.',
	},
];

/** What to do about a wrong field name: the names that would be right. */
function fieldsOf({ functions }: ExecutionContext, itemIndex: number): string {
	const names = Object.keys(functions.getInputData()[itemIndex]?.binary ?? {});
	return names.length === 0
		? 'The item has no binary data: connect a node that outputs a file, or set Image Source to Image URL.'
		: `Binary fields of this item: ${names.join(', ')}.`;
}

/** The file in the field that the item names. */
function readBinary(
	context: ExecutionContext,
	itemIndex: number,
	field: unknown,
): Result<IBinaryData> {
	const refuse = (message: string) =>
		fail({ kind: 'input', message, nextStep: fieldsOf(context, itemIndex) });
	if (isBlank(field)) return refuse('Input Data Field Name is empty');
	const name = typeof field === 'string' ? field.trim() : field;
	try {
		return succeed(context.functions.helpers.assertBinaryData(itemIndex, name as string));
	} catch {
		return refuse(`Input Data Field Name ${shown(name)}: the item has no such binary field`);
	}
}

async function readFile(context: ExecutionContext, itemIndex: number): Promise<Result<Portrait>> {
	const { functions, uploads } = context;
	const field = readField(functions, itemIndex, 'inputField');
	if (!field.ok) return field;
	const binary = readBinary(context, itemIndex, field.value);
	if (!binary.ok) return binary;
	const fallbackName = typeof field.value === 'string' ? field.value : 'portrait';
	const file = await readPortraitFile(binary.value, fallbackName, functions.helpers);
	if (!file.ok) return file;
	return succeed({
		id: `sha256:${file.value.hash}`,
		about: { imageFile: file.value.name },
		hint: rotationHint(file.value),
		addressFor: async (model) => await uploads.addressOf(file.value, model),
	});
}

async function readUrl(context: ExecutionContext, itemIndex: number): Promise<Result<Portrait>> {
	const { functions, account, checkRemote } = context;
	const fields = readFields(functions, itemIndex, { imageUrl: imageUrlValue(account.isLoopback) });
	if (!fields.ok) return fields;
	const { imageUrl } = fields.value;
	const isToCheck = readField(functions, itemIndex, 'options.checkImage');
	if (!isToCheck.ok) return isToCheck;
	if (isToCheck.value !== true) return succeed(portraitAt(imageUrl));
	const checked = await checkRemote(imageUrl);
	return checked.ok ? succeed(portraitAt(imageUrl, rotationHint(checked.value))) : checked;
}

/** Reads an item's portrait, wherever it is; a file is looked at. */
export async function readPortrait(
	context: ExecutionContext,
	itemIndex: number,
): Promise<Result<Portrait>> {
	const source = readField(context.functions, itemIndex, 'imageSource');
	if (!source.ok) return source;
	if (source.value === 'binary') return await readFile(context, itemIndex);
	if (source.value === 'url') return await readUrl(context, itemIndex);
	return fail({
		kind: 'input',
		message: `Image Source ${shown(source.value)} is unknown`,
		nextStep: 'Use "url" or "binary".',
	});
}
