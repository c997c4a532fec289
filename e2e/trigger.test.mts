/**
 * The trigger in an n8n of its own, which is killed and started again. Rule: this n8n and this double
 * are nobody else's, because a kill would end the other tests too.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock, type DashScopeMock } from '../sandbox/dashscope/index.mts';
import { connect, type N8nApi, type Workflow } from '../sandbox/n8n/api.mts';
import { bringUp, OWNER, type Sandbox } from '../sandbox/n8n/bring-up.mts';
import { credentialDataFor } from '../sandbox/n8n/credential.mts';
import type { RunningN8n } from '../sandbox/n8n/instance.mts';
import { WORK_FOLDER } from '../sandbox/n8n/paths.mts';
import { outputOf } from '../sandbox/n8n/report.mts';
import { emojiVideo, listener, MANUAL, workflow } from '../lab/stage/workflows.mts';

const TASK_SECONDS = 4;
/** n8n polls once a minute at most. */
const POLL_MS = 60_000;

describe('the trigger in a real n8n', () => {
	let double: DashScopeMock;
	let sandbox: Sandbox;
	let n8n: RunningN8n;
	let api: N8nApi;
	let listening: Workflow;
	let creating: Workflow;

	const fileOf = (taskId: string) => path.join(sandbox.n8n.filesFolder, `told-${taskId}.mp4`);
	const creator = () =>
		workflow('Creates', [
			MANUAL,
			{
				...emojiVideo(sandbox.credential, {
					operation: 'create',
					imageUrl: double.portraitUrl('ada.png'),
					templates: ['mengwa_kaixin', 'jingdian_lei'],
				}),
				name: 'Create',
			},
		]);

	const create = async (): Promise<string[]> => {
		const execution = await api.waitForExecution(await api.run(creating, MANUAL.name));
		return outputOf(execution, 'Create').map(({ json }) => String(json.taskId));
	};

	const untilSaved = async (taskIds: string[]) => {
		const deadline = Date.now() + 2 * POLL_MS;
		while (!taskIds.every((id) => existsSync(fileOf(id)))) {
			if (Date.now() > deadline)
				throw new Error('The trigger has not stored every video in two minutes');
			await sleep(500);
		}
	};

	/** Task IDs of all executions that the trigger has started. */
	const told = async (): Promise<string[]> => {
		const results = await api.executions(listening);
		const executions = await Promise.all(
			results.map(async ({ id }) => await api.waitForExecution(id)),
		);
		return executions.flatMap((execution) =>
			outputOf(execution, 'Trigger').map(({ json }) => String(json.taskId)),
		);
	};

	beforeAll(async () => {
		double = await startDashScopeMock({ taskSeconds: TASK_SECONDS });
		sandbox = await bringUp({
			stage: async (_, work) => await work(() => undefined),
			workFolder: path.join(WORK_FOLDER, 'e2e-trigger'),
			fresh: true,
			port: 0,
			credentialData: credentialDataFor(double),
			addresses: { portraitUrl: double.portraitUrl('ada.png') },
		});
		({ n8n, api } = sandbox);
		creating = await api.importWorkflow(creator());
		listening = await api.importWorkflow(listener(sandbox.credential, sandbox.n8n.filesFolder));
		await api.activate(listening);
		// n8n answers before it has activated; the first poll is when "from now on" begins.
		while (!double.ledger().some(({ operation }) => operation === 'list')) await sleep(200);
		await sleep(1000);
	}, 300_000);

	afterAll(async () => {
		await n8n?.stop();
		await double?.close();
	});

	it('stores the videos that another workflow has ordered, each once', async () => {
		const ids = await create();
		expect(ids).toHaveLength(2);
		await untilSaved(ids);
		for (const id of ids) {
			expect((await readFile(fileOf(id))).subarray(4, 8).toString()).toBe('ftyp');
		}
		expect((await told()).sort()).toEqual([...ids].sort());
	});

	it('is killed while tasks are running, and tells each of them once after its restart', async () => {
		const before = await told();
		const ids = await create();
		await n8n.kill();
		await sleep((TASK_SECONDS * ids.length + 1) * 1000);
		n8n = await n8n.startAgain();
		api = await connect(n8n.url, OWNER);
		await untilSaved(ids);
		// One more poll, which must find nothing new.
		await sleep(POLL_MS + 5000);
		expect((await told()).sort()).toEqual([...before, ...ids].sort());
	}, 300_000);
});
