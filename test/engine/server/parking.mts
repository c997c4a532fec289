/**
 * How n8n runs, parks and resumes executions. The source files of n8n 2.40.7 are named in n8nServer.mts. The engine
 * is n8n-core's own. Permissions, pushes to the editor, statistics, error workflows and pruning are left out, because
 * no parked wait depends on them.
 */
import { ExecutionLifecycleHooks, WorkflowExecute } from 'n8n-core';
import {
	CRASHABLE_EXECUTION_STATUSES,
	createRunExecutionData,
	ManualExecutionCancelledError,
	Workflow,
	WorkflowOperationError,
} from 'n8n-workflow';
import type {
	ExecuteWorkflowData,
	ExecutionStatus,
	INodeTypes,
	IRun,
	IRunExecutionData,
	ITaskData,
	IWorkflowExecuteAdditionalData,
	RelatedExecution,
} from 'n8n-workflow';
import type { Execution, Executions } from './executionTable.mts';
import { processNow } from './mortalProcess.mts';
import type { MortalProcess } from './mortalProcess.mts';

/** The server that the executions run on. */
export interface Host {
	executions: Executions;
	nodeTypes: INodeTypes;
	/** The main process, which resumes parked executions. */
	main: MortalProcess;
	/** Runs the nodes: the main process itself, or a worker of it. */
	worker: MortalProcess;
	/** The running executions, by ID. */
	active: Map<string, Active>;
	/** The timers of executions that are due soon. */
	due: Map<string, ReturnType<typeof setTimeout>>;
	additionalData(): IWorkflowExecuteAdditionalData;
	/** How long an execution of this depth that is due waits for a worker (ms). */
	queuedMs(depth: number): number;
}

/** An execution that runs now. */
export interface Active {
	/** The process that runs it. */
	by: MortalProcess;
	/** Part of another running execution, which alone waits for it. */
	isPart: boolean;
	cancel(): void;
	/** Passes the run to its waiter in the main process. */
	finish: (run: IRun) => void;
}

type ExecuteWorkflow = IWorkflowExecuteAdditionalData['executeWorkflow'];

/** Of the last node, in its last run. */
function lastTask({ data }: IRun): ITaskData | undefined {
	const { runData, lastNodeExecuted } = data.resultData;
	return lastNodeExecuted === undefined ? undefined : runData[lastNodeExecuted]?.at(-1);
}

function finalStatus({ status, data, waitTill }: IRun): ExecutionStatus {
	if (waitTill) return 'waiting';
	if (status === 'crashed' || status === 'canceled' || status === 'error') return status;
	return data.resultData.error ? 'error' : 'success';
}

/** Stores the end of an execution. A canceled one stays canceled. */
export async function save(host: Host, by: MortalProcess, id: string, run: IRun): Promise<void> {
	const { executions } = host;
	const depth = executions.depthOf(id);
	await by.act({ kind: 'write', depth, status: run.status }, () =>
		executions.update(
			id,
			{ status: run.status, waitTill: run.waitTill?.getTime(), data: run.data },
			(status) => status !== 'canceled',
		),
	);
}

/** Lets the engine run an execution from where its data says it is, in a process. */
async function process(
	host: Host,
	worker: MortalProcess,
	{ id, mode, workflow, data }: Execution,
	isPart: boolean,
) {
	return await worker.run(async () => {
		const hooks = new ExecutionLifecycleHooks(mode, id, workflow);
		hooks.addHandler('workflowExecuteAfter', async (run) => {
			run.status = finalStatus(run);
			await save(host, worker, id, run);
		});
		if (workflow.settings?.saveExecutionProgress === true) {
			const depth = host.executions.depthOf(id);
			hooks.addHandler('nodeExecuteAfter', async (_node, _task, progress) => {
				await worker.act({ kind: 'write', depth, status: 'running' }, () =>
					host.executions.update(id, { data: progress }),
				);
			});
		}
		const additionalData = {
			...host.additionalData(),
			executionId: id,
			hooks,
			// As n8n's ExecuteContext.getExecutionDataById: the stored execution as plain data.
			getRunExecutionData: async (other: string) =>
				await Promise.resolve(
					host.executions.list().some((row) => row.id === other)
						? host.executions.read(other).data
						: undefined,
				),
			executeWorkflow: ((info, more, options) =>
				executeWorkflow(host, info, more, options)) satisfies ExecuteWorkflow,
		};
		const running = new WorkflowExecute(additionalData, mode, data).processRunExecutionData(
			new Workflow({ ...workflow, nodeTypes: host.nodeTypes }),
		);
		return await new Promise<IRun>((resolve, reject) => {
			const finish = (run: IRun) => {
				host.active.delete(id);
				resolve(run);
			};
			host.active.set(id, { by: worker, isPart, cancel: () => running.cancel(), finish });
			running.then(finish, reject);
		});
	});
}

