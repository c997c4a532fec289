/**
 * The rows: each says which executions it starts, what it does to the cluster meanwhile, and what must hold.
 * `verdict.mts` counts.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { untilCreated, untilStatusIsPolled } from '../stage/waits.mts';
import type { Cluster } from './cluster.mts';
import { WORKERS } from './cluster.mts';
import { endConnections } from '../stage/servers.mts';
import { untilAllFetched, untilDetected, untilSupervisorRuns } from './supervisor.mts';
import { videosOf } from './workflows.mts';
import type { Kind } from './workflows.mts';

/** What a row can do while its executions are under way. */
export interface Scene extends Cluster {
	/** Until so many executions of the row are parked. */
	untilParked(count: number): Promise<void>;
	/** Until every execution of the row has ended. */
	untilEnded(): Promise<void>;
	/** n8n's Retry of every execution that has failed. @returns what n8n said to each */
	retryFailed(using: 'saved' | 'original'): Promise<string[]>;
}

export interface RowPlan {
	/** How many executions of which kind are started, at once. */
	starts: Partial<Record<Kind, number>>;
	/** @returns a note for the table */
	meanwhile(scene: Scene): Promise<string | undefined>;
	/** Every video must be there in the end. */
	isComplete?: boolean;
	/** How long it may take, in minutes. Default 12. */
	minutes?: number;
	/** The row shows that tasks may be paid for twice. */
	paysTwice?: boolean;
}

/** Parked batches of 40 videos have created all of them within this time. */
const MINUTES_12 = 12 * 60_000;

const TEN_HALF_PARKED = { memory: 5, parked: 5 } as const;

const between = (least: number, most: number) => least + Math.random() * (most - least);

async function killWorkers({ workers }: Cluster, which = workers): Promise<void> {
	const back = which.map(async (worker) => await worker.untilBack());
	await Promise.all(which.map(async (worker) => await worker.now().kill()));
	await Promise.all(back);
}

async function killMain({ main }: Cluster): Promise<void> {
	const back = main.untilBack();
	await main.now().kill();
	await back;
}

async function shutRedis(scene: Scene, seconds: number): Promise<string> {
	const processes = [scene.main, ...scene.workers];
	let ended = 0;
	for (const one of processes) void one.now().exited.then(() => ended++);
	scene.redis.shut();
	await sleep(seconds * 1000);
	await scene.redis.open();
	await sleep(3000);
	return `${ended} of ${processes.length} processes ended`;
}

const cutRedis = (seconds: number) => async (scene: Scene) => {
	await untilCreated(scene.mock, 5);
	return await shutRedis(scene, seconds);
};

const retryAfterKill = (using: 'saved' | 'original') => async (scene: Scene) => {
	await untilCreated(scene.mock, 5);
	await killWorkers(scene);
	await scene.untilEnded();
	const said = await scene.retryFailed(using);
	return `Retry: ${[...new Set(said)].join('; ')}`;
};

export const ROWS: Record<string, RowPlan> = {
	quiet: {
		starts: TEN_HALF_PARKED,
		meanwhile: async () => await Promise.resolve(undefined),
		isComplete: true,
	},
	burst: {
		starts: { single: 30 },
		meanwhile: async () => await Promise.resolve(undefined),
		isComplete: true,
	},
	'workers-at-random': {
		starts: TEN_HALF_PARKED,
		meanwhile: async (scene) => {
			const { workers } = scene;
			for (let kill = 0; kill < 3; kill++) {
				await sleep(between(3000, 20_000));
				const nth = Math.floor(Math.random() * WORKERS);
				await killWorkers(scene, workers.slice(nth, nth + 1));
			}
			return '3 kills';
		},
	},
	'workers-in-a-check': {
		starts: { parked: 10 },
		meanwhile: async (scene) => {
			await scene.untilParked(10);
			// A check that creates is another row.
			await untilCreated(scene.mock, 40, MINUTES_12);
			await untilStatusIsPolled(scene.mock, 4000);
			await sleep(1000);
			await killWorkers(scene);
			scene.mock.faults.clear();
			return 'both killed in the moment of a check';
		},
		isComplete: true,
	},
	'workers-while-submitting': {
		starts: TEN_HALF_PARKED,
		meanwhile: async (scene) => {
			const count = Math.floor(between(5, 25));
			await untilCreated(scene.mock, count);
			await killWorkers(scene);
			return `both killed after ${count} creates`;
		},
	},
	main: {
		starts: TEN_HALF_PARKED,
		meanwhile: async (scene) => {
			await untilCreated(scene.mock, 10);
			await killMain(scene);
			await sleep(30_000);
			await killMain(scene);
			return 'killed twice';
		},
		isComplete: true,
	},
	'worker-in-the-supervisor': {
		starts: { parked: 3 },
		meanwhile: async (scene) => {
			await scene.untilParked(3);
			await untilSupervisorRuns(scene);
			await killWorkers(scene);
			return 'both killed while a supervisor ran';
		},
		// What is stored dies with it; videos made since its guard has looked are named by errors (docs/reliability.md).
		minutes: 40,
	},
	'main-in-the-last-job': {
		starts: { parked: 3 },
		meanwhile: async (scene) => {
			await untilAllFetched(scene, 3 * videosOf('parked'));
			await untilSupervisorRuns(scene);
			await killMain(scene);
			return 'killed while the last supervisor ran';
		},
		isComplete: true,
		// Its guard checks every half an hour.
		minutes: 40,
	},
	'redis-25-before-parking': {
		starts: { parked: 3 },
		meanwhile: async (scene) => {
			await untilDetected(scene, 3 * videosOf('parked') - 1);
			const note = await shutRedis(scene, 25);
			return `${note}; ${scene.mock.counts().createsAccepted} creates by then`;
		},
	},
	'redis-8': { starts: TEN_HALF_PARKED, meanwhile: cutRedis(8), isComplete: true },
	'redis-25': { starts: TEN_HALF_PARKED, meanwhile: cutRedis(25) },
	postgres: {
		starts: TEN_HALF_PARKED,
		meanwhile: async (scene) => {
			for (let cut = 0; cut < 3; cut++) {
				await sleep(10_000);
				await endConnections(scene.servers, scene.name);
			}
			return 'all connections cut 3 times';
		},
		isComplete: true,
	},
	sigterm: {
		starts: TEN_HALF_PARKED,
		meanwhile: async ({ workers, ...scene }) => {
			await untilCreated(scene.mock, 5);
			const took: number[] = [];
			for (const worker of workers) {
				const from = Date.now();
				const back = worker.untilBack();
				await worker.now().stop();
				took.push(Math.round((Date.now() - from) / 1000));
				await back;
			}
			return `ended ${took.join(' and ')} s after SIGTERM`;
		},
	},
	'retry-saved': {
		starts: { memory: 2 },
		meanwhile: retryAfterKill('saved'),
		paysTwice: true,
	},
	'retry-original': {
		starts: { memory: 2 },
		meanwhile: retryAfterKill('original'),
		paysTwice: true,
	},
	'retry-progress': {
		starts: { progress: 2 },
		meanwhile: retryAfterKill('original'),
		paysTwice: true,
	},
};
