/** Templates by the names that people use, typed into the editor as an expression. An unclear name costs nothing. */
import type { Page } from 'playwright-core';

import type { DashScopeMock } from '../sandbox/dashscope/index.mts';
import {
	canvasNode,
	closeToasts,
	openEditor,
	openPanel,
	screenshot,
	type Editor,
} from './browser.mts';
import { batch, emojiVideo, portraitsOf } from '../lab/stage/workflows.mts';
import { logIn, openMock, readWorld } from './world.mts';

const NODE = 'Emoji Video';

describe('the name of a template, typed into the editor', () => {
	const world = readWorld();
	let mock: DashScopeMock;
	let editor: Editor;
	let page: Page;

	beforeAll(async () => {
		const api = await logIn(world);
		const service = await openMock(api, 'By name', { taskSeconds: 1 });
		mock = service.mock;
		const portraits = portraitsOf(mock, 'ada.png').map((one) => ({ ...one, mood: '微笑' }));
		const saved = await api.importWorkflow(
			batch(
				'By name',
				portraits,
				emojiVideo(service.credential, {
					templates: ['jingdian_lei'],
					options: { pollInterval: 1 },
				}),
			),
		);
		editor = await openEditor(world.n8nUrl);
		page = editor.page;
		await page.goto(`${world.n8nUrl}/workflow/${saved.id}`);
		await canvasNode(page, NODE).waitFor();
		await openPanel(page, NODE);
	});

	afterAll(async () => {
		await editor?.close();
		await mock?.close();
	});

	const panel = () => page.getByTestId('ndv');
	const output = () => page.getByTestId('output-panel');

	/** Replaces the expression in the field. @param meant the value that n8n shows for it */
	async function type(text: string, meant = text): Promise<void> {
		const field = panel().getByTestId('parameter-input-templates');
		const code = field.locator('.cm-content');
		if ((await code.count()) === 0) {
			await field.hover();
			await panel()
				.getByTestId('templates-parameter-input-options-container')
				.getByTestId('radio-button-expression')
				.click();
			await code.getByText('jingdian_lei').waitFor();
		}
		await code.click();
		await page.keyboard.press('ControlOrMeta+a');
		await page.keyboard.insertText(text);
		// The editor shows the value below the expression once it has read it.
		await panel()
			.getByTestId('parameter-expression-preview-templates')
			.getByText(meant, { exact: true })
			.waitFor();
	}

	/** The red triangle beside the field. */
	const marks = () => panel().getByTestId('parameter-issues');

	const execute = async () => {
		await closeToasts(page);
		await panel().getByTestId('node-execute-button').click();
	};

	const made = () => mock.tasks().map(({ drivenId }) => drivenId);

	it.each([
		['Cute Kid: Happy', 'Cute Kid: Happy', 'mengwa_kaixin'],
		['{{ $json.mood }}', '微笑', 'dagong_weixiao'],
		['cute kid wide-eyed', 'cute kid wide-eyed', 'mengwa_dengyan'],
	])('creates its video: %j', async (text, meant, id) => {
		const before = made().length;
		await type(text, meant);
		await execute();
		await output().getByText(id).first().waitFor();
		expect(made().slice(before)).toEqual([id]);
		expect(await marks().count()).toBe(0);
		await screenshot(page, `template-${id}`);
	});

	it.each([
		['Happy', 'fits several templates', ['Cute Kid: Happy', 'Worker: Happy']],
		['开心', 'fits several templates', ['Cute Kid: Happy', 'Worker: Happy']],
		['Birthday', 'is not a template', []],
	])('is rejected before anything is billed: %j', async (text, what, fits) => {
		const before = mock.ledger().length;
		await type(text);
		await execute();
		const message = output().getByTestId('node-error-message');
		await message.getByText(`"${text}" ${what}`).waitFor();
		const description = await output().getByTestId('node-error-description').innerText();
		for (const name of fits) expect(description).toContain(name);
		expect(mock.ledger().slice(before)).toEqual([]);
		await screenshot(page, `template-rejected-${what.split(' ')[0]}`);
	});
});
