/**
 * Crash drills: `kill -9` of a real n8n during Create and Wait with Survive Restarts, then n8n again on the same
 * data. Each batch must end. Every accepted task must be a video, or be named by an error or n8n's log. No task
 * may be created twice.
 *
 * Ten batches share an n8n, each with an account of its own, and one kill hits all of them at different points:
 * `npm run drills -- --random 10 --creating 10`, 60 portraits each. `--queue` kills the workers of queue mode
 * instead (PostgreSQL and Redis as for `npm run test:cluster`).
 */
import { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { hasEnded } from '../../sandbox/n8n/api.mts';
import type { N8nApi, Workflow } from '../../sandbox/n8n/api.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { withServerOptions } from '../stage/servers.mts';
import type { Servers } from '../stage/servers.mts';
import { speedUp } from '../stage/speed.mts';
import { callWebhook } from '../stage/waits.mts';
import { batchWithErrorOutput, emojiVideo, portraitsOf, webhook } from '../stage/workflows.mts';
import type { Portrait } from '../stage/workflows.mts';
import { MOMENTS } from './killMoments.mts';
import type { Moment } from './killMoments.mts';
import { withOneProcess, withQueueMode } from './killable.mts';
import type { Killable } from './killable.mts';
import { judge } from './verdict.mts';

const FILES = ['ada.png', 'ben.jpg', 'kim.png'];
const ROUND_TIMEOUT_MS = 25 * 60_000;
/** The account allows more than in life, because a batch is detected before it is parked. */
const DETECTIONS_PER_SECOND = 5;

interface Flags extends Servers {
	random: string;
	creating: string;
	atOnce: string;
	portraits: string;
	taskSeconds: string;
	speed: string;
	queue: boolean;
}

const flags = withServerOptions(new Command('npm run drills --'))
	.option('--random <n>', 'batches killed at a random moment of the wait', '10')
	.option('--creating <n>', 'batches killed while tasks are being created', '10')
	.option('--at-once <n>', 'batches that one kill hits', '10')
	.option('--portraits <n>', 'videos in a batch', '60')
	.option('--task-seconds <n>', 'how long a video takes', '1')
	.option('--speed <n>', "how many times as fast n8n's clock goes; not with --queue", '6')
	.option('--queue', 'in queue mode, the workers are killed', false)
	.parse()
	.opts<Flags>();

const atOnce = Number(flags.atOnce);
const speed = speedUp(flags.queue ? 1 : Number(flags.speed));
const names = Array.from({ length: atOnce }, (_, nth) => `drill-${nth}`);

/** A batch that can be started again and again. */
interface Batch {
	/** Of its account, its workflow and its webhook. */
	name: string;
	workflow: Workflow;
}

const portraitsFor = (mock: DashScopeMock): Portrait[] =>
	portraitsOf(
		mock,
		...Array.from({ length: Number(flags.portraits) }, (_, nth) => FILES[nth % FILES.length] ?? ''),
	).map((portrait) => ({ ...portrait, imageUrl: `${portrait.imageUrl}?n=${portrait.number}` }));

async function saveBatches(api: N8nApi, mock: DashScopeMock): Promise<Batch[]> {
	const batches: Batch[] = [];
	for (const name of names) {
		const data = credentialDataFor({ url: mock.url, apiKey: name });
		const credential = await api.saveCredential(name, CREDENTIAL_TYPE, data);
		const options = { surviveRestarts: true, timeout: 120, queueTimeout: 3600 };
		const video = emojiVideo(credential, {
			options,
			limitOptions: { detectionsPerSecond: DETECTIONS_PER_SECOND },
		});
		const workflow = await api.importWorkflow(
			batchWithErrorOutput(name, portraitsFor(mock), video, webhook(name)),
		);
		await api.activate(workflow);
		batches.push({ name, workflow });
	}
	return batches;
}

/** Until each of these executions has a wanted status. */
async function untilAll(
	n8n: Killable,
	ids: Map<Batch, string>,
	isSo: (status: string) => boolean,
): Promise<void> {
	const deadline = Date.now() + ROUND_TIMEOUT_MS;
	let api = await n8n.api();
	for (;;) {
		const statuses: string[] = [];
		try {
			for (const [{ workflow }, id] of ids) {
				const list = await api.executions(workflow);
				statuses.push(list.find((execution) => execution.id === id)?.status ?? 'unknown');
			}
			if (statuses.every(isSo)) return;
		} catch (error) {
			if (Date.now() > deadline) throw error;
			api = await n8n.api();
		}
		if (Date.now() > deadline) throw new Error(`Not in time: ${statuses.join(' ')}`);
		await sleep(2000);
	}
}

async function runRound(
	n8n: Killable,
	mock: DashScopeMock,
	batches: Batch[],
	moment: Moment,
): Promise<object[]> {
	mock.reset();
	const startedAt = Date.now();
	const ids = new Map<Batch, string>();
	const before = await n8n.api();
	for (const each of batches) {
		ids.set(each, await callWebhook(n8n.url(), before, each.workflow, each.name));
	}
	await untilAll(n8n, ids, (status) => status !== 'running' && status !== 'new');
	const killed = await MOMENTS[moment]({ mock, batches: batches.length, speed: speed.times });
	await n8n.kill();
	mock.faults.clear();
	await untilAll(n8n, ids, hasEnded);
	const seconds = Math.round(((Date.now() - startedAt) * speed.times) / 1000);
	const api = await n8n.api();
	const rows: object[] = [];
	for (const [{ name }, id] of ids) {
		const execution = await api.execution(id);
		const verdict = await judge(api, mock, name, execution, portraitsFor(mock), n8n.logFiles);
		if (!verdict.passed) process.exitCode = 1;
		rows.push({ moment, killed, ...verdict, seconds });
		console.log(JSON.stringify(rows.at(-1)));
	}
	return rows;
}

async function main(): Promise<void> {
	const mock = await startDashScopeMock({
		accounts: names.map((name) => ({ id: name, keys: [name] })),
		concurrency: 4,
		taskSeconds: Number(flags.taskSeconds),
		clock: speed.clock,
		rateLimits: { detectPerSecond: DETECTIONS_PER_SECOND },
	});
	const work = async (n8n: Killable) => {
		const batches = await saveBatches(await n8n.api(), mock);
		const rows: object[] = [];
		for (const moment of ['random', 'creating'] as const) {
			for (let left = Number(flags[moment]); left > 0; left -= atOnce) {
				const share = batches.slice(0, Math.min(left, atOnce));
				rows.push(...(await runRound(n8n, mock, share, moment)));
			}
		}
		console.table(rows);
	};
	try {
		if (flags.queue) await withQueueMode(flags, work);
		else await withOneProcess(speed, work);
	} finally {
		await mock.close();
	}
}

await main();
