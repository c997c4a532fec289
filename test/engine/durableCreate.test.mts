/**
 * The submits of a batch with Survive Restarts: n8n dies before, between and after the requests of a group, checks
 * run late, and the account's list cannot be read or has tasks of others. Rule of all tests here: no video is submitted
 * twice, and each accepted task ID comes out in an item, in an error or among an error's candidates.
 */
import type { IDataObject } from 'n8n-workflow';
import { makeTasks } from './account.mts';
import {
	at,
	created,
	isCreate,
	isWrite,
	itemsOf,
	nth,
	PORTRAITS,
	survive,
} from './durableWait.mts';
import { readLog } from './harness.mts';
import { useN8n } from './server/n8nServer.mts';
import type { Found, Moment, ServerRun } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 60, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);

const MINUTE_MS = 60_000;

const run = async (more: Partial<ServerRun> = {}) =>
	await n8n.run({
		items: itemsOf(sandbox.double),
		parameters: survive(),
		settings: { onError: 'continueErrorOutput' },
		...more,
	});

const taskIds = () => sandbox.double.tasks().map(({ id }) => id);
const creates = () => sandbox.double.counts().createsAccepted;
const errorsOf = ({ errorItems }: Found) =>
	errorItems.map(({ json }) => json['error'] as IDataObject);
const checks = () => n8n.executions().filter(({ depth }) => depth === 3).length;

/** Expects that every accepted task is an item or named by an error. */
function expectNothingLost(found: Found) {
	const told = JSON.stringify([found.items, found.errorItems]);
	for (const id of taskIds()) expect(told).toContain(id);
	expect(found.items.length + found.errorItems.length).toBe(PORTRAITS.length);
	expect(creates()).toBeLessThanOrEqual(PORTRAITS.length);
	expect(new Set(taskIds()).size).toBe(taskIds().length);
	expect(sandbox.double.counts().detectsBilled).toBe(PORTRAITS.length);
}

async function dieAndEnd(moment: (moment: Moment) => boolean): Promise<Found> {
	const id = await run();
	await n8n.parked(id);
	n8n.dieAt(moment);
	await n8n.untilDead();
	n8n.start();
	return await n8n.ended(id);
}

describe('n8n dies during a group of submits', () => {
	test.each<[string, (moment: Moment) => boolean]>([
		['when its check starts', isWrite(3, 'running', 'after')],
		['before its first submit', at('before', isCreate)],
	])('%s: nothing was submitted, and the next check submits all', async (_, moment) => {
		const found = await dieAndEnd(moment);
		expect(found.links).toEqual([0, 1, 2]);
		expect(found.items.map(({ json }) => json['taskId'])).toEqual(taskIds());
		expect(creates()).toBe(PORTRAITS.length);
		expectNothingLost(found);
	});

	test.each<[string, number, (moment: Moment) => boolean]>([
		['after its first submit, before the response', 1, at('after', isCreate)],
		['between its first and its second submit', 1, nth(2, at('before', isCreate))],
		['after its second submit', 2, nth(2, at('after', isCreate))],
		['before its third submit', 2, nth(3, at('before', isCreate))],
		['after its third submit', 3, nth(3, at('after', isCreate))],
		['before its result is stored', 3, isWrite(3, 'success', 'before')],
	])('%s: nothing is submitted again, and the errors name the tasks', async (_, made, moment) => {
		const found = await dieAndEnd(moment);
		expect(creates()).toBe(made);
		expect(found.items).toEqual([]);
		expect(errorsOf(found)).toHaveLength(PORTRAITS.length);
		for (const { message, description } of errorsOf(found)) {
			expect(message).toBe('n8n was interrupted while this video was being created');
			for (const id of taskIds()) expect(description).toContain(id);
		}
		expectNothingLost(found);
	});

	test.each<[string, (moment: Moment) => boolean]>([
		['after its result is stored, before it is passed on', isWrite(3, 'success', 'after')],
		['before its result is passed on', isWrite(2, 'waiting', 'before')],
		['after its result is passed on, before the supervisor wakes', isWrite(2, 'waiting', 'after')],
	])('%s: the result is found, and every video is delivered', async (_, moment) => {
		const found = await dieAndEnd(moment);
		expect(found.links).toEqual([0, 1, 2]);
		expect(found.items.map(({ json }) => json['status'])).toEqual(PORTRAITS.map(() => 'SUCCEEDED'));
		expect(creates()).toBe(PORTRAITS.length);
		expectNothingLost(found);
	});

	it('in every check: nothing is submitted twice', async () => {
		const id = await run();
		await n8n.parked(id);
		for (let death = 0; death < 3; death++) {
			n8n.dieAt(at('before', isCreate));
			await n8n.untilDead();
			n8n.start();
		}
		const found = await n8n.ended(id);
		expect(found.links).toEqual([0, 1, 2]);
		expect(creates()).toBe(PORTRAITS.length);
		expectNothingLost(found);
	});

	it('during the second of two groups: the first one is kept', async () => {
		const id = await run({ parameters: survive({ limitOptions: { queueAhead: 1 } }) });
		await created(sandbox, n8n, id, 1);
		n8n.dieAt(at('after', isCreate));
		await n8n.untilDead();
		n8n.start();
		const found = await n8n.ended(id);
		expect(found.links).toEqual([0, 2]);
		expect(errorsOf(found)).toHaveLength(1);
		expect(errorsOf(found)[0]?.['description']).toContain(taskIds()[1]);
		expect(creates()).toBe(3);
		expectNothingLost(found);
	});
});

