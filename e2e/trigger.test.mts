/**
 * The trigger in an n8n of its own, which is killed and started again. Rule: this n8n and this double
 * are nobody else's, because a kill would end the other tests too.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import { startDashScopeDouble, type DashScopeDouble } from '../sandbox/dashscope/index.mts';
import { connect, type N8nApi, type Workflow, type WorkflowFile } from '../sandbox/n8n/api.mts';
import { bringUp, OWNER, type Sandbox } from '../sandbox/n8n/bring-up.mts';
import { startN8n, type RunningN8n } from '../sandbox/n8n/instance.mts';
import { WORK_FOLDER } from '../sandbox/n8n/paths.mts';
import { outputOf } from '../sandbox/n8n/report.mts';

const TASK_SECONDS = 4;
/** n8n polls once a minute at most. */
const POLL_MS = 60_000;

describe('the trigger in a real n8n', () => {
	let double: DashScopeDouble;
	let sandbox: Sandbox;
	let n8n: RunningN8n;
	let api: N8nApi;
	let listening: Workflow;
	let creating: Workflow;

	const fileOf = (taskId: string) => path.join(sandbox.n8n.filesFolder, `told-${taskId}.mp4`);
	const credentials = () => ({
		dashScopeApi: { id: sandbox.credential.id, name: sandbox.credential.name },
	});

	const listener = (): WorkflowFile => ({
		name: 'Listens',
		nodes: [
			{
				id: 'trigger',
				name: 'Trigger',
				type: 'n8n-nodes-emoji-video.emojiVideoTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: { pollTimes: { item: [{ mode: 'everyMinute' }] } },
				credentials: credentials(),
			},
			{
				id: 'save',
				name: 'Save Video',
				type: 'n8n-nodes-base.readWriteFile',
				typeVersion: 1.1,
				position: [200, 0],
				parameters: {
					operation: 'write',
					fileName: `=${sandbox.n8n.filesFolder}/told-{{ $json.taskId }}.mp4`,
					options: {},
				},
			},
		],
		connections: { Trigger: { main: [[{ node: 'Save Video', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1', saveDataSuccessExecution: 'all' },
	});

	const creator = (): WorkflowFile => ({
		name: 'Creates',
		nodes: [
			{
				id: 'start',
				name: 'Start',
				type: 'n8n-nodes-base.manualTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: {},
			},
			{
				id: 'create',
				name: 'Create',
				type: 'n8n-nodes-emoji-video.emojiVideo',
				typeVersion: 1,
				position: [200, 0],
				parameters: {
					resource: 'video',
					operation: 'create',
					imageUrl: double.portraitUrl('ada.png'),
					templates: ['mengwa_kaixin', 'jingdian_lei'],
				},
				credentials: credentials(),
			},
		],
		connections: { Start: { main: [[{ node: 'Create', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1' },
	});

	const create = async (): Promise<string[]> => {
		const execution = await api.waitForExecution(await api.run(creating, 'Start'));
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
		const filter = encodeURIComponent(JSON.stringify({ workflowId: listening.id }));
		const { results } = z
			.object({ results: z.array(z.object({ id: z.string() })) })
			.parse(await api.request('GET', `/executions?filter=${filter}&limit=50`));
		const executions = await Promise.all(
			results.map(async ({ id }) => await api.waitForExecution(id)),
		);
		return executions.flatMap((execution) =>
			outputOf(execution, 'Trigger').map(({ json }) => String(json.taskId)),
		);
	};

	beforeAll(async () => {
		double = await startDashScopeDouble({ taskSeconds: TASK_SECONDS });
		sandbox = await bringUp({
			stage: async (_, work) => await work(() => undefined),
			workFolder: path.join(WORK_FOLDER, 'e2e-trigger'),
			fresh: true,
			port: 0,
			credentialData: { apiKey: double.apiKey, endpoint: 'custom', customUrl: double.url },
			addresses: { portraitUrl: double.portraitUrl('ada.png') },
		});
		({ n8n, api } = sandbox);
		creating = await api.importWorkflow(creator());
		listening = await api.importWorkflow(listener());
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
		n8n = await startN8n({
			install: sandbox.install,
			userFolder: n8n.userFolder,
			filesFolder: n8n.filesFolder,
			logFile: n8n.logFile,
			port: 0,
		});
		api = await connect(n8n.url, OWNER);
		await untilSaved(ids);
		// One more poll, which must find nothing new.
		await sleep(POLL_MS + 5000);
		expect((await told()).sort()).toEqual([...before, ...ids].sort());
	}, 300_000);
});
