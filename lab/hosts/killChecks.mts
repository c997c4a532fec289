/**
 * What takes minutes on a host, because it lives through a `kill -9` of n8n: a wait that survives
 * restarts, and a trigger that tells of each video once. The rule: one kill serves both, so that a
 * host is done within minutes.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { connect, type Workflow } from '../../sandbox/n8n/api.mts';
import { OWNER } from '../../sandbox/n8n/bring-up.mts';
import { failureOf, lastRunOf, outputOf } from '../../sandbox/n8n/report.mts';
import { untilParked } from '../stage/waits.mts';
import { countVideos } from '../stage/videos.mts';
import { batch, emojiVideo, listener, MANUAL, portraitsOf, workflow } from '../stage/workflows.mts';
import { withService, type Host, type Service } from './check.mts';

/** From here on n8n hands a sub-workflow's result to the execution that waits for it. */
export const FIRST_VERSION_THAT_PARKS = 2;

/** n8n polls once a minute at most; twice that, and a margin for a busy machine. */
const TOLD_WITHIN_MS = 180_000;
const POLL_MS = 60_000;
const SURVIVES_WITHIN_MS = 10 * 60_000;

const TRIGGER_TASK_SECONDS = 4;

/** What each of the two checks saw, or why it failed. */
export type Outcome = { seen: string } | { error: unknown };

/** The two long checks. Each has an outcome of its own, whatever becomes of the other. */
export async function killChecks(host: Host): Promise<Record<string, Outcome>> {
	return await withService(host, 'Survive', { taskSeconds: 3 }, async (surviving) =>
		withService(host, 'Trigger', { taskSeconds: TRIGGER_TASK_SECONDS }, async (triggering) => {
			const survival = await settle(async () => await beginSurvival(host, surviving));
			const trigger = await settle(async () => await beginTrigger(host, triggering));
			await host.n8n.kill();
			await sleep(2 * (TRIGGER_TASK_SECONDS + 1) * 1000);
			host.n8n = await host.n8n.startAgain();
			host.api = await connect(host.n8n.url, OWNER);
			const [survived, told] = await Promise.all([
				settle(async () => await valueOf(survival)()),
				settle(async () => await valueOf(trigger)()),
			]);
			return {
				'Survive Restarts, n8n killed': outcomeOf(survived),
				'Trigger, n8n killed': outcomeOf(told),
			};
		}),
	);
}

/** The rest of a check, once n8n is back. */
type Rest = () => Promise<string>;

async function beginSurvival(host: Host, { double, credential }: Service): Promise<Rest> {
	const video = emojiVideo(credential, { options: { surviveRestarts: true } });
	const portraits = portraitsOf(double, 'ada.png', 'ben.jpg', 'kim.png');
	const saved = await host.api.importWorkflow(batch('Survive', portraits, video));
	const id = await host.api.run(saved, MANUAL.name);
	const parks = Number(host.version.split('.')[0]) >= FIRST_VERSION_THAT_PARKS;
	if (!parks) return await waitInMemory(host, id, double);
	await untilParked(host.api, [id]);
	return async () => {
		const execution = await host.api.waitForExecution(id, { timeoutMs: SURVIVES_WITHIN_MS });
		assert.equal(execution.status, 'success', failureOf(execution));
		const items = outputOf(execution, 'After');
		assert.deepEqual(
			items.map(({ json }) => json.number),
			[0, 1, 2],
			'item links',
		);
		assert.equal(await countVideos(host.api, items), 3, 'videos, byte for byte');
		assert.equal(double.counts().createsAccepted, 3, 'creates');
		return '3 videos, 3 creates';
	};
}

/** Where n8n cannot do it: the wait stays in memory, says so, and brings the videos. */
async function waitInMemory({ api }: Host, id: string, double: DashScopeMock): Promise<Rest> {
	const execution = await api.waitForExecution(id);
	assert.equal(execution.status, 'success', failureOf(execution));
	assert.equal(await countVideos(api, outputOf(execution, 'After')), 3, 'videos');
	assert.equal(double.counts().createsAccepted, 3, 'creates');
	const hints = lastRunOf(execution, 'Emoji Video')?.hints ?? [];
	assert.match(hints.map(({ message }) => message).join(), /stays in memory/);
	return async () => await Promise.resolve('hint: stays in memory; 3 videos');
}

async function beginTrigger(host: Host, { double, credential }: Service): Promise<Rest> {
	const { filesFolder } = host.n8n;
	const listening = await host.api.importWorkflow(listener(credential, filesFolder));
	await host.api.activate(listening);
	// n8n answers before it has activated; the first look is when "from now on" begins.
	while (!double.ledger().some(({ operation }) => operation === 'list')) await sleep(200);
	await sleep(1000);
	const creating = await host.api.importWorkflow(creator(double, { double, credential }));
	const execution = await host.api.waitForExecution(await host.api.run(creating, MANUAL.name));
	const ids = outputOf(execution, 'Create').map(({ json }) => String(json.taskId));
	assert.equal(ids.length, 2, failureOf(execution));
	return async () => {
		await untilSaved(ids.map((id) => path.join(filesFolder, `told-${id}.mp4`)));
		// One more look, which must find nothing new.
		await sleep(POLL_MS + 5000);
		assert.deepEqual((await told(host, listening)).sort(), [...ids].sort());
		return '2 videos told, each once';
	};
}

const creator = (double: DashScopeMock, { credential }: Service) =>
	workflow('Creates', [
		MANUAL,
		{
			...emojiVideo(credential, {
				operation: 'create',
				imageUrl: double.portraitUrl('ada.png'),
				templates: ['mengwa_kaixin', 'jingdian_lei'],
			}),
			name: 'Create',
		},
	]);

async function untilSaved(files: string[]): Promise<void> {
	const deadline = Date.now() + TOLD_WITHIN_MS;
	while (!files.every((file) => existsSync(file))) {
		if (Date.now() > deadline) throw new Error('The trigger has not told every video in 3 minutes');
		await sleep(500);
	}
}

/** Task IDs of all executions that the trigger has started. */
async function told({ api }: Host, listening: Workflow): Promise<string[]> {
	const executions = await Promise.all(
		(await api.executions(listening)).map(async ({ id }) => await api.waitForExecution(id)),
	);
	return executions.flatMap((execution) =>
		outputOf(execution, 'Trigger').map(({ json }) => String(json.taskId)),
	);
}

type Settled<T> = { value: T } | { error: unknown };

async function settle<T>(work: () => Promise<T>): Promise<Settled<T>> {
	try {
		return { value: await work() };
	} catch (error) {
		return { error };
	}
}

function valueOf<T>(settled: Settled<T>): T {
	if ('error' in settled) throw settled.error;
	return settled.value;
}

const outcomeOf = (settled: Settled<string>): Outcome =>
	'error' in settled ? settled : { seen: settled.value };
