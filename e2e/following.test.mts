/** What is left of a batch that a person stops in the editor: every paid task, in n8n's log. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';

import { startDashScopeDouble, type DashScopeDouble } from '../sandbox/dashscope/index.mts';
import type { N8nApi, Workflow } from '../sandbox/n8n/api.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../sandbox/n8n/credential.mts';
import { canvasNode, closeToasts, logInThroughForm, openBrowser, screenshot } from './browser.mts';
import { untilNotRunning } from './moments.mts';
import { batch, emojiVideo, portraitsOf } from './workflows.mts';
import { E2E_FOLDER, logIn, readWorld } from './world.mts';

const NODE = 'Emoji Video';
const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png'];

const logLines = async (): Promise<string[]> =>
	(await readFile(path.join(E2E_FOLDER, 'n8n.log'), 'utf8')).split('\n');

describe('a long wait', () => {
	const world = readWorld();
	const doubles: DashScopeDouble[] = [];
	let api: N8nApi;
	let browser: Browser;
	let page: Page;

	beforeAll(async () => {
		api = await logIn(world);
		browser = await openBrowser();
		page = await browser.newPage({ viewport: { width: 1440, height: 860 } });
		page.setDefaultTimeout(60_000);
		await logInThroughForm(page, world.n8nUrl);
	});

	afterAll(async () => {
		await browser?.close();
		await Promise.all(doubles.map(async (double) => await double.close()));
	});

	/** Three portraits, saved and open in the editor. */
	async function open(name: string, taskSeconds: number, options: Record<string, unknown>) {
		const double = await startDashScopeDouble({ taskSeconds });
		doubles.push(double);
		const data = credentialDataFor(double);
		const credential = await api.saveCredential(`Following: ${name}`, CREDENTIAL_TYPE, data);
		const saved = await api.importWorkflow(
			batch(name, portraitsOf(double, ...PORTRAITS), emojiVideo(credential, { options })),
		);
		await page.goto(`${world.n8nUrl}/workflow/${saved.id}`);
		await canvasNode(page, NODE).waitFor();
		await page.getByTestId('zoom-to-fit').click();
		return { double, saved };
	}

	const run = async () => await page.getByTestId('execute-workflow-button').click();

	async function newestExecution(saved: Workflow): Promise<string> {
		for (;;) {
			const ids = (await api.executions(saved)).map(({ id }) => Number(id));
			if (ids.length > 0) return String(Math.min(...ids));
			await sleep(100);
		}
	}

	it('leaves every accepted task in n8n’s log when it is stopped', async () => {
		const { double, saved } = await open('Stopped', 60, { pollInterval: 1 });
		await run();
		while (double.tasks().length < PORTRAITS.length) await sleep(100);
		await closeToasts(page);
		await page.getByTestId('stop-execution-button').click();
		const id = await newestExecution(saved);
		const { status, data } = await untilNotRunning(api, id);
		expect(status).toBe('canceled');
		// n8n keeps nothing of what the node has returned.
		expect(JSON.stringify(data.resultData.runData[NODE] ?? [])).not.toContain('taskId');

		const stopped = async () =>
			(await logLines()).find((line) => /"Emoji Video" was stopped/.test(line));
		while ((await stopped()) === undefined) await sleep(100);
		const line = await stopped();
		for (const task of double.tasks()) expect(line).toContain(task.id);
		expect(line).toContain('Get Many lists them for 24 hours');
		await page
			.getByText(/Execution stopped|Workflow execution was stopped/i)
			.first()
			.waitFor();
		await screenshot(page, 'stopped');
	});
});
