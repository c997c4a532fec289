/**
 * The n8n that a drill kills: one process with SQLite, or queue mode. Rule: `kill` is `kill -9`, and
 * afterwards n8n is there again on the same data.
 */
import path from 'node:path';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { connect } from '../../sandbox/n8n/api.mts';
import type { N8nApi } from '../../sandbox/n8n/api.mts';
import { bringUp, OWNER } from '../../sandbox/n8n/bring-up.mts';
import { credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { WORK_FOLDER } from '../../sandbox/n8n/paths.mts';
import { withCluster } from '../cluster/cluster.mts';
import type { Servers } from '../stage/servers.mts';
import { speedUp } from '../stage/speed.mts';

export interface Stage {
	url(): string;
	api(): Promise<N8nApi>;
	/** Kills what runs nodes, and waits until n8n takes work again. */
	kill(): Promise<void>;
	logFiles: string[];
}

const PORT = 5700;

/** One process that does everything, its clock so many times as fast. */
export async function withOneProcess(
	double: DashScopeMock,
	speed: number,
	work: (stage: Stage) => Promise<void>,
): Promise<void> {
	const { env, nodeFlags } = speedUp(speed);
	const sandbox = await bringUp({
		stage: async (title, begin) => {
			console.log(title);
			return await begin(() => undefined);
		},
		workFolder: path.join(WORK_FOLDER, 'drills'),
		fresh: true,
		port: PORT,
		env,
		nodeFlags,
		credentialData: credentialDataFor(double),
		addresses: { portraitUrl: double.portraitUrl('ada.png'), brokenLinkOrigin: double.storageUrl },
	});
	try {
		await work({
			url: () => sandbox.n8n.url,
			api: async () => await connect(sandbox.n8n.url, OWNER),
			kill: async () => {
				await sandbox.n8n.kill();
				sandbox.n8n = await sandbox.n8n.startAgain();
			},
			logFiles: [sandbox.n8n.logFile],
		});
	} finally {
		await sandbox.n8n.stop();
	}
}

/** Queue mode; its workers are killed, both at once. */
export async function withQueueMode(
	servers: Servers,
	work: (stage: Stage) => Promise<void>,
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
