/**
 * Every other service path. Rule: the mock knows no model that lives there, so a known one is at the
 * wrong address and any other does not exist (docs/service.md, "Error codes").
 */
import { isKnownModel } from '../models.mts';
import { refuse } from '../refusals.mts';
import { readJson, type Answer, type Endpoint, type Exchange } from './exchange.mts';

export const otherServiceEndpoint: Endpoint = {
	operation: 'unknown',
	handle(exchange: Exchange): Answer {
		const body = readJson(exchange);
		if (!body.ok) return body;
		const { model } = body.value;
		if (typeof model !== 'string' || model === '') return { refusal: refuse('noModel') };
		return { refusal: refuse(isKnownModel(model) ? 'wrongUrlForModel' : 'unknownModel') };
	},
};
