/**
 * From nothing to an n8n with this package, an owner, a credential and all examples. `npm start` and
 * the end-to-end tests both come this way. The rule: one way up, stage by stage, and whatever was
 * started is stopped again if a later stage fails.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';

import { connect, type Credential, type N8nApi, type Owner, type Workflow } from './api.mts';
import { CREDENTIAL_TYPE } from './credential.mts';
import { loadExamples, type Surroundings } from './examples.mts';
import { ensureN8n, type N8nInstall } from './install.mts';
import { startN8n, type RunningN8n } from './instance.mts';
import { installTarball, packProject, registerPackage, type InstalledPackage } from './package.mts';

/** Shows the user what is going on while `work` runs. */
export type Stage = <T>(
	title: string,
	work: (tell: (message: string) => void) => Promise<T>,
) => Promise<T>;

export interface BringUpOptions {
	stage: Stage;
	signal?: AbortSignal;
	/** The folder for n8n's data, the tarball and the log. */
	workFolder: string;
	/** Starts with an empty n8n. */
	fresh?: boolean;
	/** Wanted port. Default 5678. */
	port?: number;
	env?: Record<string, string>;
	/** Flags for the Node.js that runs n8n. */
	nodeFlags?: string[];
	/** Puts the package into n8n. Default: the packed tarball, which is what users get. */
	installPackage?: (userFolder: string) => Promise<InstalledPackage>;
	/** The data of the "DashScope API" credential. */
	credentialData: Record<string, unknown>;
	/** What the examples' addresses become. */
	addresses: Pick<Surroundings, 'portraitUrl' | 'brokenLinkOrigin'>;
}

export interface Sandbox {
	install: N8nInstall;
	installedPackage: InstalledPackage;
	n8n: RunningN8n;
	api: N8nApi;
	credential: Credential;
	/** The imported examples by file name. */
	examples: Map<string, Workflow>;
}

/** The owner of every sandboxed n8n. No secret: n8n listens on this machine only. */
export const OWNER: Owner = {
	email: 'owner@example.com',
	password: 'Emoji-Video-1',
	firstName: 'Emoji',
	lastName: 'Video',
};

/** Brings up an n8n. The project must have been built. Stop it with `sandbox.n8n.stop()`. */
export async function bringUp(options: BringUpOptions): Promise<Sandbox> {
	const { stage, signal, workFolder } = options;
	// Linters pass over what lies in a folder of this name; n8n's cache is full of scripts.
	const userFolder = path.join(workFolder, 'node_modules', 'n8n');
	const logFile = path.join(workFolder, 'n8n.log');

	const install = await stage('Install n8n and Node.js 24', async (tell) =>
		ensureN8n({ onProgress: tell, signal }),
	);
	const installPackage =
		options.installPackage ??
		(async () =>
			await installTarball(userFolder, await packProject(path.join(workFolder, 'package'))));
	const installedPackage = await stage('Install the package into n8n', async () => {
		if (options.fresh === true) await rm(userFolder, { recursive: true, force: true });
		return await installPackage(userFolder);
	});
	const n8n = await stage('Start n8n', async (tell) => {
		await rm(logFile, { force: true });
		return await startN8n({
			install,
			userFolder,
			port: options.port,
			filesFolder: path.join(workFolder, 'out'),
			logFile,
			env: options.env,
			nodeFlags: options.nodeFlags,
			onProgress: tell,
			signal,
		});
	});
	try {
		const prepared = await stage('Set up owner, credential and example workflows', async () => {
			const api = await connect(n8n.url, OWNER);
			await registerPackage(install, userFolder, installedPackage, await api.nodeTypes());
			return { api, ...(await importExamples(api, n8n, options)) };
		});
		return { install, installedPackage, n8n, ...prepared };
	} catch (error) {
		await n8n.kill();
		throw error;
	}
}

async function importExamples(api: N8nApi, n8n: RunningN8n, options: BringUpOptions) {
	const credential = await api.saveCredential(
		'DashScope API',
		CREDENTIAL_TYPE,
		options.credentialData,
	);
	const examples = new Map<string, Workflow>();
	const files = await loadExamples({
		credential,
		filesFolder: n8n.filesFolder,
		...options.addresses,
	});
	for (const [name, file] of files) examples.set(name, await api.importWorkflow(file));
	return { credential, examples };
}
