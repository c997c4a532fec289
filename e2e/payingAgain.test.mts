/**
 * "Check Before Paying Again": n8n dies with paid tasks under way and "Save execution progress" on, and
 * somebody presses Retry. Rule: this n8n and this double are nobody else's, because one of them is killed.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock, type DashScopeMock } from '../sandbox/dashscope/index.mts';
import { connect } from '../sandbox/n8n/api.mts';
import { bringUp, OWNER, type Sandbox } from '../sandbox/n8n/bring-up.mts';
import { credentialDataFor } from '../sandbox/n8n/credential.mts';
import type { RunningN8n } from '../sandbox/n8n/instance.mts';
import { WORK_FOLDER } from '../sandbox/n8n/paths.mts';
import { callWebhook } from '../lab/stage/waits.mts';
import { batch, emojiVideo, portraitsOf, webhook } from '../lab/stage/workflows.mts';

const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png'];

describe('Retry after a crash in the wait', () => {
	let double: DashScopeMock;
	let sandbox: Sandbox;
	let n8n: RunningN8n;

	beforeAll(async () => {
		double = await startDashScopeMock({ taskSeconds: 20 });
		sandbox = await bringUp({
			stage: async (_, work) => await work(() => undefined),
			workFolder: path.join(WORK_FOLDER, 'e2e-paying-again'),
			fresh: true,
			port: 0,
			credentialData: credentialDataFor(double),
			addresses: { portraitUrl: double.portraitUrl('ada.png') },
		});
		n8n = sandbox.n8n;
	}, 300_000);

	afterAll(async () => {
		await n8n?.stop();
		await double?.close();
	});

	const withCheck = (checkBeforePayingAgain: boolean) => {
		const file = batch(
			'Paid',
			portraitsOf(double, ...PORTRAITS),
			emojiVideo(sandbox.credential, { limitOptions: { checkBeforePayingAgain } }),
			webhook('paid'),
		);
		return { ...file, settings: { ...file.settings, saveExecutionProgress: true } };
	};

	const createsAccepted = () => double.counts().createsAccepted;

	it('pays for nothing with the check, names the tasks, and pays again without it', async () => {
		const workflow = await sandbox.api.importWorkflow(withCheck(true));
		await sandbox.api.activate(workflow);
		const id = await callWebhook(n8n.url, sandbox.api, workflow, 'paid');
		while (createsAccepted() < PORTRAITS.length) await sleep(100);
		await sleep(1000);
		await n8n.kill();
		n8n = await n8n.startAgain();
		const api = await connect(n8n.url, OWNER);
		expect((await api.waitForExecution(id)).status).toBe('crashed');

		const refused = await api.execution(await api.retryExecution(id, 'original'));
		expect(refused.status).toBe('error');
		const error = refused.data.resultData.error;
		expect(error?.message).toContain('the account has 3 tasks since the first try began');
		for (const task of double.tasks()) expect(error?.description).toContain(task.id);
		expect(createsAccepted()).toBe(3);

		double.setTaskSeconds(1);
		await api.importWorkflow(withCheck(false));
		const paid = await api.execution(await api.retryExecution(refused.id, 'saved'));
		expect(paid.status).toBe('success');
		expect(createsAccepted()).toBe(6);
	}, 300_000);
});
