/**
 * `npm run test:oldest`: the packed node in the engine of the oldest supported n8n, in about two minutes and
 * 200 MB (`npm run test:hosts` has the whole of that n8n). The rule: the engine finds only the modules that are
 * installed for it, and none of this project.
 */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

import { npm, run } from '../../sandbox/n8n/command.mts';
import { packProject } from '../../sandbox/n8n/package.mts';
import { ENGINE_CHECKS } from './checks.mts';
import { startEngine } from './engine.mts';
import { OLDEST_SUPPORTED } from '../hosts/hosts.mts';

const FOLDER = path.join(tmpdir(), 'emoji-video-oldest-engine');

/** What the package takes from n8n, and what runs it. */
const MODULES = ['n8n-core', 'n8n-workflow', 'zod', 'luxon'];

/** Installs the engine as the oldest n8n asks for it. */
async function install(): Promise<void> {
	const view = ['view', `n8n@${OLDEST_SUPPORTED}`, 'dependencies', '--json'];
	const asked = z.record(z.string()).parse(JSON.parse(await npm(view, { cwd: FOLDER })));
	const dependencies = Object.fromEntries(MODULES.map((name) => [name, asked[name]]));
	console.log(`The engine of n8n ${OLDEST_SUPPORTED}:`, dependencies);
	const manifest = { name: 'emoji-video-oldest-engine', private: true, dependencies };
	await writeFile(path.join(FOLDER, 'package.json'), JSON.stringify(manifest));
	const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
	await npm(['install', ...quiet], { cwd: FOLDER });
}

async function addPackage(): Promise<void> {
	const tarball = await packProject(FOLDER);
	const target = path.join(FOLDER, 'package');
	await mkdir(target);
	await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'], { cwd: FOLDER });
	await cp(path.join(import.meta.dirname, 'engine.cjs'), path.join(FOLDER, 'engine.cjs'));
}

async function main(): Promise<void> {
	await rm(FOLDER, { recursive: true, force: true });
	await mkdir(FOLDER, { recursive: true });
	try {
		await install();
		await addPackage();
		const engine = startEngine(path.join(FOLDER, 'engine.cjs'));
		try {
			for (const [name, check] of Object.entries(ENGINE_CHECKS)) {
				await check(engine);
				console.log(`passed  ${name}`);
			}
		} finally {
			engine.end();
		}
	} finally {
		await rm(FOLDER, { recursive: true, force: true });
	}
}

await main();
