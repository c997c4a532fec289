/**
 * `npm run test:hosts`: the packed package in the n8n versions that people run, one after another. The rule: a
 * host that cannot be installed or started is a row that fails, never a missing row.
 */
import { Command } from 'commander';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { run } from '../../sandbox/n8n/command.mts';
import type { N8nVersion } from '../../sandbox/n8n/install-version.mts';
import { packProject } from '../../sandbox/n8n/package.mts';
import { today } from '../stage/report.mts';
import { openStage, type Stage } from '../stage/stage.mts';
import type { Host } from './check.mts';
import { HOSTS, hostOf, MAIN_VERSION } from './hosts.mts';
import { HOSTS_FOLDER, installHost } from './install.mts';
import { KILL_CHECKS, runKillChecks } from './killChecks.mts';
import { addHosts, tableOf, type HostResult } from './compatibilityPage.mts';
import { QUICK_CHECKS } from './quickChecks.mts';

interface Flags {
	folder: string;
	keep: boolean;
	write: boolean;
}

const command = new Command('npm run test:hosts --')
	.argument('[versions...]', 'only these versions of n8n')
	.option('--folder <folder>', 'where hosts are installed', HOSTS_FOLDER)
	.option('--keep', 'leave the installed hosts there, and use those that are', false)
	.option('--no-write', 'leave docs/compatibility.md and the results as they are')
	.parse();
const flags = command.opts<Flags>();

/** n8n does not start if this setting names a module that it does not know. */
const WITHOUT_NEW_MODULES = { N8N_DISABLED_MODULES: '' };

const tell = (message: string) => console.log(message);

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

type Checks = HostResult['checks'];

/** Runs one check to its end. An error is a row, too. */
async function attempt(name: string, check: () => Promise<string>): Promise<Checks[number]> {
	const startedAt = Date.now();
	const result = await check().then(
		(seen) => ({ name, passed: true, seen }),
		(error: unknown) => ({ name, passed: false, seen: wordsOf(error) }),
	);
	const seconds = Math.round((Date.now() - startedAt) / 1000);
	tell(`  ${result.passed ? 'passed' : 'FAILED'}  ${name}: ${result.seen} (${seconds} s)`);
	return result;
}

async function checkHost(host: Host): Promise<Checks> {
	const checks: Checks = [];
	for (const [name, check] of Object.entries(QUICK_CHECKS)) {
		checks.push(await attempt(name, async () => await check(host)));
	}
	const outcomes = await runKillChecks(host, KILL_CHECKS);
	for (const [name, outcome] of Object.entries(outcomes)) {
		checks.push(
			await attempt(name, async () => {
				if ('error' in outcome) throw outcome.error;
				return await Promise.resolve(outcome.seen);
			}),
		);
	}
	return checks;
}

/** Installs, starts, checks and removes one version. */
async function runHost(wanted: N8nVersion, tarball: string): Promise<HostResult> {
	const folder = path.join(flags.folder, wanted.version);
	const result = (node: string, checks: Checks): HostResult => ({
		version: wanted.version,
		node,
		layout: wanted.layout,
		date: today(),
		checks,
	});
	let node = wanted.node;
	let stage: Stage | undefined;
	try {
		const install = await installHost(flags.folder, wanted, flags.keep);
		node = (await run(install.nodePath, ['--version'], { cwd: folder })).trim().slice(1);
		const env = wanted.version === MAIN_VERSION ? {} : WITHOUT_NEW_MODULES;
		stage = await openStage({ folder: path.join(folder, 'work'), install, tarball, env });
		return result(node, await checkHost(Object.assign(stage, { version: wanted.version })));
	} catch (error) {
		tell(`  FAILED  ${wordsOf(error)}`);
		return result(node, [{ name: 'Installs and starts', passed: false, seen: wordsOf(error) }]);
	} finally {
		await stage?.close();
		if (!flags.keep) await rm(folder, { recursive: true, force: true });
	}
}

async function main(): Promise<void> {
	const wanted = command.args.length === 0 ? HOSTS : command.args.map(hostOf);
	await mkdir(flags.folder, { recursive: true });
	const tarball = await packProject(path.join(flags.folder, 'package'));
	const fresh: HostResult[] = [];
	for (const version of wanted) {
		tell(`n8n ${version.version} (${version.layout})`);
		await mkdir(path.join(flags.folder, version.version), { recursive: true });
		fresh.push(await runHost(version, tarball));
		if (flags.write) await addHosts(fresh);
	}
	tell(`\n${tableOf(fresh)}`);
	if (!fresh.every(({ checks }) => checks.every(({ passed }) => passed))) process.exitCode = 1;
}

// A signal alone would leave a started n8n behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main();
