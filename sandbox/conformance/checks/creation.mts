/** Creating videos. One is billed; refusals are not. */
import { z } from 'zod';
import type { Answer, Ask, Check, Found, Visit } from '../check.mts';
import { documents } from '../documents.mts';

const path = '/api/v1/services/aigc/image2video/video-synthesis';
const asynchronous = { 'x-dashscope-async': 'enable' };

const create = (input: object, headers: Record<string, string> = asynchronous): Ask => ({
	method: 'POST',
	path,
	lane: 'create',
	headers,
	body: { model: 'emoji-v1', input },
});

/** The input of a task that is accepted: the template with the shortest video that is known. */
const goodInput = ({ portrait, found }: Pick<Visit, 'portrait' | 'found'>) => ({
	image_url: portrait,
	driven_id: 'mengwa_kaixin',
	face_bbox: found.face,
	ext_bbox: found.expression,
});

const createdSchema = z.object({ output: z.object({ task_id: z.string() }) });

/** Creates a task and remembers its ID. */
async function make(visit: Visit, ask: Ask, as: 'taskId' | 'queuedId'): Promise<Answer> {
	const answer = await visit.ask(ask);
	const created = createdSchema.safeParse(answer.body);
	if (created.success) visit.found[as] = created.data.output.task_id;
	return answer;
}

const areas: readonly (keyof Found)[] = ['face', 'expression'];

const created = {
	status: 200,
	has: ['output.task_id', 'request_id'],
	says: { 'output.task_status': 'PENDING' },
};

export const creationChecks: readonly Check[] = [
	{
		id: 'create-synchronous',
		title: 'A video without the header for asynchronous calls',
		document: documents.errors,
		section: 'AccessDenied',
		kind: 'refusal',
		ask: ({ ask }) => ask(create({}, {})),
		expected: {
			status: 403,
			code: 'AccessDenied',
			message: 'current user api does not support synchronous calls.',
		},
	},
	{
		id: 'create-field-missing',
		title: 'A video without a template',
		document: documents.errors,
		section: 'InvalidParameter, "Field required: driven_id"',
		kind: 'refusal',
		needs: areas,
		ask: (visit) => visit.ask(create({ ...goodInput(visit), driven_id: undefined })),
		expected: { status: 400, code: 'InvalidParameter', message: 'Field required: driven_id' },
	},
	{
		id: 'create-template-unknown',
		title: 'A video by a template that does not exist',
		document: documents.errors,
		section: 'InvalidParameter, "Driven not exist"',
		kind: 'refusal',
		needs: areas,
		ask: (visit) => visit.ask(create({ ...goodInput(visit), driven_id: 'mengwa_nothing' })),
		expected: { status: 400, code: 'InvalidParameter', message: 'Driven not exist: driven_id.' },
	},
	{
		id: 'create-area-wrong',
		title: 'A video whose expression area is twice as wide as high',
		document: documents.errors,
		section: 'InvalidParameter, "Invalid ext_bbox."',
		kind: 'refusal',
		bills: 'video',
		optional: true,
		needs: areas,
		ask: (visit) => visit.ask(create({ ...goodInput(visit), ext_bbox: [10, 10, 410, 210] })),
		expected: { status: 400, code: 'InvalidParameter', message: 'Invalid ext_bbox.' },
	},
	{
		id: 'create',
		title: 'A video',
		document: documents.emoji,
		section: 'Step 1, "Successful response"',
		kind: 'created',
		bills: 'video',
		needs: areas,
		ask: (visit) => make(visit, create(goodInput(visit)), 'taskId'),
		expected: created,
	},
	{
		id: 'create-queued',
		title: 'A second video while the first is made, from the uploaded portrait',
		document: documents.uploads,
		section: 'Step 3',
		kind: 'created',
		needs: ['taskId', 'uploaded'],
		ask: (visit) =>
			make(
				visit,
				create(
					{ ...goodInput(visit), image_url: visit.found.uploaded },
					{ ...asynchronous, 'x-dashscope-ossresourceresolve': 'enable' },
				),
				'queuedId',
			),
		expected: created,
	},
];