describe('n8n dies after a check is parked, before its supervisor has stored it', () => {
	it("this check submits nothing, the next supervisor's check does, and every video is delivered", async () => {
		const log = readLog();
		const id = await run({ parameters: survive({ limitOptions: { queueAhead: 1 } }) });
		await created(sandbox, n8n, id, 1);
		// The first write passes the result on, the second stores the next round.
		n8n.dieAt(nth(2, isWrite(2, 'waiting', 'before')));
		await n8n.untilDead();
		const made = creates();
		const orphan = n8n.executions().findLast(({ depth }) => depth === 3)?.id ?? '';
		n8n.start();
		await sandbox.time.until(() => n8n.execution(orphan).status === 'success');
		expect(creates()).toBe(made);
		expect(made).toBeLessThan(PORTRAITS.length);
		const found = await n8n.ended(id);
		expect(found.links).toEqual([0, 1, 2]);
		expect(creates()).toBe(PORTRAITS.length);
		expect(log()).toContain(`execution=${id}`);
		expectNothingLost(found);
	});
});

describe('a submit without a response', () => {
	it('is not sent again, and the other videos are submitted', async () => {
		sandbox.double.faults.add({
			match: { method: 'POST', path: '/video-synthesis' },
			times: 1,
			fault: { kind: 'lostAnswer' },
		});
		const found = await n8n.ended(await run());
		expect(found.links).toEqual([1, 2]);
		expect(errorsOf(found)[0]?.['description']).toMatch(/Get Many/);
	});
});

describe("after a lost check, the account's list", () => {
	it('has a task of another user: nothing is submitted, and the errors name it', async () => {
		const id = await run();
		await n8n.parked(id);
		n8n.dieAt(at('before', isCreate));
		await n8n.untilDead();
		const [other] = await makeTasks(sandbox.double, 1);
		n8n.start();
		const found = await n8n.ended(id);
		expect(creates()).toBe(1);
		expect(errorsOf(found)).toHaveLength(PORTRAITS.length);
		for (const { description } of errorsOf(found)) expect(description).toContain(other);
	});

	it('has older tasks of another user: they are no candidates', async () => {
		await makeTasks(sandbox.double, 2, 1000);
		await sandbox.time.advance(60 * MINUTE_MS);
		const found = await dieAndEnd(at('before', isCreate));
		expect(found.links).toEqual([0, 1, 2]);
		expect(creates()).toBe(PORTRAITS.length + 2);
	});

	it.each([
		['for a while: a later check reads it, and all videos are submitted', 20, [0, 1, 2]],
		['at any time: nothing is submitted, and the errors say so', 'always' as const, []],
	])('cannot be read %s', async (_, times, links) => {
		const id = await run();
		await n8n.parked(id);
		n8n.dieAt(at('before', isCreate));
		await n8n.untilDead();
		sandbox.double.faults.add({
			match: { method: 'GET', path: '/api/v1/tasks/?' },
			times,
			fault: { kind: 'status', status: 503 },
		});
		n8n.start();
		const found = await n8n.ended(id);
		expect(found.links).toEqual(links);
		expect(creates()).toBe(links.length);
		for (const { description } of errorsOf(found))
			expect(description).toMatch(/list of tasks could not tell/);
		expectNothingLost(found);
	});
});

