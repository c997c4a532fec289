import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { OPERATIONS, route } from './actions/router';
import { requireSupportedHost } from './execution/host';
import { durableRoleField } from './parameters/durableRole';

requireSupportedHost();

/** The face: what n8n shows. What it does is in actions/. */
export class EmojiVideo implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Emoji Video',
		name: 'emojiVideo',
		icon: {
			light: 'file:../../icons/emojiVideo.svg',
			dark: 'file:../../icons/emojiVideo.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Turn a portrait into short emoji videos with Alibaba Cloud Model Studio',
		defaults: { name: 'Emoji Video' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'dashScopeApi', required: true }],
		// Under n8n's own "Waiting for input", in the output of a parked node.
		waitingNodeTooltip:
			'Survive Restarts: this execution waits in the database of n8n and goes on by itself when its videos are there. Stop ends it.',
		properties: [
			{
				displayName: 'Resource',
				name: 'resource',
				type: 'options',
				noDataExpression: true,
				default: 'video',
				options: [
					{ name: 'Image', value: 'image' },
					{ name: 'Video', value: 'video' },
				],
			},
			{
				displayName: 'Operation',
				name: 'operation',
				type: 'options',
				noDataExpression: true,
				default: 'createAndWait',
				displayOptions: { show: { resource: ['video'] } },
				options: [
					{
						name: 'Cancel',
						value: 'cancel',
						action: 'Cancel video',
						description: 'Take tasks out of the queue before they run',
					},
					{
						name: 'Create',
						value: 'create',
						action: 'Create video',
						description: 'Start making videos and return their task IDs at once',
					},
					{
						name: 'Create and Wait',
						value: 'createAndWait',
						action: 'Create video and wait',
						description: 'Make videos and return them when they are finished',
					},
					{
						name: 'Get Many',
						value: 'getMany',
						action: 'Get many videos',
						description: "List the account's tasks of the last 24 hours",
					},
					{
						name: 'Get Status',
						value: 'getStatus',
						action: 'Get video status',
						description: 'Ask how far a task is, and get its video link',
					},
					{
						name: 'Wait',
						value: 'wait',
						action: 'Wait for video',
						description:
							'Take up tasks that were created before, and return their videos when they are finished',
					},
				],
			},
			{
				displayName: 'Operation',
				name: 'operation',
				type: 'options',
				noDataExpression: true,
				default: 'detectFace',
				displayOptions: { show: { resource: ['image'] } },
				options: [
					{
						name: 'Detect Face',
						value: 'detectFace',
						action: 'Detect face in image',
						description: 'Check whether a portrait can be used, and find its face',
					},
				],
			},
			durableRoleField,
			...Object.values(OPERATIONS).flatMap((operations) =>
				Object.values(operations).flatMap(({ fields }) => fields),
			),
		],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await route(this);
	}
}
