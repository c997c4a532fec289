/**
 * Survive Restarts, in everything that can start a workflow. A wait takes 70 s, because n8n keeps
 * shorter ones in memory, and there is one before the creates and one after them; so all executions run at
 * once, each with a DashScope double of its own.
 */
import type { Item } from '../sandbox/n8n/api.mts';
import { lastRunOf, outputOf, subExecutionOf } from '../sandbox/n8n/report.mts';
import { beginAll, NODE } from './surviving/acts.mts';
import { api, closeDoubles, type Scene } from './surviving/stage.mts';
import { hashOfItem, hashOfTemplate } from '../lab/stage/videos.mts';

/** @param numbers those of the portraits that n8n links the items to */
async function expectLinkedVideos(items: Item[], numbers: number[]): Promise<void> {
	expect(items.map(({ json }) => json.number)).toEqual(numbers);
	await expectVideos(items);
}

/** Every item has the video that the service made of its template. */
async function expectVideos(items: Item[]): Promise<void> {
	const n8n = await api;
	for (const item of items) {
		expect(item.json.status).toBe('SUCCEEDED');
		expect(await hashOfItem(n8n, item)).toBe(await hashOfTemplate(item.json.templateId));
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

	afterAll(closeDoubles);

	it('waits in rows of the database, before anything is created', () => {
		const { seen, parked } = scenes;
		expect(seen).toEqual({
			status: 'waiting',
			guard: 'waiting',
			supervisor: 'waiting',
			check: 'waiting',
		});
		expect(parked.creates).toBe(0);
		// What n8n goes on with if it loses the rows below: every video, marked.
		expect(parked.items.map(({ taskId, unfinished }) => [taskId, unfinished])).toEqual(
			[0, 1, 2].map(() => [undefined, true]),
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
		expect(data.resultData.error?.message).toMatch(/'Custom URL' does not begin with https:/);
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

	it('ends all below within one look, and takes what is queued out of the queue, when it is stopped', async () => {
		expect(await scenes.stopped).toEqual({
			own: 'canceled',
			below: ['success', 'success', 'success'],
			tasks: ['RUNNING', 'CANCELED', 'CANCELED'],
			creates: 3,
		});
	});
});
