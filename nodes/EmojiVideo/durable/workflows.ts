/**
 * Hands a wait over to n8n's database: the execution is parked on an inline sub-workflow, occupies no
 * worker and no memory, and survives a restart of n8n.
 *
 * Two layers, because n8n takes whatever is *running* for crashed when it starts again, and a parked
 * execution whose sub-workflow crashed is resumed with what it went in with:
 *
 *     the user's workflow     parked on ->
 *       the supervisor      loops: parks itself on -> one check; goes to its finalizer when all is settled
 *         a check             Wait (66 s or more), then asks DashScope, and in the end downloads
 *
 * All calls to the outside happen in a check. If n8n dies in one, the supervisor, which is parked, resumes
 * by its own date with the state it went in with, and takes the check again: questions and downloads
 * may be repeated, nothing is paid for. The supervisor itself runs for milliseconds between checks. In queue
 * mode n8n reports the lost check as an error of it, and the supervisor takes it again at once; so no failure
 * of ours is thrown before the finalizer.
 *
 * Source: docs/n8n.md, "Waiting in the database".
 */
import { NodeConnectionTypes } from 'n8n-workflow';
import { isToolCall } from '../execution/context';
import type {
	IConnections,
	IDataObject,
	IExecuteFunctions,
	INode,
	INodeExecutionData,
	IWorkflowBase,
} from 'n8n-workflow';
import { resumesParkedExecutions } from '../execution/host';

/** Which layer a node of an inline workflow is in; the value of its hidden field `durableRole`. */
export const DURABLE_ROLES = ['supervisor', 'check', 'finalizer'] as const;
export type DurableRole = (typeof DURABLE_ROLES)[number];

/** The json key under which the state travels. */
export const WAIT_STATE_KEY = 'emojiVideoWait';

/** Marks a failure on its way to the finalizer, so that n8n does not send it by the supervisor's error output. */
export const SEAL_KEY = 'emojiVideoFailure';

const node = (name: string, type: string, typeVersion: number, parameters: IDataObject): INode => ({
	id: name,
	name,
	type: `n8n-nodes-base.${type}`,
	typeVersion,
	position: [0, 0],
	parameters: parameters as INode['parameters'],
});

const trigger = node('Start', 'executeWorkflowTrigger', 1.1, { inputSource: 'passthrough' });

/** This very node, with its credential, in a layer of its own. */
const sameNode = (
	self: INode,
	role: DurableRole,
	name: string,
	onError?: INode['onError'],
): INode => ({
	id: name,
	name,
	type: self.type,
	typeVersion: self.typeVersion,
	position: [0, 0],
	credentials: self.credentials,
	...(onError && { onError }),
	parameters: {
		resource: 'video',
		operation: 'wait',
		taskId: `={{ $json.${WAIT_STATE_KEY} }}`,
		durableRole: role,
	},
});

const to = (...names: string[]) => [
	names.map((name) => ({ node: name, type: NodeConnectionTypes.Main, index: 0 })),
];

const NEVER = new Date(0);

/** What a person reads who finds the sub-execution in n8n's list. */
const noteFor = (self: INode, executionId: string | undefined, what: string): INode => ({
	...node('Note', 'stickyNote', 1, {
		content: `## A part of ${executionId ? `execution ${executionId}` : 'another execution'}\n\nThe node "${self.name}" there waits for its videos (Survive Restarts). ${what}\n\nIt ends by itself and need not be touched. Stop the execution it belongs to, and it ends at its next look.`,
		height: 220,
		width: 620,
	}),
	position: [0, -260],
});

/** Side by side, from left to right, as a person would lay them out. */
const inARow = (nodes: INode[]): INode[] =>
	nodes.map((each, index) => ({ ...each, position: [index * 220, 0] }));

const workflow = (name: string, nodes: INode[], connections: IConnections): IWorkflowBase => ({
	// n8n puts the parent's ID here: the inline workflow is a part of it.
	id: '',
	name,
	nodes,
	connections,
	active: false,
	activeVersionId: null,
	isArchived: false,
	createdAt: NEVER,
	updatedAt: NEVER,
	// The check's videos belong to its execution, so it must be kept while the parent uses them.
	settings: {
		saveDataSuccessExecution: 'all',
		saveDataErrorExecution: 'all',
		saveManualExecutions: true,
		executionTimeout: -1,
	},
});

/** Start -> Wait -> this node as a check. It never throws: an error means that n8n has lost it. */
export const checkWorkflow = (
	self: INode,
	waitMs: number,
	executionId: string | undefined,
): IWorkflowBase =>
	workflow(
		`Emoji Video: next look for execution ${executionId ?? ''}`.trim(),
		[
			noteFor(self, executionId, 'This one waits, then asks DashScope how far the videos are.'),
			...inARow([
				trigger,
				node('Wait', 'wait', 1.1, {
					resume: 'timeInterval',
					amount: Math.ceil(waitMs / 1000),
					unit: 'seconds',
				}),
				sameNode(self, 'check', 'Check', 'continueRegularOutput'),
			]),
		],
		{ Start: { main: to('Wait') }, Wait: { main: to('Check') } },
	);

/**
 * Start -> this node as the supervisor -> IF there is still a state: again, otherwise the finalizer, the only one
 * that may throw. By the supervisor's error output comes, with the state, a check that n8n has lost: in queue
 * mode it reports a worker that died as an error of the check. Then the check is taken again.
 * @param endsInError whether a failure becomes an error, or an item
 */
export const supervisorWorkflow = (
	self: INode,
	endsInError: boolean,
	executionId: string | undefined,
): IWorkflowBase =>
	workflow(
		`Emoji Video: waits for execution ${executionId ?? ''}`.trim(),
		[
			noteFor(
				self,
				executionId,
				'This one plans one look after the other, and hands on the videos.',
			),
			...inARow([
				trigger,
				sameNode(self, 'supervisor', 'Supervisor', 'continueErrorOutput'),
				node('Unfinished?', 'if', 2.2, {
					conditions: {
						options: { caseSensitive: true, leftValue: '', typeValidation: 'loose', version: 2 },
						combinator: 'and',
						conditions: [
							{
								id: 'unfinished',
								leftValue: `={{ $json.${WAIT_STATE_KEY} !== undefined }}`,
								rightValue: '',
								operator: { type: 'boolean', operation: 'true', singleValue: true },
							},
						],
					},
					options: {},
				}),
				sameNode(self, 'finalizer', 'Finalizer', endsInError ? undefined : 'continueRegularOutput'),
			]),
		],
		{
			Start: { main: to('Supervisor') },
			Supervisor: { main: [...to('Unfinished?'), ...to('Supervisor')] },
			'Unfinished?': { main: [...to('Supervisor'), ...to('Finalizer')] },
		},
	);

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
	| { kind: 'parked' }
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
	const place = whereabouts(functions);
	const result = await functions.executeWorkflow({ code }, items, undefined, {
		parentExecution: place && { ...place, shouldResume: true },
		executionMode: functions.getMode(),
	});
	if (!result.waitTill) return { kind: 'ended', items: result.data[0] ?? [] };
	const executeData = functions.getExecuteData();
	executeData.data.main = [fallback];
	if (place) {
		// Shows the link to the sub-execution in n8n's UI.
		functions.setMetadata({
			subExecution: { executionId: result.executionId, workflowId: place.workflowId },
			subExecutionsCount: 1,
		});
	}
	// Replaces the year 3000, until which executeWorkflow has just parked this execution.
	await functions.putExecutionToWait(new Date(until));
	return { kind: 'parked' };
}
