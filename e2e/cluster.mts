/**
 * Survive Restarts where n8n runs in queue mode: a main process, a worker, PostgreSQL and Redis. The
 * worker is killed with `kill -9` during the wait, and in the very moment of a check, and started
 * again. What must hold: three videos, three creates, right item links.
 *
 * Takes about 6 minutes, so it is a command of its own: `npm run test:cluster`. PostgreSQL and Redis
 * are those of `e2e/compose.yaml`; a database and a queue of its own are made and removed.
 */
import { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeDouble } from '../sandbox/dashscope/index.mts';
import type { DashScopeDouble } from '../sandbox/dashscope/index.mts';
import { connect } from '../sandbox/n8n/api.mts';
import type { Execution, N8nApi, Workflow } from '../sandbox/n8n/api.mts';
import { OWNER } from '../sandbox/n8n/bring-up.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../sandbox/n8n/credential.mts';
import { ensureN8n } from '../sandbox/n8n/install.mts';
import { startN8n } from '../sandbox/n8n/instance.mts';
import type { RunningN8n } from '../sandbox/n8n/instance.mts';
import { installTarball, packProject } from '../sandbox/n8n/package.mts';
import { HOST_FOLDER, WORK_FOLDER } from '../sandbox/n8n/paths.mts';
import { outputOf } from '../sandbox/n8n/report.mts';
import { startWorker } from '../sandbox/n8n/worker.mts';
import type { RunningWorker } from '../sandbox/n8n/worker.mts';
import { callWebhook, untilParked, untilStatusIsAsked } from './moments.mts';
import { countVideos } from './videos.mts';
import { batch, emojiVideo, portraitsOf, webhook } from './workflows.mts';

const WORK = path.join(WORK_FOLDER, 'cluster');
const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png'];
const TASK_SECONDS = 5;
const PORT = 5750;
const DRILL_TIMEOUT_MS = 12 * 60_000;
const HOOK = 'cluster';

interface Servers {
	postgresHost: string;
	postgresPort: string;
	postgresUser: string;
	postgresPassword: string;
	redisHost: string;
	redisPort: string;
}

/** The clients that n8n itself brings. */
const ofN8n = createRequire(path.join(HOST_FOLDER, 'package.json'));

interface PostgresClient {
	connect(): Promise<void>;
	query(sql: string): Promise<unknown>;
	end(): Promise<void>;
}
interface RedisClient {
	keys(pattern: string): Promise<string[]>;
	del(keys: string[]): Promise<number>;
	quit(): Promise<unknown>;
}

async function inPostgres(servers: Servers, sql: string): Promise<void> {
	const { Client } = ofN8n('pg') as { Client: new (options: object) => PostgresClient };
	const client = new Client({
		host: servers.postgresHost,
		port: Number(servers.postgresPort),
		user: servers.postgresUser,
		password: servers.postgresPassword,
		database: 'postgres',
	});
	await client.connect();
	try {
		await client.query(sql);
	} finally {
		await client.end();
	}
}

async function removeQueue({ redisHost, redisPort }: Servers, prefix: string): Promise<void> {
	const Redis = ofN8n('ioredis') as new (options: object) => RedisClient;
	const client = new Redis({ host: redisHost, port: Number(redisPort) });
	const keys = await client.keys(`*${prefix}*`);
	if (keys.length > 0) await client.del(keys);
	await client.quit();
}

/** What main and worker must have in common. */
const clusterEnvironment = (servers: Servers, name: string): Record<string, string> => ({
	EXECUTIONS_MODE: 'queue',
	N8N_ENCRYPTION_KEY: randomBytes(16).toString('hex'),
	DB_TYPE: 'postgresdb',
	DB_POSTGRESDB_HOST: servers.postgresHost,
	DB_POSTGRESDB_PORT: servers.postgresPort,
	DB_POSTGRESDB_USER: servers.postgresUser,
	DB_POSTGRESDB_PASSWORD: servers.postgresPassword,
	DB_POSTGRESDB_DATABASE: name,
	QUEUE_BULL_REDIS_HOST: servers.redisHost,
	QUEUE_BULL_REDIS_PORT: servers.redisPort,
	QUEUE_BULL_PREFIX: name,
	N8N_REDIS_KEY_PREFIX: name,
});

interface Row {
	worker: string;
	seconds: number;
	status: string;
	videos: number;
	creates: number;
	links: string;
	passed: boolean;
}

