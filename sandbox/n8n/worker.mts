/**
 * Starts and kills a worker of an n8n in queue mode. The rule: like every n8n of the sandbox, it does
 * not outlive the process that started it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { n8nEnvironment } from './environment.mts';
import type { N8nInstall } from './install.mts';
import { freePort } from './ports.mts';

export interface WorkerOptions {
	install: N8nInstall;
	/** A folder of its own, with the packages that it is to run. */
	userFolder: string;
	/** n8n's output is appended here. */
	logFile: string;
	/** Database, queue and encryption key: those of the main process. */
	env: Record<string, string>;
}

export interface RunningWorker {
	/** Resolves when the process has ended, for whatever reason. */
	exited: Promise<void>;
	/** Whether it has ended. */
	hasExited(): boolean;
	/** Ends the worker and its task runner at once, as `kill -9` does. */
	kill(): Promise<void>;
	/** Asks it to end (SIGTERM), and waits until it has: n8n lets it finish what it runs, for a while. */
	stop(): Promise<void>;
}

/** On a busy machine a start takes minutes. */
const START_TIMEOUT_MS = 400_000;

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => signalTree(child, 'SIGKILL')));

/**
 * Starts a worker and waits until it takes jobs. Start it again on the same folder after `kill`.
 * @throws if it ends early or is not ready in time
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
	const { install, userFolder, logFile } = options;
	const filesFolder = path.join(userFolder, 'files');
	await mkdir(filesFolder, { recursive: true });
	const healthPort = await freePort(0);
	const env = n8nEnvironment({
		nodePath: install.nodePath,
		userFolder,
		port: healthPort,
		brokerPort: await freePort(0),
		filesFolder,
		extra: {
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: String(healthPort),
			...options.env,
		},
	});
	const log = openSync(logFile, 'a');
	const child = spawn(install.nodePath, [install.n8nPath, 'worker', '--concurrency=5'], {
		cwd: userFolder,
		env,
		stdio: ['ignore', log, log],
		detached: true,
	});
	closeSync(log);
	running.add(child);
	const exited = once(child, 'exit').then(() => void running.delete(child));
	const worker: RunningWorker = {
		exited,
		hasExited: () => child.exitCode !== null || child.signalCode !== null,
		kill: async () => {
			signalTree(child, 'SIGKILL');
			await exited;
		},
		stop: async () => {
			signalTree(child, 'SIGTERM');
			await exited;
			signalTree(child, 'SIGKILL');
		},
	};
	const deadline = Date.now() + START_TIMEOUT_MS;
	while (!(await isReady(healthPort))) {
		if (worker.hasExited()) throw new Error(`The worker ended while starting: see ${logFile}`);
		if (Date.now() > deadline) {
			await worker.kill();
			throw new Error(`The worker was not ready in time: see ${logFile}`);
		}
		await sleep(250);
	}
	return worker;
}

async function isReady(port: number): Promise<boolean> {
	try {
		const url = `http://127.0.0.1:${port}/healthz/readiness`;
		return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
	} catch {
		return false;
	}
}

/** The whole process group, so that the task runner goes too. */
function signalTree({ pid }: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): void {
	if (pid === undefined) return;
	try {
		process.kill(-pid, signal);
	} catch {
		// It ended by itself in the meantime.
	}
}
