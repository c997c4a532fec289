/**
 * Starts the n8n and the mock that most end-to-end tests share, from the packed tarball. Their clock is six times
 * as fast, so that the tests need not wait: a parked wait takes 12 s instead of 70, a poll 3 s instead of 15.
 * On the system's clock run `everyHost.test.mts` and `dev.test.mts`.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';

import { startDashScopeMock } from '../sandbox/dashscope/index.mts';
import { bringUp, type Stage } from '../sandbox/n8n/bring-up.mts';
import { credentialDataFor } from '../sandbox/n8n/credential.mts';
import { IMAGE_TIMEOUT_MS } from '../lab/stage/service.mts';
import { speedUp } from '../lab/stage/speed.mts';
import { PROJECT_FOLDER } from '../sandbox/n8n/paths.mts';
import { freePort } from '../sandbox/n8n/ports.mts';
import tearDown from './global-teardown.mts';
import { running } from './running.mts';
import { E2E_FOLDER, publishWorld } from './world.mts';

/** By the fast clock. Long enough that a task is seen running. */
const TASK_SECONDS = 6;

/** The drills run at this speed, too. A request of 50 ms takes 0.3 s by this clock. */
const TIMES = 6;

// Jest takes a default export only.
export default async function setUp(): Promise<void> {
	if (!existsSync(path.join(PROJECT_FOLDER, 'dist', 'nodes'))) {
		throw new Error('There is nothing built to test: run "npm run build" first');
	}
	// Jest does not tear down when it is interrupted.
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => void tearDown().finally(() => process.exit(130)));
	}
	const speed = speedUp(TIMES);
	const mock = await startDashScopeMock({
		// The ports of `npm start`, if free: they are in the documentation's pictures.
		port: await freePort(5710),
		storagePort: await freePort(5711),
		taskSeconds: TASK_SECONDS,
		clock: speed.clock,
		imageTimeoutMs: IMAGE_TIMEOUT_MS,
	});
	running.mock = mock;
	try {
		const sandbox = await bringUp({
			stage,
			workFolder: E2E_FOLDER,
			fresh: true,
			port: 0,
			env: speed.env,
			nodeFlags: speed.nodeFlags,
			credentialData: credentialDataFor(mock),
			addresses: {
				portraitUrl: mock.portraitUrl('ada.png'),
				brokenLinkOrigin: `${mock.storageUrl}/`,
			},
		});
		running.sandbox = sandbox;
		publishWorld({
			n8nUrl: sandbox.n8n.url,
			userFolder: sandbox.n8n.userFolder,
			filesFolder: sandbox.n8n.filesFolder,
			mockUrl: mock.url,
			storageUrl: mock.storageUrl,
			apiKey: mock.apiKey,
			clock: { times: speed.times, from: speed.from },
			credential: sandbox.credential,
			examples: Object.fromEntries(sandbox.examples),
		});
	} catch (error) {
		await mock.close();
		throw error;
	}
}

/** Prints each stage of the way up, and how long it took. */
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
