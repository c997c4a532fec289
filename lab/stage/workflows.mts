/**
 * Workflows for tests and programs, in a few words each. The rule: a workflow is as the editor would save it, so
 * that n8n runs it like a user's.
 */
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Credential, WorkflowFile } from '../../sandbox/n8n/api.mts';

/** A node as the editor saves it, without its position. */
export interface Step {
	name: string;
	type: string;
	typeVersion: number;
	parameters: Record<string, unknown>;
	credentials?: Record<string, { id: string; name: string }>;
	[setting: string]: unknown;
}

/** node -> its outputs -> the nodes that each is connected to. */
export type Wires = Record<string, string[][]>;

/** One input item: a portrait and what to make of it. */
export interface Portrait {
	imageUrl: string;
	template: string;
	number: number;
}

export const step = (
	name: string,
	type: string,
	typeVersion: number,
	parameters: Record<string, unknown> = {},
): Step => ({ name, type: `n8n-nodes-base.${type}`, typeVersion, parameters });

export const MANUAL = step('Manual Trigger', 'manualTrigger', 1);
export const FROM_WORKFLOW = step('Called', 'executeWorkflowTrigger', 1.1, {
	inputSource: 'passthrough',
});

export const webhook = (path: string) =>
	step('Webhook', 'webhook', 2, {
		httpMethod: 'POST',
		path,
		responseMode: 'onReceived',
		options: {},
	});

const TEMPLATES = [
	'mengwa_kaixin',
	'jingdian_lei',
	'dagong_wunai',
	'mengwa_jidong',
	'jingdian_qidai',
];

/** Portraits of the mock, each with another template. */
export const portraitsOf = (mock: DashScopeMock, ...files: string[]): Portrait[] =>
	files.map((file, number) => ({
		imageUrl: mock.portraitUrl(file),
		template: TEMPLATES[number % TEMPLATES.length] ?? '',
		number,
	}));

/** Two nodes that put out one item per portrait; the second is "Portraits". */
export const listOf = (portraits: Portrait[]): Step[] => [
	step('List', 'set', 3.4, {
		mode: 'raw',
		jsonOutput: JSON.stringify({ portraits }),
		options: {},
	}),
	step('Portraits', 'splitOut', 1, { fieldToSplitOut: 'portraits', options: {} }),
];

const credentialsOf = ({ id, name, type }: Credential) => ({ [type]: { id, name } });

/** The node under test. Default: Create and Wait for the items of "Portraits". */
export const emojiVideo = (
	credential: Credential,
	parameters: Record<string, unknown> = {},
	settings: Record<string, unknown> = {},
): Step => ({
	name: 'Emoji Video',
	type: 'n8n-nodes-emoji-video.emojiVideo',
	typeVersion: 1,
	parameters: {
		resource: 'video',
		operation: 'createAndWait',
		imageUrl: '={{ $json.imageUrl }}',
		templates: '={{ $json.template }}',
		...parameters,
	},
	credentials: credentialsOf(credential),
	...settings,
});

/** Adds the number of the portrait that n8n links an item to. */
export const numbered = (name: string, from = 'Portraits') =>
	step(name, 'set', 3.4, {
		assignments: {
			assignments: [
				{
					id: 'number',
					name: 'number',
					type: 'number',
					value: `={{ $('${from}').item.json.number }}`,
				},
			],
		},
		includeOtherFields: true,
		options: {},
	});

/** Each node's first output into the next node. */
export const inARow = (names: string[]): Wires =>
	Object.fromEntries(names.slice(0, -1).map((name, index) => [name, [[names[index + 1] ?? '']]]));

/** @param wires default: all in a row */
export const workflow = (
	name: string,
	steps: Step[],
	wires: Wires = inARow(steps.map((one) => one.name)),
): WorkflowFile => ({
	name,
	settings: { executionOrder: 'v1' },
	nodes: steps.map((one, index) => ({ id: one.name, position: [index * 200, 0], ...one })),
	connections: Object.fromEntries(
		Object.entries(wires).map(([from, outputs]) => [
			from,
			{
				main: outputs.map((targets) => targets.map((node) => ({ node, type: 'main', index: 0 }))),
			},
		]),
	),
});

/**
 * Starter -> List -> Portraits -> Emoji Video -> After, which follows the item links back.
 * @param starter default: the editor's button
 */
export const batch = (
	name: string,
	portraits: Portrait[],
	video: Step,
	starter: Step = MANUAL,
): WorkflowFile => workflow(name, [starter, ...listOf(portraits), video, numbered('After')]);

/** The same, with the failed items leaving by the error output, to "Failed". */
export const batchWithErrorOutput = (
	name: string,
	portraits: Portrait[],
	video: Step,
	starter: Step = MANUAL,
): WorkflowFile =>
	workflow(
		name,
		[
			starter,
			...listOf(portraits),
			{ ...video, onError: 'continueErrorOutput' },
			numbered('After'),
			numbered('Failed'),
		],
		{
			...inARow([starter.name, 'List', 'Portraits', video.name]),
			[video.name]: [['After'], ['Failed']],
		},
	);

/** Emoji Video Trigger, which polls once a minute -> the video into a file named after its task. */
export const listener = (credential: Credential, filesFolder: string): WorkflowFile =>
	workflow('Listens', [
		{
			name: 'Trigger',
			type: 'n8n-nodes-emoji-video.emojiVideoTrigger',
			typeVersion: 1,
			parameters: { pollTimes: { item: [{ mode: 'everyMinute' }] } },
			credentials: credentialsOf(credential),
		},
		step('Save Video', 'readWriteFile', 1.1, {
			operation: 'write',
			fileName: `=${filesFolder}/told-{{ $json.taskId }}.mp4`,
			options: {},
		}),
	]);
