/**
 * The three inline workflows of a durable wait. With them, a wait is rows in n8n's database: it uses no worker and
 * no memory, and it survives a restart of n8n.
 *
 * n8n marks every execution that is running when it stops as crashed. It resumes a parked execution whose
 * sub-workflow crashed with the items that went in. So the layer that sends requests, and runs long, is not the
 * layer that has the state:
 *
 *     user's workflow     validates, uploads and detects portraits; submits nothing; parks on ->
 *       guard               reads every 30 minutes whether its supervisor still exists; parks on ->
 *         supervisor          keeps the state in its node's context; in a loop: stores the next round,
 *                             parks on -> one check; applies the check's result
 *           check               in a loop: Wait (66 s or more), poll, download; at last submits a group
 *
 *     supervisor  |-- round 1 stored, parked ------------------------------------|-- round 2 ...
 *     check 1         Wait, poll, Wait, |-- poll -- submit -- | submitUntil | its end |  | deadlineAt
 *                                       every submit has ended by submittingEndsAt -^
 *
 * Rules:
 * 1. Only a check sends requests. The supervisor runs for milliseconds.
 * 2. A check submits only if its supervisor has stored its round, and the guard names that supervisor.
 * 3. A check submits nothing after `submitUntil`. The supervisor sleeps beyond the end of any such submit.
 * 4. Every check first reads whether the user's execution still waits, and reads it again while it submits.
 * 5. No failure of ours is thrown before the finalizer, so any earlier error is n8n's own.
 *
 * If n8n loses a layer:
 * - A check: the supervisor wakes at `deadlineAt`, or at once from n8n's error in queue mode. The stored row has the
 *   results of the check's polls. If polls were left, the check submitted nothing. Otherwise its group is unconfirmed.
 * - An unconfirmed group: the next check searches the account's list for unknown tasks. If there is none, it submits
 *   the group again. If there is one, the group fails and the errors name the candidates.
 * - A check that is late: it submits nothing. From an older check, the supervisor applies only what has a task.
 * - The supervisor: the guard starts a new one from the stored state, or from its own copy.
 * - A timer: n8n keeps outdated timers. A layer that wakes too early parks again.
 *
 * Example: n8n dies while check 7 submits 20 videos, and starts again. The supervisor wakes at `deadlineAt` and marks
 * the 20 videos unconfirmed. Check 8 finds 12 unknown tasks in the account's list, submits nothing, and the 20 videos
 * fail with errors that name the 12 tasks. Had check 7 died before its first submit, check 8 would find no unknown
 * task and submit all 20.
 *
 * Source: docs/n8n.md, "Waiting in the database".
 */
import { NodeConnectionTypes } from 'n8n-workflow';
import type { IConnections, IDataObject, INode, IWorkflowBase } from 'n8n-workflow';

/** The layers of a durable wait; values of the node's hidden field `durableRole`. */
export const DURABLE_ROLES = ['guard', 'supervisor', 'check', 'finalizer'] as const;
export type DurableRole = (typeof DURABLE_ROLES)[number];

/** The json key of a message between layers. */
export const WAIT_STATE_KEY = 'emojiVideoWait';

/** The json key of a sealed failure. Without the seal, n8n would send it to the supervisor's error output. */
export const SEAL_KEY = 'emojiVideoFailure';

/** The names of the nodes in the inline workflows. */
export const START_NODE = 'Start';
export const GUARD_NODE = 'Guard';
export const SUPERVISOR_NODE = 'Supervisor';
export const CHECK_NODE = 'Check';
export const DONE_NODE = 'Done';

/** The json key of a replaced supervisor's item. The guard then parks again. */
export const REPLACED_KEY = 'emojiVideoReplaced';

const node = (name: string, type: string, typeVersion: number, parameters: IDataObject): INode => ({
	id: name,
	name,
	type: `n8n-nodes-base.${type}`,
	typeVersion,
	position: [0, 0],
	parameters: parameters as INode['parameters'],
});

const trigger = node(START_NODE, 'executeWorkflowTrigger', 1.1, { inputSource: 'passthrough' });

/**
 * The user's node, with its credential, as a layer.
 *
 * `taskId` is a required field of the operation Wait, and n8n refuses to run a node without it. The layer reads its
 * input item instead.
 */
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

/** The note for a user who opens the sub-execution in n8n's list. */
const noteFor = (executionId: string | undefined, what: string): INode => ({
	...node('Note', 'stickyNote', 1, {
		content: `## A part of ${executionId ? `execution ${executionId}` : 'another execution'}\n\nA node there waits for its videos (Survive Restarts). ${what}\n\nIt ends by itself and need not be touched. Stop the execution it belongs to, and it ends at its next look.`,
		height: 220,
		width: 620,
	}),
	position: [0, -260],
});

