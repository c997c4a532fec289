/**
 * Survive Restarts on the fake n8n: parked executions, dates and crashes. Rule of all tests here: each task is paid
 * for once, and each accepted task ID comes out as a video, as an item or in an error.
 */
import {
	at,
	created,
	isDownload,
	isQuery,
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

const HOUR_MS = 3_600_000;

const run = async (more: Partial<ServerRun> = {}) =>
	await n8n.run({ items: itemsOf(sandbox.double), parameters: survive(), ...more });

const taskIds = () => sandbox.double.tasks().map(({ id }) => id);
const idsIn = (found: Found) => found.items.map(({ json }) => json['taskId']);
const statuses = () => n8n.executions().map(({ status }) => status);

/** Expects one video per portrait, in order, linked to its item and paid for once. */
function expectAllVideos(found: Found) {
	expect(found.error).toBeUndefined();
	expect(found.status).toBe('success');
	expect(found.items.map(({ json }) => json['status'])).toEqual(PORTRAITS.map(() => 'SUCCEEDED'));
	expect(found.items.map(({ binary }) => binary?.['data']?.mimeType)).toEqual(
		PORTRAITS.map(() => 'video/mp4'),
	);
	expect(found.links).toEqual([0, 1, 2]);
	expect(idsIn(found)).toEqual(taskIds());
	expectPaidOnce();
}

const expectPaidOnce = (count = PORTRAITS.length) =>
	expect(sandbox.double.counts()).toMatchObject({ createsAccepted: count, detectsBilled: count });

/** Expects the placeholders with which the user's execution resumes if all layers are lost. */
function expectAllUnfinished(found: Found, log: string) {
	expect(found.error).toBeUndefined();
	expect(found.items.map(({ json }) => [json['status'], json['unfinished']])).toEqual(
		PORTRAITS.map(() => ['UNKNOWN', true]),
	);
	expect(found.items[0]?.json['message']).toMatch(/n8n's log .* execution=1\b.*Get Many/);
	expect(found.links).toEqual([0, 1, 2]);
	const accepted = taskIds();
	expect(accepted).toHaveLength(PORTRAITS.length);
	for (const [item, task] of accepted.entries())
		expect(log).toContain(`task accepted: task=${task} execution=1 item=${item} `);
	expectPaidOnce();
}

describe('a batch without faults', () => {
	it('is parked in four rows before the first submit, and returns every video', async () => {
		const id = await run();
		const parked = await n8n.parked(id);
		expect(statuses()).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 0, detectsBilled: 3 });
		expect(parked.items.map(({ json }) => [json['taskId'], json['unfinished']])).toEqual(
			PORTRAITS.map(() => [undefined, true]),
		);
		const waiting = /^Waiting for 3 videos, next look at \d\d:\d\d, then every 1 to 4 minutes$/;
		// The first hint says that this n8n keeps files in memory.
		expect(parked.hints.map(({ message }) => message)).toEqual([
			expect.stringContaining('N8N_DEFAULT_BINARY_DATA_MODE'),
			expect.stringMatching(waiting),
		]);
		expect(parked.items[0]?.json['message']).toMatch(waiting);
		await created(sandbox, n8n, id);
		expect(statuses()).toEqual(['waiting', 'waiting', 'waiting', 'success', 'waiting']);
		const ended = await n8n.ended(id);
		expectAllVideos(ended);
		expect(ended.hints).toEqual([]);
		expect(new Set(statuses())).toEqual(new Set(['success']));
	});

	it('returns the same items as the wait in memory', async () => {
		const differs = new Set(['taskId', 'requestId', 'videoUrl', 'fileName', 'id']);
		const times = /At$/;
		const comparable = ({ items: found }: Found) =>
			JSON.stringify(found, (key, value: unknown) =>
				differs.has(key) || times.test(key) ? typeof value : value,
			);
		const survived = await n8n.ended(await run());
		sandbox.double.reset();
		const parameters = survive({ options: { surviveRestarts: false } });
		const inMemory = await n8n.ended(await run({ parameters }));
		expect(inMemory.items).toHaveLength(PORTRAITS.length);
		expect(comparable(survived)).toBe(comparable(inMemory));
	});

	it('waits for tasks of other executions', async () => {
		const created = await n8n.ended(await run({ parameters: survive({ operation: 'create' }) }));
		const ids = idsIn(created);
		const id = await n8n.run({
			items: ids.map((taskId, number) => ({ taskId, number })),
			parameters: survive({ operation: 'wait', taskId: '={{ $json.taskId }}' }),
		});
		expectAllVideos(await n8n.ended(id));
	});

	it('polls a long batch a few times per minute', async () => {
		const templates = ['mengwa_kaixin', 'jingdian_lei', 'dagong_wunai', 'mengwa_kun_1'];
		const id = await run({
			items: itemsOf(sandbox.double, ['ada.png']),
			parameters: survive({ templates }),
		});
		const found = await n8n.ended(id);
		expect(idsIn(found)).toEqual(taskIds());
		expect(sandbox.double.counts().queries).toBeLessThan(20);
	});
});

