/**
 * A batch that takes longer than the service keeps tasks and videos. Rule of all tests here: no video is lost, and none
 * is paid for twice.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { PORTRAITS, survive } from './durableWait.mts';
import { bytesOf, keepFilesIn } from './harness.mts';
import { useN8n } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 60, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);

let folder = '';
beforeAll(async () => {
	folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-'));
	await keepFilesIn('filesystem', folder);
});
afterAll(async () => {
	await keepFilesIn('memory');
	await rm(folder, { recursive: true, force: true });
});

const HOUR_MS = 3_600_000;

const manyItems = (count: number): IDataObject[] =>
	Array.from({ length: count }, (_, number) => ({
		number,
		url: sandbox.double.portraitUrl(PORTRAITS[number % PORTRAITS.length] ?? ''),
	}));

/** Runs a batch to its end. */
async function runBatch(count: number, options: INodeParameters = {}) {
	const startedAt = sandbox.time.now();
	const id = await n8n.run({ items: manyItems(count), parameters: survive({ options }) });
	const isOver = () => n8n.executions().some((row) => row.id === id && row.status === 'success');
	await sandbox.time.until(isOver, 5 * 24 * HOUR_MS);
	const found = n8n.execution(id);
	expect(found.links).toEqual(Array.from({ length: count }, (_, number) => number));
	expect(sandbox.double.counts().createsAccepted).toBe(count);
	expect(found.items.map(({ json }) => json['status'])).toEqual(
		Array.from({ length: count }, () => 'SUCCEEDED'),
	);
	return { found, ms: sandbox.time.now() - startedAt };
}

it('a batch of thirty hours delivers every file, although the service has forgotten the first tasks', async () => {
	sandbox.double.setTaskSeconds(HOUR_MS / 1000);
	const { found, ms } = await runBatch(30, { timeout: 7200 });
	expect(ms).toBeGreaterThan(30 * HOUR_MS);
	for (const { binary } of found.items) {
		expect(binary?.['data']?.id).toMatch(/^filesystem/);
		const bytes = await bytesOf(binary?.['data']);
		expect(bytes.subarray(4, 8).toString()).toBe('ftyp');
	}
}, 600_000);

it('a finished video is downloaded by the next poll, minutes later, in a check of any length', async () => {
	sandbox.double.setTaskSeconds(600);
	await runBatch(6);
	const downloads = sandbox.double
		.ledger()
		.filter(({ path: where }) => where.startsWith('/results/'))
		.map(({ atMs }) => atMs);
	const ends = sandbox.double.tasks().map(({ endedMs }) => endedMs ?? 0);
	expect(downloads).toHaveLength(6);
	downloads.forEach((at, index) => expect(at - (ends[index] ?? 0)).toBeLessThan(5 * 60_000));
}, 600_000);
