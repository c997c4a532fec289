/**
 * What an account may see and store: the model list (docs/service.md, "Key check") and upload policies
 * ("Uploads"). Rule: both are free, so neither writes anything billed into the ledger.
 */
import { isKnownModel, models, videoModel } from '../models.mts';
import { refuse } from '../refusals.mts';
import type { World } from '../world.mts';
import { readJson, type Answer, type Endpoint, type Exchange } from './exchange.mts';

const positive = (text: string | undefined, otherwise: number): number => {
	const value = Number(text ?? otherwise);
	return Number.isInteger(value) && value > 0 ? value : otherwise;
};

function row({ settings }: World, model: string, name: string): object {
	const offlineTime = settings.modelOfflineTimes[model];
	const info = offlineTime === undefined ? null : { offline_time: offlineTime };
	return { model, name, inference_offline_info: info };
}

type Query = Record<string, string | undefined>;

/** One page of the models that a query asks for. */
function pageOf(query: Query) {
	const pageNo = positive(query.page_no, 1);
	const pageSize = positive(query.page_size, 20);
	const wanted = models.filter(({ model }) => !query.model || model === query.model);
	const rows = wanted.slice((pageNo - 1) * pageSize, pageNo * pageSize);
	return { total: wanted.length, page_no: pageNo, page_size: pageSize, rows };
}

export const modelsEndpoint: Endpoint = {
	operation: 'models',
	handle({ world, request, requestId }: Exchange): Answer {
		const { rows, ...page } = pageOf(request.query as Query);
		return {
			status: 200,
			body: {
				code: null,
				message: null,
				success: true,
				request_id: requestId,
				output: { ...page, models: rows.map(({ model, name }) => row(world, model, name)) },
			},
		};
	},
};

/** The quota of a model: requests per second, tasks at once. */
function quota({ settings }: World, account: string, model: string): object {
	const { rateLimits, concurrency } = settings;
	const isVideo = model === videoModel;
	return {
		model,
		workspace_id: account,
		model_limit: {
			request_limit: isVideo ? rateLimits.createPerSecond : rateLimits.detectPerSecond,
			request_limit_period: 1,
			usage_limit: null,
			usage_limit_field: null,
			usage_limit_period: null,
			async_user_queue_limit: null,
			async_user_concurrency_limit: isVideo ? concurrency : null,
		},
		workspace_limit: null,
	};
}

export const quotasEndpoint: Endpoint = {
	operation: 'quotas',
	handle({ world, account, request, requestId }: Exchange): Answer {
		const { rows, ...page } = pageOf(request.query as Query);
		const quotas = rows.map(({ model }) => quota(world, account, model));
		return { status: 200, body: { request_id: requestId, output: { ...page, quotas } } };
	},
};

/** Sets a workspace's limits; the mock keeps none, so it only checks the request. */
export const limitsEndpoint: Endpoint = {
	operation: 'quotas',
	handle(exchange): Answer {
		const body = readJson(exchange);
		if (!body.ok) return body;
		const { models: wanted } = body.value;
		const isGood = Array.isArray(wanted) && wanted.length >= 1 && wanted.length <= 200;
		if (!isGood) return { refusal: refuse('wrongParameter') };
		return { status: 200, body: { request_id: exchange.requestId } };
	},
};

export const policyEndpoint: Endpoint = {
	operation: 'policy',
	limit: {
		name: 'policiesPerSecond',
		bucket: (request) => (request.query as Query).model ?? '',
	},
	handle({ world, request, account, requestId }: Exchange): Answer {
		const { action, model } = request.query as Query;
		if (action !== 'getPolicy') return { refusal: refuse('wrongParameter') };
		if (!model) return { refusal: refuse('noModel') };
		if (!isKnownModel(model)) return { refusal: refuse('unknownModel') };
		const data = world.uploads.issue(account, model, world.storageUrl);
		return { status: 200, body: { request_id: requestId, data } };
	},
};
