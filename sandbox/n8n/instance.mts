/**
 * Starts, stops and kills an n8n on a user folder. The rule: no n8n outlives the process that
 * started it, and no two n8n ever share a folder (SQLite would not survive that).
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { n8nEnvironment } from './environment.mts';
import type { N8nInstall } from './install.mts';
import { freePort } from './ports.mts';

export interface StartOptions {
	install: N8nInstall;
	/** N8N_USER_FOLDER: n8n keeps its database in `.n8n` below it. Made if missing. */
	userFolder: string;
	/** Wanted port; another free one is taken if it is busy. Default 5678. */
	port?: number;
	/** The only folder workflows may write to. Default: `files` in the user folder. */
	filesFolder?: string;
	/** n8n's output is appended here. Default: `n8n.log` in the user folder. */
	logFile?: string;
	/** More environment variables; they win over the sandbox's own. */
	env?: Record<string, string>;
	/** Flags for the Node.js that runs n8n, e.g. `--inspect`. */
	nodeFlags?: string[];
	/** How long n8n may take to answer. Default 400 s: on a busy machine a start takes minutes. */
	startTimeoutMs?: number;
	onProgress?: (message: string) => void;
	signal?: AbortSignal;
}

export interface RunningN8n {
	/** The editor's address, without a slash at the end. */
	url: string;
	port: number;
	pid: number;
	userFolder: string;
	filesFolder: string;
	logFile: string;
	/** Resolves when the process has ended, for whatever reason. */
	exited: Promise<void>;
	/** Asks n8n to end (SIGTERM) and kills it if it does not within 20 s. */
	stop(): Promise<void>;
	/** Ends n8n and its task runner at once, as `kill -9` does: for crash drills. */
	kill(): Promise<void>;
	/** Starts n8n again with the same data and settings, after `stop` or `kill`. */
	startAgain(): Promise<RunningN8n>;
}

const STOP_TIMEOUT_MS = 20_000;
const SHOWN_LOG_LINES = 30;

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => signalTree(child, 'SIGKILL')));

/**
 * Starts n8n and waits until its REST API answers. Start it again on the same folder after `stop`
 * or `kill` and it goes on with the same data.
 * @throws if the folder is in use, n8n ends early or does not answer in time; the message ends with
 * the last lines of n8n's log
 */
export async function startN8n(options: StartOptions): Promise<RunningN8n> {
	const { install, userFolder } = options;
	const filesFolder = options.filesFolder ?? path.join(userFolder, 'files');
	const logFile = options.logFile ?? path.join(userFolder, 'n8n.log');
	for (const folder of [userFolder, filesFolder, path.dirname(logFile)]) {
		await mkdir(folder, { recursive: true });
	}
	const claim = await claimFolder(userFolder);

	const port = await freePort(options.port ?? 5678);
	const env = n8nEnvironment({
		nodePath: install.nodePath,
		userFolder,
		port,
		brokerPort: await freePort(0),
		filesFolder,
		extra: options.env ?? {},
	});
	const log = openSync(logFile, 'a');
	const child = spawn(install.nodePath, [...(options.nodeFlags ?? []), install.n8nPath, 'start'], {
		cwd: userFolder,
		env,
		stdio: ['ignore', log, log],
		// A process group of its own, so that a signal reaches the task runner too.
		detached: process.platform !== 'win32',
	});
	closeSync(log);
	await Promise.race([once(child, 'spawn'), once(child, 'error').then(([error]) => fail(error))]);
	running.add(child);
	const exited = once(child, 'exit').then(() => void running.delete(child));

	const instance: RunningN8n = {
		url: `http://localhost:${port}`,
		port,
		pid: child.pid ?? 0,
		userFolder,
		filesFolder,
		logFile,
		exited,
		stop: async () => {
			signalTree(child, 'SIGTERM');
			const stopped = exited.then(() => true);
			if (!(await Promise.race([stopped, sleep(STOP_TIMEOUT_MS, false, { ref: false })]))) {
				signalTree(child, 'SIGKILL');
			}
			await exited;
			await claim.release();
		},
		kill: async () => {
			signalTree(child, 'SIGKILL');
			await exited;
			await claim.release();
		},
		startAgain: async () => await startN8n({ ...options, port }),
	};
	await claim.set(instance);
	try {
		await untilHealthy(instance, child, options);
	} catch (error) {
		await instance.kill();
		throw error;
	}
	return instance;
}

async function untilHealthy(n8n: RunningN8n, child: ChildProcess, options: StartOptions) {
	const started = Date.now();
	const deadline = started + (options.startTimeoutMs ?? 400_000);
	for (;;) {
		options.signal?.throwIfAborted();
		if (child.exitCode !== null || child.signalCode !== null) {
			const how = child.exitCode ?? child.signalCode;
			throw new Error(`n8n ended while starting (${how}). ${await endOfLog(n8n.logFile)}`);
		}
		if (await isHealthy(n8n.url)) return;
		if (Date.now() > deadline) {
			throw new Error(`n8n did not answer in time. ${await endOfLog(n8n.logFile)}`);
		}
		options.onProgress?.(`Starting n8n: ${Math.round((Date.now() - started) / 1000)} s`);
		await sleep(250);
	}
}

/** Ready means: the database is migrated, and the REST API answers instead of the waiting page. */
async function isHealthy(url: string): Promise<boolean> {
	try {
		const readiness = await fetch(`${url}/healthz/readiness`, {
			signal: AbortSignal.timeout(2000),
		});
		if (!readiness.ok) return false;
		const settings = await fetch(`${url}/rest/settings`, { signal: AbortSignal.timeout(2000) });
		return settings.ok && (settings.headers.get('content-type') ?? '').includes('json');
	} catch {
		return false;
	}
}

/** A note in the folder says which n8n uses it. A note of an n8n that no longer answers is void. */
async function claimFolder(userFolder: string) {
	const file = path.join(userFolder, 'n8n.running.json');
	const note = await readFile(file, 'utf8').catch(() => undefined);
	if (note !== undefined) {
		const { url, pid } = JSON.parse(note) as { url: string; pid: number };
		if (isAlive(pid) && (await isHealthy(url))) {
			throw new Error(
				`Another n8n (process ${pid}, ${url}) is running on ${userFolder}. Stop it first.`,
			);
		}
	}
	return {
		set: async ({ url, pid }: RunningN8n) => await writeFile(file, JSON.stringify({ url, pid })),
		release: async () => await rm(file, { force: true }),
	};
}

function isAlive(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
}

function signalTree(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
	if (child.pid === undefined || child.exitCode !== null) return;
	try {
		if (process.platform === 'win32') {
			spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
		} else {
			process.kill(-child.pid, signal);
		}
	} catch {
		// It ended by itself in the meantime.
	}
}

async function endOfLog(file: string): Promise<string> {
	const log = await readFile(file, 'utf8').catch(() => '');
	return `The end of ${file}:\n${log.trimEnd().split('\n').slice(-SHOWN_LOG_LINES).join('\n')}`;
}

function fail(error: unknown): never {
	throw error;
}
