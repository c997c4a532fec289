/**
 * Where failures become n8n's errors, for both nodes. Rule: n8n shows the message, and under it the
 * description; so the message says what happened, the description what to do next, and what support
 * needs (task ID, request ID) stands at its end. A message never says "canceled": n8n takes an execution
 * whose error says so for canceled by its user, and starts no error workflow (docs/n8n.md, "Sleeping and Stop").
 */
import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import type { INode, JsonObject } from 'n8n-workflow';
import type { Failure } from '../result';

/** What an error tells beside its failure. */
export interface ErrorFacts {
	itemIndex?: number;
	/** Put behind the description. */
	addition?: string;
}

/**
 * Whoever the words are from, the service or the user. n8n looks for this very spelling (n8n-core,
 * workflow-execute.js, processSuccessExecution).
 */
const notCanceled = (text: string): string => text.replaceAll('canceled', 'cancelled');

/**
 * @returns a NodeApiError where the failure is one of HTTP, so that n8n shows it as such, else a
 * NodeOperationError
 */
export function toNodeError(
	node: INode,
	{ message: words, nextStep, code, requestId, httpStatus, taskId }: Failure,
	{ itemIndex, addition }: ErrorFacts = {},
): NodeApiError | NodeOperationError {
	const message = notCanceled(words);
	const taskText = taskId && `Task ID: ${taskId}.`;
	const requestText = requestId && `Request ID: ${requestId}.`;
	const description = [nextStep, taskText, requestText, addition].filter(Boolean).join(' ');
	if (httpStatus === undefined) {
		return new NodeOperationError(node, message, { itemIndex, description });
	}
	const cause: JsonObject = { message, code: code ?? null, request_id: requestId ?? null };
	return new NodeApiError(node, cause, {
		itemIndex,
		message,
		description,
		// n8n shows it as the error code in the details.
		httpCode: code ? `${httpStatus} ${code}` : String(httpStatus),
	});
}
