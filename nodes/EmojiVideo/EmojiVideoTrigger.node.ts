import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IPollFunctions,
} from 'n8n-workflow';
import { requireSupportedHost } from './execution/host';
import { toNodeError } from './execution/nodeErrors';
import { triggerFields } from './parameters/trigger';
import { poll } from './trigger/poll';

requireSupportedHost();

/** The face: what n8n shows. What it does is in trigger/. */
export class EmojiVideoTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Emoji Video Trigger',
		name: 'emojiVideoTrigger',
		icon: {
			light: 'file:../../icons/emojiVideo.svg',
			dark: 'file:../../icons/emojiVideo.dark.svg',
		},
		group: ['trigger'],
		version: 1,
		subtitle: '={{ "On video " + $parameter["statuses"].join(" or ").toLowerCase() }}',
		// n8n shows this sentence for node and trigger together: what both do is said here.
		description: 'Turn portraits into short emoji videos, or start a workflow when one is finished',
		defaults: { name: 'Emoji Video Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'dashScopeApi', required: true }],
		properties: triggerFields,
	};

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const result = await poll(this);
		if (!result.ok) throw toNodeError(this.getNode(), result.failure);
		return result.value.length === 0 ? null : [result.value];
	}
}
