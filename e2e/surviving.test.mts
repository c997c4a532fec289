/**
 * Survive Restarts, in everything that can start a workflow. A wait takes 70 s, because n8n keeps
 * shorter ones in memory; so all executions run at once, each with a DashScope double of its own.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeDouble, templateVideo } from '../sandbox/dashscope/index.mts';
import type { DashScopeDouble, DashScopeDoubleOptions } from '../sandbox/dashscope/index.mts';
import type {
	Credential,
	Execution,
	Item,
	N8nApi,
	Workflow,
	WorkflowFile,
} from '../sandbox/n8n/api.mts';
import { lastRunOf, outputOf, subExecutionOf } from '../sandbox/n8n/report.mts';
import { logIn, readWorld } from './world.mts';
import {
	emojiVideo,
	FROM_WORKFLOW,
	inARow,
	listOf,
	MANUAL,
	numbered,
	portraitsOf,
	step,
	webhook,
	workflow,
} from './workflows.mts';

const NODE = 'Emoji Video';
const SURVIVE = { options: { surviveRestarts: true } };
const TWO = ['ada.png', 'ben.jpg'];
const THREE = [...TWO, 'kim.png'];
const TIMEOUT_MS = 200_000;

/** An execution under way, and the service it works with. */
interface Scene {
	double: DashScopeDouble;
	credential: Credential;
	id: string;
	ended: Promise<Execution>;
}

const world = readWorld();
const api = logIn(world);
const doubles: DashScopeDouble[] = [];

interface Act {
	service?: DashScopeDoubleOptions;
	workflow: (
		double: DashScopeDouble,
		credential: Credential,
	) => WorkflowFile | Promise<WorkflowFile>;
	/** Default: as the editor's button does. @returns the execution's id */
	start?: (api: N8nApi, workflow: Workflow) => Promise<string>;
}

/** Sets a stage of its own for an act and starts it. */
async function begin(name: string, act: Act): Promise<Scene> {
	const n8n = await api;
	const double = await startDashScopeDouble({ taskSeconds: 3, ...act.service });
	doubles.push(double);
	const credential = await n8n.saveCredential(`Surviving: ${name}`, 'dashScopeApi', {
		apiKey: double.apiKey,
		endpoint: 'custom',
		customUrl: double.url,
	});
	const file = await act.workflow(double, credential);
	const saved = await n8n.importWorkflow({ ...file, name: `Surviving: ${name}` });
	const id = await (act.start?.(n8n, saved) ?? n8n.run(saved, MANUAL.name));
	const ended = n8n.waitForExecution(id, { timeoutMs: TIMEOUT_MS });
	// The test that asks for it hears of it.
	void ended.catch(() => undefined);
	return { double, credential, id, ended };
}

/** Manual Trigger -> portraits -> Emoji Video -> After, which follows the item links back. */
const batch =
	(files: string[], parameters: Record<string, unknown>) =>
	(double: DashScopeDouble, credential: Credential) =>
		workflow('Batch', [
			MANUAL,
			...listOf(portraitsOf(double, ...files)),
			emojiVideo(credential, parameters),
			numbered('After'),
		]);

const failing = (parameters: Record<string, unknown>): Act => ({
	service: { concurrency: 0 },
	workflow: (double, credential) =>
		workflow(
			'Failing',
			[
				MANUAL,
				...listOf(portraitsOf(double, ...THREE)),
				emojiVideo(credential, parameters, { onError: 'continueErrorOutput' }),
				numbered('After'),
				numbered('Failed'),
			],
			{
				...inARow([MANUAL.name, 'List', 'Portraits', NODE]),
				[NODE]: [['After'], ['Failed']],
			},
		),
});

/** Makes the second of the tasks fail once it is there; no task runs before. */
async function failSecond({ double }: Scene): Promise<string> {
	for (;;) {
		const id = double.tasks()[1]?.id;
		if (id !== undefined && double.failTask(id)) {
			double.setConcurrency(1);
			return id;
		}
		await sleep(20);
	}
}

async function untilParked({ id }: Scene): Promise<Execution> {
	const n8n = await api;
	for (;;) {
		const execution = await n8n.execution(id);
		if (execution.status !== 'running' && execution.status !== 'new') return execution;
		await sleep(200);
	}
}

/** Someone changes the credential while the execution waits: the service cannot be asked any more. */
async function breakCredential(scene: Scene): Promise<void> {
	await untilParked(scene);
	const n8n = await api;
	const { name, type } = scene.credential;
	await n8n.saveCredential(name, type, { apiKey: 'sk', endpoint: 'custom', customUrl: 'nowhere' });
}

