import type { Page } from 'playwright-core';

import {
	closeNodeCreator,
	openEditor,
	openNewWorkflow,
	screenshot,
	searchNodes,
	updateImage,
	type Editor,
} from './browser.mts';
import { readWorld } from './world.mts';

/** Words that a person who needs this node may type. */
const WORDS = [
	'emoji',
	'emoji video',
	'sticker',
	'表情包',
	'meme',
	'dashscope',
	'bailian',
	'百炼',
	'portrait',
	'avatar',
	'selfie',
	'photo to video',
	'gif',
	'talking head',
	'animate photo',
	'qwen',
];

const NAME = 'Emoji Video';
const DESCRIPTION =
	'Turn portraits into short emoji videos, or start a workflow when one is finished';

describe('the node in n8n’s search', () => {
	const world = readWorld();
	let editor: Editor;
	let page: Page;

	beforeAll(async () => {
		editor = await openEditor(world.n8nUrl);
		page = editor.page;
	});

	afterAll(async () => {
		await editor?.close();
	});

	describe('in "What triggers this workflow?"', () => {
		beforeAll(async () => {
			await openNewWorkflow(page, world.n8nUrl);
			await page.getByTestId('canvas-add-button').click();
			await page.getByText('What triggers this workflow?').waitFor();
		});

		afterAll(async () => await closeNodeCreator(page));

		it.each(WORDS)('is among the first five results for "%s"', async (word) => {
			const found = await searchNodes(page, word);
			await screenshot(page, `find-trigger-${word}`);
			expect(found.slice(0, 5).map(({ name }) => name)).toContain(NAME);
		});

		it('is described by what the node does, not only by what its trigger does', async () => {
			const found = await searchNodes(page, 'emoji');
			await updateImage(await screenshot(page, 'found'));
			expect(found[0]).toEqual({ name: NAME, description: DESCRIPTION });
		});
	});

	describe('in "What happens next?"', () => {
		beforeAll(async () => {
			await openNewWorkflow(page, world.n8nUrl);
			await page.getByTestId('canvas-add-button').click();
			await page.getByText('Trigger manually').click();
			await page.getByTestId('canvas-handle-plus').first().click();
			await page.getByText('What happens next?').waitFor();
		});

		afterAll(async () => await closeNodeCreator(page));

		it.each(WORDS)('is among the first five results for "%s"', async (word) => {
			const found = await searchNodes(page, word);
			await screenshot(page, `find-next-${word}`);
			expect(found.slice(0, 5).map(({ name }) => name)).toContain(NAME);
		});
	});
});
