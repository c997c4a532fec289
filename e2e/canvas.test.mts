/**
 * Every sample as a person sees it after the import. With `E2E_UPDATE_IMAGES=1` the pictures go into
 * docs/images/examples/.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';

import { closeToasts, openEditor, type Editor } from './browser.mts';
import { exampleOf, IMAGES_FOLDER, readWorld, SCREENSHOTS_FOLDER } from './world.mts';

/** Buttons that n8n's editor lays over the canvas. */
const BUTTONS =
	'[data-test-id^="execute-workflow-button"], [data-test-id="workflow-chat-button"], [data-test-id="canvas-controls"], [aria-label="Select trigger node"]';

/** Space around the workflow in its picture, in pixels. */
const MARGIN = 20;

/** The part of the browser's HTMLElement that is used here; Node.js has no such type. */
interface HidingElement {
	scrollHeight: number;
	clientHeight: number;
	querySelectorAll(selector: string): Iterable<HidingElement>;
}

/** Where on the page all of these are. */
async function boundsOf(elements: Locator[]) {
	const boxes = (await Promise.all(elements.map(async (one) => await one.boundingBox()))).filter(
		(box) => box !== null,
	);
	const left = Math.min(...boxes.map(({ x }) => x)) - MARGIN;
	const top = Math.min(...boxes.map(({ y }) => y)) - MARGIN;
	const right = Math.max(...boxes.map(({ x, width }) => x + width)) + MARGIN;
	// A node's name stands below its box.
	const bottom = Math.max(...boxes.map(({ y, height }) => y + height)) + 2.5 * MARGIN;
	return { x: left, y: top, width: right - left, height: bottom - top };
}

/** How much of a note's text its box hides. */
const hiddenPixels = async (note: Locator) =>
	await note.evaluate((box: HidingElement) =>
		Math.max(
			...[box, ...box.querySelectorAll('*')]
				.filter(({ clientHeight }) => clientHeight > 0)
				.map(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight),
		),
	);

describe('a sample on the canvas', () => {
	const world = readWorld();
	let editor: Editor;
	let page: Page;

	beforeAll(async () => {
		editor = await openEditor(world.n8nUrl, 900);
		page = editor.page;
		await mkdir(SCREENSHOTS_FOLDER, { recursive: true });
	});
	afterAll(async () => {
		await editor?.close();
	});

	it.each(Object.keys(world.examples))(
		'has no unknown node and no note that is cut off: %s',
		async (file) => {
			const workflow = exampleOf(world, file);
			await page.goto(`${world.n8nUrl}/workflow/${workflow.id}`);
			await page.getByTestId('canvas-node').first().waitFor();
			await page.getByTestId('zoom-to-fit').click();
			await closeToasts(page);
			await page.addStyleTag({ content: `${BUTTONS} { visibility: hidden !important }` });
			await page.mouse.move(0, 0);

			const nodes = await page.getByTestId('canvas-node').all();
			const notes = await page.getByTestId('sticky').all();
			expect(nodes.length + notes.length).toBe(workflow.nodes.length);
			expect(await page.getByText('Install this node to use it').count()).toBe(0);
			for (const note of notes) expect(await hiddenPixels(note)).toBeLessThanOrEqual(2);

			const name = file.replace('.json', '.png');
			const picture = path.join(SCREENSHOTS_FOLDER, `example-${name}`);
			await page.screenshot({
				path: picture,
				clip: await boundsOf([...nodes, ...notes]),
				animations: 'disabled',
			});
			if (process.env.E2E_UPDATE_IMAGES === '1') {
				const folder = path.join(IMAGES_FOLDER, 'examples');
				await mkdir(folder, { recursive: true });
				await copyFile(picture, path.join(folder, name));
			}
		},
	);
});