interface Cluster {
	double: DashScopeDouble;
	main: RunningN8n;
	api: N8nApi;
	workflow: Workflow;
	worker: RunningWorker;
	startWorker: () => Promise<RunningWorker>;
}

/** When the worker is killed, once the execution is parked. */
const MOMENTS: Record<string, (cluster: Cluster) => Promise<void>> = {
	'is killed in a check': async ({ double }) => {
		await untilStatusIsAsked(double, 4000);
		await sleep(1000);
	},
	'is killed during the wait': async () => {
		await sleep(20_000);
	},
};

async function judge(cluster: Cluster, execution: Execution) {
	const items = outputOf(execution, 'After');
	const videos = await countVideos(cluster.api, items);
	const creates = cluster.double.counts().createsAccepted;
	const isLinked = items.every(({ json }, index) => json.number === index);
	return {
		status: execution.status,
		videos,
		creates,
		links: isLinked ? 'kept' : 'BROKEN',
		passed: videos === PORTRAITS.length && creates === PORTRAITS.length && isLinked,
	};
}

async function drill(
	cluster: Cluster,
	moment: string,
	until: (cluster: Cluster) => Promise<void>,
): Promise<Row> {
	const { double, api } = cluster;
	double.reset();
	const startedAt = Date.now();
	const id = await callWebhook(cluster.main.url, api, cluster.workflow, HOOK);
	await untilParked(api, [id]);
	await until(cluster);
	await cluster.worker.kill();
	double.faults.clear();
	await sleep(3000);
	cluster.worker = await cluster.startWorker();
	const execution = await api.waitForExecution(id, { timeoutMs: DRILL_TIMEOUT_MS });
	const seconds = Math.round((Date.now() - startedAt) / 1000);
	return { worker: moment, seconds, ...(await judge(cluster, execution)) };
}

async function withCluster(servers: Servers, work: (cluster: Cluster) => Promise<void>) {
	const name = `emoji_video_e2e_${process.pid}`;
	const install = await ensureN8n();
	await rm(WORK, { recursive: true, force: true });
	const tarball = await packProject(path.join(WORK, 'package'));
	const folders = { main: path.join(WORK, 'main'), worker: path.join(WORK, 'worker') };
	for (const folder of Object.values(folders)) await installTarball(folder, tarball);
	const env = clusterEnvironment(servers, name);
	await inPostgres(servers, `CREATE DATABASE ${name}`);
	const double = await startDashScopeDouble({ taskSeconds: TASK_SECONDS });
	const logFile = path.join(WORK, 'main.log');
	let main: RunningN8n | undefined;
	let cluster: Cluster | undefined;
	try {
		main = await startN8n({ install, userFolder: folders.main, port: PORT, logFile, env });
		const api = await connect(main.url, OWNER);
		const begin = async () =>
			await startWorker({
				install,
				userFolder: folders.worker,
				logFile: path.join(WORK, 'worker.log'),
				env,
			});
		const credential = await api.saveCredential(
			'DashScope API',
			CREDENTIAL_TYPE,
			credentialDataFor(double),
		);
		const video = emojiVideo(credential, { options: { surviveRestarts: true } });
		const saved = await api.importWorkflow(
			batch('Cluster', portraitsOf(double, ...PORTRAITS), video, webhook(HOOK)),
		);
		await api.activate(saved);
		cluster = {
			double,
			main,
			api,
			workflow: saved,
			worker: await begin(),
			startWorker: begin,
		};
		await work(cluster);
	} finally {
		await cluster?.worker.kill();
		await main?.stop();
		await double.close();
		await removeQueue(servers, name);
		await inPostgres(servers, `DROP DATABASE ${name} WITH (FORCE)`);
	}
}

async function main() {
	const servers = new Command('npm run test:cluster --')
		.option('--postgres-host <host>', '', '127.0.0.1')
		.option('--postgres-port <port>', '', '5432')
		.option('--postgres-user <user>', '', 'postgres')
		.option('--postgres-password <password>', '', '')
		.option('--redis-host <host>', '', '127.0.0.1')
		.option('--redis-port <port>', '', '6379')
		.parse()
		.opts<Servers>();
	const rows: Row[] = [];
	await withCluster(servers, async (cluster) => {
		for (const [moment, until] of Object.entries(MOMENTS)) {
			const row = await drill(cluster, moment, until);
			rows.push(row);
			console.log(JSON.stringify(row));
		}
	});
	console.table(rows);
	if (!rows.every(({ passed }) => passed)) process.exitCode = 1;
}

void main();
