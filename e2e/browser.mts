/**
 * A user at n8n's editor, in a real Chromium. The rule: find things as n8n's own end-to-end tests do
 * (`data-test-id`), and wait for what is seen, never for a time.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium, selectors, type Browser, type Locator, type Page } from 'playwright-core';

import { OWNER } from '../sandbox/n8n/bring-up.mts';
import { IMAGES_FOLDER, SCREENSHOTS_FOLDER } from './world.mts';

const CANDIDATES = [
	process.env.CHROMIUM_PATH,
	'/usr/bin/chromium',
	'/usr/bin/chromium-browser',
	'/usr/bin/google-chrome',
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const ARGUMENTS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

/** @throws with how to install one, if there is no Chromium */
async function openBrowser(): Promise<Browser> {
	const executablePath = CANDIDATES.find((file) => file !== undefined && existsSync(file));
	if (executablePath === undefined) {
		throw new Error(
			'The browser tests need Chromium or Chrome. Debian and Ubuntu: "apt-get install chromium". Elsewhere: install Chrome, or set CHROMIUM_PATH to the executable.',
		);
	}
	selectors.setTestIdAttribute('data-test-id');
	return await chromium.launch({ executablePath, headless: true, args: ARGUMENTS });
}

/** Logs in through the form and waits for the list of workflows. */
async function logInThroughForm(page: Page, n8nUrl: string): Promise<void> {
	await page.goto(`${n8nUrl}/signin`);
	await page.locator('input[name=emailOrLdapLoginId]').fill(OWNER.email);
	await page.locator('input[name=password]').fill(OWNER.password);
	await page.getByTestId('form-submit-button').click();
	await page.waitForURL('**/home/workflows');
}

/** A person who has logged in to n8n, in a browser of their own. */
export interface Editor {
	page: Page;
	close: () => Promise<void>;
}

/** @param height of the window, in pixels */
export async function openEditor(n8nUrl: string, height = 860): Promise<Editor> {
	const browser = await openBrowser();
	try {
		const page = await browser.newPage({
			viewport: { width: 1440, height },
			reducedMotion: 'reduce',
		});
		page.setDefaultTimeout(60_000);
		await logInThroughForm(page, n8nUrl);
		return { page, close: async () => await browser.close() };
	} catch (error) {
		await browser.close();
		throw error;
	}
}

/** Opens a workflow by its name from the list and waits for its canvas. */
export async function openWorkflow(page: Page, name: string): Promise<void> {
	await page.getByText(name, { exact: true }).first().click();
	await page.getByTestId('canvas-node').first().waitFor();
	await page.getByTestId('zoom-to-fit').click();
}

/** Opens an empty canvas. */
export async function openNewWorkflow(page: Page, n8nUrl: string): Promise<void> {
	await page.goto(`${n8nUrl}/workflow/new`);
	await page.getByTestId('canvas-add-button').waitFor();
}

/** One line of the node creator: what a person reads while searching. */
export interface FoundNode {
	name: string;
	description: string;
}

/** Types into the open node creator. @returns what it shows, from the top */
export async function searchNodes(page: Page, text: string): Promise<FoundNode[]> {
	const creator = page.getByTestId('node-creator');
	const field = creator.getByTestId('node-creator-search-bar');
	// The list follows what is typed with a delay: only the groups of an empty search tell it apart.
	const groups = creator.getByText(/^(On app event|Action in an app)$/);
	await field.fill('');
	await groups.waitFor();
	await field.fill(text);
	await groups.waitFor({ state: 'hidden' });
	await creator
		.getByTestId('node-creator-item-name')
		.or(creator.getByTestId('node-creator-no-results'))
		.first()
		.waitFor();
	const items = await creator.getByTestId('item-iterator-item').all();
	return await Promise.all(
		items.map(async (item) => {
			const description = item.getByTestId('node-creator-item-description');
			return {
				name: (await item.getByTestId('node-creator-item-name').innerText()).trim(),
				description: (await description.count()) > 0 ? (await description.innerText()).trim() : '',
			};
		}),
	);
}

export async function closeNodeCreator(page: Page): Promise<void> {
	await page.keyboard.press('Escape');
	await page.getByTestId('node-creator').waitFor({ state: 'hidden' });
}

/** Opens an execution as n8n's list of executions shows it, with its canvas. */
export async function openExecution(
	page: Page,
	n8nUrl: string,
	workflowId: string,
	executionId: string,
): Promise<void> {
	await page.goto(`${n8nUrl}/workflow/${workflowId}/executions/${executionId}`);
	await page.getByTestId('canvas-node').first().waitFor();
}

export function canvasNode(page: Page, name: string): Locator {
	return page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
}

/** Opens a node's panel. */
export async function openPanel(page: Page, nodeName: string): Promise<Locator> {
	await canvasNode(page, nodeName).dblclick();
	const panel = page.getByTestId('ndv');
	await panel.waitFor();
	return panel;
}

export async function closePanel(page: Page): Promise<void> {
	await page.getByTestId('ndv-close-button').click();
	await page.getByTestId('ndv').waitFor({ state: 'hidden' });
}

/** Whether an image was loaded and has a size; a broken one has none. */
export async function isDrawn(image: Locator): Promise<boolean> {
	return await image.evaluate((element: { naturalWidth: number }) => element.naturalWidth > 0);
}

/** Waits until the only video on the page has been played. @returns its width and height in pixels */
export async function watchVideo(page: Page): Promise<number[]> {
	await page.waitForFunction("document.querySelector('video')?.ended === true");
	return await page
		.locator('video')
		.evaluate((video: { videoWidth: number; videoHeight: number }) => [
			video.videoWidth,
			video.videoHeight,
		]);
}

/** The texts of all error messages that n8n shows in its corner. */
export async function errorToasts(page: Page): Promise<string[]> {
	return await page.locator('.el-notification:has(.el-notification--error)').allInnerTexts();
}

/** Closes the messages in n8n's corner, which would cover what a screenshot is to show. */
export async function closeToasts(page: Page): Promise<void> {
	const toasts = page.locator('.el-notification');
	while ((await toasts.count()) > 0) {
		// It may leave by itself in the same moment.
		const close = toasts.first().locator('.el-notification__closeBtn');
		await close.click({ timeout: 2_000 }).catch(() => undefined);
		await toasts.first().waitFor({ state: 'hidden' });
	}
}

/** Takes a screenshot into `.sandbox/screenshots/`. @returns its path */
export async function screenshot(page: Page, name: string): Promise<string> {
	await mkdir(SCREENSHOTS_FOLDER, { recursive: true });
	const file = path.join(SCREENSHOTS_FOLDER, `${name}.png`);
	await page.screenshot({ path: file, animations: 'disabled' });
	return file;
}

/** With `E2E_UPDATE_IMAGES=1`, takes a screenshot over as a picture of the documentation. */
export async function updateImage(file: string): Promise<void> {
	if (process.env.E2E_UPDATE_IMAGES !== '1') return;
	await mkdir(IMAGES_FOLDER, { recursive: true });
	await copyFile(file, path.join(IMAGES_FOLDER, path.basename(file)));
}
