/**
 * Parks an execution on a sub-workflow. Rule: whatever becomes of the sub-workflow, the execution goes on by
 * a date of its own.
 * Source: docs/n8n.md, "Waiting in the database".
 */
import type { IExecuteFunctions, INodeExecutionData, IWorkflowBase } from 'n8n-workflow';
import { isToolCall } from '../../execution/context';
import { resumesParkedExecutions } from '../../execution/host';

/** Where this execution can be found again; `undefined` where n8n could not resume it. */
function whereabouts(functions: IExecuteFunctions) {
	const { $execution, $workflow } = functions.getWorkflowDataProxy(0) as {
		$execution?: { id?: string };
		$workflow?: { id?: string };
	};
	const executionId = $execution?.id;
	const workflowId = $workflow?.id;
	return executionId && workflowId ? { executionId, workflowId } : undefined;
}

/** Whether n8n can park this execution: a saved workflow, and nobody who waits for an answer at once. */
export const canPark = (functions: IExecuteFunctions): boolean =>
	resumesParkedExecutions() && whereabouts(functions) !== undefined && !isToolCall(functions);

/** What became of parking. */
export type Parked =
	/** The execution will wait; `resumesWith` is what it goes on with if the sub-workflow is lost. */
	| { kind: 'parked'; executionId: string }
	/** The sub-workflow ended at once. */
	| { kind: 'ended'; items: INodeExecutionData[] };

/**
 * Starts an inline workflow and parks this execution until it has ended.
 * @param until the latest moment to resume, also when the sub-workflow is lost; ms since the epoch
 * @param fallback the items to resume with in that case
 * @throws what n8n throws when it does not start the workflow
 */
export async function parkOn(
	functions: IExecuteFunctions,
	code: IWorkflowBase,
	items: INodeExecutionData[],
	until: number,
	fallback: INodeExecutionData[],
): Promise<Parked> {
	const parent = whereabouts(functions);
	const result = await functions.executeWorkflow({ code }, items, undefined, {
		parentExecution: parent && { ...parent, shouldResume: true },
		executionMode: functions.getMode(),
	});
	if (!result.waitTill) return { kind: 'ended', items: result.data[0] ?? [] };
	if (parent) {
		// Shows the link to the sub-execution in n8n's UI.
		functions.setMetadata({
			subExecution: { executionId: result.executionId, workflowId: parent.workflowId },
			subExecutionsCount: 1,
		});
	}
	await sleepUntil(functions, until, fallback);
	return { kind: 'parked', executionId: result.executionId };
}

/**
 * Parks this execution, on the sub-workflow that it has already, if there is one.
 * @param until ms since the epoch; replaces the year 3000, until which `executeWorkflow` parks
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