describe('a check that starts too late', () => {
	it('submits nothing, and the next one does', async () => {
		const id = await run();
		await n8n.parked(id);
		// n8n is down when the check is due, and starts before the check counts as lost.
		n8n.kill();
		await sandbox.time.advance(66_000 + 4 * MINUTE_MS);
		n8n.start();
		await sandbox.time.advance(10_000);
		expect(creates()).toBe(0);
		const found = await n8n.ended(id);
		expect(found.links).toEqual([0, 1, 2]);
		expect(creates()).toBe(PORTRAITS.length);
		expectNothingLost(found);
	});
});

describe('the submits of a batch', () => {
	it("are logged with the user's execution", async () => {
		const log = readLog();
		const id = await run();
		await created(sandbox, n8n, id);
		for (const [item, task] of taskIds().entries()) {
			expect(log()).toContain(`task accepted: task=${task} execution=${id} item=${item} `);
		}
		await n8n.ended(id);
	});

	it("keep to Queue Ahead and to the user's rate", async () => {
		const limitOptions = { queueAhead: 2, creationsPerSecond: 0.1 };
		const id = await run({ parameters: survive({ limitOptions }) });
		let most = 0;
		await sandbox.time.until(() => {
			const open = sandbox.double
				.tasks()
				.filter(({ status }) => status === 'PENDING' || status === 'RUNNING');
			most = Math.max(most, open.length);
			return n8n.execution(id).status === 'success';
		});
		expect(most).toBe(2);
		const [first, second] = sandbox.double
			.ledger()
			.filter(({ operation }) => operation === 'create')
			.map(({ atMs }) => atMs);
		expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(10_000);
		expect(n8n.execution(id).links).toEqual([0, 1, 2]);
	});

	it('end at the first failure if the node stops at it, and the error names every task', async () => {
		const id = await run({
			settings: {},
			parameters: survive({ limitOptions: { queueAhead: 1 } }),
		});
		await created(sandbox, n8n, id, 1);
		sandbox.double.faults.add({
			match: { method: 'POST', path: '/video-synthesis' },
			times: 1,
			fault: {
				kind: 'status',
				status: 400,
				body: { code: 'InvalidParameter', message: 'no', request_id: 'r' },
			},
		});
		const found = await n8n.ended(id);
		expect(found.status).toBe('error');
		expect(found.error?.description).toContain(taskIds()[0]);
		await sandbox.time.advance(60 * MINUTE_MS);
		expect(creates()).toBe(1);
	});
});

describe('several portraits with several templates', () => {
	it('are parked as one item per portrait, and each pack is linked to its portrait', async () => {
		const id = await run({
			parameters: survive({
				templates: ['mengwa_kaixin', 'jingdian_lei'],
				fileOptions: { output: 'portrait' },
			}),
		});
		await n8n.parked(id);
		expect(creates()).toBe(0);
		const found = await n8n.ended(id);
		expect(found.links).toEqual([0, 1, 2]);
		expect(found.items.map(({ json }) => (json['videos'] as unknown[]).length)).toEqual([2, 2, 2]);
		expect(checks()).toBeGreaterThan(1);
	});
});

// The last of this file: the service's clock does not go back.
it.each([1, 30])(
	"after its second create, on a machine whose clock is %i hours behind the service's",
	async (hours) => {
		sandbox.double.advanceClock(hours * 60 * MINUTE_MS);
		const found = await dieAndEnd(nth(2, at('after', isCreate)));
		expect(creates()).toBe(2);
		for (const { description } of errorsOf(found)) {
			for (const id of taskIds()) expect(description).toContain(id);
		}
		expectNothingLost(found);
	},
);
