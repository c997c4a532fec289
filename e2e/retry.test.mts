/**
 * n8n's own "Retry" of a failed execution. It waits for the tasks of the first try and pays for no video twice.
 * (`test/engine/money.test.mts` has the tests of Retry On Fail, which is another setting.)
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { DashScopeMock } from '../sandbox/dashscope/index.mts';
import { outputOf } from '../sandbox/n8n/report.mts';
import { logIn, openMock, readWorld } from './world.mts';
import { batch, emojiVideo, MANUAL, portraitsOf } from '../lab/stage/workflows.mts';

const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png'];

describe("n8n's Retry of a failed execution", () => {
	const world = readWorld();
	let mock: DashScopeMock;

	afterEach(async () => {
		await mock.close();
	});

	/**
	 * Runs a workflow to its error: the first task does not finish within Timeout. All portraits are detected
	 * before (one a second), because a detection under way would have to be paid for again.
	 */
	async function fail() {
		const api = await logIn(world);
		const service = await openMock(api, 'Retry', { taskSeconds: 60 });
		mock = service.mock;
		const withTimeout = (seconds: number) =>
			batch(
				'Retry',
				portraitsOf(mock, ...PORTRAITS),
				emojiVideo(service.credential, { options: { timeout: seconds, pollInterval: 1 } }),
			);
		const saved = await api.importWorkflow(withTimeout(30));
		const id = await api.run(saved, MANUAL.name);
		const { status, data } = await api.waitForExecution(id);
		expect(status).toBe('error');
		expect(data.resultData.error?.message).toContain(
			'still running at the end of "Timeout (Seconds)"',
		);
		const accepted = mock.tasks().map((task) => task.id);
		expect(accepted.length).toBeGreaterThan(0);
		// For the tasks that have not started yet.
		mock.setTaskSeconds(0.2);
		return { api, id, accepted, withTimeout };
	}

	it('delivers the same tasks with the currently saved workflow, whose Timeout is longer', async () => {
		const { api, id, accepted, withTimeout } = await fail();
		await api.importWorkflow(withTimeout(300));
		const retried = await api.execution(await api.retryExecution(id, 'saved'));
		expect(retried.status).toBe('success');
		const videos = outputOf(retried, 'After').map(({ json }) => json);
		expect(videos.map(({ number }) => number)).toEqual([0, 1, 2]);
		expect(videos.map(({ taskId }) => taskId)).toEqual(expect.arrayContaining(accepted));
		expect(mock.counts()).toMatchObject({ createsAccepted: 3, detectsBilled: 3 });
	});

	it('delivers the same tasks with the original workflow, once they have finished', async () => {
		const { api, id, accepted } = await fail();
		while (mock.tasks().some(({ status }) => status !== 'SUCCEEDED')) await sleep(100);
		const retried = await api.execution(await api.retryExecution(id, 'original'));
		expect(retried.status).toBe('success');
		const taskIds = outputOf(retried, 'After').map(({ json }) => json.taskId);
		expect(taskIds).toHaveLength(3);
		expect(taskIds).toEqual(expect.arrayContaining(accepted));
		expect(mock.counts()).toMatchObject({ createsAccepted: 3, detectsBilled: 3 });
	});
});
