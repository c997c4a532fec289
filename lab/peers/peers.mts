/**
 * The alternatives that people would pick, as data. The rule: each is built as its users build it, with its own
 * defaults. A row may only add settings, and adds them to every node that talks to the service.
 */
import { step, type Step, type Wires } from '../stage/workflows.mts';
import type { Account } from './peerAccount.mts';

/** The settings that a row changes. */
export interface Variant {
	/** Settings of the nodes that talk to the service, e.g. `retryOnFail`. */
	settings?: Record<string, unknown>;
	/** Built so that the wait outlives n8n, by who can. */
	survives?: boolean;
}

/** The nodes behind the list of portraits, which is the same for all. */
export interface Plan {
	steps: Step[];
	/** Between these nodes; the list goes into the first. */
	wires: Wires;
	/** The node that puts out the videos. */
	videos: string;
}

export interface Peer {
	title: string;
	plan: (account: Account, variant?: Variant) => Plan;
	/** Whether there is a way to build it so that its wait outlives n8n. */
	canSurvive: boolean;
	/** Whether it creates all tasks before it waits, or one after another. */
	createsAhead: boolean;
	/** Whether the mock detects faces in its portraits. For other makers' models it accepts anything. */
	isPortraitLookedAt: boolean;
	/** Files below n8n's or the package's folder that are loaded for it. */
	files: { from: 'package' | 'n8n'; paths: string[] };
}

/** One request a second is the account's limit. */
const ONE_A_SECOND = { batching: { batch: { batchSize: 1, batchInterval: 1100 } } };

/** n8n keeps a Wait of less than 65 s in memory. */
const WAIT_SECONDS = 15;
const SURVIVING_WAIT_SECONDS = 70;

const emojiVideo: Peer = {
	title: 'this node',
	canSurvive: true,
	createsAhead: true,
	isPortraitLookedAt: true,
	files: { from: 'package', paths: ['dist/nodes/EmojiVideo/EmojiVideo.node.js'] },
	plan: ({ credentials }, { settings, survives } = {}) => ({
		videos: 'Emoji Video',
		wires: {},
		steps: [
			{
				name: 'Emoji Video',
				type: 'n8n-nodes-emoji-video.emojiVideo',
				typeVersion: 1,
				parameters: {
					resource: 'video',
					operation: 'createAndWait',
					imageUrl: '={{ $json.imageUrl }}',
					templates: '={{ $json.template }}',
					options: survives === true ? { surviveRestarts: true } : {},
				},
				credentials: credentials.emojiVideo,
				...settings,
			},
		],
	}),
};

const DETECT_BODY =
	"={{ JSON.stringify({ model: 'emoji-detect-v1', input: { image_url: $json.imageUrl }, parameters: { ratio: '1:1' } }) }}";
const CREATE_BODY =
	"={{ JSON.stringify({ model: 'emoji-v1', input: { image_url: $('Portraits').item.json.imageUrl, driven_id: $('Portraits').item.json.template, face_bbox: $json.output.bbox_face, ext_bbox: $json.output.ext_bbox_face } }) }}";

/** detect -> create -> Wait -> poll -> IF -> download, or back to the Wait. */
const httpRequest: Peer = {
	title: 'HTTP Request + Wait + IF',
	canSurvive: true,
	createsAhead: true,
	isPortraitLookedAt: true,
	files: {
		from: 'n8n',
		paths: ['HttpRequest/HttpRequest', 'Wait/Wait', 'If/If'].map(
			(name) => `n8n-nodes-base/dist/nodes/${name}.node.js`,
		),
	},
	plan: ({ mock, credentials }, { settings, survives } = {}) => {
		const request = (name: string, parameters: Record<string, unknown>): Step => ({
			...step(name, 'httpRequest', 4.2, {
				authentication: 'genericCredentialType',
				genericAuthType: 'httpHeaderAuth',
				options: {},
				...parameters,
			}),
			credentials: credentials.header,
			...settings,
		});
		const post = (name: string, path: string, jsonBody: string, isAsync: boolean) =>
			request(name, {
				method: 'POST',
				url: `${mock.url}/api/v1/services/aigc/image2video/${path}`,
				sendHeaders: isAsync,
				headerParameters: { parameters: [{ name: 'X-DashScope-Async', value: 'enable' }] },
				sendBody: true,
				specifyBody: 'json',
				jsonBody,
				options: ONE_A_SECOND,
			});
		return {
			videos: 'Download',
			wires: {
				Detect: [['Create']],
				Create: [['Wait']],
				Wait: [['Get Status']],
				'Get Status': [['Finished?']],
				'Finished?': [['Download'], ['Wait']],
			},
			steps: [
				post('Detect', 'face-detect', DETECT_BODY, false),
				post('Create', 'video-synthesis', CREATE_BODY, true),
				step('Wait', 'wait', 1.1, {
					amount: survives === true ? SURVIVING_WAIT_SECONDS : WAIT_SECONDS,
					unit: 'seconds',
				}),
				request('Get Status', { url: `=${mock.url}/api/v1/tasks/{{ $json.output.task_id }}` }),
				step('Finished?', 'if', 2.2, {
					conditions: {
						options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
						combinator: 'and',
						conditions: [
							{
								id: 'finished',
								leftValue: '={{ $json.output.task_status }}',
								rightValue: 'SUCCEEDED',
								operator: { type: 'string', operation: 'equals' },
							},
						],
					},
					options: {},
				}),
				request('Download', {
					url: '={{ $json.output.video_url }}',
					authentication: 'none',
					options: { response: { response: { responseFormat: 'file' } } },
				}),
			],
		};
	},
};

/** The model that the Qwen Cloud node is set to; the mock lets it make the same videos. */
export const OTHER_MODEL = 'wan2.6-i2v-flash';

const qwenCloud: Peer = {
	title: "n8n's Qwen Cloud node",
	canSurvive: false,
	createsAhead: false,
	isPortraitLookedAt: false,
	files: {
		from: 'n8n',
		paths: ['@n8n/n8n-nodes-langchain/dist/nodes/vendors/AlibabaCloud/AlibabaCloud.node.js'],
	},
	plan: ({ credentials }, { settings } = {}) => ({
		videos: 'Qwen Cloud',
		wires: {},
		steps: [
			{
				name: 'Qwen Cloud',
				type: '@n8n/n8n-nodes-langchain.alibabaCloud',
				typeVersion: 1.1,
				parameters: {
					resource: 'video',
					operation: 'imageToVideo',
					modelId: { __rl: true, mode: 'id', value: OTHER_MODEL },
					imgUrl: '={{ $json.imageUrl }}',
					prompt: '={{ $json.template }}',
				},
				credentials: credentials.qwenCloud,
				...settings,
			},
		],
	}),
};

export const PEERS: Peer[] = [emojiVideo, httpRequest, qwenCloud];

/** Every expression that somebody has to write, however deep it lies. */
export function countExpressions(value: unknown): number {
	if (typeof value === 'string') return value.startsWith('=') ? 1 : 0;
	if (typeof value !== 'object' || value === null) return 0;
	return Object.values(value)
		.map(countExpressions)
		.reduce((sum, count) => sum + count, 0);
}
