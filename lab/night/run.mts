/**
 * A night's batch in a real n8n. `npm run test:night` makes 1,000 videos with Survive Restarts and prints what
 * that costs: rounds, data, memory, time. n8n's data is in PostgreSQL (`lab/compose.yaml`), in a database that
 * the run creates and removes.
 *
 * A video takes 1 s, so the batch mostly waits the 66 s between two checks: an hour in all. With `--speed 3`
 * n8n's clock is three times as fast; bytes and rounds stay the same. With longer videos (`--seconds 16`) a check
 * polls several times before it creates, and more tasks are open at a time.
 */
import { Command } from 'commander';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { templateIds } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { hasEnded } from '../../sandbox/n8n/api.mts';
import type { N8nApi } from '../../sandbox/n8n/api.mts';
import { WORK_FOLDER } from '../../sandbox/n8n/paths.mts';
import { databaseSettings, inPostgres, withServerOptions } from '../stage/servers.mts';
import type { Servers } from '../stage/servers.mts';
import { callWebhook } from '../stage/waits.mts';
import { openService } from '../stage/service.mts';
import { speedUp } from '../stage/speed.mts';
import { openStage } from '../stage/stage.mts';
import type { Stage } from '../stage/stage.mts';
import { batch, emojiVideo, webhook } from '../stage/workflows.mts';
import { layersOf, sizesOf, statusOf, turnsOf } from './database.mts';
import { inMb, LIMITS, read, watchMemory } from './figures.mts';

const TEMPLATES = 20;
/** By then n8n has read its nodes and freed what it needed for that. */
const SETTLE_MS = 30_000;
/** The account allows more than in life, because this run measures the wait, not the creates. */
const PER_SECOND = 10;

interface Flags extends Servers {
	videos: string;
	seconds: string;
	speed: string;
	heapMb: string;
	warm: boolean;
}

const flags = withServerOptions(new Command('npm run test:night --'))
	.option('--videos <n>', 'a multiple of 20: each portrait with every template', '1000')
	.option('--seconds <n>', 'how long a video takes, by that clock', '1')
	.option('--speed <n>', "how many times as fast n8n's clock goes", '1')
	.option('--heap-mb <n>', 'the largest heap of n8n; without a limit V8 lets garbage lie', '400')
	.option(
		'--warm',
		'n8n has made one portrait before it counts as idle: what it loads for that is left out',
	)
	.parse()
	.opts<Flags>();
const speed = speedUp(Number(flags.speed));
const portraits = Math.ceil(Number(flags.videos) / TEMPLATES);
const wanted = portraits * TEMPLATES;

/** An n8n on PostgreSQL, on the clock of `--speed`. */
const start = async (database: string): Promise<Stage> =>
	await openStage({
		folder: path.join(WORK_FOLDER, 'night'),
		speed,
		env: { ...databaseSettings(flags, database), N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem' },
		nodeFlags: [`--max-old-space-size=${flags.heapMb}`],
	});

/** Each portrait has an address of its own, all templates, and comes out as one item. */
function workflowFor(
	name: string,
	portraits: number,
	mock: DashScopeMock,
	credential: Parameters<typeof emojiVideo>[0],
) {
	const items = Array.from({ length: portraits }, (_, number) => ({
		imageUrl: `${mock.portraitUrl('ada.png')}?${name}=${number}`,
		template: '',
		number,
	}));
	const video = emojiVideo(credential, {
		templates: [...templateIds].slice(0, TEMPLATES),
		options: { surviveRestarts: true },
		fileOptions: { output: 'portrait' },
		limitOptions: {
			creationsPerSecond: PER_SECOND,
			detectionsPerSecond: PER_SECOND,
			maximumVideos: 100_000,
		},
	});
	return batch(name, items, video, webhook(name));
}

/** A service of its own, and a workflow that can be called by its name. */
async function prepare(api: N8nApi, name: string, size: number) {
	const service = await openService(api, name, {
		taskSeconds: Number(flags.seconds),
		clock: speed.clock,
		rateLimits: { detectPerSecond: PER_SECOND, createPerSecond: PER_SECOND },
	});
	const { mock, credential } = service;
	const workflow = await api.importWorkflow(workflowFor(name, size, mock, credential));
	await api.activate(workflow);
	return { mock, workflow };
}

/** Makes the videos of one portrait, so that n8n loads what it needs for a batch. */
async function warmUp({ n8n, api }: Stage, database: string): Promise<void> {
	const { mock, workflow } = await prepare(api, 'before', 1);
	try {
		const id = await callWebhook(n8n.url, api, workflow, 'before');
		while (!hasEnded(await statusOf(flags, database, id))) await sleep(2000);
	} finally {
		await mock.close();
	}
}

async function makeVideos(stage: Stage, database: string) {
	const { n8n, api } = stage;
	if (flags.warm) await warmUp(stage, database);
	const { mock, workflow } = await prepare(api, 'night', portraits);
	await sleep(SETTLE_MS);
	const before = await sizesOf(flags, database);
	const turnsBefore = (await turnsOf(flags, database)).length;
	const watch = watchMemory(n8n.pid);
	const startedAt = Date.now();
	const id = await callWebhook(n8n.url, api, workflow, 'night');
	let told = 0;
	for (;;) {
		const current = await statusOf(flags, database, id);
		if (hasEnded(current)) break;
		if (Date.now() - told > 60_000) {
			told = Date.now();
			const { createsAccepted } = mock.counts();
			const { onDisk, inAll, rows } = await sizesOf(flags, database);
			console.log(
				`${Math.round((told - startedAt) / 1000)} s: ${createsAccepted} created, ${rows} executions, ${onDisk - before.onDisk} bytes more on disk, ${inAll - before.inAll} of data, ${inMb(watch.now())} MB of memory above idle`,
			);
		}
		await sleep(2000);
	}
	const seconds = (Date.now() - startedAt) / 1000;
	const memory = watch.stop();
	const execution = await api.execution(id);
	const figures = await read({
		execution,
		api,
		mock,
		servers: flags,
		database,
		before,
		turnsBefore,
		memory,
		times: speed.times,
	});
	await mock.close();
	return { ...figures, seconds: Math.round(seconds) };
}

async function main(): Promise<void> {
	const database = `emoji_video_night_${process.pid}`;
	await inPostgres(flags, `CREATE DATABASE ${database}`);
	let stage: Stage | undefined;
	try {
		stage = await start(database);
		const figures = await makeVideos(stage, database);
		console.table(await layersOf(flags, database));
		console.log(
			JSON.stringify({ wanted, speed: speed.times, heapMb: flags.heapMb, ...figures }, null, 2),
		);
		const missed = LIMITS.filter(([name, isMet]) => {
			const met = isMet(figures, wanted);
			if (!met) console.log(`MISSED: ${name}`);
			return !met;
		});
		if (missed.length > 0) process.exitCode = 1;
	} finally {
		await stage?.close();
		await inPostgres(flags, `DROP DATABASE ${database} WITH (FORCE)`);
	}
}

await main();
