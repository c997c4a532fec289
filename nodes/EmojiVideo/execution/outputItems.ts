/**
 * Outcomes become items. Error items are `{ error: {...}, message }`: n8n sends items of this shape by
 * the error output, on old versions and new (docs/n8n.md, "Error output"), and everything
 * known is in `error`.
 */
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { Failure } from '../base/result';
import type { Outcome } from './outcome';

function toErrorItem({ itemIndex, about }: Outcome, failure: Failure): INodeExecutionData {
	const { message, nextStep, code, serviceMessage, requestId, taskId, status, httpStatus } =
		failure;
	const error = {
		message,
		description: nextStep,
		code,
		serviceMessage,
		requestId,
		taskId,
		status,
		httpStatus,
		...about,
	};
	const known = Object.entries(error).filter(([, value]) => value !== undefined);
	return {
		json: { error: Object.fromEntries(known) as IDataObject, message },
		pairedItem: { item: itemIndex },
	};
}

/** An outcome as n8n's item, paired with its input item. */
export function toItem(outcome: Outcome): INodeExecutionData {
	const { itemIndex, result } = outcome;
	if (!result.ok) return toErrorItem(outcome, result.failure);
	const { json, binary } = result.value;
	return { json, ...(binary && { binary }), pairedItem: { item: itemIndex } };
}
