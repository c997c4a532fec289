/**
 * Executions that survive restarts, each with a mock, a credential and a workflow of its own. The rule: no two
 * executions share a mock, so that its counts belong to one execution.
 */
import type { DashScopeMock, DashScopeMockOptions } from '../../sandbox/dashscope/index.mts';
import type {
	Credential,
	Execution,
	N8nApi,
	Workflow,
	WorkflowFile,
} from '../../sandbox/n8n/api.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import type { Service } from '../../lab/stage/service.mts';
import {
	callWebhook,
	rowsBelow,
	until,
	untilCreated,
	untilNotRunning,
} from '../../lab/stage/waits.mts';
import { MANUAL } from '../../lab/stage/workflows.mts';
import { logIn, openMock, readWorld } from '../world.mts';

/** A round of a loop waits twice for 70 s of n8n's clock; the rest is for a busy machine. */
const TIMEOUT_MS = 300_000;

/** An execution under way, and the service it works with. */
export interface Scene extends Service {
	id: string;
	ended: Promise<Execution>;
}

export interface Act {
	service?: DashScopeMockOptions;
	workflow: (mock: DashScopeMock, credential: Credential) => WorkflowFile | Promise<WorkflowFile>;
	/** Default: as the editor's button does. @returns the execution's ID */
	start?: (api: N8nApi, workflow: Workflow) => Promise<string>;
}

const mocks: DashScopeMock[] = [];

const world = readWorld();

/** The n8n of the end-to-end tests. */
export const loggedIn = logIn(world);

export async function closeMocks(): Promise<void> {
	await Promise.all(mocks.map(async (mock) => await mock.close()));
}

/** Starts an act with a service of its own. */
export async function begin(name: string, act: Act): Promise<Scene> {
	const api = await loggedIn;
	const options = { taskSeconds: 3, ...act.service };
	const { mock, credential } = await openMock(api, `Surviving: ${name}`, options);
	mocks.push(mock);
	const file = await act.workflow(mock, credential);
	const saved = await api.importWorkflow({ ...file, name: `Surviving: ${name}` });
	const id = await (act.start?.(api, saved) ?? api.run(saved, MANUAL.name));
	const ended = api.waitForExecution(id, { timeoutMs: TIMEOUT_MS });
	// The test that awaits it reports the failure.
	void ended.catch(() => undefined);
	return { mock, credential, id, ended };
}

/** Makes the second task fail as soon as it is created. No task runs before. */
export async function failSecond({ mock }: Scene): Promise<string> {
	await until('the second task could be failed', () => {
		const id = mock.tasks()[1]?.id;
		return id !== undefined && mock.failTask(id);
	});
	mock.setConcurrency(1);
	return mock.tasks()[1]?.id ?? '';
}

/** The rows of an execution that is parked before its first create. */
export async function inspectParked({ id, mock }: Scene, node: string) {
	const api = await loggedIn;
	const execution = await untilNotRunning(api, id);
	const { guard, supervisor, check } = await rowsBelow(api, execution, node);
	const items = outputOf(execution, node).map(({ json }) => json);
	return {
		parked: { items, creates: mock.counts().createsAccepted },
		seen: {
			status: execution.status,
			guard: guard.status,
			supervisor: supervisor.status,
			check: check.status,
		},
	};
}

/** Until the check that has created these tasks is stored, and its execution is parked again. */
async function untilCreatedAndParked({ id, mock }: Scene, node: string, videos: number) {
	const api = await loggedIn;
	await untilCreated(mock, videos, TIMEOUT_MS);
	let rows: Awaited<ReturnType<typeof rowsBelow>> | undefined;
	await until('the next check was parked', async () => {
		// Between two checks the supervisor has no sub-execution.
		rows = await rowsBelow(api, await api.execution(id), node).catch(() => undefined);
		return rows?.check.status === 'waiting';
	});
	if (rows === undefined) throw new Error(`Execution ${id} has no rows below`);
	return rows;
}

/**
 * The user stops an execution whose tasks are created: one runs, the others are queued.
 * @returns what has become of the rows below, and of the tasks
 */
export async function stopCreated(scene: Scene, node: string, videos: number) {
	const api = await loggedIn;
	const rows = await untilCreatedAndParked(scene, node, videos);
	await api.stopExecution(scene.id);
	const ended = await Promise.all(
		Object.values(rows).map(
			async ({ id }) => await api.waitForExecution(id, { timeoutMs: TIMEOUT_MS }),
		),
	);
	return {
		own: (await api.execution(scene.id)).status,
		below: ended.map(({ status }) => status),
		tasks: scene.mock.tasks().map(({ status }) => status),
		creates: scene.mock.counts().createsAccepted,
	};
}

/** Somebody changes the credential while the execution waits: the node cannot poll any more. */
export async function breakCredential(scene: Scene, node: string, videos: number): Promise<void> {
	await untilCreatedAndParked(scene, node, videos);
	const { name, type } = scene.credential;
	const data = { apiKey: 'sk', endpoint: 'custom', customUrl: 'nowhere' };
	await (await loggedIn).saveCredential(name, type, data);
}

/** Activates a workflow that begins with a webhook, and calls it. @returns the execution's ID */
export const startByWebhook =
	(webhookPath: string) =>
	async (api: N8nApi, saved: Workflow): Promise<string> => {
		await api.activate(saved);
		return await callWebhook(world.n8nUrl, api, saved, webhookPath);
	};
