/**
 * The checks that take minutes on a host, because n8n is killed in the middle: a batch that survives restarts,
 * and a trigger that reports each video once. The rule: one kill serves all of them.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, Workflow } from '../../sandbox/n8n/api.mts';
import { failureOf, lastRunOf, outputOf } from '../../sandbox/n8n/report.mts';
import { openService, type Service } from '../stage/service.mts';
import { countVideos } from '../stage/videos.mts';
import { until, untilParked, untilPolled } from '../stage/waits.mts';
import { batch, emojiVideo, listener, MANUAL, portraitsOf, workflow } from '../stage/workflows.mts';
import type { AfterKill, Host, KillCheck } from './check.mts';

/** From this version on, n8n hands a sub-workflow's result to the execution that waits for it. */
export const FIRST_VERSION_THAT_PARKS = 2;

/** n8n polls once a minute at most. The rest is for a busy machine. */
const REPORTED_WITHIN_MS = 180_000;
const POLL_MS = 60_000;
const SURVIVES_WITHIN_MS = 10 * 60_000;
/** The kill comes while the tasks run. */
const TASK_SECONDS = 20;

/** The result of a check: a few words, or why it failed. */
export type Outcome = { seen: string } | { error: unknown };

/** Runs all checks around one kill of n8n. The failure of one check does not end the others. */
export async function runKillChecks(
	host: Host,
	checks: Record<string, KillCheck>,
): Promise<Record<string, Outcome>> {
	const names = Object.keys(checks);
	const begun = await Promise.allSettled(Object.values(checks).map(async (begin) => begin(host)));
	await host.restart('kill');
	const ended = await Promise.allSettled(begun.map(async (one) => await valueOf(one)()));
	return Object.fromEntries(
		ended.map((one, index): [string, Outcome] => [
			names[index] ?? '',
			one.status === 'fulfilled' ? { seen: one.value } : { error: one.reason as unknown },
		]),
	);
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
	if (settled.status === 'rejected') throw settled.reason;
	return settled.value;
}

/** Closes the mock once the rest of its check has ended. */
const thenClose =
	({ mock }: Service, rest: AfterKill): AfterKill =>
	async () => {
		try {
			return await rest();
		} finally {
			await mock.close();
		}
	};

async function beginSurvival(host: Host): Promise<AfterKill> {
	const service = await openService(host.api, 'Survive', { taskSeconds: 3 });
	const { mock, credential } = service;
	const video = emojiVideo(credential, { options: { surviveRestarts: true } });
	const portraits = portraitsOf(mock, 'ada.png', 'ben.jpg', 'kim.png');
	const saved = await host.api.importWorkflow(batch('Survive', portraits, video));
	const id = await host.api.run(saved, MANUAL.name);
	const parks = Number(host.version.split('.')[0]) >= FIRST_VERSION_THAT_PARKS;
	if (!parks) return thenClose(service, await waitInMemory(host, id, mock));
	await untilParked(host.api, [id]);
	return thenClose(service, async () => {
		const execution = await host.api.waitForExecution(id, { timeoutMs: SURVIVES_WITHIN_MS });
		assert.equal(execution.status, 'success', failureOf(execution));
		const items = outputOf(execution, 'After');
		assert.deepEqual(
			items.map(({ json }) => json.number),
			[0, 1, 2],
			'item links',
		);
		assert.equal(await countVideos(host.api, items), 3, 'videos, byte for byte');
		assert.equal(mock.counts().createsAccepted, 3, 'creates');
		return '3 videos, 3 creates';
	});
}

/** Where n8n cannot park: the wait stays in memory, says so, and delivers the videos. */
async function waitInMemory({ api }: Host, id: string, mock: DashScopeMock): Promise<AfterKill> {
	const execution = await api.waitForExecution(id);
	assert.equal(execution.status, 'success', failureOf(execution));
	assert.equal(await countVideos(api, outputOf(execution, 'After')), 3, 'videos');
	assert.equal(mock.counts().createsAccepted, 3, 'creates');
	const hints = lastRunOf(execution, 'Emoji Video')?.hints ?? [];
	assert.match(hints.map(({ message }) => message).join(), /stays in memory/);
	return async () => await Promise.resolve('hint: stays in memory; 3 videos');
}

/** Two tasks run when n8n is killed. Both videos are reported after it, each once. */
async function beginTrigger(host: Host): Promise<AfterKill> {
	const service = await openService(host.api, 'Trigger', { taskSeconds: TASK_SECONDS });
	const { mock, credential } = service;
	const { filesFolder } = host.n8n;
	const listening = await host.api.importWorkflow(listener(credential, filesFolder));
	await host.api.activate(listening);
	// The trigger reports what finishes after its first poll.
	await untilPolled(mock);
	const creating = await host.api.importWorkflow(creator(service));
	const id = await host.api.run(creating, MANUAL.name);
	const ids = createdIn(await host.api.waitForExecution(id));
	assert.equal(ids.length, 2, 'tasks');
	return thenClose(service, async () => {
		const files = ids.map((taskId) => path.join(filesFolder, `told-${taskId}.mp4`));
		const areSaved = () => files.every((file) => existsSync(file));
		await until('the trigger had stored every video', areSaved, REPORTED_WITHIN_MS);
		// One more poll, which must report nothing.
		await sleep(POLL_MS + 5000);
		assert.deepEqual((await reportedTasks(host, listening)).sort(), [...ids].sort());
		return '2 videos reported, each once';
	});
}

/** Creates two tasks and does not wait for them. */
export const creator = ({ mock, credential }: Service) =>
	workflow('Creates', [
		MANUAL,
		{
			...emojiVideo(credential, {
				operation: 'create',
				imageUrl: mock.portraitUrl('ada.png'),
				templates: ['mengwa_kaixin', 'jingdian_lei'],
			}),
			name: 'Create',
		},
	]);

/** The task IDs of an execution of {@link creator}. */
export const createdIn = (execution: Execution): string[] =>
	outputOf(execution, 'Create').map(({ json }) => String(json.taskId));

/** Task IDs of all executions that the trigger has started. */
export async function reportedTasks(
	{ api }: Pick<Host, 'api'>,
	listening: Workflow,
): Promise<string[]> {
	const executions = await Promise.all(
		(await api.executions(listening)).map(async ({ id }) => await api.waitForExecution(id)),
	);
	return executions.flatMap((execution) =>
		outputOf(execution, 'Trigger').map(({ json }) => String(json.taskId)),
	);
}

export const KILL_CHECKS: Record<string, KillCheck> = {
	'Survive Restarts, n8n killed': beginSurvival,
	'Trigger, n8n killed': beginTrigger,
};
