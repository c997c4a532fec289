/**
 * Where failures become n8n's errors, for both nodes. Rule: n8n shows the message, and under it the
 * description; so the message says what happened, the description what to do next; behind it the
 * service's own words and what support needs (task ID, request ID), each once. A message never says "canceled": n8n takes an execution
 * whose error says so for canceled by its user, and starts no error workflow (docs/n8n.md, "Sleeping and Stop").
 */
import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import type { INode, JsonObject } from 'n8n-workflow';
import { CAUSE, saidByService } from '../base/result';
import type { Failure } from '../base/result';

/** What an error tells beside its failure. */
export interface ErrorFacts {
	itemIndex?: number;
	/** Put behind the description. */
	addition?: string;
	/** The whole failure in one text, for those who read nothing but the message. */
	wholeText?: string;
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
	failure: Failure,
	{ itemIndex, addition, wholeText }: ErrorFacts = {},
): NodeApiError | NodeOperationError {
	const { nextStep, code, serviceMessage, requestId, httpStatus, taskId } = failure;
	const message = notCanceled(wholeText ?? failure.message);
	const taskText = taskId && `Task ID: ${taskId}.`;
	const details = wholeText === undefined ? [nextStep, saidByService(failure), taskText] : [];
	const requestText = requestId && `Request ID: ${requestId}.`;
	const description = [...details, requestText, addition].filter(Boolean).join(' ');
	// n8n shows it in the details, under "Full message".
	const raw = [code, serviceMessage].filter(Boolean).join(': ');
	if (httpStatus === undefined) {
		const error = new NodeOperationError(node, failure[CAUSE] ?? message, {
			message,
			itemIndex,
			description,
		});
		if (raw) error.messages.push(raw);
		return error;
	}
	const cause: JsonObject = {
		message: raw || message,
		code: code ?? null,
		request_id: requestId ?? null,
	};
	return new NodeApiError(node, cause, {
		itemIndex,
		message,
		description,
		// n8n shows it as the error code in the details.
		httpCode: code ? `${httpStatus} ${code}` : String(httpStatus),
	});
}
