/**
 * An upgrade while a batch waits: `npm run test:upgrade`. n8n, or the package, is replaced by another version on
 * the same data. The rule: the wait continues, or it ends with every task ID and the reason; no video is paid for
 * twice.
 */
import { Command } from 'commander';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, N8nApi } from '../../sandbox/n8n/api.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { ensureN8n } from '../../sandbox/n8n/install.mts';
import type { N8nInstall } from '../../sandbox/n8n/install.mts';
import { packProject } from '../../sandbox/n8n/package.mts';
import { PROJECT_FOLDER } from '../../sandbox/n8n/paths.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import { today } from '../stage/report.mts';
import { openStage, type Stage } from '../stage/stage.mts';
import { untilCreated, untilParked } from '../stage/waits.mts';
import { countVideos } from '../stage/videos.mts';
import { batch, emojiVideo, MANUAL, portraitsOf } from '../stage/workflows.mts';
import { hostOf, MAIN_VERSION } from '../hosts/hosts.mts';
import { HOSTS_FOLDER, installHost } from '../hosts/install.mts';
import { addUpgrade } from '../hosts/compatibilityPage.mts';
import type { UpgradeResult } from '../hosts/compatibilityPage.mts';

const OLDER_N8N = '2.20.12';
const FILES = ['ada.png', 'ben.jpg', 'kim.png'];
/** n8n may lose an end that comes while it starts; the guard checks every half an hour (docs/reliability.md). */
const ENDS_WITHIN_MS = 45 * 60_000;

/** One side of an upgrade. */
interface Side {
	install: N8nInstall;
	tarball: string;
	/** n8n does not start if N8N_DISABLED_MODULES names a module that it does not know. */
	env: Record<string, string>;
}

async function beginBatch({ api }: Stage, mock: DashScopeMock): Promise<string> {
	const data = credentialDataFor(mock);
	const credential = await api.saveCredential('Upgrade', CREDENTIAL_TYPE, data);
	const video = emojiVideo(credential, { options: { surviveRestarts: true } });
	const saved = await api.importWorkflow(batch('Upgrade', portraitsOf(mock, ...FILES), video));
	const id = await api.run(saved, MANUAL.name);
	// Some versions of the package create before they park, some after.
	await untilCreated(mock, FILES.length);
	await sleep(5000);
	await untilParked(api, [id]);
	return id;
}

async function judge(api: N8nApi, mock: DashScopeMock, execution: Execution) {
	const items = outputOf(execution, 'After');
	const videos = await countVideos(
		api,
		items.filter(({ binary }) => binary !== undefined),
	);
	const told = JSON.stringify(execution.data.resultData);
	const ids = mock.tasks().map(({ id }) => id);
	const idsTold = ids.filter((id) => told.includes(id)).length;
	const creates = mock.counts().createsAccepted;
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
	const mock = await startDashScopeMock({ taskSeconds: 100, concurrency: FILES.length });
	let stage = await openStage({ folder, ...before });
	try {
		const id = await beginBatch(stage, mock);
		await stage.close();
		stage = await openStage({ folder, keepsData: true, ...after });
		const execution = await stage.api.waitForExecution(id, { timeoutMs: ENDS_WITHIN_MS });
		return { upgrade: name, date: today(), ...(await judge(stage.api, mock, execution)) };
	} finally {
		await stage.close();
		await mock.close();
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
		['layers/start.js', /(\bversion: )\d+/],
		['plan/state.js', /(\bversion: \w+\.z\.literal\()\d+/],
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
