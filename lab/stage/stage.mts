/**
 * The stage of every program that kills, restarts or times a real n8n: an n8n in a folder of its own, with
 * the packed package and an owner. The rule: after a restart `n8n` and `api` are the new ones.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';

import { connect, type N8nApi } from '../../sandbox/n8n/api.mts';
import { OWNER } from '../../sandbox/n8n/bring-up.mts';
import { ensureN8n, type N8nInstall } from '../../sandbox/n8n/install.mts';
import { startN8n, type RunningN8n } from '../../sandbox/n8n/instance.mts';
import { installTarball, packProject } from '../../sandbox/n8n/package.mts';
import type { Speed } from './speed.mts';

export interface StageOptions {
	/** For n8n's data, its log and the package. */
	folder: string;
	/** Continues with the data of an earlier stage in this folder. Default: an empty folder. */
	keepsData?: boolean;
	/** Default: the n8n of `sandbox/n8n/host`. */
	install?: N8nInstall;
	/** Default: this project, packed. */
	tarball?: string;
	/** Wanted port. Default: any free one. */
	port?: number;
	/** Default: the system's clock. */
	speed?: Speed;
	env?: Record<string, string>;
	nodeFlags?: string[];
}

export interface Stage {
	install: N8nInstall;
	n8n: RunningN8n;
	/** A client that has logged in to `n8n`. */
	api: N8nApi;
	/** Ends n8n, waits for `meanwhile`, and starts it again with the same data. `kill` is `kill -9`. */
	restart(end: 'stop' | 'kill', meanwhile?: () => Promise<unknown>): Promise<void>;
	close(): Promise<void>;
}

export async function openStage(options: StageOptions): Promise<Stage> {
	const { folder, keepsData = false, speed, port = 0 } = options;
	const install = options.install ?? (await ensureN8n());
	if (!keepsData) await rm(folder, { recursive: true, force: true });
	// Linters skip folders of this name; n8n's cache is full of scripts.
	const userFolder = path.join(folder, 'node_modules', 'n8n');
	const tarball = options.tarball ?? (await packProject(path.join(folder, 'package')));
	await installTarball(userFolder, tarball);
	const n8n = await startN8n({
		install,
		userFolder,
		port,
		filesFolder: path.join(folder, 'out'),
		logFile: path.join(folder, 'n8n.log'),
		env: { ...speed?.env, ...options.env },
		nodeFlags: [...(speed?.nodeFlags ?? []), ...(options.nodeFlags ?? [])],
	});
	try {
		const stage: Stage = {
			install,
			n8n,
			api: await connect(n8n.url, OWNER),
			restart: async (end, meanwhile) => {
				await stage.n8n[end]();
				await meanwhile?.();
				stage.n8n = await stage.n8n.startAgain();
				stage.api = await connect(stage.n8n.url, OWNER);
			},
			close: async () => await stage.n8n.stop(),
		};
		return stage;
	} catch (error) {
		await n8n.kill();
		throw error;
	}
}
