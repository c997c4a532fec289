/**
 * `npm start`: a real n8n with this package and a mock of DashScope (or, with --live, the real
 * service), and the quick start workflow run once. The rule: whatever happens, nothing that was
 * started here still runs after this process has ended.
 */
import { Command } from 'commander';
import path from 'node:path';

import { portraitLines, startDashScopeMock, type DashScopeMock } from './dashscope/index.mts';
import { bringUp, OWNER, type BringUpOptions, type Sandbox } from './n8n/bring-up.mts';
import { npm } from './n8n/command.mts';
import { credentialDataFor } from './n8n/credential.mts';
import { manualTriggerOf, QUICK_START } from './n8n/examples.mts';
import { PROJECT_FOLDER, WORK_FOLDER } from './n8n/paths.mts';
import { freePort } from './n8n/ports.mts';
import { failureOf, filesWrittenBy, type WrittenFile } from './n8n/report.mts';
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
	taskSeconds: number;
	fresh: boolean;
	once: boolean;
	live: boolean;
}

/** Where the mock listens if nothing else does: fixed, so that imported workflows stay valid. */
const MOCK_PORT = 5710;
const STORAGE_PORT = 5711;

/** A real video takes one to five minutes (emoji-v1 reference), and may have to queue. */
const LIVE_TIMEOUT_MS = 20 * 60_000;
const SANDBOX_TIMEOUT_MS = 5 * 60_000;

const flags = new Command('npm start --')
	.description('Starts n8n with this package and makes a first emoji video.')
	.option('--port <number>', "n8n's port; another free one if it is busy", portNumber, 5678)
	.option('--task-seconds <number>', 'how long a video takes in the sandbox', seconds, 5)
	.option('--fresh', 'start with an empty n8n', false)
	.option('--once', 'stop when the video is there', false)
	.option('--live', 'use the real DashScope with the key in DASHSCOPE_API_KEY', false)
	.parse()
	.opts<Flags>();

async function start(): Promise<void> {
	const apiKey = flags.live ? liveKey() : undefined;
	await stage(
		'Build the package',
		async () => await npm(['run', 'build'], { cwd: PROJECT_FOLDER }),
	);
	const mock = apiKey === undefined ? await startMock() : undefined;
	let sandbox: Sandbox | undefined;
	try {
		sandbox = await bringUp({
			stage,
			signal: interrupted.signal,
			workFolder: WORK_FOLDER,
			fresh: flags.fresh,
			port: flags.port,
			...serviceOf(mock, apiKey),
		});
		const { files, tookMs } = await runQuickStart(sandbox);
		console.log(summary(sandbox, mock, files, tookMs));
		if (!flags.once) await untilInterrupted(sandbox);
	} finally {
		await sandbox?.n8n.stop();
		await mock?.close();
	}
}

function liveKey(): string {
	const key = process.env.DASHSCOPE_API_KEY;
	if (key !== undefined && key !== '') return key;
	throw new Error(
		'--live needs a DashScope API key of the China (Beijing) region in the environment variable DASHSCOPE_API_KEY. Without --live no key is needed.',
	);
}

async function startMock(): Promise<DashScopeMock> {
	return await stage('Start the DashScope double', async () =>
		startDashScopeMock({
			port: await freePort(MOCK_PORT),
			storagePort: await freePort(STORAGE_PORT),
			taskSeconds: flags.taskSeconds,
		}),
	);
}

function serviceOf(
	mock: DashScopeMock | undefined,
	apiKey: string | undefined,
): Pick<BringUpOptions, 'credentialData' | 'addresses'> {
	if (mock === undefined) {
		return { credentialData: { apiKey, endpoint: 'beijing' }, addresses: {} };
	}
	return {
		credentialData: credentialDataFor(mock),
		addresses: {
			portraitUrl: mock.portraitUrl('ada.png'),
			brokenLinkOrigin: `${mock.storageUrl}/`,
		},
	};
}

async function runQuickStart({ api, examples }: Sandbox) {
	return await stage('Run the quick start workflow', async (tell) => {
		const workflow = examples.get(QUICK_START);
		if (workflow === undefined) throw new Error(`There is no example ${QUICK_START}`);
		tell(flags.live ? 'The service makes the video: one to five minutes' : 'Making the video');
		const started = Date.now();
		const id = await api.run(workflow, manualTriggerOf(workflow));
		const execution = await api.waitForExecution(id, {
			timeoutMs: flags.live ? LIVE_TIMEOUT_MS : SANDBOX_TIMEOUT_MS,
			signal: interrupted.signal,
		});
		if (execution.status !== 'success') throw new Error(failureOf(execution));
		const files = await filesWrittenBy(execution, 'Save Video');
		return { files, tookMs: Date.now() - started };
	});
}

function summary(
	{ n8n, examples }: Sandbox,
	mock: DashScopeMock | undefined,
	files: WrittenFile[],
	tookMs: number,
): string {
	const quickStart = examples.get(QUICK_START);
	const lines = [
		...files.map(({ path: file, bytes }) => [
			'Video',
			`${path.relative(PROJECT_FOLDER, file)} (${bytes.toLocaleString('en')} bytes)`,
		]),
		['Took', `${(tookMs / 1000).toFixed(1)} s`],
		['n8n', n8n.url],
		['Quick start', `${n8n.url}/workflow/${quickStart?.id}`],
		['Login', `${OWNER.email}, password ${OWNER.password}`],
		['DashScope', mock === undefined ? 'the real service' : `${mock.url} (double)`],
		['Log', path.relative(PROJECT_FOLDER, n8n.logFile)],
	];
	return `\n${lines.map(([name, value]) => `  ${name?.padEnd(13)}${value}`).join('\n')}\n${playWith(mock)}`;
}

/** The mock's key, and portraits to try. */
function playWith(mock: DashScopeMock | undefined): string {
	if (mock === undefined) return '';
	const lines = [
		`To play with: a DashScope API credential with the key ${mock.apiKey}`,
		`and the Custom URL ${mock.url}, and as Image URL`,
		...portraitLines(mock).map((line) => `  ${line}`),
	];
	return `\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

await runCommand(start);
