/** The figures of a night's batch, and their limits. The mock, PostgreSQL and the kernel count, never the node. */
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, Item, N8nApi } from '../../sandbox/n8n/api.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import type { Servers } from '../stage/servers.mts';
import { memoryOf } from '../stage/memory.mts';
import { countCreates, countTwice } from '../stage/paidTasks.mts';
import { hashOfTemplate, sha256 } from '../stage/videos.mts';
import { sizesOf, turnsOf } from './database.mts';
import type { Sizes } from './database.mts';

const MB = 1_000_000;
const SAMPLE_INTERVAL_MS = 200;

/** Memory of a process, in bytes. */
export interface Memory {
	idle: number;
	peak: number;
}

/** Measures the memory of a process from now on, while it is idle. `now`: bytes above idle. Linux only. */
export function watchMemory(pid: number): { now(): number; stop(): Memory } {
	const idle = memoryOf(pid, 'VmRSS');
	let peak = idle;
	const timer = setInterval(() => {
		peak = Math.max(peak, memoryOf(pid, 'VmRSS'));
	}, SAMPLE_INTERVAL_MS);
	return {
		now: () => memoryOf(pid, 'VmRSS') - idle,
		stop: () => {
			clearInterval(timer);
			return { idle, peak };
		},
	};
}

/** The fields of an item that hold a video, with the template that each is named after. */
const videosIn = ({ binary = {} }: Item) =>
	Object.entries(binary).map(([name, field]) => ({
		template: name.replace('data_', ''),
		id: field.id ?? '',
	}));

async function countRight(api: N8nApi, items: Item[]): Promise<number> {
	let right = 0;
	for (const { template, id } of items.flatMap(videosIn)) {
		const is = sha256(await api.binary(id)) === (await hashOfTemplate(template));
		if (is) right++;
	}
	return right;
}

/**
 * From the last request of each check until the next check is in the database. Meanwhile n8n stores the end of
 * the check, loads the supervisor, runs it and stores it. @returns ms of the clock of n8n and the mock
 */
function resumesOf(mock: DashScopeMock, begunAt: number[]): number[] {
	const requests = mock.ledger().map(({ atMs }) => atMs);
	return begunAt.slice(1).flatMap((begun) => {
		const last = Math.max(...requests.filter((atMs) => atMs <= begun));
		return Number.isFinite(last) ? [begun - last] : [];
	});
}

interface Seen {
	execution: Execution;
	api: N8nApi;
	mock: DashScopeMock;
	servers: Servers;
	database: string;
	before: Sizes;
	/** Checks of the batch that warmed n8n up. They do not count. */
	turnsBefore: number;
	memory: Memory;
	/** How many times as fast the clock of n8n and the mock is. */
	times: number;
}

export const inMb = (bytes: number) => Math.round((10 * bytes) / MB) / 10;
const rounded = (ms: number) => Math.round(ms);

export async function read({
	execution,
	api,
	mock,
	servers,
	database,
	before,
	turnsBefore,
	memory,
	times,
}: Seen) {
	const items = outputOf(execution, 'After');
	const turns = (await turnsOf(servers, database)).slice(turnsBefore);
	const after = await sizesOf(servers, database);
	const begunAt = turns.map(({ createdMs }) => createdMs);
	const resumes = resumesOf(mock, begunAt)
		.map((ms) => ms / times)
		.sort((a, b) => a - b);
	const bytes = turns.map((turn) => turn.bytes);
	return {
		status: execution.status,
		videos: await countRight(api, items),
		linked: items.every(({ json }, index) => json.number === index),
		creates: mock.counts().createsAccepted,
		madeTwice: countTwice(countCreates(mock)),
		turns: turns.length,
		executions: after.rows - before.rows,
		onDiskMb: inMb(after.onDisk - before.onDisk),
		dataMb: inMb(after.inAll - before.inAll),
		checkKb: { first: rounded((bytes[0] ?? 0) / 1000), last: rounded((bytes.at(-1) ?? 0) / 1000) },
		resumeMs: {
			median: rounded(resumes[Math.floor(resumes.length / 2)] ?? 0),
			longest: rounded(resumes.at(-1) ?? 0),
		},
		idleMb: inMb(memory.idle),
		aboveIdleMb: inMb(memory.peak - memory.idle),
	};
}

type Figures = Awaited<ReturnType<typeof read>>;

/** The limits, for a number of wanted videos. */
export const LIMITS: Array<[string, (figures: Figures, wanted: number) => boolean]> = [
	['every video is there', ({ videos, linked }, wanted) => videos === wanted && linked],
	[
		'nothing is made twice',
		({ creates, madeTwice }, wanted) => creates === wanted && madeTwice === 0,
	],
	['at most 120 turns', ({ turns }) => turns <= 120],
	['at most 100 MB on disk', ({ onDiskMb }) => onDiskMb <= 100],
	['at most 100 MB of data', ({ dataMb }) => dataMb <= 100],
	['each turn resumes within 2 s', ({ resumeMs }) => resumeMs.longest <= 2000],
	['at most 150 MB above idle', ({ aboveIdleMb }) => aboveIdleMb <= 150],
];
