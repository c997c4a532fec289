/** The key, the models, and the form of responses. All free. */
import type { Check } from '../check.mts';
import { documents } from '../documents.mts';

const models = '/api/v1/models';

export const accountChecks: readonly Check[] = [
	{
		id: 'key-missing',
		title: 'A request without a key',
		document: documents.emoji,
		section: 'Step 1, "Error response"',
		kind: 'refusal',
		ask: ({ ask }) => ask({ path: '/api/v1/tasks/', key: null }),
		expected: { status: 401, code: 'InvalidApiKey', message: 'No API-key provided.' },
	},
	{
		id: 'key-wrong',
		title: 'A request with a wrong key',
		document: documents.recorded,
		section: 'auth-error',
		kind: 'refusal',
		ask: ({ ask }) => ask({ path: '/api/v1/tasks/', key: 'sk-00000000000000000000000000000000' }),
		expected: { status: 401, code: 'InvalidApiKey', message: 'Invalid API-key provided.' },
	},
	{
		id: 'models-list',
		title: 'The list of models',
		document: documents.models,
		section: 'Response',
		kind: 'models',
		ask: ({ ask }) => ask({ path: `${models}?page_no=1&page_size=1` }),
		expected: { status: 200, has: ['output.total', 'output.models.0.model'] },
	},
	{
		id: 'models-one',
		title: 'One model, by its name',
		document: documents.models,
		section: 'Request, "model"',
		kind: 'models',
		ask: ({ ask }) => ask({ path: `${models}?model=emoji-v1&page_no=1&page_size=1` }),
		expected: { status: 200, says: { 'output.models.0.model': 'emoji-v1' } },
	},
	{
		id: 'models-limits',
		title: 'How much of the model the account may use',
		document: documents.quotas,
		section: 'Response',
		kind: 'other',
		ask: ({ ask }) => ask({ path: `${models}/limits?model=emoji-v1&page_no=1&page_size=1` }),
		expected: {
			status: 200,
			says: { 'output.quotas.0.model': 'emoji-v1' },
			has: ['output.quotas.0.model_limit.async_user_concurrency_limit'],
		},
	},
	{
		id: 'quotas',
		title: 'The same by the newer path',
		document: documents.quotas,
		section: 'Request',
		kind: 'other',
		ask: ({ ask }) => ask({ path: '/api/v1/quotas?model=emoji-v1&page_no=1&page_size=1' }),
		expected: {
			status: 200,
			says: { 'output.quotas.0.model': 'emoji-v1' },
			has: [
				'output.quotas.0.model_limit.async_user_concurrency_limit',
				'output.quotas.0.workspace_limit',
			],
		},
	},
	{
		id: 'limits-empty',
		title: 'A change of limits that names no model, so nothing changes',
		document: documents.limitUpdates,
		section: 'Request parameters, "1 to 200"',
		kind: 'refusal',
		optional: true,
		ask: ({ ask }) => ask({ method: 'POST', path: `${models}/limits`, body: { models: [] } }),
		expected: { status: 400, code: 'InvalidParameter' },
	},
	{
		id: 'compressed',
		title: 'An answer for a client that takes gzip',
		document: documents.recorded,
		section: 'headers of all fixtures',
		kind: 'task',
		ask: ({ ask }) => ask({ path: '/api/v1/tasks/1111', headers: { 'accept-encoding': 'gzip' } }),
		expected: {
			status: 200,
			headers: { 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' },
		},
	},
];
