/** Survive Restarts, in everything that can start a workflow and with everything that can happen meanwhile. */
import type { Item } from '../sandbox/n8n/api.mts';
import { lastRunOf, outputOf, subExecutionOf } from '../sandbox/n8n/report.mts';
import { beginAll, NODE } from './surviving/acts.mts';
import { closeMocks, loggedIn, type Scene } from './surviving/scenes.mts';
import { hashOfItem, hashOfTemplate } from '../lab/stage/videos.mts';

/** @param numbers those of the portraits that n8n links the items to */
async function expectLinkedVideos(items: Item[], numbers: number[]): Promise<void> {
	expect(items.map(({ json }) => json.number)).toEqual(numbers);
	await expectVideos(items);
}

/** Every item must have the video that the service made of its template. */
async function expectVideos(items: Item[]): Promise<void> {
	for (const item of items) {
		expect(item.json.status).toBe('SUCCEEDED');
		expect(await hashOfItem(await loggedIn, item)).toBe(await hashOfTemplate(item.json.templateId));
	}
}

/** These differ from run to run, so only their types are compared. */
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

/** Items as text, in the order of their keys, without what differs from run to run. */
const comparable = (items: Item[], { mock }: Scene): string =>
	JSON.stringify(
		items,
		(key, value: unknown) => (VARYING.has(key) ? typeof value : value),
		'\t',
	).replaceAll(mock.storageUrl, '');