/** Calls the webhook of a workflow just activated, which answers 404 at first. */
async function callWebhook(n8n: N8nApi, saved: Workflow, path: string): Promise<string> {
	await n8n.activate(saved);
	while (!(await fetch(`${world.n8nUrl}/webhook/${path}`, { method: 'POST' })).ok) await sleep(250);
	const filter = encodeURIComponent(JSON.stringify({ workflowId: saved.id }));
	for (;;) {
		const found = (await n8n.request('GET', `/executions?filter=${filter}`)) as {
			results: Array<{ id: string; mode: string }>;
		};
		const ids = found.results.filter(({ mode }) => mode === 'webhook').map(({ id }) => Number(id));
		if (ids.length > 0) return String(Math.min(...ids));
		await sleep(250);
	}
}

async function calledWorkflow(double: DashScopeDouble, credential: Credential) {
	const n8n = await api;
	const called = await n8n.importWorkflow(
		workflow('Surviving: called', [
			FROM_WORKFLOW,
			emojiVideo(credential, SURVIVE),
			step('Done', 'noOp', 1),
		]),
	);
	await n8n.activate(called);
	return workflow('Caller', [
		MANUAL,
		...listOf(portraitsOf(double, ...TWO)),
		step('Call', 'executeWorkflow', 1.2, {
			workflowId: { __rl: true, mode: 'id', value: called.id },
			workflowInputs: { mappingMode: 'defineBelow', value: {} },
			options: {},
		}),
		numbered('After'),
	]);
}

const loop = (double: DashScopeDouble, credential: Credential) =>
	workflow(
		'Loop',
		[
			MANUAL,
			...listOf(portraitsOf(double, ...TWO)),
			step('Loop', 'splitInBatches', 3, { options: {} }),
			emojiVideo(credential, SURVIVE),
			numbered('After'),
		],
		{
			...inARow([MANUAL.name, 'List', 'Portraits', 'Loop']),
			Loop: [['After'], [NODE]],
			[NODE]: [['Loop']],
		},
	);

const waitForExisting = (double: DashScopeDouble, credential: Credential) =>
	workflow('Wait', [
		MANUAL,
		...listOf(portraitsOf(double, ...THREE)),
		{ ...emojiVideo(credential, { operation: 'create' }), name: 'Create' },
		emojiVideo(credential, { operation: 'wait', taskId: '={{ $json.taskId }}', ...SURVIVE }),
		numbered('After'),
	]);

