/**
 * The checks that take seconds on a host: the package is there, and it works, fails and stops as promised. The
 * rule: a check reads what n8n shows and what the service received, never the node.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, Workflow } from '../../sandbox/n8n/api.mts';
import { credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { failureOf, outputOf } from '../../sandbox/n8n/report.mts';
import { countVideos } from '../stage/videos.mts';
import { untilCreated } from '../stage/waits.mts';
import {
	batch,
	batchWithErrorOutput,
	emojiVideo,
	MANUAL,
	portraitsOf,
} from '../stage/workflows.mts';
import { withService } from '../stage/service.mts';
import type { Check, Host } from './check.mts';

const PACKAGE = 'n8n-nodes-emoji-video';
const NODE = `${PACKAGE}.emojiVideo`;
const THREE = ['ada.png', 'ben.jpg', 'kim.png'];
const ONE_REJECTED = ['ada.png', 'tilted.png', 'kim.png'];

const isInList: Check = async ({ api }) => {
	const ours = (await api.nodeTypes())
		.map(({ name }) => name)
		.filter((name) => name.startsWith(PACKAGE));
	assert.deepEqual(ours.sort(), [NODE, `${NODE}Tool`, `${NODE}Trigger`]);
	return 'node, tool, trigger';
};

const servesIcons: Check = async ({ api, n8n }) => {
	const ours = (await api.nodeTypes()).filter(({ name }) => name.startsWith(PACKAGE));
	const urls = ours.flatMap(({ iconUrl }) =>
		typeof iconUrl === 'string' ? [iconUrl] : Object.values(iconUrl ?? {}),
	);
	assert.ok(urls.length >= ours.length, 'every node has an icon');
	for (const url of urls) {
		const { status, headers } = await fetch(`${n8n.url}/${url}`);
		assert.equal(status, 200, url);
		assert.match(headers.get('content-type') ?? '', /image\/svg\+xml/);
	}
	return `${urls.length} icons`;
};

/** n8n's editor requests these, to offer fields for mapping before the first run. */
const servesSchemas: Check = async ({ n8n, api }) => {
	for (const operation of ['video/createAndWait', 'video/create', 'image/detectFace']) {
		const url = `${n8n.url}/schemas/${NODE}/1.0.0/${operation}.json`;
		const response = await fetch(url, { headers: { cookie: api.cookie() } });
		assert.equal(response.status, 200, url);
		const { properties } = z
			.object({ properties: z.record(z.unknown()) })
			.parse(await response.json());
		assert.ok(Object.keys(properties).length > 0, url);
	}
	return 'output fields known';
};

const testsCredential: Check = async (host) =>
	await withService(host.api, 'Test', {}, async ({ mock, credential }) => {
		const data = credentialDataFor(mock);
		const right = await host.api.testCredential(credential, data);
		assert.equal(right.status, 'OK', right.message);
		const wrong = await host.api.testCredential(credential, { ...data, apiKey: 'sk-wrong' });
		assert.equal(wrong.status, 'Error');
		// Some versions lose the response's status, and with it the credential's own message.
		const words = /does not accept this API key/.test(wrong.message)
			? 'with the cause'
			: "n8n's words";
		return `right passes, wrong fails (${words})`;
	});

async function runToEnd({ api }: Pick<Host, 'api'>, workflow: Workflow): Promise<Execution> {
	return await api.waitForExecution(await api.run(workflow, MANUAL.name));
}

function assertSucceeded(execution: Execution): void {
	assert.equal(execution.status, 'success', failureOf(execution));
}

const createsAndWaits: Check = async (host) =>
	await withService(
		host.api,
		'Create and Wait',
		{ taskSeconds: 1 },
		async ({ mock, credential }) => {
			const file = batch('Create and Wait', portraitsOf(mock, ...THREE), emojiVideo(credential));
			const execution = await runToEnd(host, await host.api.importWorkflow(file));
			assertSucceeded(execution);
			const items = outputOf(execution, 'After');
			assert.deepEqual(
				items.map(({ json }) => json.number),
				[0, 1, 2],
				'item links',
			);
			assert.equal(await countVideos(host.api, items), 3, 'videos, byte for byte');
			assert.equal(mock.counts().createsAccepted, 3, 'creates');
			return '3 videos, linked';
		},
	);

const failsWithError: Check = async (host) =>
	await withService(host.api, 'Error', { taskSeconds: 0.5 }, async ({ mock, credential }) => {
		const file = batch('Error', portraitsOf(mock, ...ONE_REJECTED), emojiVideo(credential));
		const { status, data } = await runToEnd(host, await host.api.importWorkflow(file));
		assert.equal(status, 'error');
		assert.equal(data.resultData.lastNodeExecuted, 'Emoji Video');
		assert.match(data.resultData.error?.message ?? '', /did not pass face detection/);
		for (const { id } of mock.tasks()) {
			assert.ok(data.resultData.error?.description?.includes(id), 'every task ID is named');
		}
		return 'names the cause and the tasks';
	});

