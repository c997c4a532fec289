/**
 * Installs any version of n8n into a folder of its own, with the Node.js that it asks for, to see the
 * package in it. The rule: nothing of this project and nothing of another host can be found from
 * there, because a module that is missed on a user's machine must be missed here.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { npm, run } from './command.mts';
import {
	buildEnvironment,
	NATIVE_MODULES,
	nodePackageName,
	nodeProgramIn,
	withClock,
	type InstallOptions,
	type N8nInstall,
} from './install.mts';

export interface N8nVersion {
	/** E.g. `2.40.7`. */
	version: string;
	/** The Node.js for it: a range of versions, e.g. `^22.22.0`. */
	node: string;
	/**
	 * `npm`: all modules lie flat beside n8n, so a package finds more than n8n declares. `pnpm`: as in
	 * n8n's Docker image, only what n8n itself depends on can be found.
	 */
	layout: 'npm' | 'pnpm';
	/** Modules that this n8n asks for without declaring them: pnpm must be told, or it does not start. */
	undeclared?: string[];
}

/**
 * msgpackr-extract 3.0.5 to 3.0.7 name binary packages that were never published. Newer versions of
 * xlsx are not on npm but on their maker's server, which not every machine may reach; only nodes for
 * spreadsheets use it.
 */
const OVERRIDES = { 'msgpackr-extract': '3.0.4', xlsx: '0.18.5' };

/** Written last, so that an install that was broken off is never taken for a whole one. */
const STAMP = '.emoji-video-installed';

const PNPM = 'pnpm@10';

const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Installs n8n into `folder`, which is emptied first. Takes minutes and about 3 GB.
 * @throws what npm or pnpm printed, if they fail
 */
export async function installVersion(
	folder: string,
	wanted: N8nVersion,
	options: InstallOptions = {},
): Promise<N8nInstall> {
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true });
	const work = wanted.layout === 'npm' ? installFlat : installAsInDocker;
	const title = `Installing n8n ${wanted.version} (${wanted.layout})`;
	await withClock(title, options, async () => await work(folder, wanted, options));
	await writeFile(path.join(folder, STAMP), '');
	const install = installedIn(folder, wanted);
	if (install === undefined) throw new Error(`n8n ${wanted.version} is not in ${folder}`);
	return install;
}

/** What {@link installVersion} has left in `folder`; undefined if it did not end there. */
export function installedIn(folder: string, { layout }: N8nVersion): N8nInstall | undefined {
	const modules = path.join(folder, layout === 'npm' ? 'node_modules' : 'tools/node_modules');
	const n8n = path.join(folder, layout === 'npm' ? 'node_modules/n8n' : 'n8n');
	if (!existsSync(path.join(folder, STAMP))) return undefined;
	return { nodePath: nodeProgramIn(modules), n8nPath: path.join(n8n, 'bin', 'n8n') };
}

async function installFlat(
	folder: string,
	{ version, node }: N8nVersion,
	{ signal }: InstallOptions,
): Promise<void> {
	const dependencies = { n8n: version, [nodePackageName()]: node };
	await writeManifest(folder, { dependencies, overrides: OVERRIDES });
	await npm(['install', ...QUIET], { cwd: folder, signal });
	const modules = path.join(folder, 'node_modules');
	const nodePath = nodeProgramIn(modules);
	const present = NATIVE_MODULES.filter((name) => existsSync(path.join(modules, name)));
	await npm(['rebuild', '--ignore-scripts=false', ...present], {
		cwd: folder,
		env: buildEnvironment(nodePath),
		signal,
	});
}

/** n8n's image holds n8n's own folder, with the `node_modules` that pnpm has made in it. */
async function installAsInDocker(
	folder: string,
	{ version, node, undeclared = [] }: N8nVersion,
	{ signal }: InstallOptions,
): Promise<void> {
	const tools = path.join(folder, 'tools');
	await mkdir(tools);
	await writeManifest(tools, { dependencies: { [nodePackageName()]: node } });
	await npm(['install', ...QUIET, PNPM], { cwd: tools, signal });
	const nodePath = nodeProgramIn(path.join(tools, 'node_modules'));

	await npm(['pack', `n8n@${version}`, '--silent'], { cwd: folder, signal });
	const n8nFolder = path.join(folder, 'n8n');
	await mkdir(n8nFolder);
	const tarball = path.join(folder, `n8n-${version}.tgz`);
	await run('tar', ['-xzf', tarball, '-C', n8nFolder, '--strip-components=1'], { cwd: folder });
	await dropDevDependencies(path.join(n8nFolder, 'package.json'));
	const settings = {
		onlyBuiltDependencies: NATIVE_MODULES,
		overrides: OVERRIDES,
		// What n8n's image was built with, too: no module that is newer than this n8n.
		resolutionMode: 'time-based',
		publicHoistPattern: undeclared,
	};
	// JSON is YAML, too.
	await writeFile(path.join(n8nFolder, 'pnpm-workspace.yaml'), JSON.stringify(settings));
	const pnpm = path.join(tools, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
	// npm hands this project's own `ignore-scripts=true` on.
	const env = { ...buildEnvironment(nodePath), CI: 'true', npm_config_ignore_scripts: 'false' };
	const flags = ['--prod', '--no-frozen-lockfile', '--reporter=append-only'];
	await run(nodePath, [pnpm, 'install', ...flags], { cwd: n8nFolder, env, signal });
}

async function writeManifest(folder: string, content: object): Promise<void> {
	const manifest = { name: 'emoji-video-host', private: true, ...content };
	await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest, null, '\t'));
}

/** They are n8n's own packages, not all of them published; pnpm looks them up even when told not to. */
async function dropDevDependencies(manifestFile: string): Promise<void> {
	const manifest = z.record(z.unknown()).parse(JSON.parse(await readFile(manifestFile, 'utf8')));
	delete manifest.devDependencies;
	await writeFile(manifestFile, JSON.stringify(manifest, null, '\t'));
}
