/**
 * n8n around its engine, for tests of what outlives an execution: a table of executions, parked ones
 * that are resumed when their time comes, sub-workflows, Stop, and a power switch. In memory, with a
 * clock that is moved. Nothing of the node and nothing of the engine is mocked; requests go to the
 * double over the wire.
 *
 *     const n8n = useN8n(sandbox);
 *     const id = await n8n.run({ parameters });
 *     n8n.dieAt(({ kind, when }) => kind === 'request' && when === 'after');
 *     await n8n.untilDead();
 *     n8n.start();
 *     const { items } = await n8n.ended(id);
 *
 * Rule: whatever is not in the table is lost when n8n dies. (One exception: what the package keeps in
 * variables of its modules, that is, the rates of an account, since a test file loads it once.)
 */
import type {
	IConnections,
	INode,
	INodeExecutionData,
	IRunExecutionData,
	IWorkflowBase,
	NodeExecutionHint,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { createRunExecutionData } from 'n8n-workflow';
import { createAdditionalData, createNodes, createNodeTypes } from '../harness.mts';
import type { Credential, NodeRun } from '../harness.mts';
import type { Sandbox } from '../sandbox.mts';
import { createExecutions, hasEnded } from './executions.mts';
import type { Execution, Summary } from './executions.mts';
import {
	failJobsOf,
	markCrashed,
	resume,
	runExecution,
	stop,
	toRetry,
	trackWaiting,
} from './parking.mts';
import type { Host } from './parking.mts';
import { createProcess } from './process.mts';
import type { Moment, MortalProcess } from './process.mts';
import { STAND_INS } from './standIns.mts';

export type { Moment } from './process.mts';

export interface ServerRun extends Omit<NodeRun, 'credential'> {
	/** How it was started. Default: by a trigger. */
	mode?: WorkflowExecuteMode;
	/** Default true. */
	isSaved?: boolean;
	/** The workflow's "Save execution progress": what nodes have put out is in the table as they end. */
	savesProgress?: boolean;
}

/** An execution as a person finds it in n8n. */
export interface Found extends Execution {
	/** What the Emoji Video node put out: success, and error where it has that output. */
	items: INodeExecutionData[];
	errorItems: INodeExecutionData[];
	/** What the node after it sees as the input item's number, by expression. */
	links: unknown[];
	error?: { message: string; description?: string | null };
	hints: NodeExecutionHint[];
}

const NODE = 'Emoji Video';

/** Items -> Emoji Video -> what later nodes see; by the error output -> nothing. */
function workflowOf({
	isSaved = true,
	savesProgress = false,
	...nodeRun
}: ServerRun): IWorkflowBase {
	const links: INode = {
		id: 'links',
		name: 'Links',
		type: 'test.show',
		typeVersion: 1,
		position: [400, 0],
		parameters: { value: "={{ $('Items').item.json.number }}" },
	};
	const to = (node: string) => [{ node, type: 'main' as const, index: 0 }];
	const connections: IConnections = {
		Items: { main: [to(NODE)] },
		[NODE]: { main: [to(links.name)] },
	};
	return {
		id: isSaved ? 'workflow-1' : '',
		name: 'Test',
		nodes: [...createNodes(nodeRun), links],
		connections,
		active: false,
		activeVersionId: null,
		isArchived: false,
		createdAt: new Date(0),
		updatedAt: new Date(0),
		settings: { saveExecutionProgress: savesProgress },
	};
}

function found(execution: Execution): Found {
	const { runData, error } = execution.data.resultData;
	const outputOf = (node: string, output = 0) => runData[node]?.at(-1)?.data?.main?.[output] ?? [];
	return {
		...execution,
		items: outputOf(NODE),
		errorItems: outputOf(NODE, 1),
		links: outputOf('Links').map(({ json }) => json['value']),
		hints: runData[NODE]?.at(-1)?.hints ?? [],
		...(error && { error }),
	};
}

export interface N8nServer {
	/** The credential of the node; change it as a person would. */
	credential: Credential;
	/** Starts Items -> Emoji Video. @returns the execution's ID, once it runs */
	run(run: ServerRun): Promise<string>;
	/**
	 * Retries an execution, as the button of that name does.
	 * @param saved the node's run in the currently saved workflow; absent: the original one
	 * @returns the new execution's ID, once it runs
	 */
	retry(id: string, saved?: ServerRun): Promise<string>;
	/** Moves the clock until an execution has ended. */
	ended(id: string): Promise<Found>;
	/** Moves the clock until an execution, and all below it, are parked. */
	parked(id: string): Promise<Found>;
	/** An execution as it is now. */
	execution(id: string): Found;
	/** All executions by now, oldest first; the user's have depth 0. */
	executions(): Summary[];
	/** When it was last switched on (ms since the epoch); it looks for due executions each minute since. */
	startedAt(): number;
	/** Bytes of execution data in the table. */
	bytes(): number;
	stop(id: string): Promise<void>;
	/** Resumes what is parked, as a timer does that n8n has not cleared. */
	wake(id: string): Promise<void>;
	/** From now on, executions of this depth that are due wait so long for a worker. */
	queueUp(depth: number, queuedMs: number): void;
	/** Changes what is stored of an execution, as another version of the package would have stored it. */
	edit(id: string, change: (data: IRunExecutionData) => void): void;
	/** Cuts the power now. */
	kill(): void;
	/**
	 * Cuts it at the first moment that this is true for; asked about each, in order.
	 * @param times how often (default 1); in queue mode the next worker may die, too
	 */
	dieAt(isLast: (moment: Moment) => boolean, times?: number): void;
	/** Moves the clock until it has died. */
	untilDead(): Promise<void>;
	/** Switches it on again. */
	start(): void;
}

/**
 * An n8n for each test of the calling file.
 * @param sandbox its account, and its time
 * @param options.isQueue queue mode: nodes run on a worker, and that is what dies; main lives on
 */
export function useN8n(
	sandbox: Pick<Sandbox, 'credential' | 'time'>,
	{ isQueue = false } = {},
): N8nServer {
	const n8n = {} as N8nServer;
	let close = () => {};
	beforeEach(async () => {
		const server = await startServer(sandbox, isQueue);
		close = () => server.close();
		Object.assign(n8n, server);
	});
	afterEach(() => close());
	return n8n;
}

/** How long main takes to notice that a worker is gone (Bull's interval for stalled jobs). */
const NOTICED_AFTER_MS = 30_000;

async function startServer(
	{ time, ...sandbox }: Pick<Sandbox, 'credential' | 'time'>,
	isQueue: boolean,
): Promise<N8nServer & { close(): void }> {
	const executions = createExecutions();
	const credential = { ...sandbox.credential };
	const queued = new Map<number, number>();
	const nodeTypes = await createNodeTypes(STAND_INS);
	const begin = (mode: WorkflowExecuteMode, workflow: IWorkflowBase, data: IRunExecutionData) => {
		const row = { depth: 0, mode, status: 'running', waitTill: undefined, workflow, data } as const;
		const id = executions.insert(row);
		void host.main.run(async () => await runExecution(host, { ...row, id }));
		return id;
	};
	let isLast: (moment: Moment) => boolean = () => false;
	let deathsLeft = 0;
	let isDead = false;

	const createMortal = (onDeath: (dead: MortalProcess) => void): MortalProcess =>
		createProcess(
			(moment) => deathsLeft > 0 && isLast(moment),
			(dead) => {
				deathsLeft -= 1;
				isDead = true;
				time.drop(dead);
				onDeath(dead);
			},
		);

	const newWorker = (): MortalProcess =>
		createMortal((dead) => {
			if (!host.main.isAlive) return;
			host.main.run(() => setTimeout(() => void failJobsOf(host, dead), NOTICED_AFTER_MS));
			host.worker = newWorker();
		});

	const host = {
		executions,
		nodeTypes,
		active: new Map(),
		due: new Map(),
		additionalData: () => createAdditionalData(credential),
		queuedMs: (depth: number) => queued.get(depth) ?? 0,
	} as unknown as Host;

	let startedAt = 0;
	const start = () => {
		isDead = false;
		startedAt = time.now();
		host.active.clear();
		host.due.clear();
		host.main = isQueue
			? createProcess(
					() => false,
					() => {},
				)
			: createMortal(() => {});
		host.worker = isQueue ? newWorker() : host.main;
		markCrashed(host);
		host.main.run(() => trackWaiting(host));
	};
	start();

	const execution = (id: string) => found(executions.read(id));
	const rowOf = (id: string) => executions.list().find((row) => row.id === id);

	return {
		credential,
		execution,
		executions: () => executions.list(),
		startedAt: () => startedAt,
		bytes: () => executions.bytes(),
		start,
		async run({ mode = 'trigger', ...run }) {
			const workflow = workflowOf(run);
			const [items] = workflow.nodes;
			if (!items) throw new Error('There is no first node.');
			const data = createRunExecutionData({
				executionData: {
					nodeExecutionStack: [{ node: items, data: { main: [[{ json: {} }]] }, source: null }],
				},
			});
			return await Promise.resolve(begin(mode, workflow, data));
		},
		async retry(id, saved) {
			const data = toRetry(executions.read(id).data);
			const workflow = saved ? workflowOf(saved) : executions.read(id).workflow;
			for (const entry of data.executionData?.nodeExecutionStack ?? []) {
				const node = workflow.nodes.find(({ name }) => name === entry.node.name);
				if (node) entry.node = node;
			}
			return await Promise.resolve(begin('retry', workflow, data));
		},
		async ended(id) {
			await time.until(() => hasEnded(rowOf(id) ?? { status: 'unknown' }));
			await time.settle();
			return execution(id);
		},
		async parked(id) {
			await time.until(() =>
				executions.list().every((row) => row.status === 'waiting' || hasEnded(row)),
			);
			return execution(id);
		},
		async stop(id) {
			await host.main.run(async () => await stop(host, id));
			await time.settle();
		},
		async wake(id) {
			await host.main.run(async () => await resume(host, id));
			await time.settle();
		},
		queueUp(depth, queuedMs) {
			queued.set(depth, queuedMs);
		},
		edit(id, change) {
			const { data } = executions.read(id);
			change(data);
			executions.update(id, { data });
		},
		kill() {
			host.worker.kill();
		},
		dieAt(condition, times = 1) {
			isLast = condition;
			deathsLeft = times;
		},
		async untilDead() {
			await time.until(() => isDead);
			isDead = false;
		},
		close() {
			host.main.kill();
			host.worker.kill();
		},
	};
}
