/**
 * Parks an execution on a sub-workflow. Rule: the execution resumes by a date of its own, even if the
 * sub-workflow is lost.
 * Source: docs/n8n.md, "Waiting in the database".
 */
import type { IExecuteFunctions, INodeExecutionData, IWorkflowBase } from 'n8n-workflow';
import { isToolCall } from '../../execution/context';
import { resumesParkedExecutions } from '../../execution/host';

/** The IDs by which n8n resumes this execution; `undefined` if it cannot. */
function idsToResume(functions: IExecuteFunctions) {
	const { $execution, $workflow } = functions.getWorkflowDataProxy(0) as {
		$execution?: { id?: string };
		$workflow?: { id?: string };
	};
	const executionId = $execution?.id;
	const workflowId = $workflow?.id;
	return executionId && workflowId ? { executionId, workflowId } : undefined;
}

/** Whether n8n can park this execution: it must be saved, and no tool call may wait for its result. */
export const canPark = (functions: IExecuteFunctions): boolean =>
	resumesParkedExecutions() && idsToResume(functions) !== undefined && !isToolCall(functions);

/** The result of parking. */
export type Parked =
	/** The execution will wait. `executionId` is the sub-workflow's. */
	| { kind: 'parked'; executionId: string }
	/** The sub-workflow ended at once, with these items. */
	| { kind: 'ended'; items: INodeExecutionData[] };

/**
 * Starts an inline workflow and parks this execution until it has ended.
 * @param until when to resume at the latest, ms since the epoch
 * @param fallback the items to resume with if the sub-workflow has not ended by then
 * @throws n8n's error if it does not start the workflow
 */
export async function parkOn(
	functions: IExecuteFunctions,
	code: IWorkflowBase,
	items: INodeExecutionData[],
	until: number,
	fallback: INodeExecutionData[],
): Promise<Parked> {
	const parent = idsToResume(functions);
	const result = await functions.executeWorkflow({ code }, items, undefined, {
		parentExecution: parent && { ...parent, shouldResume: true },
		executionMode: functions.getMode(),
	});
	if (!result.waitTill) return { kind: 'ended', items: result.data[0] ?? [] };
	if (parent) {
		// n8n's editor then links to the sub-execution.
		functions.setMetadata({
			subExecution: { executionId: result.executionId, workflowId: parent.workflowId },
			subExecutionsCount: 1,
		});
	}
	await sleepUntil(functions, until, fallback);
	return { kind: 'parked', executionId: result.executionId };
}

/**
 * Parks this execution again on the sub-workflow that it has.
 * @param until ms since the epoch; replaces the year 3000, n8n's date after `executeWorkflow`
 * @param fallback the items to resume with
 */
export async function sleepUntil(
	functions: IExecuteFunctions,
	until: number,
	fallback: INodeExecutionData[],
): Promise<void> {
	const executeData = functions.getExecuteData();
	executeData.data.main = [fallback];
	await functions.putExecutionToWait(new Date(until));
}
