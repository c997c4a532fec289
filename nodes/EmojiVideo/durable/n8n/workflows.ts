/**
 * Hands a wait over to n8n's database: the execution is parked on an inline sub-workflow, occupies no
 * worker and no memory, and survives a restart of n8n.
 *
 * Three layers, because n8n takes whatever is *running* for crashed when it starts again, and a parked
 * execution whose sub-workflow crashed is resumed with what it went in with:
 *
 *     the user's workflow     portraits are checked, uploaded and detected; nothing is created; parked on ->
 *       the guard           looks every half an hour whether the next one is still there; parked on ->
 *         the supervisor      has the state in its node's context; loops: writes down the next turn, parks
 *                             itself on -> one check; takes in its report
 *           a check             loops: Wait (66 s or more), asks DashScope, downloads; at last creates a group
 *
 * All calls to the outside happen in a check. Its order holds only what it needs: the open tasks and the
 * group that it may create; what its looks find out is written into it. Its report holds what has changed. The
 * supervisor runs for milliseconds.
 *
 *     supervisor  |-- turn 1 written, parked ------------------------------------|-- turn 2 ...
 *     check 1         Wait, look, Wait, |-- asks -- creates -- | createUntil | its end |  | lostAt
 *                                       the creates end by here, always ------^
 *
 * - n8n dies in a check: the supervisor wakes by its own date (`lostAt`), which is later than any create
 *   of that check can be. What its looks have fetched is written down with it. If it had looks to go, nothing
 *   was created; otherwise the group is in doubt. The next check looks into the account's list: without
 *   a task that nobody knows the group is created again, otherwise its entries end in an error that
 *   names the candidates. Questions and downloads may be repeated; nothing is paid for twice.
 * - In queue mode n8n reports the lost check as an error of it, and the next one is taken at once, but
 *   no sooner than the lost one's creates have ended for certain. So no failure of ours is thrown before
 *   the finalizer.
 * - A check that is taken up late creates nothing. A report says of which turn it is; of an older one only
 *   what was made and fetched is taken in, and the supervisor sleeps on.
 * - The supervisor is woken by a date that it has since replaced (n8n keeps old timers): it sleeps on.
 * - n8n dies in the milliseconds in which the supervisor runs: the guard starts a new one with the state that
 *   the old one has written down. A check creates only if its turn is written down by its supervisor, and
 *   its supervisor by the guard.
 * - The user stops the execution, or it goes on without its videos: every check looks at it before it
 *   does anything, and while it creates.
 *
 * Source: docs/n8n.md, "Waiting in the database".
 */
import { NodeConnectionTypes } from 'n8n-workflow';
import type { IConnections, IDataObject, INode, IWorkflowBase } from 'n8n-workflow';

/** Which layer a node of an inline workflow is in; the value of its hidden field `durableRole`. */
export const DURABLE_ROLES = ['guard', 'supervisor', 'check', 'finalizer'] as const;
export type DurableRole = (typeof DURABLE_ROLES)[number];

/** The json key under which the state travels. */
export const WAIT_STATE_KEY = 'emojiVideoWait';

/** Marks a failure on its way to the finalizer, so that n8n does not send it by the supervisor's error output. */
export const SEAL_KEY = 'emojiVideoFailure';

/** The names of the first node of all layers, of this node in each, and of the one that a layer ends with. */
export const START_NODE = 'Start';
export const GUARD_NODE = 'Guard';
export const SUPERVISOR_NODE = 'Supervisor';
export const CHECK_NODE = 'Check';
export const DONE_NODE = 'Done';

/** The json key by which a supervisor that was replaced tells its guard to sleep on. */
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
const noteFor = (executionId: string | undefined, what: string): INode => ({
	...node('Note', 'stickyNote', 1, {
		content: `## A part of ${executionId ? `execution ${executionId}` : 'another execution'}\n\nA node there waits for its videos (Survive Restarts). ${what}\n\nIt ends by itself and need not be touched. Stop the execution it belongs to, and it ends at its next look.`,
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

/** IF what comes out of a layer is for this layer itself, and not for the one above. */
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

/** Start -> a layer -> IF it is not finished: again, otherwise what it ends with. Errors of n8n: again. */
const inALoop = (layer: string, end: string): IConnections => ({
	[START_NODE]: { main: to(layer) },
	[layer]: { main: [...to('Unfinished?'), ...to(layer)] },
	'Unfinished?': { main: [...to(layer), ...to(end)] },
});

/**
 * Start -> Wait -> this node as a check -> IF it was a look, and its order comes out again: Wait, otherwise
 * its report. It never throws: an error means that n8n has lost it.
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
 * Start -> this node as the supervisor -> IF there is still something to wait for: again. By the supervisor's
 * error output comes, with the supervisor's mark, a check that n8n has lost: in queue mode it reports a
 * worker that died as an error of the check. Then the check is taken again.
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
 * Start -> this node as the guard -> IF the supervisor has not ended: again, otherwise the finalizer, the
 * only one that may throw.
 * @param endsInError whether a failure becomes an error, or an item
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
