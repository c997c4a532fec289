/**
 * The n8n that a drill kills: one process with SQLite, or queue mode. The rule: `kill` is `kill -9`, and it
 * resolves once n8n runs again on the same data.
 */
import path from 'node:path';

import type { N8nApi } from '../../sandbox/n8n/api.mts';
import { WORK_FOLDER } from '../../sandbox/n8n/paths.mts';
import { withCluster } from '../cluster/cluster.mts';
import type { Servers } from '../stage/servers.mts';
import type { Speed } from '../stage/speed.mts';
import { openStage } from '../stage/stage.mts';

export interface Killable {
	url(): string;
	api(): Promise<N8nApi>;
	/** Kills the processes that run nodes, and waits until n8n accepts work again. */
	kill(): Promise<void>;
	logFiles: string[];
}

/** One process that does everything, on this clock. */
export async function withOneProcess(
	speed: Speed,
	work: (n8n: Killable) => Promise<void>,
): Promise<void> {
	const stage = await openStage({ folder: path.join(WORK_FOLDER, 'drills'), speed });
	try {
		await work({
			url: () => stage.n8n.url,
			api: async () => await Promise.resolve(stage.api),
			kill: async () => await stage.restart('kill'),
			logFiles: [stage.n8n.logFile],
		});
	} finally {
		await stage.close();
	}
}

/** Queue mode. Both workers are killed at once. */
export async function withQueueMode(
	servers: Servers,
	work: (n8n: Killable) => Promise<void>,
): Promise<void> {
	await withCluster(servers, async ({ main, workers, logFiles, ...cluster }) => {
		await work({
			url: () => main.now().url,
			api: async () => await cluster.api(),
			kill: async () => {
				const back = workers.map(async (worker) => await worker.untilBack());
				await Promise.all(workers.map(async (worker) => await worker.now().kill()));
				await Promise.all(back);
			},
			logFiles,
		});
	});
}
