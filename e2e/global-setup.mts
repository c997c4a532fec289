/** Starts the n8n and the double that all end-to-end tests use, from the packed tarball. */
import { existsSync } from 'node:fs';
import path from 'node:path';

import { startDashScopeMock } from '../sandbox/dashscope/index.mts';
import { bringUp, type Stage } from '../sandbox/n8n/bring-up.mts';
import { credentialDataFor } from '../sandbox/n8n/credential.mts';
import { PROJECT_FOLDER } from '../sandbox/n8n/paths.mts';
import { freePort } from '../sandbox/n8n/ports.mts';
import tearDown from './global-teardown.mts';
import { running } from './running.mts';
import { E2E_FOLDER, publishWorld } from './world.mts';

/** Short, so that the tests are; long enough that a task is seen running. */
const TASK_SECONDS = 2;

// Jest takes a default export only.
export default async function setUp(): Promise<void> {
	if (!existsSync(path.join(PROJECT_FOLDER, 'dist', 'nodes'))) {
		throw new Error('There is nothing built to test: run "npm run build" first');
	}
	// Jest does not tear down when it is interrupted.
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => void tearDown().finally(() => process.exit(130)));
	}
	const double = await startDashScopeMock({
		// The ports of `npm start`, if free: they are in the documentation's pictures.
		port: await freePort(5710),
		storagePort: await freePort(5711),
		taskSeconds: TASK_SECONDS,
	});
	running.double = double;
	try {
		const sandbox = await bringUp({
			stage,
			workFolder: E2E_FOLDER,
			fresh: true,
			port: 0,
			credentialData: credentialDataFor(double),
			addresses: {
				portraitUrl: double.portraitUrl('ada.png'),
				brokenLinkOrigin: `${double.storageUrl}/`,
			},
		});
		running.sandbox = sandbox;
		publishWorld({
			n8nUrl: sandbox.n8n.url,
			userFolder: sandbox.n8n.userFolder,
			filesFolder: sandbox.n8n.filesFolder,
			doubleUrl: double.url,
			storageUrl: double.storageUrl,
			apiKey: double.apiKey,
			credential: sandbox.credential,
			examples: Object.fromEntries(sandbox.examples),
		});
	} catch (error) {
		await double.close();
		throw error;
	}
}

const stage: Stage = async (title, work) => {
	const started = Date.now();
	let told = started;
	process.stdout.write(`${title}\n`);
	const result = await work((message) => {
		if (Date.now() - told < 15_000) return;
		told = Date.now();
		process.stdout.write(`  ${message}\n`);
	});
	process.stdout.write(`  done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
	return result;
};
