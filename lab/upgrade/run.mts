/**
 * An upgrade while a batch waits: `npm run test:upgrade`. n8n goes from one version to the next on the same
 * folder, and the package to one whose stored state is of another version. The rule: the wait is taken up,
 * or it ends with every task ID and a sentence that says why; nothing is paid for twice.
 */
import { Command } from 'commander';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { connect } from '../../sandbox/n8n/api.mts';
import type { Execution, N8nApi } from '../../sandbox/n8n/api.mts';
import { OWNER } from '../../sandbox/n8n/bring-up.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { ensureN8n } from '../../sandbox/n8n/install.mts';
import type { N8nInstall } from '../../sandbox/n8n/install.mts';
import { startN8n } from '../../sandbox/n8n/instance.mts';
import { installTarball, packProject } from '../../sandbox/n8n/package.mts';
import { PROJECT_FOLDER } from '../../sandbox/n8n/paths.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import { untilParked } from '../stage/waits.mts';
import { countVideos } from '../stage/videos.mts';
import { batch, emojiVideo, MANUAL, portraitsOf } from '../stage/workflows.mts';
import { hostOf, MAIN_VERSION } from '../hosts/hosts.mts';
import { HOSTS_FOLDER, installHost } from '../hosts/install.mts';
import { addUpgrade } from '../hosts/compatibilityPage.mts';
import type { UpgradeResult } from '../hosts/compatibilityPage.mts';

const OLDER_N8N = '2.20.12';
const FILES = ['ada.png', 'ben.jpg', 'kim.png'];
const START_TIMEOUT_MS = 400_000;
/** What ends while n8n starts may not be heard; the guard looks every half an hour (docs/reliability.md). */
const ENDS_WITHIN_MS = 45 * 60_000;

/** One side of an upgrade. */
interface Side {
	install: N8nInstall;
	tarball: string;
	/** n8n refuses to start when it is told to leave out a module that it does not know. */
	env: Record<string, string>;
}

const start = async (folder: string, { install, env }: Side) =>
	await startN8n({ install, userFolder: folder, port: 0, env, startTimeoutMs: START_TIMEOUT_MS });

async function beginBatch(api: N8nApi, double: DashScopeMock): Promise<string> {
	const credential = await api.saveCredential(
		'Upgrade',
		CREDENTIAL_TYPE,
		credentialDataFor(double),
	);
	const video = emojiVideo(credential, { options: { surviveRestarts: true } });
	const saved = await api.importWorkflow(batch('Upgrade', portraitsOf(double, ...FILES), video));
	const id = await api.run(saved, MANUAL.name);
	// Some versions of the package create before they park, some after.
	while (double.tasks().length < FILES.length) await sleep(500);
	await sleep(5000);
	await untilParked(api, [id]);
	return id;
}

async function judge(api: N8nApi, double: DashScopeMock, execution: Execution) {
	const items = outputOf(execution, 'After');
	const videos = await countVideos(
		api,
		items.filter(({ binary }) => binary !== undefined),
	);
	const told = JSON.stringify(execution.data.resultData);
	const ids = double.tasks().map(({ id }) => id);
	const idsTold = ids.filter((id) => told.includes(id)).length;
	const creates = double.counts().createsAccepted;
	const { error } = execution.data.resultData;
	const says = [error?.message, error?.description].filter(Boolean).join(' ');
	const isTakenUp = execution.status === 'success' && videos === FILES.length;
	const endsWell = idsTold === ids.length && says !== '';
	const passed = creates === FILES.length && (isTakenUp || endsWell);
	return { status: execution.status, videos, creates, idsTold, says, passed };
}

/** A batch is parked before the upgrade, and ends after it. */
async function upgrade(
	name: string,
	folder: string,
	before: Side,
	after: Side,
): Promise<UpgradeResult> {
	console.log(name);
	await rm(folder, { recursive: true, force: true });
	await installTarball(folder, before.tarball);
	const double = await startDashScopeMock({ taskSeconds: 100, concurrency: FILES.length });
	let n8n = await start(folder, before);
	try {
		const id = await beginBatch(await connect(n8n.url, OWNER), double);
		await n8n.stop();
		if (before.tarball !== after.tarball) await installTarball(folder, after.tarball);
		n8n = await start(folder, after);
		const api = await connect(n8n.url, OWNER);
		const execution = await api.waitForExecution(id, { timeoutMs: ENDS_WITHIN_MS });
		const date = new Date().toISOString().slice(0, 10);
		return { upgrade: name, date, ...(await judge(api, double, execution)) };
	} finally {
		await n8n.stop();
		await double.close();
	}
}

/** The package as it is, but what it stores is of another version. @returns its tarball */
async function packOtherVersion(folder: string): Promise<string> {
	const project = path.join(folder, 'other');
	await mkdir(project, { recursive: true });
	for (const part of ['dist', 'package.json', 'README.md', 'LICENSE.md']) {
		await cp(path.join(PROJECT_FOLDER, part), path.join(project, part), { recursive: true });
	}
	const durable = path.join(project, 'dist', 'nodes', 'EmojiVideo', 'durable');
	for (const [file, pattern] of [
		['start.js', /(\bversion: )\d+/],
		['state.js', /(\bversion: \w+\.z\.literal\()\d+/],
	] as const) {
		const text = await readFile(path.join(durable, file), 'utf8');
		const changed = text.replace(pattern, '$1990');
		if (changed === text) throw new Error(`${file} names no version`);
		await writeFile(path.join(durable, file), changed);
	}
	return await packProject(path.join(folder, 'other-package'), project);
}

async function main() {
	const flags = new Command('npm run test:upgrade --')
		.option('--folder <folder>', '', path.join(tmpdir(), 'emoji-video-upgrade'))
		.option('--only <which>', 'n8n or package')
		.option('--keep', 'leave the older n8n there, and use the one that is', false)
		.parse()
		.opts<{ folder: string; only?: string; keep: boolean }>();
	await mkdir(flags.folder, { recursive: true });
	const tarball = await packProject(path.join(flags.folder, 'package'));
	const current: Side = { install: await ensureN8n(), tarball, env: {} };
	const rows: UpgradeResult[] = [];
	const add = async (result: UpgradeResult) => {
		rows.push(result);
		await addUpgrade(result);
	};
	const work = path.join(flags.folder, 'work');
	try {
		if (flags.only !== 'n8n') {
			const other = { ...current, tarball: await packOtherVersion(flags.folder) };
			await add(await upgrade('package: another stored version', work, other, current));
		}
		if (flags.only !== 'package') {
			const install = await installHost(HOSTS_FOLDER, hostOf(OLDER_N8N), flags.keep);
			const older = { install, tarball, env: { N8N_DISABLED_MODULES: '' } };
			await add(await upgrade(`n8n: ${OLDER_N8N} to ${MAIN_VERSION}`, work, older, current));
		}
	} finally {
		console.table(rows);
		await rm(flags.folder, { recursive: true, force: true });
		const isOurs = !flags.keep && flags.only !== 'package';
		if (isOurs) await rm(path.join(HOSTS_FOLDER, OLDER_N8N), { recursive: true, force: true });
	}
	if (!rows.every(({ passed }) => passed)) process.exitCode = 1;
}

await main();
