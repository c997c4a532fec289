/**
 * `npm run release`: says whether this commit can be released, and what would be published. Nothing is
 * changed unless `--go` is given, and even then only a tag is made, here: publishing is done by GitHub
 * Actions (.github/workflows/publish.yml) when that tag is pushed. `--tag v1.2.3` is for that workflow:
 * the tag must be the version.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { z } from 'zod';

import { notesOf, objections, type Release } from './releaseChecks.mts';

const execute = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');

/** What must be green, in the README's words; the workflow runs them, and the end-to-end tests. */
const CHECKS = ['lint', 'typecheck', 'test', 'scan'];

const versioned = z.object({ version: z.string() });

async function output(command: string, ...args: string[]): Promise<string> {
	return (await execute(command, args, { cwd: root })).stdout.trim();
}

async function read(tag: string | undefined): Promise<Release> {
	const text = async (file: string) => await readFile(path.join(root, file), 'utf8');
	return {
		version: versioned.parse(JSON.parse(await text('package.json'))).version,
		lockVersion: versioned.parse(JSON.parse(await text('package-lock.json'))).version,
		changelog: await text('CHANGELOG.md'),
		tag,
		tags: (await output('git', 'tag', '--list')).split('\n'),
		status: await output('git', 'status', '--porcelain'),
	};
}

/** Runs a command where one can see it. @throws when it fails */
function see(command: string, ...args: string[]): void {
	console.log(`\n> ${[command, ...args].join(' ')}`);
	const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
	if (status !== 0) throw new Error(`"${[command, ...args].join(' ')}" failed.`);
}

async function main({ tag, go, checks }: { tag?: string; go: boolean; checks: boolean }) {
	const release = await read(tag);
	const found = objections(release);
	if (found.length > 0) throw new Error(`Not to be released:\n- ${found.join('\n- ')}`);
	const name = `v${release.version}`;
	if (tag !== undefined) {
		console.log(`${tag} is the version of package.json.`);
		return;
	}
	if (checks) for (const check of CHECKS) see('npm', 'run', check);
	see('npm', 'pack', '--dry-run');
	console.log(`\n${name}:\n${notesOf(release.changelog, release.version) ?? ''}\n`);
	if (go) see('git', 'tag', '--annotate', name, '--message', name);
	else
		console.log(`Dry run: nothing was changed. "npm run release -- --go" makes the tag ${name}.`);
	console.log(`"git push origin ${name}" then starts .github/workflows/publish.yml.`);
}

const flags = new Command('npm run release --')
	.description('Checks a release; with --go, tags it. GitHub Actions publishes it.')
	.option('--go', 'make the tag', false)
	.option('--tag <tag>', 'only check that this tag is the version')
	.option('--no-checks', `skip ${CHECKS.join(', ')} (they were just run)`)
	.parse()
	.opts<{ tag?: string; go: boolean; checks: boolean }>();

try {
	await main(flags);
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
