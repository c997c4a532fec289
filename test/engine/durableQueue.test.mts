/**
 * Survive Restarts in queue mode: an execution dies with its worker, and n8n's main process reports that as an error of
 * the execution.
 */
import { at, created, isQuery, isWrite, itemsOf, survive } from './durableWait.mts';
import { useN8n } from './server/n8nServer.mts';
import type { Moment } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 600 });
const n8n = useN8n(sandbox, { isQueue: true });

/** Parks two portraits. From then on, each worker that polls a task dies, this many times. */
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

it('a check whose worker dies is repeated at once', async () => {
	const found = await runWithDeaths(3);
	expect(found.error).toBeUndefined();
	expect(found.links).toEqual([0, 1]);
	expect(found.items.map(({ json }) => [json['taskId'], json['status']])).toEqual(
		taskIds().map((id) => [id, 'SUCCEEDED']),
	);
});

it('checks that are lost again and again end the batch, and the error has every task ID', async () => {
	const startedAt = sandbox.time.now();
	const found = await runWithDeaths(Infinity);
	expect(found.status).toBe('error');
	expect(taskIds()).toHaveLength(2);
	for (const id of taskIds()) expect(found.error?.description).toContain(id);
	expect(n8n.executions().filter(({ depth }) => depth === 3).length).toBeLessThanOrEqual(10);
	expect(sandbox.time.now() - startedAt).toBeLessThan(2 * 3_600_000);
});

/** Runs two portraits whose supervisor waits this long for a worker. @returns how many supervisors there were */
async function runInAFullQueue(minutes: number): Promise<number> {
	// Hours, so that the guard runs several times.
	sandbox.double.setTaskSeconds(5400);
	const id = await n8n.run({
		items: itemsOf(sandbox.double, ['ada.png', 'ben.jpg']),
		parameters: survive({ options: { timeout: 7200 } }),
	});
	await created(sandbox, n8n, id, 2);
	n8n.queueUp(2, minutes * 60_000);
	const found = await n8n.ended(id);
	expect(found.links).toEqual([0, 1]);
	expect(found.items.map(({ json }) => json['taskId'])).toEqual(taskIds());
	return n8n.executions().filter(({ depth }) => depth === 2).length;
}

it('a supervisor that is late in a full queue is not replaced', async () => {
	expect(await runInAFullQueue(9)).toBe(1);
});

it('a supervisor that runs after its replacement submits nothing twice', async () => {
	expect(await runInAFullQueue(50)).toBeGreaterThan(1);
});

describe('a worker dies while a supervisor runs, and n8n loses the stored state', () => {
	const isSupervisor = isWrite(2, 'waiting', 'before');

	/** @param dies when, of those moments */
	async function runWithoutState(dies: (moment: Moment) => boolean) {
		sandbox.double.setTaskSeconds(5400);
		const id = await n8n.run({
			items: itemsOf(sandbox.double, ['ada.png', 'ben.jpg']),
			parameters: survive({ options: { timeout: 7200 } }),
			settings: { onError: 'continueErrorOutput' },
		});
		n8n.dieAt((moment) => isSupervisor(moment) && taskIds().length === 2 && dies(moment));
		await n8n.untilDead();
		return await n8n.ended(id);
	}

	it('both videos are delivered if its guard has read both tasks', async () => {
		const startedAt = sandbox.time.now();
		const { items, links } = await runWithoutState(
			() => sandbox.time.now() > startedAt + 35 * 60_000,
		);
		expect(links).toEqual([0, 1]);
		expect(items.map(({ json }) => json['taskId'])).toEqual(taskIds());
		expect(items.map(({ json }) => json['status'])).toEqual(['SUCCEEDED', 'SUCCEEDED']);
	});

	it('nothing is submitted again if its guard has read no task, and each item names both', async () => {
		const { items, errorItems } = await runWithoutState(() => true);
		expect(items).toEqual([]);
		expect(errorItems.map(({ json }) => json['number'])).toEqual([0, 1]);
		for (const { json } of errorItems) {
			const error = JSON.stringify(json['error']);
			expect(error).toContain('n8n was interrupted while this video was being created');
			for (const task of taskIds()) expect(error).toContain(task);
		}
	});
});
