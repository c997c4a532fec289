/**
 * What an account may see and store: the model list (docs/service.md, "Key check") and upload policies
 * ("Uploads"). Rule: both are free, so neither writes anything billed into the ledger.
 */
import { isKnownModel, models } from '../models.mts';
import { refuse } from '../refusals.mts';
import type { World } from '../world.mts';
import type { Answer, Endpoint, Exchange } from './exchange.mts';

const positive = (text: string | undefined, otherwise: number): number => {
	const value = Number(text ?? otherwise);
	return Number.isInteger(value) && value > 0 ? value : otherwise;
};

function row({ settings }: World, model: string, name: string): object {
	const offlineTime = settings.modelOfflineTimes[model];
	const info = offlineTime === undefined ? null : { offline_time: offlineTime };
	return { model, name, inference_offline_info: info };
}

export const modelsEndpoint: Endpoint = {
	operation: 'models',
	handle({ world, request, requestId }: Exchange): Answer {
		const query = request.query as Record<string, string | undefined>;
		const pageNo = positive(query.page_no, 1);
		const pageSize = positive(query.page_size, 20);
		const wanted = models.filter(({ model }) => !query.model || model === query.model);
		return {
			status: 200,
			body: {
				code: null,
				message: null,
				success: true,
				request_id: requestId,
				output: {
					total: wanted.length,
					page_no: pageNo,
					page_size: pageSize,
					models: wanted
						.slice((pageNo - 1) * pageSize, pageNo * pageSize)
						.map(({ model, name }) => row(world, model, name)),
				},
			},
		};
	},
};

export const policyEndpoint: Endpoint = {
	operation: 'policy',
	limit: {
		name: 'policiesPerSecond',
		bucket: (request) => (request.query as Record<string, string | undefined>).model ?? '',
	},
	handle({ world, request, account, requestId }: Exchange): Answer {
		const { action, model } = request.query as Record<string, string | undefined>;
		if (action !== 'getPolicy') return { refusal: refuse('wrongParameter') };
		if (!model) return { refusal: refuse('noModel') };
		if (!isKnownModel(model)) return { refusal: refuse('unknownModel') };
		const data = world.uploads.issue(account, model, world.storageUrl);
		return { status: 200, body: { request_id: requestId, data } };
	},
};
