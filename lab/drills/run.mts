/**
 * Crash drills: `kill -9` of a real n8n during Create and Wait with Survive Restarts, then n8n again on the
 * same data. What must hold of each batch: it ends; every accepted task is a video, named in an error, or
 * at least a line in n8n's log; no task is made twice.
 *
 * Ten batches share an n8n, each on an account of its own, and one kill hits them all, each somewhere else:
 * `npm run drills -- --random 10 --creating 10`, 60 portraits each; `--queue` kills the workers
 * of queue mode instead (PostgreSQL and Redis as for `npm run test:cluster`).
 */
import { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { N8nApi, Workflow } from '../../sandbox/n8n/api.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { withServerOptions } from '../stage/servers.mts';
import type { Servers } from '../stage/servers.mts';
import { callWebhook } from '../stage/waits.mts';
import { batchWithErrorOutput, emojiVideo, portraitsOf, webhook } from '../stage/workflows.mts';
import type { Portrait } from '../stage/workflows.mts';
import { MOMENTS } from './killMoments.mts';
import type { Moment } from './killMoments.mts';
import { withOneProcess, withQueueMode } from './stage.mts';
import type { Stage } from './stage.mts';
import { judge } from './verdict.mts';

const FILES = ['ada.png', 'ben.jpg', 'kim.png'];
const ROUND_TIMEOUT_MS = 25 * 60_000;
const HAS_ENDED = ['success', 'error', 'crashed', 'canceled'];

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
const speed = flags.queue ? 1 : Number(flags.speed);
const names = Array.from({ length: atOnce }, (_, nth) => `drill-${nth}`);

/** A batch that can be started again and again. */
interface Batch {
	/** Of its account, its workflow and its webhook. */
	name: string;
	workflow: Workflow;
}

const portraitsFor = (double: DashScopeMock): Portrait[] =>
	portraitsOf(
		double,
		...Array.from({ length: Number(flags.portraits) }, (_, nth) => FILES[nth % FILES.length] ?? ''),
	).map((portrait) => ({ ...portrait, imageUrl: `${portrait.imageUrl}?n=${portrait.number}` }));

async function saveBatches(api: N8nApi, double: DashScopeMock): Promise<Batch[]> {
	const batches: Batch[] = [];
	for (const name of names) {
		const data = credentialDataFor({ url: double.url, apiKey: name });
		const credential = await api.saveCredential(name, CREDENTIAL_TYPE, data);
		const options = { surviveRestarts: true, timeout: 120, queueTimeout: 3600 };
		const video = emojiVideo(credential, { options, limitOptions: { detectionsPerSecond: 5 } });
		const workflow = await api.importWorkflow(
			batchWithErrorOutput(name, portraitsFor(double), video, webhook(name)),
		);
		await api.activate(workflow);
		batches.push({ name, workflow });
	}
	return batches;
}

/** Until each of these executions is as wanted. */
async function untilAll(
	stage: Stage,
	ids: Map<Batch, string>,
	isSo: (status: string) => boolean,
): Promise<void> {
	const deadline = Date.now() + ROUND_TIMEOUT_MS;
	let api = await stage.api();
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
			api = await stage.api();
		}
		if (Date.now() > deadline) throw new Error(`Not in time: ${statuses.join(' ')}`);
		await sleep(2000);
	}
}

async function runRound(
	stage: Stage,
	double: DashScopeMock,
	batches: Batch[],
	moment: Moment,
): Promise<object[]> {
	double.reset();
	const startedAt = Date.now();
	const ids = new Map<Batch, string>();
	const before = await stage.api();
	for (const each of batches) {
		ids.set(each, await callWebhook(stage.url(), before, each.workflow, each.name));
	}
	await untilAll(stage, ids, (status) => status !== 'running' && status !== 'new');
	const killed = await MOMENTS[moment]({ double, batches: batches.length, speed });
	await stage.kill();
	double.faults.clear();
	await untilAll(stage, ids, (status) => HAS_ENDED.includes(status));
	const seconds = Math.round(((Date.now() - startedAt) * speed) / 1000);
	const api = await stage.api();
	const rows: object[] = [];
	for (const [{ name }, id] of ids) {
		const execution = await api.execution(id);
		const verdict = await judge(api, double, name, execution, portraitsFor(double), stage.logFiles);
		if (!verdict.passed) process.exitCode = 1;
		rows.push({ moment, killed, ...verdict, seconds });
		console.log(JSON.stringify(rows.at(-1)));
	}
	return rows;
}

async function main(): Promise<void> {
	const double = await startDashScopeMock({
		accounts: names.map((name) => ({ id: name, keys: [name] })),
		concurrency: 4,
		taskSeconds: Number(flags.taskSeconds) / speed,
		rateLimits: {
			detectPerSecond: 5 * speed,
			createPerSecond: speed,
			queriesPerSecond: 20 * speed,
		},
	});
	const work = async (stage: Stage) => {
		const batches = await saveBatches(await stage.api(), double);
		const rows: object[] = [];
		for (const moment of ['random', 'creating'] as const) {
			for (let left = Number(flags[moment]); left > 0; left -= atOnce) {
				const share = batches.slice(0, Math.min(left, atOnce));
				rows.push(...(await runRound(stage, double, share, moment)));
			}
		}
		console.table(rows);
	};
	try {
		if (flags.queue) await withQueueMode(flags, work);
		else await withOneProcess(double, speed, work);
	} finally {
		await double.close();
	}
}

await main();
