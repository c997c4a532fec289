/**
 * n8n's own "Retry" of a failed execution: what the first try has paid for is taken up, not made
 * again. (Retry On Fail, which is another thing, is tested in `test/engine/money.test.mts`.)
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock } from '../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../sandbox/dashscope/index.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../sandbox/n8n/credential.mts';
import { outputOf } from '../sandbox/n8n/report.mts';
import { logIn, readWorld } from './world.mts';
import { batch, emojiVideo, MANUAL, portraitsOf } from '../lab/stage/workflows.mts';

const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png'];

describe("n8n's Retry of a failed execution", () => {
	const world = readWorld();
	let double: DashScopeMock;

	beforeEach(async () => {
		double = await startDashScopeMock({ taskSeconds: 8 });
	});

	afterEach(async () => {
		await double.close();
	});

	/**
	 * A workflow whose first task does not finish within the Timeout, run to its error. By then all
	 * portraits are detected (one a second): none is on its way, which would have to be paid again.
	 */
	async function fail() {
		const api = await logIn(world);
		const credential = await api.saveCredential(
			'Retry',
			CREDENTIAL_TYPE,
			credentialDataFor(double),
		);
		const withTimeout = (seconds: number) =>
			batch(
				'Retry',
				portraitsOf(double, ...PORTRAITS),
				emojiVideo(credential, { options: { timeout: seconds, pollInterval: 1 } }),
			);
		const saved = await api.importWorkflow(withTimeout(4));
		const id = await api.run(saved, MANUAL.name);
		const { status, data } = await api.waitForExecution(id);
		expect(status).toBe('error');
		expect(data.resultData.error?.message).toContain(
			'still running at the end of "Timeout (Seconds)"',
		);
		const accepted = double.tasks().map((task) => task.id);
		expect(accepted.length).toBeGreaterThan(0);
		// Those that have not started yet.
		double.setTaskSeconds(0.2);
		return { api, id, accepted, withTimeout };
	}

	it('with the currently saved workflow: a longer Timeout brings the same tasks', async () => {
		const { api, id, accepted, withTimeout } = await fail();
		await api.importWorkflow(withTimeout(60));
		const retried = await api.execution(await api.retryExecution(id, 'saved'));
		expect(retried.status).toBe('success');
		const videos = outputOf(retried, 'After').map(({ json }) => json);
		expect(videos.map(({ number }) => number)).toEqual([0, 1, 2]);
		expect(videos.map(({ taskId }) => taskId)).toEqual(expect.arrayContaining(accepted));
		expect(double.counts()).toMatchObject({ createsAccepted: 3, detectsBilled: 3 });
	});

	it('with the original workflow: the same tasks, which have finished meanwhile', async () => {
		const { api, id, accepted } = await fail();
		while (double.tasks().some(({ status }) => status !== 'SUCCEEDED')) await sleep(100);
		const retried = await api.execution(await api.retryExecution(id, 'original'));
		expect(retried.status).toBe('success');
		const taskIds = outputOf(retried, 'After').map(({ json }) => json.taskId);
		expect(taskIds).toHaveLength(3);
		expect(taskIds).toEqual(expect.arrayContaining(accepted));
		expect(double.counts()).toMatchObject({ createsAccepted: 3, detectsBilled: 3 });
	});
});