/**
 * Starts an inline workflow as a sub-execution.
 * @returns its output, or until when it waits
 * @throws its error
 */
async function executeWorkflow(
	host: Host,
	...[{ code }, , { parentExecution, parentWorkflowId, parentWorkflowSettings, inputData }]: [
		...Parameters<ExecuteWorkflow>,
	]
): Promise<ExecuteWorkflowData> {
	const start = code?.nodes.find(({ type }) => type === 'n8n-nodes-base.executeWorkflowTrigger');
	if (!code || !start) throw new Error('Not an inline workflow that another one can start.');
	const workflow = {
		...code,
		id: code.id || parentWorkflowId,
		settings: code.settings ?? parentWorkflowSettings,
	};
	const data = createRunExecutionData({
		executionData: {
			nodeExecutionStack: [
				{
					node: start,
					data: { main: [inputData ?? [{ json: {} }]] },
					metadata: { parentExecution },
					source: null,
				},
			],
		},
		parentExecution,
	});
	const { executions } = host;
	const worker = processNow() ?? host.worker;
	const depth = parentExecution ? executions.depthOf(parentExecution.executionId) + 1 : 1;
	const row = { depth, mode: 'integrated', status: 'running', waitTill: undefined } as const;
	const executionId = await worker.act({ kind: 'write', depth, status: 'running' }, () =>
		executions.insert({ ...row, workflow, data }),
	);
	const run = await process(host, worker, { ...row, id: executionId, workflow, data }, true);
	if (run.finished || run.status === 'waiting') {
		const output = lastTask(run)?.data?.main ?? [null];
		return { executionId, data: output, waitTill: run.waitTill };
	}
	const { error } = run.data.resultData;
	throw Object.assign(new Error(error?.message ?? 'An error occurred'), { ...error, executionId });
}

/** Runs an execution that has a row, in the main process or by a worker. */
export async function runExecution(host: Host, execution: Execution): Promise<IRun> {
	return await process(host, host.worker, execution, false);
}

/** Puts the result of a sub-execution into its parked parent: its items, or its error. */
async function handToParent(
	{ executions, main }: Host,
	{ executionId }: RelatedExecution,
	run: IRun,
	subExecution: { executionId: string; workflowId: string },
): Promise<void> {
	const { error } = run.data.resultData;
	const output = lastTask(run)?.data;
	if (!error && !output) return;
	const parent = executions.read(executionId);
	const entry = parent.data.executionData?.nodeExecutionStack[0];
	if (parent.status !== 'waiting' || !entry) return;
	if (error) {
		const resumeError = { ...error, message: error.message };
		entry.metadata = { ...entry.metadata, resumeError: resumeError as never, subExecution };
	} else if (output) {
		entry.data = output;
	}
	await main.act({ kind: 'write', depth: parent.depth, status: 'waiting' }, () =>
		executions.update(executionId, { data: parent.data }),
	);
}

/**
 * Resumes a waiting execution, and after its end the parents that wait for it. Leaves any other execution alone.
 */
