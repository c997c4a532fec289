/**
 * `npm run dev`: a real n8n with this package and a mock of DashScope, for developers of the node. A
 * saved source is compiled at once, with source maps, and n8n loads it again by itself; a debugger can
 * stop in the TypeScript. The rule: n8n runs the compiled working tree, and all else is as in
 * `npm start`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { Command } from 'commander';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock } from './dashscope/index.mts';
import { bringUp, OWNER, type Sandbox } from './n8n/bring-up.mts';
import { credentialDataFor } from './n8n/credential.mts';
import { QUICK_START } from './n8n/examples.mts';
import { installManifest } from './n8n/package.mts';
import { PROJECT_FOLDER, WORK_FOLDER } from './n8n/paths.mts';
import { freePort } from './n8n/ports.mts';
import {
	interrupted,
	portNumber,
	runCommand,
	seconds,
	stage,
	untilInterrupted,
} from './terminal.mts';

interface Flags {
	port: number;
	inspectPort: number;
	taskSeconds: number;
	fresh: boolean;
}

const flags = new Command('npm run dev --')
	.description('Starts n8n with the package as it is in the working tree, and follows its changes.')
	.option('--port <number>', "n8n's port; another free one if it is busy", portNumber, 5678)
	.option('--inspect-port <number>', 'where a debugger finds n8n', portNumber, 9229)
	.option('--task-seconds <number>', 'how long a video takes', seconds, 5)
	.option('--fresh', 'start with an empty n8n', false)
	.parse()
	.opts<Flags>();

/** Where n8n reloads a community package when one of its files changes (server.js, load-nodes-and-credentials.js). */
const RELOADING = { NODE_ENV: 'development', N8N_DEV_RELOAD: 'true' };

/** What n8n loads: once it is there, the first build is through. */
const BUILT = [
	'nodes/EmojiVideo/EmojiVideo.node.js',
	'nodes/EmojiVideo/EmojiVideoTrigger.node.js',
	'credentials/DashScopeApi.credentials.js',
];

const COMPILE_TIMEOUT_MS = 120_000;

/** Compiles and copies into `dist` at each change, until it is killed. */
function watchSources(dist: string): ChildProcess {
	const gulp = path.join(PROJECT_FOLDER, 'node_modules', 'gulp', 'bin', 'gulp.js');
	return spawn(process.execPath, [gulp, '--silent', 'watch'], {
		cwd: PROJECT_FOLDER,
		env: { ...process.env, EMOJI_VIDEO_DIST: dist },
		stdio: ['ignore', 'inherit', 'inherit'],
		// A group of its own, so that the compiler goes with it.
		detached: process.platform !== 'win32',
	});
}

async function untilBuilt(dist: string, watcher: ChildProcess): Promise<void> {
	const deadline = Date.now() + COMPILE_TIMEOUT_MS;
	while (!BUILT.every((file) => existsSync(path.join(dist, file)))) {
		interrupted.signal.throwIfAborted();
		if (watcher.exitCode !== null) throw new Error('The build ended by itself: see above.');
		if (Date.now() > deadline) throw new Error('There is nothing built after two minutes.');
		await sleep(100);
	}
}

async function endWatcher(watcher: ChildProcess | undefined): Promise<void> {
	if (watcher?.pid === undefined || watcher.exitCode !== null) return;
	const ended = once(watcher, 'exit');
	if (process.platform === 'win32') watcher.kill();
	else process.kill(-watcher.pid, 'SIGTERM');
	await ended;
}

function summary({ n8n, examples }: Sandbox, mockUrl: string, inspectPort: number): string {
	const lines = [
		['n8n', n8n.url],
		['Quick start', `${n8n.url}/workflow/${examples.get(QUICK_START)?.id}`],
		['Login', `${OWNER.email}, password ${OWNER.password}`],
		['DashScope', `${mockUrl} (double)`],
		['Debugger', `127.0.0.1:${inspectPort} (VS Code: "Attach to npm run dev")`],
		['Log', path.relative(PROJECT_FOLDER, n8n.logFile)],
	];
	const text = lines.map(([name, value]) => `  ${name?.padEnd(13)}${value}`).join('\n');
	return `\n${text}\n\n  Save a file in nodes/ or credentials/: n8n has it a second later.`;
}

async function develop(): Promise<void> {
	const mock = await startDashScopeMock({ taskSeconds: flags.taskSeconds });
	const inspectPort = await freePort(flags.inspectPort);
	let sandbox: Sandbox | undefined;
	let watcher: ChildProcess | undefined;
	try {
		sandbox = await bringUp({
			stage,
			signal: interrupted.signal,
			workFolder: path.join(WORK_FOLDER, 'dev'),
			fresh: flags.fresh,
			port: flags.port,
			env: RELOADING,
			nodeFlags: [`--inspect=127.0.0.1:${inspectPort}`],
			installPackage: async (userFolder) => {
				const { installed, folder } = await installManifest(userFolder, PROJECT_FOLDER);
				const dist = path.join(folder, 'dist');
				watcher = watchSources(dist);
				await untilBuilt(dist, watcher);
				return installed;
			},
			credentialData: credentialDataFor(mock),
			addresses: {
				portraitUrl: mock.portraitUrl('ada.png'),
				brokenLinkOrigin: `${mock.storageUrl}/`,
			},
		});
		console.log(summary(sandbox, mock.url, inspectPort));
		await untilInterrupted(sandbox);
	} finally {
		await endWatcher(watcher);
		await sandbox?.n8n.stop();
		await mock.close();
	}
}

await runCommand(develop);