describe('a task that fails', () => {
	const failSecond = async () => {
		while (sandbox.double.tasks().length < 2) await sandbox.time.advance(1000);
		sandbox.double.failTask(taskIds()[1] ?? '');
	};

	it('leaves by the error output with its input, and the linked videos leave by the other', async () => {
		const id = await run({ settings: { onError: 'continueErrorOutput' } });
		await failSecond();
		const found = await n8n.ended(id);
		expect(found.links).toEqual([0, 2]);
		expect(idsIn(found)).toEqual([taskIds()[0], taskIds()[2]]);
		expect(found.errorItems.map(({ json }) => json)).toMatchObject([
			{ number: 1, error: { taskId: taskIds()[1], status: 'FAILED' } },
		]);
		expectPaidOnce();
	});

	it('ends the execution with an error that names it and every other task', async () => {
		const id = await run();
		await failSecond();
		const found = await n8n.ended(id);
		expect(found.status).toBe('error');
		expect(found.error?.description).toContain(`Task ID: ${taskIds()[1]}.`);
		expect(taskIds()).toHaveLength(PORTRAITS.length);
		for (const task of taskIds()) expect(found.error?.description).toContain(task);
		expectPaidOnce();
	});

	it('gets a hint if its areas are unusual', async () => {
		const id = await run({
			items: itemsOf(sandbox.double, ['ada.png']),
			parameters: survive({
				faceAreas: 'manual',
				faceArea: '[10, 10, 400, 400]',
				expressionArea: '[100, 100, 500, 500]',
			}),
		});
		while (sandbox.double.tasks().length < 1) await sandbox.time.advance(1000);
		sandbox.double.failTask(taskIds()[0] ?? '');
		const found = await n8n.ended(id);
		expect(found.error?.description).toContain('does not enclose the Face Area');
	});

	it('is not paid for again by Retry On Fail', async () => {
		const id = await run({
			items: itemsOf(sandbox.double, ['no-human.png', 'ben.jpg', 'kim.png']),
			settings: { onError: 'continueErrorOutput', retryOnFail: true, maxTries: 3 },
		});
		const found = await n8n.ended(id);
		expect(found.links).toEqual([1, 2]);
		expect(found.errorItems.map(({ json }) => json['number'])).toEqual([0]);
		expect(sandbox.double.counts().createsAccepted).toBe(2);
	});
});