export async function resume(host: Host, id: string): Promise<void> {
	const { executions, main, due } = host;
	// As in n8n, other timers of this execution stay.
	due.delete(id);
	const execution = executions.read(id);
	const isMine = await main.act({ kind: 'write', depth: execution.depth, status: 'running' }, () =>
		executions.update(
			id,
			{ status: 'running', waitTill: undefined },
			(status) => status === 'waiting',
		),
	);
	if (!isMine) return;
	const queuedMs = host.queuedMs(execution.depth);
	if (queuedMs > 0) await new Promise((taken) => setTimeout(taken, queuedMs));
	const run = await runExecution(host, execution);
	const { parentExecution } = execution.data;
	if (!parentExecution || parentExecution.shouldResume === false) return;
	if (run.status === 'waiting') return;
	const workflowId = execution.workflow.id;
	await handToParent(host, parentExecution, run, { executionId: id, workflowId });
	await resume(host, parentExecution.executionId);
}

/** How often n8n looks for executions whose time has come, and how far ahead. */
const LOOK_EVERY_MS = 60_000;
const LOOK_AHEAD_MS = 70_000;

/** From now on, resumes waiting executions when they are due. */
export function trackWaiting(host: Host): void {
	const { executions, due } = host;
	const look = () => {
		const near = executions
			.list()
			.flatMap(({ id, status, waitTill = Infinity }) =>
				status === 'waiting' && waitTill <= Date.now() + LOOK_AHEAD_MS ? [{ id, waitTill }] : [],
			)
			.sort((a, b) => a.waitTill - b.waitTill);
		for (const { id, waitTill } of near) {
			if (due.has(id)) continue;
			const timer = setTimeout(() => void resume(host, id), waitTill - Date.now());
			due.set(id, timer);
		}
	};
	setInterval(look, LOOK_EVERY_MS);
	look();
}

/** Stops an execution, as n8n's button Stop does. */
export async function stop(host: Host, id: string): Promise<void> {
	const { executions, main, active, due } = host;
	const { depth, data } = executions.read(id);
	active.get(id)?.cancel();
	clearTimeout(due.get(id));
	due.delete(id);
	data.resultData.error = new ManualExecutionCancelledError(id);
	await main.act({ kind: 'write', depth, status: 'canceled' }, () =>
		executions.update(id, { status: 'canceled', waitTill: undefined, data }),
	);
}

/** The start of a Retry (n8n's executions/execution.service, retry): the stored data without the error. */
export function toRetry(data: IRunExecutionData): IRunExecutionData {
	const { lastNodeExecuted, runData } = data.resultData;
	if (lastNodeExecuted === undefined) return data;
	delete data.resultData.error;
	const runs = runData[lastNodeExecuted];
	if (runs?.at(-1)?.error !== undefined) runs.pop();
	return data;
}

const CRASHABLE: ReadonlySet<string> = new Set(CRASHABLE_EXECUTION_STATUSES);

/** n8n's start: every execution stored as running is marked as crashed. */
export function markCrashed({ executions, active }: Host): void {
	for (const { id, status } of executions.list()) {
		if (!CRASHABLE.has(status) || active.has(id)) continue;
		const { data } = executions.read(id);
		data.resultData.error = new WorkflowOperationError(
			'Workflow did not finish, possible out-of-memory issue',
		);
		executions.update(id, { status: 'crashed', waitTill: undefined, data });
	}
}

const LOST_WORKER =
	'This execution failed to be processed too many times and will no longer retry. To allow this execution to complete, please break down your workflow or scale up your workers or adjust your worker settings.';

/** Main's reaction to a dead worker in queue mode: its executions end with n8n's error. */
export async function failJobsOf(host: Host, dead: MortalProcess): Promise<void> {
	const { active, executions, main } = host;
	const lost = [...active].filter(([, { by }]) => by === dead);
	for (const [id] of lost) active.delete(id);
	for (const [id, { isPart, finish }] of lost) {
		if (isPart) continue;
		const error = new WorkflowOperationError(LOST_WORKER);
		const data = createRunExecutionData({ resultData: { error, runData: {} } });
		const { mode } = executions.read(id);
		const run: IRun = { data, mode, startedAt: new Date(), status: 'error', storedAt: 'db' };
		await save(host, main, id, run);
		finish(run);
	}
	markCrashed(host);
}
