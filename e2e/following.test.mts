/**
 * A batch as a person sees it: its lines while it runs, the hint at its end, the panel of a wait that survives
 * restarts, and the log after Stop.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';

import type { DashScopeMock } from '../sandbox/dashscope/index.mts';
import type { N8nApi, Workflow } from '../sandbox/n8n/api.mts';
import {
	canvasNode,
	closePanel,
	closeToasts,
	openEditor,
	openExecution,
	openPanel,
	screenshot,
	updateImage,
	type Editor,
} from './browser.mts';
import { rowsBelow, until, untilCreated, untilNotRunning } from '../lab/stage/waits.mts';
import { batch, emojiVideo, portraitsOf } from '../lab/stage/workflows.mts';
import { E2E_FOLDER, logIn, openMock, readWorld } from './world.mts';

const NODE = 'Emoji Video';
const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png'];

const logLines = async (): Promise<string[]> =>
	(await readFile(path.join(E2E_FOLDER, 'n8n.log'), 'utf8')).split('\n');

describe('a batch in the editor', () => {
	const world = readWorld();
	const mocks: DashScopeMock[] = [];
	let api: N8nApi;
	let editor: Editor;
	let page: Page;

	beforeAll(async () => {
		api = await logIn(world);
		editor = await openEditor(world.n8nUrl);
		page = editor.page;
	});

	afterAll(async () => {
		await editor?.close();
		await Promise.all(mocks.map(async (mock) => await mock.close()));
	});

	/** Three portraits, saved and open in the editor. */
	async function open(name: string, taskSeconds: number, parameters: Record<string, unknown>) {
		const { mock, credential } = await openMock(api, `Following: ${name}`, { taskSeconds });
		mocks.push(mock);
		const saved = await api.importWorkflow(
			batch(name, portraitsOf(mock, ...PORTRAITS), emojiVideo(credential, parameters)),
		);
		await page.goto(`${world.n8nUrl}/workflow/${saved.id}`);
		await canvasNode(page, NODE).waitFor();
		await page.getByTestId('zoom-to-fit').click();
		return { mock, saved };
	}

	const run = async () => await page.getByTestId('execute-workflow-button').click();

	/** The hints above the items of the open panel. */
	async function hints(): Promise<string[]> {
		const callouts = page.getByTestId('output-panel').getByTestId('node-hint');
		await callouts.first().waitFor();
		return (await callouts.allInnerTexts()).map((text) => text.trim());
	}

	/** The user's execution. Its sub-executions are newer. */
	async function executionOf(saved: Workflow): Promise<string> {
		for (;;) {
			const ids = (await api.executions(saved)).map(({ id }) => Number(id));
			if (ids.length > 0) return String(Math.min(...ids));
			await sleep(100);
		}
	}

	it('shows its progress in n8n’s log and in the browser’s console, and its cost in a hint at the end', async () => {
		const heard: string[] = [];
		page.on('console', (message) => heard.push(message.text()));
		await open('Followed', 12, {
			options: { pollInterval: 1 },
			limitOptions: { pricePerSecond: 0.08 },
		});
		await run();
		await canvasNode(page, 'After').getByTestId('canvas-node-status-success').waitFor();

		const prefix = `[Node: "${NODE}"] `;
		const lines = heard
			.filter((line) => line.startsWith(prefix))
			.map((line) => line.slice(prefix.length));
		expect(lines).toContainEqual(
			expect.stringMatching(
				/^[012] of 3 finished, \d running(, \d queued)?(, \d to come)?, about .+ left$/,
			),
		);
		expect(lines.at(-1)).toBe('3 of 3 finished');
		expect(new Set(lines).size).toBe(lines.length);
		const log = await logLines();
		for (const line of lines) expect(log).toContain(`Emoji Video: "${NODE}": ${line}`);

		await closeToasts(page);
		await openPanel(page, NODE);
		expect(await hints()).toContainEqual(
			expect.stringMatching(
				/^3 videos, 7 billed seconds, cost 0\.56\. The links work until \d{4}-\d\d-\d\d \d\d:\d\d; files in the output stay\.$/,
			),
		);
		await updateImage(await screenshot(page, 'hint'));
		await closePanel(page);
	});

	it('with Survive Restarts says in its panel when it polls next, and explains its sub-executions', async () => {
		const { saved } = await open('Survives', 600, { options: { surviveRestarts: true } });
		await run();
		const id = await executionOf(saved);
		const rows = await rowsBelow(api, await untilNotRunning(api, id), NODE);
		const panel = await openPanel(page, NODE);
		expect(await hints()).toContainEqual(
			expect.stringMatching(
				/^Waiting for 3 videos, next look at \d\d:\d\d, then every 1 to 4 minutes$/,
			),
		);
		await panel.getByText('goes on by itself when its videos are there').waitFor();
		await updateImage(await screenshot(page, 'waiting'));
		await closePanel(page);
		await page.getByTestId('stop-execution-button').click();

		for (const [layer, { id: subId }] of Object.entries(rows)) {
			await openExecution(page, world.n8nUrl, saved.id, subId);
			await page.getByText(`A part of execution ${id}`).waitFor();
			await page.getByText('need not be touched').waitFor();
			// Side by side.
			const nodes = await page.getByTestId('canvas-node').all();
			const boxes = await Promise.all(nodes.map(async (node) => await node.boundingBox()));
			const lefts = boxes.map((box) => box?.x ?? 0).sort((a, b) => a - b);
			expect(lefts.length).toBeGreaterThanOrEqual(3);
			for (const [index, left] of lefts.slice(1).entries())
				expect(left - (lefts[index] ?? 0)).toBeGreaterThan(boxes[0]?.width ?? 0);
			const picture = await screenshot(page, `sub-execution-${layer}`);
			if (layer === 'check') await updateImage(picture);
		}
	});

	it('leaves every created task in n8n’s log after Stop, and cancels those that are queued', async () => {
		const { mock, saved } = await open('Stopped', 600, { options: { pollInterval: 1 } });
		await run();
		await untilCreated(mock, PORTRAITS.length);
		await closeToasts(page);
		await page.getByTestId('stop-execution-button').click();
		const id = await executionOf(saved);
		const { status, data } = await untilNotRunning(api, id);
		expect(status).toBe('canceled');
		// n8n stores nothing of the node's output.
		expect(JSON.stringify(data.resultData.runData[NODE] ?? [])).not.toContain('taskId');

		const [first] = mock.tasks();
		const stopped = async () =>
			(await logLines()).find(
				(line) => /"Emoji Video" was stopped/.test(line) && line.includes(first?.id ?? ''),
			);
		await until('n8n’s log names the tasks', async () => (await stopped()) !== undefined);
		const line = await stopped();
		for (const task of mock.tasks()) expect(line).toContain(task.id);
		expect(line).toContain('Get Many lists them for 24 hours');
		await page
			.getByText(/Execution stopped|Workflow execution was stopped/i)
			.first()
			.waitFor();
		await screenshot(page, 'stopped');
	});
});
