import type { Page } from 'playwright-core';

import { templateIds } from '../sandbox/dashscope/index.mts';
import { QUICK_START } from '../sandbox/n8n/examples.mts';
import {
	canvasNode,
	closePanel,
	closeToasts,
	errorToasts,
	isDrawn,
	openEditor,
	openPanel,
	openWorkflow,
	screenshot,
	updateImage,
	watchVideo,
	type Editor,
} from './browser.mts';
import { exampleOf, readWorld } from './world.mts';

const NODE = 'Create Emoji Video';

describe('the quick start in the editor', () => {
	const world = readWorld();
	let editor: Editor;
	let page: Page;

	beforeAll(async () => {
		editor = await openEditor(world.n8nUrl);
		page = editor.page;
		await openWorkflow(page, exampleOf(world, QUICK_START).name);
	});

	afterAll(async () => {
		await editor?.close();
	});

	it('shows the node on the canvas, with its icon', async () => {
		const node = canvasNode(page, NODE);
		await node.getByText(NODE).waitFor();
		const icon = node.locator('img').first();
		await icon.waitFor();
		expect(await isDrawn(icon)).toBe(true);
		expect(await errorToasts(page)).toEqual([]);
		await screenshot(page, 'canvas');
	});

	it('offers twenty templates with readable names', async () => {
		const panel = await openPanel(page, NODE);
		await panel.getByTestId('parameter-input-templates').click();
		const options = page.getByRole('option', { name: /\(\w+\)/ });
		await options.first().waitFor();
		const labels = await options.allInnerTexts();
		expect(labels).toHaveLength(20);
		const ids = labels.map((label) => /^[A-Z][\w -]+: [A-Z][\w -]+ \((\w+)\)$/.exec(label)?.[1]);
		expect(ids.sort()).toEqual([...templateIds].sort());
		await screenshot(page, 'templates');
		await page.keyboard.press('Escape');
		await closePanel(page);
	});

	it('orders the form by need: portrait, templates, output, waiting, limits', async () => {
		const panel = await openPanel(page, NODE);
		const labels = [
			'Image URL',
			'Templates',
			'Face Areas',
			'Portrait',
			'Output',
			'Waiting',
			'Limits and Cost',
		];
		const fieldOf = (label: string) =>
			panel.locator('label, .n8n-input-label').getByText(label, { exact: true }).last();
		const tops = await Promise.all(
			labels.map(
				async (label) =>
					await fieldOf(label).evaluate(
						(element: { getBoundingClientRect(): { top: number } }) =>
							element.getBoundingClientRect().top,
					),
			),
		);
		expect(tops).toEqual([...tops].sort((a, b) => a - b));
		await updateImage(await screenshot(page, 'panel-after'));
		await fieldOf('Limits and Cost').scrollIntoViewIfNeeded();
		await screenshot(page, 'panel-end');
		await closePanel(page);
	});

	it('adds Survive Restarts and Group Videos, which then do something at once', async () => {
		const panel = await openPanel(page, NODE);
		// A group of one option, as Portrait, has a button instead of a list.
		const lists = panel.getByPlaceholder('Add option');
		const add = async (group: number, option: string) => {
			await lists.nth(group).click();
			await page.getByRole('option', { name: option }).click();
		};
		await add(1, 'Survive Restarts');
		await add(0, 'Group Videos');
		const isOn = panel.getByTestId('parameter-input-surviveRestarts').getByRole('switch');
		expect(await isOn.isChecked()).toBe(true);
		const grouped = panel.getByTestId('parameter-input-output').getByRole('combobox');
		expect(await grouped.inputValue()).toBe('One Item per Portrait');
		await screenshot(page, 'options-added');
		await closePanel(page);
		// The next test runs the workflow as it was.
		await page.reload();
	});

	it('runs, and plays the video in the output panel', async () => {
		await page.getByTestId('execute-workflow-button').click();
		const last = canvasNode(page, 'Save Video');
		await last.getByTestId('canvas-node-status-success').waitFor();
		expect(await errorToasts(page)).toEqual([]);
		await page.getByText('Workflow executed successfully').waitFor();
		await closeToasts(page);
		await updateImage(await screenshot(page, 'executed'));

		const panel = await openPanel(page, NODE);
		await panel.getByText('video/mp4').waitFor();
		await panel.getByTestId('ndv-view-binary-data').click();
		expect(await watchVideo(page)).toEqual([512, 512]);
		await page.mouse.move(0, 0);
		await updateImage(await screenshot(page, 'video'));
	});
});
