/**
 * Hands a wait over to n8n's database: the execution is parked on an inline sub-workflow, occupies no
 * worker and no memory, and survives a restart of n8n.
 *
 * Two layers, because n8n takes whatever is *running* for crashed when it starts again, and a parked
 * execution whose sub-workflow crashed is resumed with what it went in with:
 *
 *     the user's workflow     portraits are checked, uploaded and detected; nothing is created; parked on ->
 *       the supervisor      has the state in its node's context; loops: writes down the next turn, parks
 *                           itself on -> one check; takes in its report; goes to its finalizer at the end
 *         a check             Wait (66 s or more), then asks DashScope, creates a group, downloads
 *
 * All calls to the outside happen in a check. Its order holds only what it needs: the open tasks and the
 * group that it may create; its report holds what has changed. The supervisor runs for milliseconds.
 *
 *     supervisor  |-- turn 1 written, parked ------------------------------------|-- turn 2 ...
 *     check 1         Wait ...  |-- asks -- creates -- | createUntil | its end |  | lostAt
 *                               the creates end by here, always ------^
 *
 * - n8n dies in a check: the supervisor wakes by its own date (`lostAt`), which is later than any create
 *   of that check can be. The group is in doubt. The next check looks into the account's list: without
 *   a task that nobody knows the group is created again, otherwise its entries end in an error that
 *   names the candidates. Questions and downloads may be repeated; nothing is paid for twice.
 * - In queue mode n8n reports the lost check as an error of it, and the next one is taken at once, but
 *   no sooner than the lost one's creates have ended for certain. So no failure of ours is thrown before
 *   the finalizer.
 * - A check that is taken up late creates nothing. A report says of which turn it is; of an older one only
 *   what was made and fetched is taken in, and the supervisor sleeps on.
 * - The supervisor is woken by a date that it has since replaced (n8n keeps old timers): it sleeps on.
 * - The user stops the execution, or it goes on without its videos: every check looks at it before it
 *   does anything, and while it creates.
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

/** The name of this node in a check. */
export const CHECK_NODE = 'Check';

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

/**
 * Start -> Wait -> this node as a check. It never throws: an error means that n8n has lost it.
 * @param executionId the user's execution
 */
export const checkWorkflow = (
	self: INode,
	waitMs: number,
	executionId: string | undefined,
): IWorkflowBase =>
	workflow(
		`Emoji Video: next look for execution ${executionId ?? ''}`.trim(),
		[
			noteFor(
				self,
				executionId,
				'This one waits, then asks DashScope how far the videos are, creates the next ones and fetches those that are finished.',
			),
			...inARow([
				trigger,
				node('Wait', 'wait', 1.1, {
					resume: 'timeInterval',
					amount: Math.ceil(waitMs / 1000),
					unit: 'seconds',
				}),
				sameNode(self, 'check', CHECK_NODE, 'continueRegularOutput'),
			]),
		],
		{ Start: { main: to('Wait') }, Wait: { main: to(CHECK_NODE) } },
	);

/**
 * Start -> this node as the supervisor -> IF there is still a state: again, otherwise the finalizer, the only one
 * that may throw. By the supervisor's error output comes, with the supervisor's mark, a check that n8n has lost: in queue
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
	const place = whereabouts(functions);
	const result = await functions.executeWorkflow({ code }, items, undefined, {
		parentExecution: place && { ...place, shouldResume: true },
		executionMode: functions.getMode(),
	});
	if (!result.waitTill) return { kind: 'ended', items: result.data[0] ?? [] };
	if (place) {
		// Shows the link to the sub-execution in n8n's UI.
		functions.setMetadata({
			subExecution: { executionId: result.executionId, workflowId: place.workflowId },
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
