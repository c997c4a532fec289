/**
 * The form of the node as an AI agent's tool. A model sees no labels and no hints. It reads the tool's description
 * and those of the values that it fills in. Rule: a tool's field has the internal name of the field that it
 * replaces, so that one form reads both.
 */
import type { INodeProperties } from 'n8n-workflow';
import { TEMPLATES, templateName } from '../dashscope/templates';

const TOOL: ['@tool', [boolean]] = ['@tool', [true]];

/** A field that tools do not show. */
export const notForTools = (field: INodeProperties): INodeProperties => ({
	...field,
	displayOptions: {
		...field.displayOptions,
		hide: { ...field.displayOptions?.hide, [TOOL[0]]: TOOL[1] },
	},
});

/** A field that only tools show. */
export const forTools = (field: INodeProperties): INodeProperties => ({
	...field,
	displayOptions: {
		...field.displayOptions,
		show: { ...field.displayOptions?.show, [TOOL[0]]: TOOL[1] },
	},
});

/**
 * The value of a text field that the model fills in. The comment is n8n's own mark: the editor shows such
 * a value as "Defined automatically by the model", with its description.
 */
const fromModel = (key: string, description: string) =>
	`={{ /*n8n-auto-generated-fromAI-override*/ $fromAI('${key}', \`${description}\`, 'string') }}`;

const names = TEMPLATES.map(templateName).join('; ');

export const imageUrlFromModel = fromModel(
	'Image_URL',
	'Public http or https address of the portrait: a JPEG, PNG, BMP or WEBP file of at most 10 MB, 400 to 7000 pixels wide and high, with one person who faces the camera, head upright and the whole face visible. The service downloads it.',
);

export const templatesFromModel = fromModel(
	'Templates',
	`The expressions to make, one video each, separated by commas. Use these names as they are: ${names}. Each video is billed: make only what was asked for.`,
);

export const taskIdsFromModel = fromModel(
	'Task_IDs',
	'The taskId of an earlier result, several with commas',
);

/** The operation's description for the model. n8n's own field of this name contains only the operation's title. */
export const toolDescriptionField = (text: string): INodeProperties =>
	forTools({
		displayName: 'Description',
		name: 'toolDescription',
		type: 'string',
		typeOptions: { rows: 4 },
		required: true,
		default: text,
		description: 'What the model reads about this tool before it decides to use it',
	});