/** Lays the nodes out from left to right. */
const inARow = (nodes: INode[]): INode[] =>
	nodes.map((each, index) => ({ ...each, position: [index * 220, 0] }));

const workflow = (name: string, nodes: INode[], connections: IConnections): IWorkflowBase => ({
	// n8n sets the ID of the user's workflow here.
	id: '',
	name,
	nodes,
	connections,
	active: false,
	activeVersionId: null,
	isArchived: false,
	createdAt: NEVER,
	updatedAt: NEVER,
	// A check's files belong to its execution, so n8n must keep it while the parent uses them.
	settings: {
		saveDataSuccessExecution: 'all',
		saveDataErrorExecution: 'all',
		saveManualExecutions: true,
		executionTimeout: -1,
	},
});

/** An IF node: true if the layer runs again, false if it has ended. */
const unfinished = (condition: string): INode =>
	node('Unfinished?', 'if', 2.2, {
		conditions: {
			options: { caseSensitive: true, leftValue: '', typeValidation: 'loose', version: 2 },
			combinator: 'and',
			conditions: [
				{
					id: 'unfinished',
					leftValue: `={{ ${condition} }}`,
					rightValue: '',
					operator: { type: 'boolean', operation: 'true', singleValue: true },
				},
			],
		},
		options: {},
	});

/** Start -> layer -> IF unfinished: the layer again, otherwise the end node. After n8n's own error: the layer again. */
const inALoop = (layer: string, end: string): IConnections => ({
	[START_NODE]: { main: to(layer) },
	[layer]: { main: [...to('Unfinished?'), ...to(layer)] },
	'Unfinished?': { main: [...to(layer), ...to(end)] },
});

/**
 * Start -> Wait -> this node as a check -> IF its output is a request: Wait again, otherwise it has ended with its
 * result. A check never throws, so an error means that n8n has lost it.
 * @param executionId the user's execution
 */
export const checkWorkflow = (self: INode, executionId: string | undefined): IWorkflowBase =>
	workflow(
		`Emoji Video: next look for execution ${executionId ?? ''}`.trim(),
		[
			noteFor(
				executionId,
				'This one waits, then asks DashScope how far the videos are and fetches those that are finished, now and then; at last it creates the next ones.',
			),
			...inARow([
				trigger,
				node('Wait', 'wait', 1.1, {
					resume: 'timeInterval',
					amount: `={{ $json.${WAIT_STATE_KEY}.waitSeconds }}`,
					unit: 'seconds',
				}),
				sameNode(self, 'check', CHECK_NODE, 'continueRegularOutput'),
				unfinished(`$json.${WAIT_STATE_KEY}?.entries !== undefined`),
				node(DONE_NODE, 'noOp', 1, {}),
			]),
		],
		{
			[START_NODE]: { main: to('Wait') },
			Wait: { main: to(CHECK_NODE) },
			[CHECK_NODE]: { main: to('Unfinished?') },
			'Unfinished?': { main: [...to('Wait'), ...to(DONE_NODE)] },
		},
	);

/**
 * Start -> this node as the supervisor -> IF its output is a message: again. In queue mode, n8n reports a worker that
 * died as an error of the check. The supervisor's mark then comes from its error output, and the supervisor runs again.
 */
export const supervisorWorkflow = (self: INode, executionId: string | undefined): IWorkflowBase =>
	workflow(
		`Emoji Video: waits for execution ${executionId ?? ''}`.trim(),
		[
			noteFor(executionId, 'This one plans one look after the other, and hands on the videos.'),
			...inARow([
				trigger,
				sameNode(self, 'supervisor', SUPERVISOR_NODE, 'continueErrorOutput'),
				unfinished(`$json.${WAIT_STATE_KEY} !== undefined`),
				node(DONE_NODE, 'noOp', 1, {}),
			]),
		],
		inALoop(SUPERVISOR_NODE, DONE_NODE),
	);

/**
 * Start -> this node as the guard -> IF its output is a message: again, otherwise the finalizer, the only layer that
 * may throw.
 * @param endsInError whether a failure becomes an error or an item
 */
export const guardWorkflow = (
	self: INode,
	endsInError: boolean,
	executionId: string | undefined,
): IWorkflowBase =>
	workflow(
		`Emoji Video: guards execution ${executionId ?? ''}`.trim(),
		[
			noteFor(executionId, 'This one looks now and then whether the next one is still there.'),
			...inARow([
				trigger,
				sameNode(self, 'guard', GUARD_NODE, 'continueErrorOutput'),
				unfinished(`$json.${WAIT_STATE_KEY} !== undefined || $json.${REPLACED_KEY} !== undefined`),
				sameNode(self, 'finalizer', 'Finalizer', endsInError ? undefined : 'continueRegularOutput'),
			]),
		],
		inALoop(GUARD_NODE, 'Finalizer'),
	);
