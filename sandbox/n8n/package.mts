/**
 * Puts this project into an n8n as a community package, with the steps of n8n's own installer
 * (community-packages.service.js in n8n 2.40.7): unpack into `nodes/node_modules`, drop development,
 * peer and optional dependencies, enter it in `nodes/package.json`, and in the database's tables
 * `installed_packages` and `installed_nodes`, from which n8n shows its list.
 *
 * n8n's installer itself cannot be used: it takes packages from the public npm registry only
 * (another registry needs a licence). The rule: what n8n loads is the packed tarball, never the
 * working tree, because only the tarball is what users get.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

import { npm, run } from './command.mts';
import type { NodeTypeSummary } from './api.mts';
import type { N8nInstall } from './install.mts';
import { LIBRARY_FOLDER, PROJECT_FOLDER } from './paths.mts';

const manifestSchema = z
	.object({
		name: z.string(),
		version: z.string(),
		author: z.object({ name: z.string(), email: z.string() }).partial().optional(),
	})
	.passthrough();

const ledgerSchema = z.object({ dependencies: z.record(z.string()) }).passthrough();

export interface InstalledPackage {
	name: string;
	version: string;
	authorName: string;
	authorEmail: string;
}

/**
 * Packs a built project into a tarball.
 * @returns the tarball's path
 */
export async function packProject(targetFolder: string, projectFolder = PROJECT_FOLDER) {
	await mkdir(targetFolder, { recursive: true });
	const output = await npm(
		['pack', '--json', '--ignore-scripts', '--pack-destination', targetFolder],
		{ cwd: projectFolder },
	);
	const [packed] = z.array(z.object({ filename: z.string() })).parse(JSON.parse(output));
	if (packed === undefined) throw new Error('npm pack made no tarball');
	return path.join(targetFolder, packed.filename);
}

/** Unpacks a tarball into n8n's folder for community packages. Do this while n8n is stopped. */
export async function installTarball(
	userFolder: string,
	tarball: string,
): Promise<InstalledPackage> {
	const unpacked = await mkdtemp(path.join(tmpdir(), 'emoji-video-'));
	try {
		await run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'], { cwd: unpacked });
		await keepApart(path.join(userFolder, '.n8n', 'nodes'));
		const { installed, folder } = await installManifest(userFolder, unpacked);
		const manifest = path.join(unpacked, 'package.json');
		await cp(unpacked, folder, { recursive: true, filter: (file) => file !== manifest });
		return installed;
	} finally {
		await rm(unpacked, { recursive: true, force: true });
	}
}

/**
 * Makes an otherwise empty community package in n8n, with the package.json that n8n's installer would
 * leave of that in `source`. Do this while n8n is stopped.
 * @returns what was installed, and the folder for its files
 */
export async function installManifest(
	userFolder: string,
	source: string,
): Promise<{ installed: InstalledPackage; folder: string }> {
	const manifest = manifestSchema.parse(await readJson(path.join(source, 'package.json')));
	for (const field of ['devDependencies', 'peerDependencies', 'optionalDependencies']) {
		delete manifest[field];
	}
	const nodesFolder = path.join(userFolder, '.n8n', 'nodes');
	const folder = path.join(nodesFolder, 'node_modules', manifest.name);
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true });
	await writeJson(path.join(folder, 'package.json'), manifest);
	await enterInLedger(path.join(nodesFolder, 'package.json'), manifest);
	const { name, version, author } = manifest;
	const installed = {
		name,
		version,
		authorName: author?.name ?? '',
		authorEmail: author?.email ?? '',
	};
	return { installed, folder };
}

/**
 * Enters the package in n8n's database, so that n8n lists it among its community nodes. The tables
 * are there once n8n has been started for the first time; n8n may be running.
 */
export async function registerPackage(
	install: N8nInstall,
	userFolder: string,
	installed: InstalledPackage,
	nodeTypes: NodeTypeSummary[],
): Promise<void> {
	const database = path.join(userFolder, '.n8n', 'database.sqlite');
	const ours = nodeTypes.filter((type) => type.name.startsWith(`${installed.name}.`));
	const names = new Set(ours.map((type) => type.name));
	const nodes = ours
		// n8n makes a "…Tool" twin of every node that agents may use; its installer lists the node only.
		.filter((type) => !(type.name.endsWith('Tool') && names.has(type.name.slice(0, -4))))
		.map((type) => ({
			type: type.name,
			name: type.displayName,
			latestVersion: Math.max(...[type.version].flat()),
		}));
	await run(
		install.nodePath,
		[
			path.join(LIBRARY_FOLDER, 'register-package.mjs'),
			database,
			JSON.stringify({ ...installed, nodes }),
		],
		{ cwd: LIBRARY_FOLDER },
	);
}

/**
 * Puts n8n's folder for community packages outside of this project, and a link in its place. Node.js
 * looks for a module in every folder above the file that asks for it: inside this project the package
 * would get the project's own n8n-workflow and whatever else lies in its `node_modules`.
 */
async function keepApart(nodesFolder: string): Promise<void> {
	const hash = createHash('sha256').update(nodesFolder).digest('hex').slice(0, 12);
	const outside = path.join(tmpdir(), `emoji-video-nodes-${hash}`);
	const isLinked = (await readlink(nodesFolder).catch(() => undefined)) === outside;
	if (!isLinked) {
		await rm(nodesFolder, { recursive: true, force: true });
		await rm(outside, { recursive: true, force: true });
	}
	// The folder may be gone, as everything in there, while the link is not.
	await mkdir(outside, { recursive: true });
	if (isLinked) return;
	await mkdir(path.dirname(nodesFolder), { recursive: true });
	await symlink(outside, nodesFolder, 'junction');
}

async function enterInLedger(file: string, { name, version }: { name: string; version: string }) {
	const empty = { name: 'installed-nodes', private: true, dependencies: {} };
	const ledger = ledgerSchema.parse(await readJson(file).catch(() => empty));
	ledger.dependencies[name] = version;
	await writeJson(file, ledger);
}

async function readJson(file: string): Promise<unknown> {
	return JSON.parse(await readFile(file, 'utf8'));
}

async function writeJson(file: string, value: unknown): Promise<void> {
	await writeFile(file, JSON.stringify(value, null, 2));
}
