/**
 * n8n in queue mode: a main process, two workers that run five executions each, PostgreSQL, Redis behind a proxy
 * that can be shut, binary data in the database. The rule: a process that ends is started again, like a
 * container, until the cluster is closed.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { connect } from '../../sandbox/n8n/api.mts';
import type { Credential, N8nApi } from '../../sandbox/n8n/api.mts';
import { OWNER } from '../../sandbox/n8n/bring-up.mts';
import { ensureN8n } from '../../sandbox/n8n/install.mts';
import { startN8n } from '../../sandbox/n8n/instance.mts';
import type { RunningN8n } from '../../sandbox/n8n/instance.mts';
import { installTarball, packProject } from '../../sandbox/n8n/package.mts';
import { WORK_FOLDER } from '../../sandbox/n8n/paths.mts';
import { startWorker } from '../../sandbox/n8n/worker.mts';
import type { RunningWorker } from '../../sandbox/n8n/worker.mts';
import { startProxy } from './proxy.mts';
import type { Proxy } from './proxy.mts';
import { openService } from '../stage/service.mts';
import type { Service } from '../stage/service.mts';
import { databaseSettings, inPostgres, removeQueue } from '../stage/servers.mts';
import type { Servers } from '../stage/servers.mts';

const WORK = path.join(WORK_FOLDER, 'cluster');
const PORT = 5750;
const RESTART_MS = 2000;
/** On a busy machine a start takes minutes. */
const START_TIMEOUT_MS = 400_000;
export const WORKERS = 2;
/** Runs four tasks at once, each for 5 s. */
const ACCOUNT = { concurrency: 4, taskSeconds: 5 };

/** A process that is started again whenever it ends. */
interface Kept<T> {
	now(): T;
	/** Resolves when it is up again after its next end. */
	untilBack(): Promise<void>;
	close(): Promise<void>;
}

interface Process {
	exited: Promise<void>;
	kill(): Promise<void>;
}

async function keep<T extends Process>(start: (last?: T) => Promise<T>): Promise<Kept<T>> {
	let current = await start();
	let isClosing = false;
	let starts = 1;
	const watch = async () => {
		for (;;) {
			await current.exited;
			await sleep(RESTART_MS);
			if (isClosing) return;
			current = await start(current).catch(async (error: unknown) => {
				if (isClosing) return current;
				console.error(`Started once more: ${String(error).split('\n')[0]}`);
				return await start(current);
			});
			starts++;
		}
	};
	void watch();
	return {
		now: () => current,
		untilBack: async () => {
			const before = starts;
			while (starts === before) await sleep(200);
		},
		close: async () => {
			isClosing = true;
			await current.kill();
		},
	};
}

export interface Cluster {
	servers: Servers;
	/** Name of the database, and of the queue. */
	name: string;
	mock: DashScopeMock;
	redis: Proxy;
	credential: Credential;
	main: Kept<RunningN8n>;
	workers: Array<Kept<RunningWorker>>;
	/** A client that has logged in to the main process of now. */
	api(): Promise<N8nApi>;
	logFiles: string[];
	/** Where the main process may write files. */
	filesFolder: string;
}

/** The settings of main and workers. */
const environment = (servers: Servers, name: string, redis: Proxy): Record<string, string> => ({
	EXECUTIONS_MODE: 'queue',
	N8N_ENCRYPTION_KEY: randomBytes(16).toString('hex'),
	...databaseSettings(servers, name),
	QUEUE_BULL_REDIS_HOST: '127.0.0.1',
	QUEUE_BULL_REDIS_PORT: String(redis.port),
	QUEUE_BULL_PREFIX: name,
	N8N_REDIS_KEY_PREFIX: name,
	N8N_DEFAULT_BINARY_DATA_MODE: 'database',
});

async function startProcesses(env: Record<string, string>, logFiles: string[]) {
	const install = await ensureN8n();
	const tarball = await packProject(path.join(WORK, 'package'));
	const [mainLog = '', ...workerLogs] = logFiles;
	const folder = path.join(WORK, 'main');
	await installTarball(folder, tarball);
	const main = await keep<RunningN8n>(async (last) =>
		last
			? await last.startAgain()
			: await startN8n({
					install,
					userFolder: folder,
					port: PORT,
					logFile: mainLog,
					env,
					startTimeoutMs: START_TIMEOUT_MS,
				}),
	);
	const workers: Array<Kept<RunningWorker>> = [];
	for (const [nth, logFile] of workerLogs.entries()) {
		const userFolder = path.join(WORK, `worker-${nth}`);
		await installTarball(userFolder, tarball);
		workers.push(await keep(async () => await startWorker({ install, userFolder, logFile, env })));
	}
	return { main, workers };
}

/** Logs in as soon as the main process responds. It may be starting again. */
async function logIn(main: Kept<RunningN8n>): Promise<N8nApi> {
	const deadline = Date.now() + START_TIMEOUT_MS;
	for (;;) {
		try {
			return await connect(main.now().url, OWNER);
		} catch (error) {
			if (Date.now() > deadline) throw error;
			await sleep(1000);
		}
	}
}

/** Does the work in a cluster of its own, and removes it. */
export async function withCluster(
	servers: Servers,
	work: (cluster: Cluster) => Promise<void>,
): Promise<void> {
	const name = `emoji_video_e2e_${process.pid}`;
	await rm(WORK, { recursive: true, force: true });
	const logFiles = ['main', ...Array.from({ length: WORKERS }, (_, nth) => `worker-${nth}`)].map(
		(file) => path.join(WORK, `${file}.log`),
	);
	await inPostgres(servers, `CREATE DATABASE ${name}`);
	const redis = await startProxy(servers.redisHost, Number(servers.redisPort));
	let service: Service | undefined;
	let processes: Awaited<ReturnType<typeof startProcesses>> | undefined;
	try {
		processes = await startProcesses(environment(servers, name, redis), logFiles);
		const { main } = processes;
		const api = async () => await logIn(main);
		service = await openService(await api(), 'DashScope API', ACCOUNT);
		const filesFolder = main.now().filesFolder;
		await work({
			servers,
			name,
			redis,
			...service,
			...processes,
			api,
			logFiles,
			filesFolder,
		});
	} finally {
		await Promise.all(processes?.workers.map(async (worker) => await worker.close()) ?? []);
		await processes?.main.close();
		await redis.close();
		await service?.mock.close();
		await removeQueue(servers, name);
		await inPostgres(servers, `DROP DATABASE ${name} WITH (FORCE)`);
	}
}
