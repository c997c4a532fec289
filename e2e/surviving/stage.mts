/**
 * A stage of its own for each execution that survives restarts: a DashScope double, a credential, a
 * workflow. The rule: no two executions share a double, so that its counts speak of one alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock, DashScopeMockOptions } from '../../sandbox/dashscope/index.mts';
import type {
	Credential,
	Execution,
	N8nApi,
	Workflow,
	WorkflowFile,
} from '../../sandbox/n8n/api.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import { callWebhook, rowsBelow, untilNotRunning } from '../../lab/stage/waits.mts';
import { MANUAL } from '../../lab/stage/workflows.mts';
import { logIn, readWorld } from '../world.mts';

/** A parked wait takes 70 s at least, twice for each round of a loop. */
const TIMEOUT_MS = 480_000;

/** An execution under way, and the service it works with. */
export interface Scene {
	double: DashScopeMock;
	credential: Credential;
	id: string;
	ended: Promise<Execution>;
}

const world = readWorld();
const doubles: DashScopeMock[] = [];

/** The n8n of the end-to-end tests. */
export const api = logIn(world);

export interface Act {
	service?: DashScopeMockOptions;
	workflow: (double: DashScopeMock, credential: Credential) => WorkflowFile | Promise<WorkflowFile>;
	/** Default: as the editor's button does. @returns the execution's id */
	start?: (api: N8nApi, workflow: Workflow) => Promise<string>;
}

/** Sets a stage of its own for an act and starts it. */
export async function begin(name: string, act: Act): Promise<Scene> {
	const n8n = await api;
	const double = await startDashScopeMock({ taskSeconds: 3, ...act.service });
	doubles.push(double);
	const credential = await n8n.saveCredential(
		`Surviving: ${name}`,
		CREDENTIAL_TYPE,
		credentialDataFor(double),
	);
	const file = await act.workflow(double, credential);
	const saved = await n8n.importWorkflow({ ...file, name: `Surviving: ${name}` });
	const id = await (act.start?.(n8n, saved) ?? n8n.run(saved, MANUAL.name));
	const ended = n8n.waitForExecution(id, { timeoutMs: TIMEOUT_MS });
	// The test that asks for it hears of it.
	void ended.catch(() => undefined);
	return { double, credential, id, ended };
}

/** Makes the second of the tasks fail once it is there; no task runs before. */
export async function failSecond({ double }: Scene): Promise<string> {
	for (;;) {
		const id = double.tasks()[1]?.id;
		if (id !== undefined && double.failTask(id)) {
			double.setConcurrency(1);
			return id;
		}
		await sleep(20);
	}
}

/** The rows of an execution that is parked before its first create. */
export async function lookAtParked({ id, double }: Scene, node: string) {
	const n8n = await api;
	const execution = await untilNotRunning(n8n, id);
	const { guard, supervisor, check } = await rowsBelow(n8n, execution, node);
	const items = outputOf(execution, node).map(({ json }) => json);
	return {
		parked: { items, creates: double.counts().createsAccepted },
		seen: {
			status: execution.status,
			guard: guard.status,
			supervisor: supervisor.status,
			check: check.status,
		},
	};
}

/** Three videos of a minute each until the next look, and a minute until n8n takes it up. */
const ONE_LOOK_MS = 300_000;

/**
 * The user stops an execution whose tasks are created: one runs, the others are queued.
 * @returns what has become of the rows below, and of the tasks
 */
export async function stopCreated(scene: Scene, node: string, videos: number) {
	const n8n = await api;
	while (scene.double.tasks().length < videos) await sleep(200);
	await sleep(WRITTEN_MS);
	const rows = await rowsBelow(n8n, await n8n.execution(scene.id), node);
	await n8n.stopExecution(scene.id);
	const ended = await Promise.all(
		Object.values(rows).map(
			async ({ id }) => await n8n.waitForExecution(id, { timeoutMs: ONE_LOOK_MS }),
		),
	);
	return {
		own: (await n8n.execution(scene.id)).status,
		below: ended.map(({ status }) => status),
		tasks: scene.double.tasks().map(({ status }) => status),
		creates: scene.double.counts().createsAccepted,
	};
}

/** The check that has created the tasks is written down. */
const WRITTEN_MS = 5_000;

/** Someone changes the credential while the execution waits: the service cannot be asked any more. */
export async function breakCredential(scene: Scene, videos: number): Promise<void> {
	const n8n = await api;
	while (scene.double.tasks().length < videos) await sleep(200);
	await sleep(WRITTEN_MS);
	const { name, type } = scene.credential;
	await n8n.saveCredential(name, type, { apiKey: 'sk', endpoint: 'custom', customUrl: 'nowhere' });
}

/** Activates a workflow that begins with a webhook, and calls it. @returns the execution's id */
export const startByWebhook =
	(path: string) =>
	async (n8n: N8nApi, saved: Workflow): Promise<string> => {
		await n8n.activate(saved);
		return await callWebhook(world.n8nUrl, n8n, saved, path);
	};

export async function closeDoubles(): Promise<void> {
	await Promise.all(doubles.map(async (double) => await double.close()));
}
