/**
 * The limits of Survive Restarts: a user's actions, time limits, and executions that n8n could not resume. Rule of all
 * tests here: each task is paid for once, and each accepted task ID comes out.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IDataObject } from 'n8n-workflow';
import { created, itemsOf, PORTRAITS, survive } from './durableWait.mts';
import { keepFilesIn } from './harness.mts';
import { useN8n } from './server/n8nServer.mts';
import type { Found, ServerRun } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 60, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);

const HOUR_MS = 3_600_000;

const run = async (more: Partial<ServerRun> = {}) =>
	await n8n.run({ items: itemsOf(sandbox.double), parameters: survive(), ...more });

const taskIds = () => sandbox.double.tasks().map(({ id }) => id);
const idsIn = (found: Found) => found.items.map(({ json }) => json['taskId']);

const expectPaidOnce = (count = PORTRAITS.length) =>
	expect(sandbox.double.counts()).toMatchObject({ createsAccepted: count, detectsBilled: count });

describe("a user's action during the wait", () => {
	it('Stop before the first submit: nothing is submitted', async () => {
		const id = await run();
		await n8n.parked(id);
		await n8n.stop(id);
		await sandbox.time.advance(24 * HOUR_MS);
		expect(n8n.executions().map(({ status }) => status)).toEqual([
			'canceled',
			'success',
			'success',
			'success',
		]);
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 0, detectsBilled: 3 });
	});

	it('Stop: the wait ends at its next poll, and queued tasks are canceled', async () => {
		const id = await run();
		await created(sandbox, n8n, id);
		await n8n.stop(id);
		await sandbox.time.advance(20 * 60_000);
		expect(n8n.executions().map(({ status }) => status)).toEqual([
			'canceled',
			'success',
			'success',
			'success',
			'success',
		]);
		const states = sandbox.double.tasks().map(({ status }) => status);
		expect(states).toContain('CANCELED');
		expect(states).not.toContain('PENDING');
		expect(n8n.execution(id).status).toBe('canceled');
		expectPaidOnce();
	});

	it('Stop between two groups: nothing more is submitted', async () => {
		const id = await run({ parameters: survive({ limitOptions: { queueAhead: 1 } }) });
		await created(sandbox, n8n, id, 1);
		await n8n.stop(id);
		await sandbox.time.advance(24 * HOUR_MS);
		expect(n8n.execution(id).status).toBe('canceled');
		expect(sandbox.double.counts().createsAccepted).toBe(1);
	});

	it('a credential that no longer works: every task ID comes out with the reason', async () => {
		const id = await run();
		await created(sandbox, n8n, id);
		Object.assign(n8n.credential, { customUrl: 'nowhere' });
		const found = await n8n.ended(id);
		expect(found.status).toBe('error');
		expect(found.error?.message).toMatch(/'Custom URL' does not begin with https:/);
		expect(taskIds()).toHaveLength(PORTRAITS.length);
		for (const task of taskIds()) expect(found.error?.description).toContain(task);
	});

	it('a credential that no longer works, with the error output: one item per task', async () => {
		const id = await run({ settings: { onError: 'continueErrorOutput' } });
		await created(sandbox, n8n, id);
		Object.assign(n8n.credential, { customUrl: 'nowhere' });
		const found = await n8n.ended(id);
		expect(found.items).toEqual([]);
		expect(
			found.errorItems.map(({ json }) => [
				json['number'],
				(json['error'] as IDataObject)['taskId'],
			]),
		).toEqual(taskIds().map((task, number) => [number, task]));
	});
});

describe('the time limits end', () => {
	it('and the last check polls every task, even behind one whose poll fails', async () => {
		const id = await run({
			parameters: survive({ options: { timeout: 60, queueTimeout: 90 } }),
			settings: { onError: 'continueErrorOutput' },
		});
		await created(sandbox, n8n, id);
		sandbox.double.faults.add({
			match: { method: 'GET', taskId: taskIds()[0] },
			times: 'always',
			fault: { kind: 'status', status: 503 },
		});
		const found = await n8n.ended(id);
		expect(idsIn(found)).toEqual(taskIds().slice(1));
		expect(found.links).toEqual([1, 2]);
		expect(found.errorItems.map(({ json }) => json['error'])).toMatchObject([
			{ taskId: taskIds()[0] },
		]);
		expectPaidOnce();
	});
});

describe('if n8n could not resume the execution with linked items', () => {
	it.each<[string, Partial<ServerRun>, RegExp]>([
		[
			'several templates of several items',
			{ parameters: survive({ templates: ['mengwa_kaixin', 'jingdian_lei'], imageUrl: 'x' }) },
			/stays in memory.*one template per item/,
		],
		['a workflow that was never saved', { isSaved: false }, /stays in memory/],
	])('%s: the wait stays in memory, with a hint', async (_, more, hint) => {
		const parameters = { ...(more.parameters ?? survive()), imageUrl: '={{ $json.url }}' };
		const found = await n8n.ended(await run({ ...more, parameters }));
		expect(found.hints.map(({ message }) => message)).toEqual([
			expect.stringMatching(hint),
			expect.stringMatching(/^\d videos, \d+ billed seconds/),
		]);
		expect(n8n.executions()).toHaveLength(1);
		expect(idsIn(found)).toEqual(taskIds());
		const perItem = Array<number>(taskIds().length / PORTRAITS.length).fill(0);
		expect(found.links).toEqual([0, 1, 2].flatMap((number) => perItem.map(() => number)));
	});
});

describe('if n8n keeps files', () => {
	let folder = '';
	beforeAll(async () => {
		folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-'));
	});
	afterEach(async () => await keepFilesIn('memory'));
	afterAll(async () => await rm(folder, { recursive: true, force: true }));

	const atTheEnd = /all videos of this batch are downloaded when the last one is finished/;

	it.each<['memory' | 'filesystem', boolean, number]>([
		['memory', true, 1],
		['memory', false, 0],
		['filesystem', true, 0],
	])('in %s, with downloads %s: the waiting node shows the right hint', async (...row) => {
		const [mode, downloadVideo, hints] = row;
		await keepFilesIn(mode, folder);
		const id = await run({ parameters: survive({ downloadVideo }) });
		const parked = await n8n.parked(id);
		const told = parked.hints.filter(({ message }) => atTheEnd.test(message));
		expect(told).toHaveLength(hints);
		const found = await n8n.ended(id);
		expect(found.items.map(({ binary }) => binary !== undefined)).toEqual(
			PORTRAITS.map(() => downloadVideo),
		);
	});
});
