/**
 * The checks of the oldest engine: what differs between versions of n8n (sleep, Stop, retries, error items, links),
 * and that no video is paid for twice.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import {
	startDashScopeMock,
	type DashScopeMock,
	type DashScopeMockOptions,
} from '../../sandbox/dashscope/index.mts';
import { credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { hashOfTemplate, sha256 } from '../stage/videos.mts';
import { portraitsOf } from '../stage/workflows.mts';
import type { Engine, EngineResult } from './engine.mts';

const THREE = ['ada.png', 'ben.jpg', 'kim.png'];
const ONE_REFUSED = ['ada.png', 'tilted.png', 'kim.png'];

type EngineCheck = (engine: Engine) => Promise<void>;

const withMock =
	(
		options: DashScopeMockOptions,
		check: (engine: Engine, mock: DashScopeMock) => Promise<void>,
	): EngineCheck =>
	async (engine) => {
		const mock = await startDashScopeMock(options);
		try {
			await check(engine, mock);
		} finally {
			await mock.close();
		}
	};

/** Create and Wait of these portraits, each with a template of its own. */
function start(
	engine: Engine,
	mock: DashScopeMock,
	files: string[],
	options: Record<string, unknown> = {},
	settings: Record<string, unknown> = {},
) {
	return engine.start({
		input: portraitsOf(mock, ...files).map((portrait) => ({ ...portrait })),
		parameters: {
			resource: 'video',
			operation: 'createAndWait',
			imageUrl: '={{ $json.imageUrl }}',
			templates: '={{ $json.template }}',
			options: { pollInterval: 1, ...options },
		},
		credential: credentialDataFor(mock),
		settings,
	});
}

async function assertVideos(items: EngineResult['outputs'][number], inputs: number[]) {
	assert.deepEqual(
		items.map(({ pairedItem }) => pairedItem),
		inputs.map((item) => ({ item })),
	);
	for (const { json, video } of items) {
		const bytes = Buffer.from(video ?? '', 'base64');
		assert.equal(sha256(bytes), await hashOfTemplate(json.templateId));
	}
}

const createsAndWaits = withMock({ taskSeconds: 0.5 }, async (engine, mock) => {
	const { outputs, error } = await start(engine, mock, THREE).result;
	assert.equal(error, undefined);
	await assertVideos(outputs[0] ?? [], [0, 1, 2]);
	assert.equal(mock.counts().createsAccepted, 3);
});

const failsWithError = withMock({ taskSeconds: 0.5 }, async (engine, mock) => {
	const { error } = await start(engine, mock, ONE_REFUSED).result;
	assert.match(error?.message ?? '', /did not pass face detection/);
	for (const { id } of mock.tasks()) assert.ok(error?.description?.includes(id));
});

const usesErrorOutput = withMock({ taskSeconds: 0.5 }, async (engine, mock) => {
	const settings = { onError: 'continueErrorOutput' };
	const { outputs, error } = await start(engine, mock, ONE_REFUSED, {}, settings).result;
	assert.equal(error, undefined);
	const [videos = [], failed = []] = outputs;
	await assertVideos(videos, [0, 2]);
	assert.deepEqual(
		failed.map(({ json }) => json.number),
		[1],
	);
	assert.match(JSON.stringify(failed[0]?.json.error), /InvalidFile.FacePose/);
});

const stops = withMock({ taskSeconds: 600 }, async (engine, mock) => {
	const running = start(engine, mock, THREE, { cancelOnStop: true });
	while (mock.counts().createsAccepted < 3) await sleep(50);
	await running.stop();
	await running.result;
	while (mock.tasks().filter((task) => task.status === 'CANCELED').length < 2) await sleep(50);
});

/**
 * The first video takes longer than the Timeout: each try of the node fails until it is there. By the
 * first failure all tasks are created (one a second), so that no create is under way then.
 */
const retriesWithoutPaying = withMock(
	{ taskSeconds: ({ index }) => (index === 0 ? 9 : 0.3) },
	async (engine, mock) => {
		const settings = { retryOnFail: true, maxTries: 5, waitBetweenTries: 2000 };
		const { error } = await start(engine, mock, THREE, { timeout: 5 }, settings).result;
		assert.equal(error, undefined);
		assert.equal(mock.counts().createsAccepted, 3);
	},
);

const survivesInMemory = withMock({ taskSeconds: 0.5 }, async (engine, mock) => {
	const options = { surviveRestarts: true };
	const { outputs, hints, error } = await start(engine, mock, THREE, options).result;
	assert.equal(error, undefined);
	await assertVideos(outputs[0] ?? [], [0, 1, 2]);
	assert.match(hints.join(), /stays in memory/);
});

export const ENGINE_CHECKS: Record<string, EngineCheck> = {
	'the package loads': async (engine) => {
		const names = await engine.load();
		assert.deepEqual(names.sort(), ['dashScopeApi', 'emojiVideo', 'emojiVideoTrigger']);
	},
	'Create and Wait brings three videos, linked to their items': createsAndWaits,
	'an error names the cause and every task': failsWithError,
	'the failed item leaves by the error output': usesErrorOutput,
	'Stop ends the wait and cancels what is queued': stops,
	'Retry On Fail pays nothing twice': retriesWithoutPaying,
	'Survive Restarts stays in memory, and says so': survivesInMemory,
};
