/**
 * A night's batch with Survive Restarts, on the clock of the engine's tests: the built node in n8n's engine, its
 * parked executions in a table, real HTTP to the mock. Writes what it has seen to the file that
 * `BENCH_SEEN` names. Rule: ends and downloads are the mock's word.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { templateIds } from '../../sandbox/dashscope/index.mts';
import { survive } from '../../test/engine/durableWait.mts';
import { keepFilesIn } from '../../test/engine/harness.mts';
import { useSandbox } from '../../test/engine/sandbox.mts';
import { useN8n } from '../../test/engine/server/n8nServer.mts';
import { median } from '../../test/unit/support/simulatedAccount.mts';
import { NIGHT, runSeconds } from './night.mts';
import type { DurableSeen } from './night.mts';

const sandbox = useSandbox({ taskSeconds: runSeconds, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);
const MOST_MS = 3 * 24 * 3_600_000;
/** The user's execution is 0, its guard 1, the supervisor 2. */
const CHECK_DEPTH = 3;

const seen: DurableSeen[] = [];
let folder = '';
beforeAll(async () => {
	folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-bench-'));
	await keepFilesIn('filesystem', folder);
});
afterAll(async () => {
	await keepFilesIn('memory');
	await rm(folder, { recursive: true, force: true });
	await writeFile(
		process.env['BENCH_SEEN'] ?? path.join(tmpdir(), 'seen.json'),
		JSON.stringify(seen),
	);
});

it.each([1, 4])('%i at a time', async (width) => {
	const { double: mock, time } = sandbox;
	mock.setConcurrency(width);
	const items = Array.from({ length: NIGHT.portraits }, (_, number) => ({
		number,
		url: `${mock.portraitUrl('ada.png')}?portrait=${number}`,
	}));
	const parameters = survive({
		templates: [...templateIds].slice(0, NIGHT.templates),
		fileOptions: { output: 'portrait' },
		limitOptions: { maximumVideos: NIGHT.portraits * NIGHT.templates },
	});
	const startedAt = time.now();
	const id = await n8n.run({ items, parameters });
	const isOver = () => n8n.executions().some((row) => row.id === id && row.status === 'success');
	await time.until(isOver, MOST_MS);
	const endedAt = time.now();
	const videos = n8n
		.execution(id)
		.items.reduce((sum, { binary = {} }) => sum + Object.keys(binary).length, 0);
	const fetchedAt = new Map(
		mock
			.ledger()
			.filter(({ operation }) => operation === 'result')
			.map(({ path: where, atMs }) => [where, atMs]),
	);
	const tasks = mock.tasks();
	const delays = tasks.map(
		({ endedMs = 0, videoUrl = '' }) =>
			(fetchedAt.get(new URL(videoUrl).pathname) ?? Infinity) - endedMs,
	);
	seen.push({
		width,
		videos,
		makespanMs: endedAt - startedAt,
		toFetchMs: median(delays),
		toEndMs: endedAt - Math.max(...tasks.map(({ endedMs = 0 }) => endedMs)),
		turns: n8n.executions().filter(({ depth }) => depth === CHECK_DEPTH).length,
		bytes: n8n.bytes(),
	});
});
