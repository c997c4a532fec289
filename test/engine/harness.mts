/**
 * Runs the built node (dist/) in n8n's real engine, n8n-core's `WorkflowExecute`, against the mock service. The node
 * and the engine are real; this file supplies what n8n's server would (credentials, URLs). Rule: `npm run build` comes
 * first; npm test does it.
 */
import 'reflect-metadata';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { createRequire } from 'node:module';
import type { Container as DiContainer } from '@n8n/di';
import {
	BinaryDataService,
	ExecutionLifecycleHooks,
	PackageDirectoryLoader,
	WorkflowExecute,
} from 'n8n-core';
import { createEmptyRunExecutionData, NodeHelpers, Workflow } from 'n8n-workflow';
import { DashScopeApi } from '../../credentials/DashScopeApi.credentials';
import type {
	IBinaryData,
	IBinaryKeyData,
	IDataObject,
	IHttpRequestOptions,
	INode,
	INodeExecutionData,
	INodeParameters,
	INodeType,
	INodeTypes,
	IRun,
	IWorkflowExecuteAdditionalData,
	IConnections,
} from 'n8n-workflow';

export const EMOJI_VIDEO = 'n8n-nodes-emoji-video.emojiVideo';

/** A node that emits the items of its parameter, in place of a trigger and a Set node. */
const itemsNode: INodeType = {
	description: {
		displayName: 'Items',
		name: 'items',
		group: ['input'],
		version: 1,
		description: 'Emits items',
		defaults: { name: 'Items' },
		inputs: [],
		outputs: ['main'],
		properties: [
			{ displayName: 'Items', name: 'items', type: 'json', default: '[]' },
			{ displayName: 'Files', name: 'files', type: 'json', default: '[]' },
			{ displayName: 'Stored', name: 'stored', type: 'json', default: '[]' },
		],
	},
	async execute() {
		const items = JSON.parse(this.getNodeParameter('items', 0) as string) as IDataObject[];
		const files = JSON.parse(this.getNodeParameter('files', 0) as string) as FilesOfItem[];
		const stored = JSON.parse(this.getNodeParameter('stored', 0) as string) as IBinaryKeyData[];
		const output = items.map(async (json, index): Promise<INodeExecutionData> => {
			const fields = Object.entries(files[index] ?? {}).map(
				async ([field, { base64, fileName, mimeType }]) => [
					field,
					await this.helpers.prepareBinaryData(Buffer.from(base64, 'base64'), fileName, mimeType),
				],
			);
			if (stored[index]) return { json, binary: stored[index] };
			if (fields.length === 0) return { json };
			const binary = Object.fromEntries(await Promise.all(fields)) as IBinaryKeyData;
			return { json, binary };
		});
		return [await Promise.all(output)];
	},
};

type FilesOfItem = Record<string, { base64: string; fileName?: string; mimeType?: string }>;

/** A file of an input item. */
export interface InputFile {
	bytes: Buffer;
	fileName?: string;
	mimeType?: string;
}

const encoded = (files: Array<Record<string, InputFile>>): FilesOfItem[] =>
	files.map((fields) =>
		Object.fromEntries(
			Object.entries(fields).map(([field, { bytes, ...file }]) => [
				field,
				{ ...file, base64: bytes.toString('base64') },
			]),
		),
	);

/** n8n-core's own container; another copy of @n8n/di would have none of its services. */
const core = path.resolve(import.meta.dirname, '../../node_modules/n8n-core/dist/index.js');
const fromCore = createRequire(core);
const { Container } = fromCore('@n8n/di') as { Container: typeof DiContainer };

/** The logger that n8n gives to nodes. */
export function n8nLogger() {
	const { Logger } = fromCore('@n8n/backend-common') as typeof import('@n8n/backend-common');
	return Container.get(Logger);
}

/** What nodes write into n8n's log, at level info, from now on. */
export function readLog(): () => string {
	const info = jest.spyOn(n8nLogger(), 'info');
	return () => info.mock.calls.map(([line]) => line).join('\n');
}

/**
 * Sets where n8n keeps files from now on: inside the items, or in a folder, as a normal n8n does.
 * @param folder for `filesystem`; n8n makes it
 */
export async function keepFilesIn(mode: 'memory' | 'filesystem', folder = ''): Promise<void> {
	const service = Container.get(BinaryDataService);
	const inner = service as unknown as { managers: object; config: { localStoragePath: string } };
	// Without a manager for its mode, n8n keeps files in memory.
	inner.managers = {};
	if (mode === 'memory') return;
	inner.config.localStoragePath = folder;
	await service.init();
}

/** Stores bytes as an n8n file. */
export const storeFile = async (
	content: Buffer | Readable,
	fileName: string,
	mimeType: string,
): Promise<IBinaryData> =>
	await Container.get(BinaryDataService).store(
		{ type: 'execution', workflowId: 'workflow-1', executionId: '1' },
		content,
		{ fileName, mimeType, data: '' },
	);

/** The bytes of an output file, in either storage. */
export const bytesOf = async (file: IBinaryData | undefined): Promise<Buffer> =>
	file ? await Container.get(BinaryDataService).getAsBuffer(file) : Buffer.alloc(0);

let loading: Promise<PackageDirectoryLoader> | undefined;

async function loadPackage(): Promise<PackageDirectoryLoader> {
	const loader = new PackageDirectoryLoader(path.resolve(import.meta.dirname, '../..'));
	await loader.loadAll();
	return loader;
}

/** A node of the built package, loaded as n8n loads it. */
export async function loadBuiltNode(name = 'emojiVideo'): Promise<INodeType> {
	loading ??= loadPackage();
	const { nodeTypes } = await loading;
	return NodeHelpers.getVersionedNodeType(nodeTypes[name]?.type as INodeType);
}

