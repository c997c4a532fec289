/**
 * `npm run test:hosts`: the packed package in the n8n versions that people run, one after another.
 * The rule: a host that cannot be installed or started is a row that fails, never a row that is
 * missing.
 */
import { Command } from 'commander';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { connect } from '../../sandbox/n8n/api.mts';
import { OWNER } from '../../sandbox/n8n/bring-up.mts';
import { run } from '../../sandbox/n8n/command.mts';
import type { N8nVersion } from '../../sandbox/n8n/install-version.mts';
import { startN8n, type RunningN8n } from '../../sandbox/n8n/instance.mts';
import { installTarball, packProject } from '../../sandbox/n8n/package.mts';
import type { Host } from './check.mts';
import { HOSTS, hostOf, MAIN_VERSION } from './hosts.mts';
import { HOSTS_FOLDER, installHost } from './install.mts';
import { killChecks } from './killChecks.mts';
import { addHosts, table, type HostResult } from './compatibilityPage.mts';
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

/** An n8n refuses to start when it is told to leave out a module that it does not know. */
const WITHOUT_NEW_MODULES = { N8N_DISABLED_MODULES: '' };

/** A first start makes the database; on a busy machine that takes minutes. */
const START_TIMEOUT_MS = 400_000;

const tell = (message: string) => console.log(message);

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

type Checks = HostResult['checks'];

/** One check to its end; what it throws is a row, too. */
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
	for (const [name, outcome] of Object.entries(await killChecks(host))) {
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
	const work = path.join(folder, 'work');
	const result = (node: string, checks: Checks): HostResult => ({
		version: wanted.version,
		node,
		layout: wanted.layout,
		date: new Date().toISOString().slice(0, 10),
		checks,
	});
	let node = wanted.node;
	let started: RunningN8n | undefined;
	let host: Host | undefined;
	try {
		const installed = await installHost(flags.folder, wanted, flags.keep);
		node = (await run(installed.nodePath, ['--version'], { cwd: folder })).trim().slice(1);
		await rm(work, { recursive: true, force: true });
		await installTarball(work, tarball);
		const logFile = path.join(folder, 'n8n.log');
		await rm(logFile, { force: true });
		const env = wanted.version === MAIN_VERSION ? {} : WITHOUT_NEW_MODULES;
		const n8n = await startN8n({
			install: installed,
			userFolder: work,
			port: 0,
			logFile,
			env,
			startTimeoutMs: START_TIMEOUT_MS,
		});
		started = n8n;
		const api = await connect(n8n.url, OWNER);
		host = { version: wanted.version, n8n, api };
		return result(node, await checkHost(host));
	} catch (error) {
		tell(`  FAILED  ${wordsOf(error)}`);
		return result(node, [{ name: 'Installs and starts', passed: false, seen: wordsOf(error) }]);
	} finally {
		await (host?.n8n ?? started)?.stop();
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
	tell(`\n${table(fresh)}`);
	if (!fresh.every(({ checks }) => checks.every(({ passed }) => passed))) process.exitCode = 1;
}

// A signal alone would leave a started n8n behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main();
