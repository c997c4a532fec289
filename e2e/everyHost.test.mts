/**
 * The checks that every version of n8n must pass (`npm run test:hosts`), in an n8n of its own, because it is
 * killed. The rule: no other test uses this n8n, and its clock is the system's. So a parked wait and a trigger
 * take their real minutes here, while the other files run in the other worker.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { KillCheck } from '../lab/hosts/check.mts';
import { MAIN_VERSION } from '../lab/hosts/hosts.mts';
import { KILL_CHECKS, runKillChecks, type Outcome } from '../lab/hosts/killChecks.mts';
import { QUICK_CHECKS } from '../lab/hosts/quickChecks.mts';
import { openService } from '../lab/stage/service.mts';
import { openStage, type Stage } from '../lab/stage/stage.mts';
import { callWebhook, untilCreated } from '../lab/stage/waits.mts';
import { batch, emojiVideo, portraitsOf, webhook } from '../lab/stage/workflows.mts';
import { WORK_FOLDER } from '../sandbox/n8n/paths.mts';

const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png'];

/** Three tasks are paid for when n8n dies, and "Save execution progress" is on. Then somebody presses Retry. */
const payAgain: KillCheck = async (host) => {
	const { mock, credential } = await openService(host.api, 'Paid', { taskSeconds: 20 });
	const save = async (checkBeforePayingAgain: boolean) => {
		const video = emojiVideo(credential, { limitOptions: { checkBeforePayingAgain } });
		const file = batch('Paid', portraitsOf(mock, ...PORTRAITS), video, webhook('paid'));
		const settings = { ...file.settings, saveExecutionProgress: true };
		return await host.api.importWorkflow({ ...file, settings });
	};
	const workflow = await save(true);
	await host.api.activate(workflow);
	const id = await callWebhook(host.n8n.url, host.api, workflow, 'paid');
	await untilCreated(mock, PORTRAITS.length);
	// n8n has stored the progress by then.
	await sleep(1000);
	return async () => {
		const { api } = host;
		assert.equal((await api.waitForExecution(id)).status, 'crashed');
		const rejected = await api.execution(await api.retryExecution(id, 'original'));
		assert.equal(rejected.status, 'error');
		const error = rejected.data.resultData.error;
		assert.match(error?.message ?? '', /the account has 3 tasks since the first try began/);
		for (const task of mock.tasks()) assert.ok(error?.description?.includes(task.id));
		assert.equal(mock.counts().createsAccepted, 3);

		mock.setTaskSeconds(1);
		await save(false);
		const paid = await api.execution(await api.retryExecution(rejected.id, 'saved'));
		assert.equal(paid.status, 'success');
		assert.equal(mock.counts().createsAccepted, 6);
		await mock.close();
		return '3 tasks with the check, 6 without it';
	};
};

describe('in an n8n that is killed and started again', () => {
	let stage: Stage;
	let outcomes: Record<string, Outcome>;

	beforeAll(async () => {
		stage = await openStage({ folder: path.join(WORK_FOLDER, 'e2e-every-host') });
		const host = Object.assign(stage, { version: MAIN_VERSION });
		// The quick checks run while the others wait after the kill.
		const quick: KillCheck = async () => await Promise.resolve(runQuickChecks);
		const runQuickChecks = async () => {
			const checks = Object.entries(QUICK_CHECKS).map(async ([name, check]) => {
				const seen = check(stage).then((words) => ({ seen: words }));
				quickOutcomes[name] = await seen.catch((error: unknown) => ({ error }));
			});
			await Promise.all(checks);
			return '';
		};
		outcomes = await runKillChecks(host, { ...KILL_CHECKS, payAgain, quick });
	}, 900_000);

	afterAll(async () => {
		await stage?.close();
	});

	const quickOutcomes: Record<string, Outcome> = {};

	/** @throws why the check failed */
	const seen = (outcome: Outcome | undefined) => {
		if (outcome !== undefined && 'error' in outcome) throw outcome.error;
		return outcome?.seen;
	};

	it('a batch with Survive Restarts delivers every video and pays for each once', () => {
		expect(seen(outcomes['Survive Restarts, n8n killed'])).toBe('3 videos, 3 creates');
	});

	it('the trigger reports each video once', () => {
		expect(seen(outcomes['Trigger, n8n killed'])).toBe('2 videos reported, each once');
	});

	it('a Retry with Check Before Paying Again names the paid tasks and pays for none', () => {
		expect(seen(outcomes.payAgain)).toBe('3 tasks with the check, 6 without it');
	});

	it.each(Object.keys(QUICK_CHECKS))('this check of every host passes: %s', (name) => {
		expect(seen(quickOutcomes[name])).toBeTruthy();
	});
});
