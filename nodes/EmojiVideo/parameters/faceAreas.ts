/**
 * Where the face is: found by detection, or set by hand. Rule: both areas together or none.
 */
import type { INodeProperties } from 'n8n-workflow';
import { z } from 'zod';
import { areaSchema } from '../dashscope/schemas';
import type { Area, FaceAreas } from '../dashscope/schemas';
import { notForTools } from './agentTool';
import { choiceField, choiceOf, fieldOf } from './fields';
import { choose, constant, group, then, validate } from './read';
import type { Form } from './read';
import { addIssue, isBlank, shown, toList } from './schemas';

const sourceField = choiceField({
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
			name: 'Use Areas From Detect Face',
			value: 'manual',
			description:
				'Enter the areas that Detect Face returned, so that no second detection is billed',
		},
	],
	description: 'Where the face is in the portrait',
});

const faceField = {
	displayName: 'Face Area',
	name: 'faceArea',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. [212, 194, 460, 441]',
	displayOptions: { show: { faceAreas: ['manual'] } },
	description: 'The face in the portrait (face_bbox): top-left and bottom-right corner',
	hint: '[x1, y1, x2, y2] in pixels, whole numbers. Drag faceArea of Detect Face here.',
} satisfies INodeProperties;

const expressionField = {
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
} satisfies INodeProperties;

/** A model cannot see where a face is: tools leave it to detection. */
export const faceAreaFields: INodeProperties[] = [sourceField, faceField, expressionField].map(
	notForTools,
);

const AREA_FORM =
	'Use four whole numbers in pixels, [x1, y1, x2, y2]: the top-left and the bottom-right corner, e.g. [212, 194, 460, 441]. Detect Face gives both areas.';

/** `[x1, y1, x2, y2]` as text, JSON or an array. */
export const areaValue = (label: string) =>
	z.unknown().transform((value, context): Area => {
		if (isBlank(value)) return addIssue(context, `${label} is empty`, AREA_FORM);
		const numbers = toList(value)?.map((part) =>
			typeof part === 'string' && /^\d+$/.test(part) ? Number(part) : part,
		);
		const area = areaSchema.safeParse(numbers);
		if (!area.success || area.data.some((n) => n < 0)) {
			return addIssue(
				context,
				`${label} ${shown(value)} is not four whole numbers of 0 or more`,
				AREA_FORM,
			);
		}
		const [x1, y1, x2, y2] = area.data;
		if (x2 <= x1 || y2 <= y1) {
			return addIssue(
				context,
				`${label} ${shown(value)} is empty: x2 must be larger than x1, and y2 than y1`,
				AREA_FORM,
			);
		}
		return area.data;
	});

/**
 * Both areas together. This validates their order, signs and numbers. What the reference calls "about
 * 1:1" and "typically slightly larger" rejects nothing: `hintAboutAreas` puts it on the item as a hint.
 */
export const areasValue = z.object({
	face: areaValue(faceField.displayName),
	expression: areaValue(expressionField.displayName),
});

/** Both areas as the user gave them; `undefined` lets face detection find them. */
export const faceAreasForm: Form<FaceAreas | undefined> = choose<
	'detect' | 'manual',
	FaceAreas | undefined
>(choiceOf(sourceField), {
	detect: constant(undefined),
	manual: then(
		group({
			face: fieldOf(faceField, z.unknown()),
			expression: fieldOf(expressionField, z.unknown()),
		}),
		(areas) => validate(areasValue, areas),
	),
});
