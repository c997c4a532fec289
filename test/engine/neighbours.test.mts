/**
 * Two parked batches and single videos share an account that runs one task at a time. Rule: a single video
 * waits at most for the tasks that the batches keep queued, and both batches make progress.
 */
import { itemsOf, survive } from './durableWait.mts';
import { useN8n } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const RUN_MS = 60_000;
const QUEUE_AHEAD = 2;
const VIDEOS = 4;

const sandbox = useSandbox({ taskSeconds: RUN_MS / 1000, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);

const portraits = Array.from(
	{ length: VIDEOS },
	(_, index) => ['ada.png', 'ben.jpg'][index % 2] ?? '',
);

/** Reads the row's status only, which is cheap. */
const hasSucceeded = (id: string) =>
	n8n.executions().some((row) => row.id === id && row.status === 'success');

const startBatch = async () =>
	await n8n.run({
		items: itemsOf(sandbox.double, portraits),
		parameters: survive({ limitOptions: { queueAhead: QUEUE_AHEAD }, downloadVideo: false }),
	});

it('a single video waits behind at most the queued tasks of each running batch, and both batches finish', async () => {
	const { double, time } = sandbox;
	const batches = [await startBatch(), await startBatch()];
	const waits: number[] = [];
	for (const after of [2, 5]) {
		await time.until(() => double.tasks().length >= after);
		const parameters = sandbox.createAndWait({
			downloadVideo: false,
			options: { pollInterval: 15 },
		});
		const known = new Set(double.tasks().map(({ id }) => id));
		const id = await n8n.run({ parameters });
		await time.until(() => hasSucceeded(id));
		const { taskId } = n8n.execution(id).items[0]?.json ?? {};
		expect(known.has(taskId as string)).toBe(false);
		const task = double.tasks().find((each) => each.id === taskId);
		waits.push((task?.startedMs ?? Infinity) - (task?.submittedMs ?? 0));
	}
	// A wait must occur, or the test proves nothing.
	expect(Math.max(...waits)).toBeGreaterThan(0);
	for (const wait of waits) expect(wait).toBeLessThanOrEqual(2 * QUEUE_AHEAD * RUN_MS);
	for (const id of batches) {
		await time.until(() => hasSucceeded(id), 24 * 3_600_000);
		expect(n8n.execution(id).items.map(({ json }) => json['status'])).toEqual(
			portraits.map(() => 'SUCCEEDED'),
		);
	}
	expect(double.counts().createsAccepted).toBe(2 * VIDEOS + waits.length);
}, 600_000);
