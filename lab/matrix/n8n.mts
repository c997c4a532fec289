/** n8n, as far as an operation sees it: its own HTTP helpers over real sockets, one item, one storage. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { IDataObject, IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';
import { portraitsFolder } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';

const core = path.resolve(import.meta.dirname, '../../node_modules/n8n-core/dist/index.js');
const { getRequestHelperFunctions } = createRequire(core)(
	'./execution-engine/node-execution-context/utils/request-helpers/factory.js',
) as { getRequestHelperFunctions: (...args: unknown[]) => IExecuteFunctions['helpers'] };

export interface Flow {
	resource: 'video' | 'image';
	operation: string;
	parameters: IDataObject;
	/** Whether the portrait is a file of the item. */
	hasFile?: boolean;
	/** Whether a task stands in the queue before. */
	hasTask?: boolean;
}

/** Requests on the wire, until their responses have been read to the end or dropped. */
export interface UnderWay {
	/** Those that will be answered. */
	answered: number;
	/** Those that may never be. */
	endless: number;
	events: number;
}

const DEFAULTS: IDataObject = {
	imageSource: 'url',
	faceAreas: 'detect',
	templates: ['mengwa_kaixin'],
	'options.timeout': 1800,
};

/** n8n, as far as the operation sees it. */
export function n8nFor(
	mock: DashScopeMock,
	{ resource, operation, parameters, hasFile }: Flow,
	taskId: string,
	isEndless: (request: IHttpRequestOptions) => boolean,
) {
	const underWay: UnderWay = { answered: 0, endless: 0, events: 0 };
	const node = { name: 'Emoji Video', type: 'emojiVideo', typeVersion: 1, parameters: {} };
	const credentialsHelper = {
		getParentTypes: () => [],
		preAuthentication: async () => await Promise.resolve(undefined),
		authenticate: async (_data: unknown, _type: string, request: IHttpRequestOptions) =>
			await Promise.resolve({
				...request,
				headers: { ...request.headers, Authorization: `Bearer ${mock.apiKey}` },
			}),
	};
	const helpers = getRequestHelperFunctions({}, node, { credentialsHelper });
	const watch = async (request: IHttpRequestOptions, ask: () => Promise<unknown>) => {
		const kind = isEndless(request) ? 'endless' : 'answered';
		const count = (by: number) => {
			underWay[kind] += by;
			underWay.events++;
		};
		count(1);
		try {
			const answer = (await ask()) as { body?: Readable };
			underWay.events++;
			if (typeof answer.body?.once === 'function') {
				count(1);
				const { body } = answer;
				body.once('close', () => count(-1));
			}
			return answer;
		} finally {
			count(-1);
		}
	};
	const values: IDataObject = {
		...DEFAULTS,
		resource,
		operation,
		taskId,
		imageUrl: mock.portraitUrl('ada.png'),
		...parameters,
	};
	const ada = readFileSync(path.join(portraitsFolder, 'ada.png'));
	const context = {};
	const functions = {
		getInputData: () => [{ json: {}, ...(hasFile && { binary: { data: {} } }) }],
		getNodeParameter: (name: string, _: number, fallback: unknown) => values[name] ?? fallback,
		getTimezone: () => 'UTC',
		getNode: () => node,
		getContext: () => context,
		getExecutionId: () => '1',
		getWorkflow: () => ({ id: 'w', name: 'w', active: false }),
		getMode: () => 'trigger',
		getExecutionCancelSignal: () => undefined,
		getWorkflowDataProxy: () => ({ $runIndex: 0 }),
		getCredentials: async () =>
			await Promise.resolve({ apiKey: mock.apiKey, endpoint: 'custom', customUrl: mock.url }),
		continueOnFail: () => true,
		isToolExecution: () => false,
		addExecutionHints: () => undefined,
		logger: { warn: () => undefined, info: () => undefined },
		helpers: {
			...helpers,
			httpRequest: async (request: IHttpRequestOptions) =>
				await watch(request, async () => (await helpers.httpRequest(request)) as unknown),
			async httpRequestWithAuthentication(
				this: IExecuteFunctions,
				type: string,
				request: IHttpRequestOptions,
			) {
				const ask = helpers.httpRequestWithAuthentication.bind(this, type, request);
				return await watch(request, async () => (await ask()) as unknown);
			},
			assertBinaryData: () => ({
				data: ada.toString('base64'),
				mimeType: 'image/png',
				fileName: 'ada.png',
			}),
			prepareBinaryData: async (body: AsyncIterable<Buffer>) => {
				let bytes = 0;
				for await (const piece of body) {
					bytes += piece.length;
					underWay.events++;
				}
				return { data: 'stored', mimeType: 'video/mp4', bytes };
			},
		},
	};
	return { functions: functions as unknown as IExecuteFunctions, underWay };
}
