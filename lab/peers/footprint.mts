/** What each peer takes of the machine: memory with large videos, disk, time to load. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { run as runProgram } from '../../sandbox/n8n/command.mts';
import { packProject } from '../../sandbox/n8n/package.mts';
import { HOST_FOLDER, PROJECT_FOLDER } from '../../sandbox/n8n/paths.mts';
import { median } from '../../test/unit/support/simulatedAccount.mts';
import { memoryOf } from '../stage/memory.mts';
import { withAccount } from './peerAccount.mts';
import { oneByOne, type Measurement } from './measurement.mts';
import type { Peer } from './peers.mts';
import { portraitsFor, start, untilEnded } from './runs.mts';

const VIDEOS = 20;
const VIDEO_MB = 20;
const SETTLE_MS = 5000;

const MB = 1024 * 1024;

/** The peak is the kernel's own, so none is missed; it is set back before. */
export const memory: Measurement = {
	rows: [`${VIDEOS} videos of ${VIDEO_MB} MB: n8n's peak of memory (above idle)`],
	measure: async (stage) =>
		await oneByOne(async (peer) => {
			if (process.platform !== 'linux') return ['needs Linux'];
			await stage.restart('stop');
			await sleep(SETTLE_MS);
			const { api, n8n } = stage;
			const options = {
				concurrency: VIDEOS,
				taskSeconds: 0.001,
				videoBytes: VIDEO_MB * 1024 * 1024,
				// So that who keeps to no limit gets its videos, too.
				rateLimits: { enforce: false },
			};
			return await withAccount(api, options, async (account) => {
				const idle = memoryOf(n8n.pid, 'VmRSS') / MB;
				await writeFile(`/proc/${n8n.pid}/clear_refs`, '5');
				const run = await start(api, peer, account, portraitsFor(account, VIDEOS));
				const { videos } = await untilEnded(api, run);
				const peak = memoryOf(n8n.pid, 'VmHWM') / MB;
				const missing = videos === VIDEOS ? '' : `, ${videos} of ${VIDEOS} videos`;
				return [`${peak.toFixed(0)} MB (+${(peak - idle).toFixed(0)})${missing}`];
			});
		}),
};

const LOADS = 5;

/** Loaded already when n8n comes to its nodes. */
const OF_THE_HOST = ['reflect-metadata', 'n8n-core', 'n8n-workflow', 'zod', 'luxon'];

const LOAD = `
const [, folder, before, files] = process.argv;
const load = require('node:module').createRequire(folder + '/');
for (const name of JSON.parse(before)) load(name);
const startedAt = performance.now();
for (const name of JSON.parse(files)) load(name);
console.log('took ' + (performance.now() - startedAt));
process.exit(0);`;

async function loadTime(nodePath: string, { files }: Peer): Promise<number> {
	const folder = files.from === 'n8n' ? HOST_FOLDER : PROJECT_FOLDER;
	const names = files.paths.map((name) =>
		path.join(folder, files.from === 'n8n' ? 'node_modules' : '', name),
	);
	const parameters = [folder, JSON.stringify(OF_THE_HOST), JSON.stringify(names)];
	const times: number[] = [];
	while (times.length < LOADS) {
		const said = await runProgram(nodePath, ['-e', LOAD, ...parameters], { cwd: folder });
		times.push(Number(/took (.+)/.exec(said)?.[1]));
	}
	return median(times);
}

async function packedSize(): Promise<string> {
	const folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-packed-'));
	try {
		const { size } = await stat(await packProject(folder));
		return `${(size / 1024).toFixed(0)} kB`;
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

export const loading: Measurement = {
	rows: ['packed size', 'time to load the node files, in a process that has loaded n8n-core'],
	measure: async ({ install }) =>
		await oneByOne(async (peer) => [
			peer.files.from === 'package' ? await packedSize() : 'part of n8n',
			`${(await loadTime(install.nodePath, peer)).toFixed(0)} ms`,
		]),
};