describe('n8n dies', () => {
	test.each<[string, (moment: Moment) => boolean]>([
		['before a check polls', at('before', isQuery)],
		['after a check has sent a poll, before its response', at('after', isQuery)],
		['between two polls of a check', nth(2, at('before', isQuery))],
		['before the last check downloads', at('before', isDownload)],
		['while it downloads', nth(2, at('after', isDownload))],
		['before the result of a check is stored', isWrite(3, 'success', 'before')],
		['when a check starts', isWrite(3, 'running', 'after')],
	])('%s: the check is repeated, and every video is delivered', async (_, moment) => {
		const id = await run();
		await created(sandbox, n8n, id);
		n8n.dieAt(moment);
		await n8n.untilDead();
		n8n.start();
		expectAllVideos(await n8n.ended(id));
	});

	test.each<[string, (moment: Moment) => boolean]>([
		[
			'after the result of a check is stored, before it is passed on',
			isWrite(3, 'success', 'after'),
		],
		['before the result of a check is passed on', isWrite(2, 'waiting', 'before')],
		[
			'after the result of a check is passed on, before the supervisor wakes',
			isWrite(2, 'waiting', 'after'),
		],
	])(
		'%s: the supervisor wakes by its own date, and every video is delivered',
		async (_, moment) => {
			const id = await run();
			await created(sandbox, n8n, id);
			n8n.dieAt(moment);
			await n8n.untilDead();
			n8n.start();
			expectAllVideos(await n8n.ended(id));
		},
	);

	test.each<[string, (moment: Moment) => boolean]>([
		['between two checks', isWrite(2, 'running', 'after')],
		['before the next check is parked', nth(2, isWrite(3, 'running', 'before'))],
		['before the last step is stored', isWrite(2, 'success', 'before')],
	])(
		'%s, while the supervisor runs: the guard starts another, and every video is delivered',
		async (_, moment) => {
			const id = await run();
			await n8n.parked(id);
			n8n.dieAt(moment);
			await n8n.untilDead();
			n8n.start();
			const backAt = sandbox.time.now();
			expectAllVideos(await n8n.ended(id));
			expect(sandbox.time.now() - backAt).toBeLessThan(HOUR_MS);
		},
	);

	test.each<[string, (moment: Moment) => boolean]>([
		['before the end is passed to the guard', isWrite(1, 'waiting', 'before')],
		['after the end is passed to the guard, before it wakes', isWrite(1, 'waiting', 'after')],
	])('%s: the guard finds the end, and every video is delivered', async (_, moment) => {
		const id = await run();
		await created(sandbox, n8n, id);
		n8n.dieAt(moment);
		await n8n.untilDead();
		n8n.start();
		expectAllVideos(await n8n.ended(id));
	});

	it('and stays down for two hours: every video is downloaded after its start', async () => {
		const id = await run();
		await n8n.parked(id);
		n8n.kill();
		await sandbox.time.advance(2 * HOUR_MS);
		n8n.start();
		expectAllVideos(await n8n.ended(id));
	});

	it('and stays down beyond every date: every video comes out as unfinished at once', async () => {
		const log = readLog();
		const id = await run();
		await created(sandbox, n8n, id);
		n8n.kill();
		await sandbox.time.advance(48 * HOUR_MS);
		const backAt = sandbox.time.now();
		n8n.start();
		const found = await n8n.ended(id);
		expect(sandbox.time.now() - backAt).toBeLessThan(120_000);
		expectAllUnfinished(found, log());
	});

	it('in every check: nothing is paid for, and the batch still ends', async () => {
		const id = await run();
		await n8n.parked(id);
		for (let death = 0; death < 4; death++) {
			n8n.dieAt(at('after', isQuery));
			await n8n.untilDead();
			n8n.start();
		}
		expectAllVideos(await n8n.ended(id));
	});
});

describe('n8n wakes the supervisor by an outdated date', () => {
	const checks = () => n8n.executions().filter(({ depth }) => depth === 3).length;
	const looks = () =>
		n8n
			.executions()
			.filter(({ depth }) => depth === 2)
			.map(({ id }) => n8n.execution(id).data.resultData.runData['Supervisor']?.length ?? 0);

	it('the supervisor parks again, and no second check starts', async () => {
		await n8n.ended(await run());
		const usual = checks();
		sandbox.double.reset();
		const id = await run();
		await n8n.parked(id);
		const supervisor = n8n.executions().findLast(({ depth }) => depth === 2)?.id ?? '';
		await n8n.wake(supervisor);
		await created(sandbox, n8n, id);
		await n8n.wake(supervisor);
		await n8n.wake(supervisor);
		expectAllVideos(await n8n.ended(id));
		expect(checks() - usual).toBe(usual);
		const [before = 0, after = 0] = looks();
		expect(after - before).toBe(3);
	});
});