const usesErrorOutput: Check = async (host) =>
	await withService(
		host.api,
		'Error output',
		{ taskSeconds: 0.5 },
		async ({ mock, credential }) => {
			const portraits = portraitsOf(mock, ...ONE_REJECTED);
			const file = batchWithErrorOutput('Error output', portraits, emojiVideo(credential));
			const execution = await runToEnd(host, await host.api.importWorkflow(file));
			assertSucceeded(execution);
			const videos = outputOf(execution, 'After');
			const failed = outputOf(execution, 'Failed').map(({ json }) => json);
			assert.deepEqual(
				videos.map(({ json }) => json.number),
				[0, 2],
			);
			assert.equal(await countVideos(host.api, videos), 2);
			assert.deepEqual(
				failed.map(({ number }) => number),
				[1],
			);
			assert.match(JSON.stringify(failed[0]?.error), /InvalidFile.FacePose/);
			return '2 videos, 1 failure, linked';
		},
	);

/** Starts three videos of a minute each and stops the execution once all tasks are created. */
async function stopWhileWaiting(
	host: Pick<Host, 'api'>,
	name: string,
	parameters: Record<string, unknown>,
) {
	return await withService(host.api, name, { taskSeconds: 60 }, async ({ mock, credential }) => {
		const video = emojiVideo(credential, parameters);
		const file = batch(name, portraitsOf(mock, ...THREE), video);
		const id = await host.api.run(await host.api.importWorkflow(file), MANUAL.name);
		await untilCreated(mock, 3);
		await host.api.stopExecution(id);
		const { status } = await host.api.waitForExecution(id);
		assert.equal(status, 'canceled');
		return await untilSilent(mock);
	});
}

/** Until the service has received nothing for three seconds. @throws if requests still come after a minute */
async function untilSilent({ ledger, tasks }: DashScopeMock) {
	for (let attempt = 0; attempt < 20; attempt++) {
		const before = ledger().length;
		await sleep(3000);
		if (ledger().length === before) return tasks().map(({ status }) => status);
	}
	throw new Error('Requests still reach the service a minute after Stop');
}

const stops: Check = async (host) => {
	const statuses = await stopWhileWaiting(host, 'Stop', { options: { cancelOnStop: false } });
	assert.deepEqual(statuses, ['RUNNING', 'PENDING', 'PENDING']);
	return 'canceled, no request after it';
};

const cancelsQueued: Check = async (host) => {
	const statuses = await stopWhileWaiting(host, 'Cancel on Stop', {});
	assert.deepEqual(statuses, ['RUNNING', 'CANCELED', 'CANCELED']);
	return '2 of 3 taken out of the queue';
};

const firstIsSlow = ({ index }: { index: number }) => (index === 0 ? 9 : 0.3);

/**
 * The first video takes longer than Timeout, so each try of the node fails until it is finished. All tasks are
 * created before the first failure (one a second), so that no create is under way then.
 */
const retriesWithoutPaying: Check = async (host) =>
	await withService(
		host.api,
		'Retry',
		{ taskSeconds: firstIsSlow },
		async ({ mock, credential }) => {
			const video = emojiVideo(
				credential,
				{ options: { timeout: 5, pollInterval: 1 } },
				{ retryOnFail: true, maxTries: 5, waitBetweenTries: 2000 },
			);
			const file = batch('Retry On Fail', portraitsOf(mock, ...THREE), video);
			const execution = await runToEnd(host, await host.api.importWorkflow(file));
			assertSucceeded(execution);
			assert.equal(await countVideos(host.api, outputOf(execution, 'After')), 3);
			assert.equal(mock.counts().createsAccepted, 3, 'creates');
			return '3 videos, 3 creates';
		},
	);

/** In the order of the table, by the names of its rows. */
export const QUICK_CHECKS: Record<string, Check> = {
	'Node, tool and trigger are in the list': isInList,
	'Icons are served': servesIcons,
	'Output fields are served': servesSchemas,
	'Credential test, right and wrong key': testsCredential,
	'Create and Wait, 3 portraits': createsAndWaits,
	Error: failsWithError,
	'Error output': usesErrorOutput,
	Stop: stops,
	'Cancel Queued Tasks on Stop': cancelsQueued,
	'Retry On Fail pays nothing twice': retriesWithoutPaying,
};
