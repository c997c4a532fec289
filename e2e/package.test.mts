import { realpath } from 'node:fs/promises';
import path from 'node:path';

import { PROJECT_FOLDER } from '../sandbox/n8n/paths.mts';
import { logIn, readWorld } from './world.mts';

const NODE = 'n8n-nodes-emoji-video.emojiVideo';

describe('the packed package in n8n', () => {
	const world = readWorld();

	it('is listed among the installed community nodes, as loaded', async () => {
		const api = await logIn(world);
		const installed = await api.installedPackages();
		const ours = installed.find(({ packageName }) => packageName === 'n8n-nodes-emoji-video');
		expect(ours?.failedLoading).toBe(false);
		expect(ours?.installedNodes).toContainEqual({ name: 'Emoji Video', type: NODE });
	});

	it("is installed where it finds n8n's modules, and not this project's", async () => {
		const folder = path.join(world.userFolder, '.n8n/nodes/node_modules/n8n-nodes-emoji-video');
		const wherePackageLies = await realpath(folder);
		expect(path.relative(PROJECT_FOLDER, wherePackageLies)).toMatch(/^\.\./);
	});

	it('provides the node with its operations', async () => {
		const api = await logIn(world);
		const node = (await api.nodeTypes()).find(({ name }) => name === NODE);
		const operations = node?.properties
			.filter(({ name }) => name === 'operation')
			.flatMap(({ options }) => options?.map(({ value }) => value));
		for (const operation of ['create', 'createAndWait', 'detectFace', 'getStatus']) {
			expect(operations).toContain(operation);
		}
	});

	it('serves its icons', async () => {
		const api = await logIn(world);
		const node = (await api.nodeTypes()).find(({ name }) => name === NODE);
		const urls = Object.values(node?.iconUrl ?? {});
		expect(urls.length).toBeGreaterThan(0);
		for (const url of urls) {
			const icon = await fetch(`${world.n8nUrl}/${url}`);
			expect(icon.headers.get('content-type')).toMatch('image/svg+xml');
		}
	});
});
