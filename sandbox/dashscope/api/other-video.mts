/**
 * Videos by another maker's model, e.g. those of n8n's own Qwen Cloud node, so that both can be measured
 * on one account. Rule: only models that a setting names exist here; the mock does not check
 * their input, and every video is the first template's.
 */
import { refuse } from '../refusals.mts';
import { templateIds } from '../templates.mts';
import {
	isEnabled,
	readInput,
	readJson,
	type Answer,
	type Endpoint,
	type Exchange,
} from './exchange.mts';

function create(exchange: Exchange): Answer {
	const { world, request, account, requestId } = exchange;
	const body = readJson(exchange);
	if (!body.ok) return body;
	const named = world.settings.otherVideoModels.find((model) => model === body.value.model);
	const input = readInput(body.value, named ?? '');
	if (!input.ok) return input;
	const [drivenId = ''] = templateIds;
	const task = world.tasks.create({ account, model: named ?? '', drivenId, requestId });
	request.entry.createdTaskId = task.id;
	return {
		status: 200,
		body: { output: { task_status: 'PENDING', task_id: task.id }, request_id: requestId },
	};
}

export const otherVideoEndpoint: Endpoint = {
	operation: 'create',
	limit: { name: 'createPerSecond', bucket: () => 'other models' },
	precheck: (request) => (isEnabled(request, 'x-dashscope-async') ? undefined : refuse('syncCall')),
	handle: create,
};
