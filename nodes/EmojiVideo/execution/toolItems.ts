/**
 * What an AI agent gets back from its tool: little, in words that a model can act on. Rule: a task that
 * was accepted is in it with its ID, and a failure says what to do next in the same text, because agents
 * show their model nothing but the message.
 */
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { nameOfTemplate } from '../dashscope/templateNames';
import { saidByService } from '../base/result';
import type { Failure } from '../base/result';
import type { OutputField } from '../output';
import type { Outcome } from './outcome';

/** What a model has no use for: it would only fill the conversation. */
const NOT_FOR_MODELS: readonly OutputField[] = [
	'requestId',
	'imageUrl',
	'imageFile',
	'faceArea',
	'expressionArea',
	'submittedAt',
	'startedAt',
	'finishedAt',
	'templateId',
];

const UNFINISHED =
	'The video is not finished yet. Do not order it again: ask for its status with this taskId in a minute or two.';

/** A task as the model reads it; anything else stays as it is. */
function forModel(json: IDataObject): IDataObject {
	if (typeof json.taskId !== 'string') return json;
	const { status } = json;
	const kept = Object.entries(json).filter(
		([name]) => !NOT_FOR_MODELS.some((field) => field === name),
	);
	const isOpen = status === 'PENDING' || status === 'RUNNING';
	return {
		...Object.fromEntries(kept),
		...(isOpen && { nextStep: UNFINISHED }),
	};
}

/** A failure in one text: what happened, what to do, and what the service says. */
export const failureForModel = (failure: Failure): string => {
	const { message, nextStep, taskId } = failure;
	const parts = [`${message}.`, nextStep, saidByService(failure), taskId && `Task ID: ${taskId}.`];
	return parts.filter(Boolean).join(' ');
};

/** An outcome as the item that the agent hands to its model. */
export function toToolItem({ itemIndex, result, about }: Outcome): INodeExecutionData {
	const pairedItem = { item: itemIndex };
	if (result.ok) return { json: forModel(result.value.json), pairedItem };
	const { failure } = result;
	const { taskId, status } = failure;
	const { templateId, videoUrl } = about ?? {};
	const templateName = templateId && nameOfTemplate(templateId);
	const json = { error: failureForModel(failure), taskId, status, videoUrl, templateName };
	return {
		json: Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined)),
		pairedItem,
	};
}
