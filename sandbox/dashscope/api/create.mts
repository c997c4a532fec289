/**
 * Task creation, emoji-v1 (emoji-v1 reference, step 1). Rule: everything that can be known to be wrong
 * is refused here, before a task exists. A created task is queued, and its ID is in the ledger.
 */
import { z } from 'zod';
import { hasGoodResolution, isAboutSquare, isInside, openImage, type Area } from '../images.mts';
import { videoModel } from '../models.mts';
import { refuse, refused, type Outcome } from '../refusals.mts';
import { templateSeconds } from '../templates.mts';
import { imageHash, sampleVerdict, verdict } from '../verdicts.mts';
import {
	isEnabled,
	readInput,
	readJson,
	requireFields,
	type Answer,
	type Endpoint,
	type Exchange,
} from './exchange.mts';

const fields = ['image_url', 'driven_id', 'face_bbox', 'ext_bbox'];

const area = z.tuple([
	z.number().int(),
	z.number().int(),
	z.number().int(),
	z.number().int(),
]) satisfies z.ZodType<Area>;

const inputSchema = z.object({
	image_url: z.string(),
	driven_id: z.string(),
	face_bbox: area,
	ext_bbox: z.unknown(),
});

interface Wanted {
	url: string;
	drivenId: string;
	face: Area;
	expression: Area;
}

function readWanted(exchange: Exchange): Outcome<Wanted> {
	const body = readJson(exchange);
	if (!body.ok) return body;
	const input = readInput(body.value, videoModel);
	if (!input.ok) return input;
	const missing = requireFields(input.value, fields);
	if (missing) return { ok: false, refusal: missing };
	const parsed = inputSchema.safeParse(input.value);
	if (!parsed.success) return refused('wrongFormat');
	const { image_url: url, driven_id: drivenId, face_bbox: face } = parsed.data;
	if (!templateSeconds.has(drivenId)) return refused('unknownTemplate');
	const expression = area.safeParse(parsed.data.ext_bbox);
	if (!expression.success || !isAboutSquare(expression.data)) return refused('expressionArea');
	return { ok: true, value: { url, drivenId, face, expression: expression.data } };
}

async function create(exchange: Exchange): Promise<Answer> {
	const { world, request, account, requestId } = exchange;
	const wanted = readWanted(exchange);
	if (!wanted.ok) return wanted;
	const { url, drivenId, face, expression } = wanted.value;
	const resolveOss = isEnabled(request, 'x-dashscope-ossresourceresolve');
	const image = await openImage(world, { url, account, model: videoModel, resolveOss });
	if (!image.ok) return image;
	if (!hasGoodResolution(image.value)) {
		return { refusal: { status: 400, ...verdict('InvalidFile.Resolution') } };
	}
	const found = sampleVerdict(imageHash(image.value.bytes));
	if (found) return { refusal: { status: 400, ...found } };
	if (!isInside(expression, image.value)) return { refusal: refuse('expressionArea') };
	if (!isInside(face, image.value)) return { refusal: refuse('wrongParameter') };
	const task = world.tasks.create({ account, model: videoModel, drivenId, requestId });
	request.entry.createdTaskId = task.id;
	return {
		status: 200,
		body: { output: { task_status: 'PENDING', task_id: task.id }, request_id: requestId },
	};
}

export const createEndpoint: Endpoint = {
	operation: 'create',
	limit: { name: 'createPerSecond' },
	precheck: (request) => (isEnabled(request, 'x-dashscope-async') ? undefined : refuse('syncCall')),
	handle: create,
};
