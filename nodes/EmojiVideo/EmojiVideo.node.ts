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
		// Read by n8n's assistant and by its MCP server, whose test runs end after 60 seconds.
		builderHint: {
			searchHint:
				'Turns a portrait photo into short videos of emoji expressions. A video takes 1 to 5 minutes. If a run may take 60 seconds only, use Create, then Get Status with its taskId, instead of Create and Wait.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-emoji-video.emojiVideoTrigger',
					relationHint: 'Starts a workflow when a video is finished, so that none has to wait',
				},
			],
		},
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
						description: 'Cancel videos that are still queued',
					},
					{
						name: 'Create',
						value: 'create',
						action: 'Create video',
						description: 'Create videos and return their task IDs at once',
					},
					{
						name: 'Create and Wait',
						value: 'createAndWait',
						action: 'Create video and wait',
						description: 'Create videos and return them when they are finished',
					},
					{
						name: 'Get Many',
						value: 'getMany',
						action: 'Get many videos',
						description: 'Retrieve a list of video tasks from the last 24 hours',
					},
					{
						name: 'Get Status',
						value: 'getStatus',
						action: 'Get video status',
						description: 'Get the status and the link of a video',
					},
					{
						name: 'Wait',
						value: 'wait',
						action: 'Wait for video',
						description: 'Wait for videos that were created earlier and return them',
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
						description: 'Check whether an image can be used as a portrait, and find its face',
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
