/**
 * Face detection, emoji-detect-v1 (docs/service.md, "Face detection"). Rule: a portrait that does not pass is
 * still a success and is billed; a request that could not be read is neither.
 */
import { areasOf, hasGoodResolution, openImage, type CheckedImage } from '../images.mts';
import { detectModel as model } from '../models.mts';
import { refuse } from '../refusals.mts';
import { verdict, type Verdict } from '../verdicts.mts';
import { judge } from '../world.mts';
import {
	isEnabled,
	isRecord,
	readInput,
	readJson,
	requireFields,
	type Answer,
	type Endpoint,
	type Exchange,
} from './exchange.mts';

function passed({ request, requestId }: Exchange, image: CheckedImage): Answer {
	const { face, expression } = areasOf(image);
	request.entry.billedDetection = true;
	return {
		status: 200,
		body: {
			output: { bbox_face: face, ext_bbox_face: expression },
			usage: { image_count: 1 },
			request_id: requestId,
		},
	};
}

function notPassed({ world, request, requestId }: Exchange, found: Verdict): Answer {
	const style = world.settings.verdictStyle;
	request.entry.code = found.code;
	if (style === 'top400') return { refusal: { status: 400, ...found } };
	request.entry.billedDetection = true;
	return {
		status: style === 'output400' ? 400 : 200,
		body: { output: found, usage: { image_count: 1 }, request_id: requestId },
	};
}

async function detect(exchange: Exchange): Promise<Answer> {
	const { world, request, account } = exchange;
	const body = readJson(exchange);
	if (!body.ok) return body;
	const input = readInput(body.value, model);
	if (!input.ok) return input;
	const missing = requireFields(input.value, ['image_url']);
	if (missing) return { refusal: missing };
	const { parameters } = body.value;
	if (parameters === undefined) return { refusal: refuse('noParameters') };
	if (!isRecord(parameters) || parameters.ratio !== '1:1') {
		return { refusal: refuse('wrongParameter') };
	}
	const url = input.value.image_url;
	if (typeof url !== 'string') return { refusal: refuse('wrongFormat') };
	const resolveOss = isEnabled(request, 'x-dashscope-ossresourceresolve');
	const image = await openImage(world, { url, account, model, resolveOss });
	if (!image.ok) return image;
	if (!hasGoodResolution(image.value)) {
		return notPassed(exchange, verdict('InvalidFile.Resolution'));
	}
	const found = judge(world, image.value.bytes);
	return found ? notPassed(exchange, found) : passed(exchange, image.value);
}

export const detectEndpoint: Endpoint = {
	operation: 'detect',
	limit: { name: 'detectPerSecond' },
	// Detection is synchronous, so `disable` changes nothing (seen).
	precheck: (request) =>
		isEnabled(request, 'x-dashscope-async') ? refuse('asyncCall') : undefined,
	handle: detect,
};