export interface Credential {
	apiKey: string;
	endpoint: 'beijing' | 'workspace' | 'custom';
	workspaceId?: string;
	customUrl?: string;
}

export interface NodeRun {
	/** Input items' json. */
	items?: IDataObject[];
	/** Input items' files, by item and field. */
	files?: Array<Record<string, InputFile>>;
	/** Input items' files that n8n has stored already, by item and field. */
	stored?: IBinaryKeyData[];
	parameters: INodeParameters;
	credential: Credential;
	/** Node settings: onError, retryOnFail, maxTries, waitBetweenTries. */
	settings?: Partial<INode>;
}

export interface NodeResult {
	run: IRun;
	/** Items of each output: success, and error where the node has an error output. */
	outputs: INodeExecutionData[][];
	error?: { message: string; description?: string | null; context?: IDataObject };
}

const { authenticate } = new DashScopeApi();

/**
 * The data that n8n's server would supply to every node.
 * @param credential read again for each access
 */
export function createAdditionalData(credential: Credential): IWorkflowExecuteAdditionalData {
	const credentialsHelper = {
		getParentTypes: () => [],
		isCredentialUsableByNode: () => true,
		getDecrypted: async () => Promise.resolve({ ...credential }),
		preAuthentication: async () => Promise.resolve(undefined),
		authenticate: async (data: Credential, _type: string, request: IHttpRequestOptions) =>
			await authenticate({ ...data }, request),
	};
	const base = 'http://localhost:5678/';
	return {
		credentialsHelper,
		currentNodeExecutionIndex: 0,
		restApiUrl: base,
		instanceBaseUrl: base,
		formBaseUrl: base,
		formWaitingBaseUrl: base,
		formTestBaseUrl: base,
		webhookBaseUrl: base,
		webhookWaitingBaseUrl: base,
		webhookTestBaseUrl: base,
		mcpBaseUrl: base,
		mcpTestBaseUrl: base,
		variables: {},
		executionId: '1',
		logAiEvent: () => undefined,
		setExecutionStatus: () => undefined,
		sendDataToUI: () => undefined,
	} as unknown as IWorkflowExecuteAdditionalData;
}

/** The types of nodes that a workflow may have: Items, the built node, and more, by type name. */
export async function createNodeTypes(more: Record<string, INodeType> = {}): Promise<INodeTypes> {
	const types: Record<string, INodeType> = {
		'test.items': itemsNode,
		[EMOJI_VIDEO]: await loadBuiltNode(),
		...more,
	};
	const typeOf = (name: string): INodeType => {
		const type = types[name];
		if (!type) throw new Error(`There is no node type ${name}.`);
		return type;
	};
	return { getByName: typeOf, getByNameAndVersion: typeOf, getKnownTypes: () => ({}) };
}

/** The nodes Items and Emoji Video. */
export const createNodes = ({
	files = [],
	stored = [],
	items = files.length + stored.length > 0 ? [...files, ...stored].map(() => ({})) : [{}],
	parameters,
	settings,
}: Omit<NodeRun, 'credential'>): INode[] => [
	{
		id: 'items',
		name: 'Items',
		type: 'test.items',
		typeVersion: 1,
		position: [0, 0],
		parameters: {
			items: JSON.stringify(items),
			files: JSON.stringify(encoded(files)),
			stored: JSON.stringify(stored),
		},
	},
	{
		id: 'emoji-video',
		name: 'Emoji Video',
		type: EMOJI_VIDEO,
		typeVersion: 1,
		position: [200, 0],
		parameters,
		credentials: { dashScopeApi: { id: '1', name: 'DashScope API' } },
		...settings,
	},
];

/** Builds Items -> Emoji Video as a workflow of the engine. */
async function createWorkflow(nodeRun: NodeRun): Promise<Workflow> {
	const connections: IConnections = {
		Items: { main: [[{ node: 'Emoji Video', type: 'main', index: 0 }]] },
	};
	return new Workflow({
		id: 'workflow-1',
		nodes: createNodes(nodeRun),
		connections,
		active: false,
		nodeTypes: await createNodeTypes(),
	});
}

/** A running workflow with a Stop button. */
export interface RunningNode {
	result: Promise<NodeResult>;
	stop(): void;
}

/** Starts Items -> Emoji Video. */
export async function startNode(nodeRun: NodeRun): Promise<RunningNode> {
	const workflow = await createWorkflow(nodeRun);
	const additionalData = createAdditionalData(nodeRun.credential);
	additionalData.hooks = new ExecutionLifecycleHooks('manual', '1', {
		id: 'workflow-1',
		name: 'Test',
		active: false,
		activeVersionId: null,
		isArchived: false,
		createdAt: new Date(),
		updatedAt: new Date(),
		connections: {},
		nodes: [],
	});
	const execute = new WorkflowExecute(additionalData, 'manual', createEmptyRunExecutionData());
	const running = execute.run({ workflow, startNode: workflow.getNode('Items') ?? undefined });
	return {
		stop: () => running.cancel(),
		result: running.then((run) => {
			const last = run.data.resultData.runData['Emoji Video']?.at(-1);
			const error = run.data.resultData.error ?? last?.error;
			return {
				run,
				outputs: (last?.data?.main ?? []).map((output) => output ?? []),
				...(error && { error: error as unknown as NodeResult['error'] }),
			};
		}),
	};
}

/** Runs Items -> Emoji Video to its end. */
export async function runNode(nodeRun: NodeRun): Promise<NodeResult> {
	const { result } = await startNode(nodeRun);
	return await result;
}
