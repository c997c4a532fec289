/**
 * The wait that survives a restart, in queue mode: a worker that dies takes its execution with it, and
 * n8n's main process reports that as an error of the execution.
 */
import { at, created, isQuery, isWrite, itemsOf, survive } from './durableWait.mts';
import { readLog } from './harness.mts';
import { useN8n } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 600 });
const n8n = useN8n(sandbox, { isQueue: true });

/** Two portraits, parked; from then on every worker that asks about a task dies, so many times. */
async function runWithDeaths(times: number) {
	const id = await n8n.run({
		items: itemsOf(sandbox.double, ['ada.png', 'ben.jpg']),
		parameters: survive(),
	});
	await created(sandbox, n8n, id, 2);
	n8n.dieAt(at('before', isQuery), times);
	return await n8n.ended(id);
}

const taskIds = () => sandbox.double.tasks().map(({ id }) => id);

afterEach(() => expect(sandbox.double.counts().createsAccepted).toBe(2));

it('a check whose worker dies is made again, at once and not by its date', async () => {
	const found = await runWithDeaths(3);
	expect(found.error).toBeUndefined();
	expect(found.links).toEqual([0, 1]);
	expect(found.items.map(({ json }) => [json['taskId'], json['status']])).toEqual(
		taskIds().map((id) => [id, 'SUCCEEDED']),
	);
});

it('checks that are lost again and again are not made for ever: the error has every task ID', async () => {
	const startedAt = sandbox.time.now();
	const found = await runWithDeaths(Infinity);
	expect(found.status).toBe('error');
	expect(taskIds()).toHaveLength(2);
	for (const id of taskIds()) expect(found.error?.description).toContain(id);
	expect(n8n.executions().filter(({ depth }) => depth === 3).length).toBeLessThanOrEqual(10);
	expect(sandbox.time.now() - startedAt).toBeLessThan(2 * 3_600_000);
});

it('what was stored dies with a worker, in the moment of the one above: each item says where to look', async () => {
	const told = readLog();
	const id = await n8n.run({
		items: itemsOf(sandbox.double, ['ada.png', 'ben.jpg']),
		parameters: survive(),
		settings: { onError: 'continueErrorOutput' },
	});
	await created(sandbox, n8n, id, 2);
	n8n.dieAt(isWrite(2, 'waiting', 'before'));
	await n8n.untilDead();
	const { items, errorItems } = await n8n.ended(id);
	expect(items).toEqual([]);
	expect(errorItems.map(({ json }) => json['number'])).toEqual([0, 1]);
	for (const { json } of errorItems) {
		const text = JSON.stringify(json['error']);
		expect(text).toContain('has lost what it had stored of this wait');
		expect(text).toContain('Get Many');
	}
	for (const task of taskIds()) expect(told()).toContain(task);
});
