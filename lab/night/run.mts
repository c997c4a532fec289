/**
 * A night's batch in a real n8n: `npm run test:night` makes 1,000 videos with Survive Restarts, n8n's data in
 * PostgreSQL (`lab/compose.yaml`; a database of its own is made and removed), and says what that costs:
 * turns, data, memory, time. Rule: the double's ledger says what was paid for, n8n's tables say what is kept.
 *
 * A video takes 1 s, so that the 66 s between two checks are what it waits for: an hour. `--speed 3` has n8n's
 * clock go three times as fast; what is measured in bytes on disk and turns stays the same. With longer videos
 * (`--seconds 16`) a check looks several times before it creates, and more is open at a time.
 */
import { Command } from 'commander';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock, templateIds } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { connect } from '../../sandbox/n8n/api.mts';
import type { N8nApi } from '../../sandbox/n8n/api.mts';
import { OWNER } from '../../sandbox/n8n/bring-up.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { ensureN8n } from '../../sandbox/n8n/install.mts';
import { startN8n } from '../../sandbox/n8n/instance.mts';
import type { RunningN8n } from '../../sandbox/n8n/instance.mts';
import { installTarball, packProject } from '../../sandbox/n8n/package.mts';
import { WORK_FOLDER } from '../../sandbox/n8n/paths.mts';
import { inPostgres, withServerOptions } from '../stage/servers.mts';
import type { Servers } from '../stage/servers.mts';
import { callWebhook } from '../stage/waits.mts';
import { speedUp } from '../stage/speed.mts';
import { batch, emojiVideo, webhook } from '../stage/workflows.mts';
import { layersOf, sizesOf, statusOf, turnsOf } from './database.mts';
import { inMb, LIMITS, read, watchMemory } from './figures.mts';

const WORK = path.join(WORK_FOLDER, 'night');
const PORT = 5790;
const TEMPLATES = 20;
/** n8n makes its tables first. */
const START_TIMEOUT_MS = 600_000;
/** n8n has started, read its nodes and thrown away what it needed for that. */
const SETTLE_MS = 30_000;
/** Creates and detections are not what is waited for here. */
const PER_SECOND = 10;
const HAS_ENDED = ['success', 'error', 'crashed', 'canceled'];

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
const speed = Number(flags.speed);
const fast = speedUp(speed);
const portraits = Math.ceil(Number(flags.videos) / TEMPLATES);
const wanted = portraits * TEMPLATES;

const environment = (database: string): Record<string, string> => ({
	DB_TYPE: 'postgresdb',
	DB_POSTGRESDB_HOST: flags.postgresHost,
	DB_POSTGRESDB_PORT: flags.postgresPort,
	DB_POSTGRESDB_USER: flags.postgresUser,
	DB_POSTGRESDB_PASSWORD: flags.postgresPassword,
	DB_POSTGRESDB_DATABASE: database,
	N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem',
	...fast.env,
});

async function start(database: string): Promise<RunningN8n> {
	const install = await ensureN8n();
	const userFolder = path.join(WORK, 'node_modules', 'n8n');
	await rm(WORK, { recursive: true, force: true });
	await installTarball(userFolder, await packProject(path.join(WORK, 'package')));
	return await startN8n({
		install,
		userFolder,
		port: PORT,
		logFile: path.join(WORK, 'n8n.log'),
		startTimeoutMs: START_TIMEOUT_MS,
		env: environment(database),
		nodeFlags: [...fast.nodeFlags, `--max-old-space-size=${flags.heapMb}`],
	});
}

/** Each portrait has an address of its own, all templates, and comes out as one item. */
function workflowFor(
	name: string,
	portraits: number,
	double: DashScopeMock,
	credential: Parameters<typeof emojiVideo>[0],
) {
	const items = Array.from({ length: portraits }, (_, number) => ({
		imageUrl: `${double.portraitUrl('ada.png')}?${name}=${number}`,
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

const startAccount = async () =>
	await startDashScopeMock({
		taskSeconds: Number(flags.seconds) / speed,
		rateLimits: {
			detectPerSecond: PER_SECOND * speed,
			createPerSecond: PER_SECOND * speed,
			queriesPerSecond: 20 * speed,
		},
	});

/** A workflow that is ready to be called by its name. */
async function save(api: N8nApi, name: string, size: number, double: DashScopeMock) {
	const credential = await api.saveCredential(name, CREDENTIAL_TYPE, credentialDataFor(double));
	const workflow = await api.importWorkflow(workflowFor(name, size, double, credential));
	await api.activate(workflow);
	return workflow;
}

/** One portrait, on an account of its own: n8n loads what it needs for a batch. */
async function warmUp(n8n: RunningN8n, api: N8nApi, database: string): Promise<void> {
	const double = await startAccount();
	try {
		const id = await callWebhook(n8n.url, api, await save(api, 'before', 1, double), 'before');
		while (!HAS_ENDED.includes(await statusOf(flags, database, id))) await sleep(2000);
	} finally {
		await double.close();
	}
}

async function makeVideos(n8n: RunningN8n, double: DashScopeMock, database: string) {
	const api = await connect(n8n.url, OWNER);
	if (flags.warm) await warmUp(n8n, api, database);
	const workflow = await save(api, 'night', portraits, double);
	await sleep(SETTLE_MS);
	const before = await sizesOf(flags, database);
	const turnsBefore = (await turnsOf(flags, database)).length;
	const watch = watchMemory(n8n.pid);
	const startedAt = Date.now();
	const id = await callWebhook(n8n.url, api, workflow, 'night');
	let told = 0;
	for (;;) {
		const current = await statusOf(flags, database, id);
		if (HAS_ENDED.includes(current)) break;
		if (Date.now() - told > 60_000) {
			told = Date.now();
			const { createsAccepted } = double.counts();
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
		double,
		servers: flags,
		database,
		before,
		turnsBefore,
		memory,
		toReal: fast.toReal,
	});
	return { ...figures, seconds: Math.round(seconds) };
}

async function main(): Promise<void> {
	const database = `emoji_video_night_${process.pid}`;
	await inPostgres(flags, `CREATE DATABASE ${database}`);
	const double = await startAccount();
	let n8n: RunningN8n | undefined;
	try {
		n8n = await start(database);
		const figures = await makeVideos(n8n, double, database);
		console.table(await layersOf(flags, database));
		console.log(JSON.stringify({ wanted, speed, heapMb: flags.heapMb, ...figures }, null, 2));
		const missed = LIMITS.filter(([name, isMet]) => {
			const met = isMet(figures, wanted);
			if (!met) console.log(`MISSED: ${name}`);
			return !met;
		});
		if (missed.length > 0) process.exitCode = 1;
	} finally {
		await n8n?.stop();
		await double.close();
		await inPostgres(flags, `DROP DATABASE ${database} WITH (FORCE)`);
	}
}

await main();
