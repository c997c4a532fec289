import { NodeApiError, NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type {
	INode,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IPollFunctions,
} from 'n8n-workflow';
import type { Failure } from './result';
import { poll } from './trigger/poll';
import { triggerFields } from './parameters/trigger';

/** The trigger's one place where a failure becomes an exception. */
function toNodeError(node: INode, failure: Failure) {
	const { message, nextStep, httpStatus, requestId, code } = failure;
	const description = `${nextStep}${requestId ? ` Request ID: ${requestId}.` : ''}`;
	if (httpStatus === undefined) return new NodeOperationError(node, message, { description });
	const cause = { message, code: code ?? null, request_id: requestId ?? null };
	return new NodeApiError(node, cause, { message, description, httpCode: String(httpStatus) });
}

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
