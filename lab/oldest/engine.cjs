// Runs the packed node in whatever n8n-core lies beside this file, which run.mts copies there. It
// takes orders from its parent process and answers each, by its number.
// Rule: it needs nothing that only newer engines have, and changes nothing that n8n's server would not.
require('reflect-metadata');
const path = require('node:path');
const { ExecutionLifecycleHooks, PackageDirectoryLoader, WorkflowExecute } = require('n8n-core');
const { NodeHelpers, Workflow } = require('n8n-workflow');

const NODE = 'n8n-nodes-emoji-video.emojiVideo';
const FOLDER = path.join(__dirname, 'package');

const items = {
	description: {
		displayName: 'Items',
		name: 'items',
		group: ['input'],
		version: 1,
		description: 'Emits items',
		defaults: { name: 'Items' },
		inputs: [],
		outputs: ['main'],
		properties: [{ displayName: 'Items', name: 'items', type: 'json', default: '[]' }],
	},
	async execute() {
		return [JSON.parse(this.getNodeParameter('items', 0)).map((json) => ({ json }))];
	},
};

/** What n8n's server would supply. */
function additionalData(credential) {
	const base = 'http://localhost:5678/';
	const urls = ['restApi', 'instanceBase', 'formWaitingBase', 'webhookBase', 'webhookWaitingBase'];
	return {
		...Object.fromEntries(urls.map((name) => [`${name}Url`, base])),
		credentialsHelper: {
			getParentTypes: () => [],
			isCredentialUsableByNode: () => true,
			getDecrypted: async () => ({ ...credential }),
			preAuthentication: async () => undefined,
			authenticate: async (data, _type, request) => ({
				...request,
				headers: { ...request.headers, Authorization: `Bearer ${data.apiKey}` },
			}),
		},
		currentNodeExecutionIndex: 0,
		variables: {},
		executionId: '1',
		logAiEvent: () => undefined,
		setExecutionStatus: () => undefined,
		sendDataToUI: () => undefined,
		hooks: new ExecutionLifecycleHooks('manual', '1', { id: '1', name: 'Test', nodes: [] }),
	};
}

const loading = (async () => {
	const loader = new PackageDirectoryLoader(FOLDER);
	await loader.loadAll();
	return loader;
})();

async function createWorkflow({ input, parameters, settings }) {
	const { nodeTypes } = await loading;
	const types = {
		'test.items': items,
		[NODE]: NodeHelpers.getVersionedNodeType(nodeTypes.emojiVideo.type),
	};
	const node = (name, type, more) => ({
		id: name,
		name,
		type,
		typeVersion: 1,
		position: [0, 0],
		...more,
	});
	return new Workflow({
		id: '1',
		active: false,
		nodes: [
			node('Items', 'test.items', { parameters: { items: JSON.stringify(input) } }),
			node('Emoji Video', NODE, {
				parameters,
				credentials: { dashScopeApi: { id: '1', name: 'DashScope API' } },
				...settings,
			}),
		],
		connections: { Items: { main: [[{ node: 'Emoji Video', type: 'main', index: 0 }]] } },
		nodeTypes: {
			getByName: (name) => types[name],
			getByNameAndVersion: (name) => types[name],
			getKnownTypes: () => ({}),
		},
	});
}

const shown = ({ json, binary, pairedItem }) => ({
	json,
	pairedItem,
	// Without a binary data service, n8n keeps files in the items.
	video: binary?.data?.data,
});

const running = new Map();

const orders = {
	load: async () => {
		const { nodeTypes, credentialTypes } = await loading;
		return [...Object.keys(nodeTypes), ...Object.keys(credentialTypes)];
	},
	run: async (number, order) => {
		const workflow = await createWorkflow(order);
		const execute = new WorkflowExecute(additionalData(order.credential), 'manual');
		const execution = execute.run(workflow, workflow.getNode('Items'));
		running.set(number, execution);
		const { data } = await execution;
		const last = data.resultData.runData['Emoji Video']?.at(-1);
		const { error } = data.resultData;
		return {
			outputs: (last?.data?.main ?? []).map((output) => (output ?? []).map(shown)),
			hints: (last?.hints ?? []).map(({ message }) => message),
			...(error && { error: { message: error.message, description: error.description } }),
		};
	},
	stop: async (_number, { run }) => {
		running.get(run)?.cancel();
	},
};

process.on('message', ({ number, order, ...rest }) => {
	orders[order](number, rest).then(
		(value) => process.send({ number, value: value ?? null }),
		(error) => process.send({ number, refused: String(error?.stack ?? error) }),
	);
});