async function beginAll() {
	const scenes = {
		// The longest first: it waits twice.
		loop: await begin('loop', { workflow: loop }),
		manual: await begin('manual', { workflow: batch(THREE, SURVIVE) }),
		inMemory: await begin('in memory', { workflow: batch(THREE, {}) }),
		stop: await begin('stop', { ...failing({}), workflow: batch(THREE, SURVIVE) }),
		errorOutput: await begin('error output', failing(SURVIVE)),
		errorOutputInMemory: await begin('error output, in memory', failing({})),
		webhook: await begin('webhook', {
			workflow: (double, credential) =>
				workflow('Webhook', [
					webhook('portraits'),
					...listOf(portraitsOf(double, ...TWO)),
					emojiVideo(credential, SURVIVE),
					numbered('After'),
				]),
			start: async (n8n, saved) => await callWebhook(n8n, saved, 'portraits'),
		}),
		subWorkflow: await begin('sub-workflow', { workflow: calledWorkflow }),
		wait: await begin('wait', { workflow: waitForExisting }),
		refused: await begin('refused', { workflow: batch(['ada.png', 'tilted.png'], SURVIVE) }),
		outOfTime: await begin('out of time', {
			service: { taskSeconds: [2, 600] },
			workflow: batch(TWO, {
				options: { surviveRestarts: true, timeout: 20, onTimeLimit: 'returnTask' },
			}),
		}),
		severalTemplates: await begin('several templates', {
			workflow: batch(TWO, { templates: ['mengwa_kaixin', 'jingdian_lei'], ...SURVIVE }),
		}),
		onePortrait: await begin('one portrait', {
			workflow: (double, credential) =>
				workflow('One portrait', [
					MANUAL,
					...listOf(portraitsOf(double, 'ada.png')),
					emojiVideo(credential, {
						templates: ['mengwa_kaixin', 'jingdian_lei'],
						...SURVIVE,
					}),
				]),
		}),
	};
	const failed = {
		stop: await failSecond(scenes.stop),
		errorOutput: await failSecond(scenes.errorOutput),
		errorOutputInMemory: await failSecond(scenes.errorOutputInMemory),
	};
	const broken = {
		stop: await begin('broken credential', { workflow: batch(TWO, SURVIVE) }),
		errorOutput: await begin('broken credential, error output', {
			...failing(SURVIVE),
			service: {},
		}),
	};
	await breakCredential(broken.stop);
	await breakCredential(broken.errorOutput);
	return { ...scenes, broken, failed };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** @param numbers those of the portraits that n8n links the items to */
async function expectLinkedVideos(items: Item[], numbers: number[]): Promise<void> {
	expect(items.map(({ json }) => json.number)).toEqual(numbers);
	await expectVideos(items);
}

/** Every item has the video that the service made of its template. */
async function expectVideos(items: Item[]): Promise<void> {
	const n8n = await api;
	for (const { json, binary } of items) {
		expect(json.status).toBe('SUCCEEDED');
		const video = await n8n.binary(binary?.data?.id ?? '');
		const made = await readFile(templateVideo(String(json.templateId)));
		expect(sha256(video)).toBe(sha256(made));
	}
}

/** Different in every run: their type must do. */
const VARYING = new Set([
	'taskId',
	'requestId',
	'videoUrl',
	'videoUrlExpiresAt',
	'submittedAt',
	'startedAt',
	'finishedAt',
	'id',
	'fileName',
]);

/** Items without what differs from run to run, keys in their order, to be compared as text. */
const comparable = (items: Item[], { double }: Scene): string =>
	JSON.stringify(
		items,
		(key, value: unknown) => (VARYING.has(key) ? typeof value : value),
		'\t',
	).replaceAll(double.storageUrl, '');

describe('Survive Restarts', () => {
	let scenes: Awaited<ReturnType<typeof beginAll>>;

	beforeAll(async () => {
		scenes = await beginAll();
	});

	afterAll(async () => {
		await Promise.all(doubles.map(async (double) => await double.close()));
	});

	it('waits in two rows of the database, linked, with task IDs and without videos', async () => {
		const n8n = await api;
		const { double } = scenes.manual;
		const execution = await untilParked(scenes.manual);
		expect(execution.status).toBe('waiting');
		const keeper = await n8n.execution(subExecutionOf(execution, NODE));
		expect(keeper.status).toBe('waiting');
		const turn = await n8n.execution(subExecutionOf(keeper, 'Keeper'));
		expect(turn.status).toBe('waiting');
		const parcels = [...outputOf(keeper, 'Start'), ...outputOf(turn, 'Start')];
		expect(parcels).toHaveLength(2);
		for (const parcel of parcels) {
			expect(parcel.binary).toBeUndefined();
			for (const task of double.tasks()) expect(JSON.stringify(parcel.json)).toContain(task.id);
		}
		// What n8n goes on with if it loses the rows below: every task ID, marked.
		expect(outputOf(execution, NODE).map(({ json }) => [json.taskId, json.unfinished])).toEqual(
			double.tasks().map((task) => [task.id, true]),
		);
	});

	it('waits in memory, with a hint, for several templates of several items', async () => {
		const { ended, double } = scenes.severalTemplates;
		const execution = await ended;
		expect(lastRunOf(execution, NODE)?.hints?.[0]?.message).toMatch(
			/the wait stays in memory.*one template per item/,
		);
		await expectLinkedVideos(outputOf(execution, 'After'), [0, 0, 1, 1]);
		expect(double.counts().createsAccepted).toBe(4);
	});

	it('ends at once when a portrait does not pass face detection', async () => {
		const { ended, double } = scenes.refused;
		const { status, data } = await ended;
		expect(status).toBe('error');
		expect(data.resultData.error?.message).toMatch(/did not pass face detection/);
		for (const { id } of double.tasks()) expect(data.resultData.error?.description).toContain(id);
	});

	it('brings the videos in a manual execution', async () => {
		const { ended, double } = scenes.manual;
		await expectLinkedVideos(outputOf(await ended, 'After'), [0, 1, 2]);
		expect(double.counts()).toMatchObject({ createsAccepted: 3, detectsBilled: 3 });
	});

	it('brings the same items as the wait in memory', async () => {
		const { manual, inMemory, errorOutput, errorOutputInMemory } = scenes;
		expect(comparable(outputOf(await manual.ended, NODE), manual)).toBe(
			comparable(outputOf(await inMemory.ended, NODE), inMemory),
		);
		for (const output of [0, 1]) {
			expect(comparable(outputOf(await errorOutput.ended, NODE, output), errorOutput)).toBe(
				comparable(outputOf(await errorOutputInMemory.ended, NODE, output), errorOutputInMemory),
			);
		}
	});

	it('brings the videos after a production webhook', async () => {
		const { ended, double } = scenes.webhook;
		await expectLinkedVideos(outputOf(await ended, 'After'), [0, 1]);
		expect(double.counts().createsAccepted).toBe(2);
	});

	it('brings the videos out of a sub-workflow', async () => {
		const { ended, double } = scenes.subWorkflow;
		await expectLinkedVideos(outputOf(await ended, 'After'), [0, 1]);
		expect(double.counts().createsAccepted).toBe(2);
	});

	it('waits for tasks that another node has made', async () => {
		const { ended, double } = scenes.wait;
		const execution = await ended;
		const ids = outputOf(execution, 'Create').map(({ json }) => json.taskId);
		expect(outputOf(execution, NODE).map(({ json }) => json.taskId)).toEqual(ids);
		await expectLinkedVideos(outputOf(execution, 'After'), [0, 1, 2]);
		expect(double.counts().createsAccepted).toBe(3);
	});

	it('ends in an error that names the failed task and all others', async () => {
		const { status, data } = await scenes.stop.ended;
		expect(status).toBe('error');
		expect(data.resultData.lastNodeExecuted).toBe(NODE);
		expect(data.resultData.error?.message).toMatch(/^The task failed: /);
		expect(data.resultData.error?.description).toContain(`Task ID: ${scenes.failed.stop}.`);
		for (const { id } of scenes.stop.double.tasks())
			expect(data.resultData.error?.description).toContain(id);
	});

	it("fails again, and pays nothing, when n8n's Retry is used on such an error", async () => {
		const n8n = await api;
		const { id, ended, double } = scenes.stop;
		const { data: first } = await ended;
		for (const using of ['saved', 'original'] as const) {
			const { status, data } = await n8n.execution(await n8n.retryExecution(id, using));
			expect(status).toBe('error');
			expect(data.resultData.error?.message).toBe(first.resultData.error?.message);
		}
		expect(double.counts().createsAccepted).toBe(3);
	});

	it('sends the failed task by the error output, with its input, and the videos by the other', async () => {
		const execution = await scenes.errorOutput.ended;
		await expectLinkedVideos(outputOf(execution, 'After'), [0, 2]);
		const [failed, ...others] = outputOf(execution, 'Failed');
		expect(others).toEqual([]);
		expect(failed?.json).toMatchObject({
			number: 1,
			template: 'jingdian_lei',
			error: { taskId: scenes.failed.errorOutput, status: 'FAILED' },
		});
	});

	it('brings out every task ID when the credential was broken during the wait', async () => {
		const { stop, errorOutput } = scenes.broken;
		const { status, data } = await stop.ended;
		expect(status).toBe('error');
		expect(data.resultData.error?.message).toMatch(/Custom URL "nowhere" cannot be used/);
		for (const { id } of stop.double.tasks())
			expect(data.resultData.error?.description).toContain(id);

		const failed = outputOf(await errorOutput.ended, 'Failed').map(({ json }) => json);
		expect(failed.map(({ number }) => number)).toEqual([0, 1, 2]);
		expect(failed.map(({ error }) => (error as { taskId?: string }).taskId)).toEqual(
			errorOutput.double.tasks().map(({ id }) => id),
		);
	});

	it('returns the task that is out of time, and the finished video', async () => {
		const { ended, double } = scenes.outOfTime;
		const [video, task] = outputOf(await ended, 'After');
		await expectLinkedVideos(video ? [video] : [], [0]);
		expect(task?.json).toMatchObject({
			number: 1,
			taskId: double.tasks()[1]?.id,
			status: 'RUNNING',
		});
		expect(task?.binary).toBeUndefined();
	});

	it('parks one portrait with several templates; n8n links the first video only', async () => {
		const { ended, double } = scenes.onePortrait;
		const execution = await ended;
		expect(subExecutionOf(execution, NODE)).toBeTruthy();
		const videos = outputOf(execution, NODE);
		expect(videos.map(({ json }) => json.templateId)).toEqual(['mengwa_kaixin', 'jingdian_lei']);
		expect(videos.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		await expectVideos(videos);
		expect(double.counts().createsAccepted).toBe(2);
	});

	it('waits once per round of Loop Over Items', async () => {
		const { ended, double } = scenes.loop;
		const execution = await ended;
		expect(execution.data.resultData.runData[NODE]).toHaveLength(2);
		await expectLinkedVideos(outputOf(execution, 'After'), [0, 1]);
		expect(double.counts().createsAccepted).toBe(2);
	});
});
