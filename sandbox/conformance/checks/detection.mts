/** Face detection. One portrait is billed; refusals are not. */
import { z } from 'zod';
import type { Answer, Ask, Check, Visit } from '../check.mts';
import { documents } from '../documents.mts';

const path = '/api/v1/services/aigc/image2video/face-detect';

/** A detection of `input`, with parts of the request replaced. */
const detect = (input: object, { headers, ...body }: Record<string, unknown> = {}): Ask => ({
	method: 'POST',
	path,
	lane: 'detect',
	headers: headers as Record<string, string>,
	body: { model: 'emoji-detect-v1', input, parameters: { ratio: '1:1' }, ...body },
});

const number = z.number();
const area = z.tuple([number, number, number, number]);
const passedSchema = z.object({ output: z.object({ bbox_face: area, ext_bbox_face: area }) });

/** Remembers the areas for the checks of creation. */
async function detectPortrait({ ask, portrait, found }: Visit): Promise<Answer> {
	const answer = await ask(detect({ image_url: portrait }));
	const passed = passedSchema.safeParse(answer.body);
	if (passed.success) {
		found.face = passed.data.output.bbox_face;
		found.expression = passed.data.output.ext_bbox_face;
	}
	return answer;
}

/** Three at once, none of which can be carried out: the first that was throttled, or the last. */
async function three({ ask }: Visit): Promise<Answer> {
	const hurry = { ...detect({}), hurry: true };
	const answers = await Promise.all([ask(hurry), ask(hurry), ask(hurry)]);
	const [first, second, third] = answers;
	return answers.find(({ status }) => status === 429) ?? third ?? second ?? first;
}

const imageGone = (portrait: string) => new URL('/no-such-image.png', portrait).href;

export const detectionChecks: readonly Check[] = [
	{
		id: 'detect-field-missing',
		title: 'A detection without an image',
		document: documents.errors,
		section: 'InvalidParameter, "Field required: xxx"',
		kind: 'refusal',
		ask: ({ ask }) => ask(detect({})),
		expected: { status: 400, code: 'InvalidParameter', message: 'Field required: image_url' },
	},
	{
		id: 'slash-at-end',
		title: 'The same, with a slash at the end of the path',
		document: documents.sister,
		section: 'path of the example',
		kind: 'refusal',
		ask: ({ ask }) => ask({ ...detect({}), path: `${path}/` }),
		expected: { status: 400, code: 'InvalidParameter', message: 'Field required: image_url' },
	},
	{
		id: 'detect-asynchronous',
		title: 'A detection with the header for asynchronous calls',
		document: documents.errors,
		section: 'AccessDenied',
		kind: 'refusal',
		ask: ({ ask }) => ask(detect({}, { headers: { 'x-dashscope-async': 'enable' } })),
		expected: {
			status: [403, 429],
			code: 'AccessDenied',
			message: 'Current user api does not support asynchronous calls.',
		},
	},
	{
		id: 'detect-model-unknown',
		title: 'A model that does not exist',
		document: documents.errors,
		section: 'InvalidParameter, "Model not exist."; status from public reports',
		kind: 'refusal',
		ask: ({ ask }) => ask(detect({}, { model: 'emoji-detect-v0' })),
		expected: { status: 404, code: 'InvalidParameter', message: 'Model not exist.' },
	},
	{
		id: 'detect-wrong-path',
		title: 'A model on the path of another',
		document: documents.errors,
		section: 'InvalidParameter, "url error"',
		kind: 'refusal',
		ask: ({ ask }) => ask(detect({}, { model: 'emoji-v1' })),
		expected: {
			status: 400,
			code: 'InvalidParameter',
			message: 'url error, please check url！',
		},
	},
	{
		id: 'detect-image-gone',
		title: 'An image that is not there',
		document: documents.errors,
		section: 'InvalidParameter.DataInspection',
		kind: 'refusal',
		ask: ({ ask, portrait }) => ask(detect({ image_url: imageGone(portrait) })),
		expected: {
			status: 400,
			code: ['InvalidParameter.DataInspection', 'InvalidParameter', 'InvalidURL'],
		},
	},
	{
		id: 'detect-throttled',
		title: 'Three detections at once',
		document: documents.limits,
		section: 'emoji-detect-v1: 1 per second',
		kind: 'refusal',
		ask: three,
		expected: { status: 429, code: ['Throttling', 'Throttling.RateQuota'] },
	},
	{
		id: 'detect-passed',
		title: 'A portrait that passes',
		document: documents.detection,
		section: 'Response, passed',
		kind: 'detection',
		bills: 'detection',
		ask: detectPortrait,
		expected: {
			status: 200,
			has: ['output.bbox_face.3', 'output.ext_bbox_face.3', 'request_id'],
			says: { 'usage.image_count': 1 },
		},
	},
];

/** A detection of an uploaded picture; `resolve` sends the header that uploads need. */
export const detectUpload = (url: string, resolve: boolean): Ask =>
	detect(
		{ image_url: url },
		resolve ? { headers: { 'x-dashscope-ossresourceresolve': 'enable' } } : {},
	);