describe('Survive Restarts', () => {
	let scenes: Awaited<ReturnType<typeof beginAll>>;

	beforeAll(async () => {
		scenes = await beginAll();
	}, 600_000);

	afterAll(closeMocks);

	it("stores the batch in n8n's database before it creates a task", () => {
		const { seen, parked } = scenes;
		expect(seen).toEqual({
			status: 'waiting',
			guard: 'waiting',
			supervisor: 'waiting',
			check: 'waiting',
		});
		expect(parked.creates).toBe(0);
		// n8n continues with these items if it loses the rows below: every video, marked as unfinished.
		expect(parked.items.map(({ taskId, unfinished }) => [taskId, unfinished])).toEqual(
			[0, 1, 2].map(() => [undefined, true]),
		);
	});

	it('keeps several templates of several items in memory, and says so in a hint', async () => {
		const { ended, mock } = scenes.severalTemplates;
		const execution = await ended;
		expect(lastRunOf(execution, NODE)?.hints?.[0]?.message).toMatch(
			/the wait stays in memory.*one template per item/,
		);
		await expectLinkedVideos(outputOf(execution, 'After'), [0, 0, 1, 1]);
		expect(mock.counts().createsAccepted).toBe(4);
	});

	it('fails at once if a portrait does not pass face detection', async () => {
		const { ended, mock } = scenes.refused;
		const { status, data } = await ended;
		expect(status).toBe('error');
		expect(data.resultData.error?.message).toMatch(/did not pass face detection/);
		for (const { id } of mock.tasks()) expect(data.resultData.error?.description).toContain(id);
	});

	it('delivers the videos of a manual execution', async () => {
		const { ended, mock } = scenes.manual;
		await expectLinkedVideos(outputOf(await ended, 'After'), [0, 1, 2]);
		expect(mock.counts()).toMatchObject({ createsAccepted: 3, detectsBilled: 3 });
	});

	it('puts out the same items as the wait in memory', async () => {
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

	it('delivers the videos of an execution that a production webhook started', async () => {
		const { ended, mock } = scenes.webhook;
		await expectLinkedVideos(outputOf(await ended, 'After'), [0, 1]);
		expect(mock.counts().createsAccepted).toBe(2);
	});

	it('delivers the videos of a sub-workflow to the workflow that called it', async () => {
		const { ended, mock } = scenes.subWorkflow;
		await expectLinkedVideos(outputOf(await ended, 'After'), [0, 1]);
		expect(mock.counts().createsAccepted).toBe(2);
	});

	it('waits for tasks that another node has created', async () => {
		const { ended, mock } = scenes.wait;
		const execution = await ended;
		const ids = outputOf(execution, 'Create').map(({ json }) => json.taskId);
		expect(outputOf(execution, NODE).map(({ json }) => json.taskId)).toEqual(ids);
		await expectLinkedVideos(outputOf(execution, 'After'), [0, 1, 2]);
		expect(mock.counts().createsAccepted).toBe(3);
	});

	it('ends in an error that names the failed task and all other tasks', async () => {
		const { status, data } = await scenes.stop.ended;
		expect(status).toBe('error');
		expect(data.resultData.lastNodeExecuted).toBe(NODE);
		expect(data.resultData.error?.message).toMatch(/^The task failed: /);
		expect(data.resultData.error?.description).toContain(`Task ID: ${scenes.failed.stop}.`);
		for (const { id } of scenes.stop.mock.tasks())
			expect(data.resultData.error?.description).toContain(id);
	});

	it("fails again without paying if somebody presses n8n's Retry after such an error", async () => {
		const api = await loggedIn;
		const { id, ended, mock } = scenes.stop;
		const { data: first } = await ended;
		for (const using of ['saved', 'original'] as const) {
			const { status, data } = await api.execution(await api.retryExecution(id, using));
			expect(status).toBe('error');
			expect(data.resultData.error?.message).toBe(first.resultData.error?.message);
		}
		expect(mock.counts().createsAccepted).toBe(3);
	});

	it('puts the failed task into the error output with its input, and the videos into the other output', async () => {
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

	it('names every task ID if the credential was broken during the wait', async () => {
		const { stop, errorOutput } = scenes.broken;
		const { status, data } = await stop.ended;
		expect(status).toBe('error');
		expect(data.resultData.error?.message).toMatch(/'Custom URL' does not begin with https:/);
		for (const { id } of stop.mock.tasks())
			expect(data.resultData.error?.description).toContain(id);

		const failed = outputOf(await errorOutput.ended, 'Failed').map(({ json }) => json);
		expect(failed.map(({ number }) => number)).toEqual([0, 1, 2]);
		expect(failed.map(({ error }) => (error as { taskId?: string }).taskId)).toEqual(
			errorOutput.mock.tasks().map(({ id }) => id),
		);
	});

	it('returns the task that exceeded Timeout beside the finished video', async () => {
		const { ended, mock } = scenes.outOfTime;
		const [video, task] = outputOf(await ended, 'After');
		await expectLinkedVideos(video ? [video] : [], [0]);
		expect(task?.json).toMatchObject({
			number: 1,
			taskId: mock.tasks()[1]?.id,
			status: 'RUNNING',
		});
		expect(task?.binary).toBeUndefined();
	});

	it('stores one portrait with several templates; n8n links only the first video', async () => {
		const { ended, mock } = scenes.onePortrait;
		const execution = await ended;
		expect(subExecutionOf(execution, NODE)).toBeTruthy();
		const videos = outputOf(execution, NODE);
		expect(videos.map(({ json }) => json.templateId)).toEqual(['mengwa_kaixin', 'jingdian_lei']);
		expect(videos.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		await expectVideos(videos);
		expect(mock.counts().createsAccepted).toBe(2);
	});

	it('waits once in each round of Loop Over Items', async () => {
		const { ended, mock } = scenes.loop;
		const execution = await ended;
		expect(execution.data.resultData.runData[NODE]).toHaveLength(2);
		await expectLinkedVideos(outputOf(execution, 'After'), [0, 1]);
		expect(mock.counts().createsAccepted).toBe(2);
	});

	it('ends its sub-executions and cancels the queued tasks after Stop', async () => {
		expect(await scenes.stopped).toEqual({
			own: 'canceled',
			below: ['success', 'success', 'success'],
			tasks: ['RUNNING', 'CANCELED', 'CANCELED'],
			creates: 3,
		});
	});
});
