/** The face areas: detected, or both entered by the user. */
import { faceAreasForm } from '../../../nodes/EmojiVideo/parameters/faceAreas';
import { formOf, refusal } from '../support/formSource.mts';

const AREA_FORM =
	'Use four whole numbers in pixels, [x1, y1, x2, y2]: the top-left and the bottom-right corner, e.g. [212, 194, 460, 441]. Detect Face gives both areas.';

const face = '[212, 194, 460, 441]';
const around = '[63, 30, 609, 575]';

it.each([undefined, 'detect'])(
	'Face Areas %j leaves the areas to detection and reads no area',
	(faceAreas) => {
		expect(faceAreasForm(formOf({ faceAreas, faceArea: 'x', expressionArea: 'x' }))).toEqual({
			ok: true,
			value: undefined,
		});
	},
);

it('entered areas are taken as they are', () => {
	const fields = { faceAreas: 'manual', faceArea: face, expressionArea: around };
	expect(faceAreasForm(formOf(fields))).toEqual({
		ok: true,
		value: { face: [212, 194, 460, 441], expression: [63, 30, 609, 575] },
	});
});

it.each<[Record<string, unknown>, string, string]>([
	[{ faceArea: face }, 'Expression Area is empty', AREA_FORM],
	[{ expressionArea: around }, 'Face Area is empty', AREA_FORM],
	[
		{ faceArea: '1, 2, 3', expressionArea: around },
		'Face Area "1, 2, 3" is not four whole numbers of 0 or more',
		AREA_FORM,
	],
	[
		{ faceArea: face, expressionArea: '[9, 9, 9, 20]' },
		'Expression Area "[9, 9, 9, 20]" is empty: x2 must be larger than x1, and y2 than y1',
		AREA_FORM,
	],
])('entered areas %j are rejected', (fields, message, nextStep) => {
	expect(faceAreasForm(formOf({ faceAreas: 'manual', ...fields }))).toEqual(
		refusal(message, nextStep),
	);
});

it('an unknown value of Face Areas is rejected', () => {
	expect(faceAreasForm(formOf({ faceAreas: 'guess' }))).toEqual(
		refusal('Face Areas "guess" is unknown', 'Use "detect" or "manual".'),
	);
});
