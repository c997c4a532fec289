/**
 * A fake n8n server around n8n's real engine: a table of executions, parking and resuming, sub-workflows, Stop,
 * Retry, and a power switch. It runs in memory with a clock that tests move. The node and the engine are real, and
 * requests reach the mock service over HTTP.
 *
 * It mirrors n8n 2.40.7. Source files, below `packages/cli/src`: `workflow-execute-additional-data.ts`,
 * `workflow-runner.ts`, `active-executions.ts`, `wait-tracker.ts`, `workflow-helpers.ts`,
 * `executions/execution.service.ts`, `executions/execution-recovery.service.ts` and
 * `execution-lifecycle/execution-lifecycle-hooks.ts`; its four nodes: `packages/nodes-base` (mockNodes.mts).
 *
 * To compare it with a real n8n: `npm run drills` (lab/drills) kills a real n8n at the moments that these tests use,
 * and `npm run drills -- --queue` kills its workers. Run both after an update of n8n, and read the files above again.
 *
 *     const n8n = useN8n(sandbox);
 *     const id = await n8n.run({ parameters });
 *     n8n.dieAt(({ kind, when }) => kind === 'request' && when === 'after');
 *     await n8n.untilDead();
 *     n8n.start();
 *     const { items } = await n8n.ended(id);
 *
 * Rule: when n8n dies, only the table is left. One exception: a test file loads the package once, so the package's
 * module variables (the rates of an account) stay.
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
import { createExecutions, hasEnded } from './executionTable.mts';
import type { Execution, Summary } from './executionTable.mts';
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
import { createProcess } from './mortalProcess.mts';
import type { Moment, MortalProcess } from './mortalProcess.mts';
import { MOCK_NODES } from './mockNodes.mts';

export type { Moment } from './mortalProcess.mts';

export interface ServerRun extends Omit<NodeRun, 'credential'> {
	/** How it was started. Default: by a trigger. */
	mode?: WorkflowExecuteMode;
	/** Default true. */
	isSaved?: boolean;
	/** The workflow's "Save execution progress": the table has each node's output as the node ends. */
	savesProgress?: boolean;
}

/** An execution as n8n's editor shows it. */
export interface Found extends Execution {
	/** The outputs of the Emoji Video node: success, and error if it has that output. */
	items: INodeExecutionData[];
	errorItems: INodeExecutionData[];
	/** The input items' numbers, as an expression in the next node reads them. */
	links: unknown[];
	error?: { message: string; description?: string | null };
	hints: NodeExecutionHint[];
}

const NODE = 'Emoji Video';

/** Items -> Emoji Video -> a node that reads the linked input; the error output leads nowhere. */
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
	/** The credential of the node. Tests may change it. */
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
	/** When n8n was last started (ms since the epoch). From then on it looks for due executions each minute. */
	startedAt(): number;
	/** Bytes of execution data in the table. */
	bytes(): number;
	stop(id: string): Promise<void>;
	/** Resumes a parked execution, as an outdated timer of n8n does. */
	wake(id: string): Promise<void>;
	/** From now on, due executions of this depth wait this long for a worker. */
	queueUp(depth: number, queuedMs: number): void;
	/** Changes an execution's stored data. */
	edit(id: string, change: (data: IRunExecutionData) => void): void;
	/** Cuts the power now. */
	kill(): void;
	/**
	 * Cuts the power at the first moment for which the condition is true.
	 * @param times how many times (default 1); in queue mode, the next worker may die too
	 */
	dieAt(isLast: (moment: Moment) => boolean, times?: number): void;
	/** Moves the clock until n8n has died. */
	untilDead(): Promise<void>;
	/** Starts n8n again. */
	start(): void;
}

/**
 * An n8n for each test of the calling file.
 * @param sandbox its account, and its time
 * @param options.isQueue queue mode: nodes run on a worker, and only the worker dies
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

/** How long main takes to notice a dead worker (Bull's interval for stalled jobs). */
const NOTICED_AFTER_MS = 30_000;

async function startServer(
	{ time, ...sandbox }: Pick<Sandbox, 'credential' | 'time'>,
	isQueue: boolean,
): Promise<N8nServer & { close(): void }> {
	const executions = createExecutions();
	const credential = { ...sandbox.credential };
	const queued = new Map<number, number>();
	const nodeTypes = await createNodeTypes(MOCK_NODES);
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
