/** Get Many and Cancel, in n8n's engine, against the double. */
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import { makeTasks as makeTasksOn } from './account.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();

const HOUR_MS = 3_600_000;

const makeTasks = async (count: number, everyMs = 0) =>
	await makeTasksOn(sandbox.double, count, everyMs);

/** All tasks that there are end. */
const finish = () => sandbox.double.advanceClock(60_000);

const requests = (operation: string) =>
	sandbox.operations().filter((name) => name === operation).length;

/** The query string of the last request. */
const lastQuery = () =>
	Object.fromEntries(
		new URL(sandbox.double.ledger().at(-1)?.url ?? '', sandbox.double.url).searchParams,
	);

const iso = (ms: number) => new Date(ms).toISOString();

describe('Get Many', () => {
	const getMany = (parameters: INodeParameters = {}): INodeParameters => ({
		resource: 'video',
		operation: 'getMany',
		...parameters,
	});
	const run = async (parameters: INodeParameters = {}, items: IDataObject[] = [{}]) => {
		const { outputs, error } = await sandbox.run({ items, parameters: getMany(parameters) });
		return { error, rows: outputs[0]?.map(({ json }) => json) ?? [], items: outputs[0] ?? [] };
	};

	test('returns the tasks of the account with the names that other operations use', async () => {
		sandbox.double.setTaskSeconds(60);
		const [first, second] = await makeTasks(2);
		sandbox.double.advanceClock(90_000);
		const { rows } = await run();
		const seen = sandbox.double.tasks();
		expect(rows).toEqual([
			{
				taskId: second,
				status: 'RUNNING',
				model: 'emoji-v1',
				submittedAt: expect.stringMatching(/T.+\+08:00$/) as string,
				startedAt: expect.stringMatching(/\+08:00$/) as string,
			},
			{
				taskId: first,
				status: 'SUCCEEDED',
				model: 'emoji-v1',
				submittedAt: expect.stringMatching(/\+08:00$/) as string,
				startedAt: expect.stringMatching(/\+08:00$/) as string,
				finishedAt: expect.stringMatching(/\+08:00$/) as string,
			},
		]);
		expect(Date.parse(rows[1]?.['finishedAt'] as string)).toBe(seen[0]?.endedMs);
		expect(lastQuery()).toEqual({ page_no: '1', page_size: '50', model_name: 'emoji-v1' });
	});

	test('gives rows as they came when Simplify is off', async () => {
		const [id] = await makeTasks(1);
		const { rows } = await run({ simplify: false });
		expect(rows).toEqual([
			expect.objectContaining({
				task_id: id,
				gmt_create: expect.any(Number) as number,
				user_api_unique_key: expect.stringContaining('emoji-v1') as string,
			}),
		]);
	});

	test('returns 50 unless asked for more, with one request', async () => {
		await makeTasks(60);
		const { rows } = await run();
		expect(rows).toHaveLength(50);
		expect(requests('list')).toBe(1);
	});

	test('returns all with one request per hundred', async () => {
		const ids = await makeTasks(230);
		const { rows } = await run({ returnAll: true });
		expect(rows.map(({ taskId }) => taskId)).toEqual([...ids].reverse());
		expect(requests('list')).toBe(3);
	});

	test('a limit above a hundred takes what it needs', async () => {
		await makeTasks(230);
		const { rows } = await run({ limit: 120 });
		expect(rows).toHaveLength(120);
		expect(requests('list')).toBe(2);
	});

	test('filters by status', async () => {
		sandbox.double.failTask(1);
		await makeTasks(3);
		sandbox.double.advanceClock(10_000);
		const { rows } = await run({ filters: { status: 'FAILED' } });
		expect(rows.map(({ status }) => status)).toEqual(['FAILED']);
	});

	test('a status by expression may be in lower case', async () => {
		await makeTasks(1);
		sandbox.double.advanceClock(10_000);
		expect((await run({ filters: { status: '={{ "succeeded" }}' } })).rows).toHaveLength(1);
	});

	test('filters by model, and an empty model stands for all', async () => {
		await makeTasks(1);
		expect((await run({ filters: { model: 'wan2.2-s2v' } })).rows).toEqual([]);
		expect((await run({ filters: { model: '' } })).rows).toHaveLength(1);
		expect(lastQuery()).not.toHaveProperty('model_name');
	});

	test('filters by time to the millisecond, although the service takes whole seconds', async () => {
		const ids = await makeTasks(3, 400);
		const [first, second, third] = sandbox.double.tasks().map(({ submittedMs }) => submittedMs);
		const after = await run({ filters: { createdAfter: iso(second ?? 0) } });
		expect(after.rows.map(({ taskId }) => taskId)).toEqual([ids[2], ids[1]]);
		const before = await run({ filters: { createdBefore: iso(second ?? 0) } });
		expect(before.rows.map(({ taskId }) => taskId)).toEqual([ids[1], ids[0]]);
		const both = await run({
			filters: { createdAfter: iso((first ?? 0) + 1), createdBefore: iso((third ?? 0) - 1) },
		});
		expect(both.rows.map(({ taskId }) => taskId)).toEqual([ids[1]]);
	});

	test('takes a time without a zone as one of the workflow', async () => {
		await makeTasks(1);
		const { error } = await run({ filters: { createdAfter: '2025-10-14 11:28:04' } });
		// The engine's workflow has no zone of its own: n8n's default, New York.
		expect(error?.message).toContain('"2025-10-14T23:28:04.000+08:00"');
	});

	test('includes the video link of finished tasks, with one request each', async () => {
		sandbox.double.setTaskSeconds(60);
		await makeTasks(4);
		sandbox.double.advanceClock(130_000);
		const { rows } = await run({ options: { includeVideoUrl: true } });
		expect(rows.map(({ status }) => status)).toEqual([
			'PENDING',
			'RUNNING',
			'SUCCEEDED',
			'SUCCEEDED',
		]);
		expect(rows.map(({ videoUrl }) => typeof videoUrl)).toEqual([
			'undefined',
			'undefined',
			'string',
			'string',
		]);
		expect(rows[3]).toMatchObject({
			model: 'emoji-v1',
			billedSeconds: expect.any(Number) as number,
		});
		expect(requests('query')).toBe(2);
	});

	test('items that ask for the same list share it, and each gets its rows', async () => {
		await makeTasks(2);
		const { items } = await run({ filters: { createdAfter: iso(Date.now() - HOUR_MS) } }, [
			{},
			{},
			{},
		]);
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
			[0, 0, 1, 1, 2, 2].map((item) => ({ item })),
		);
		expect(requests('list')).toBe(1);
	});

	test('rides out a page that fails', async () => {
		await makeTasks(150);
		sandbox.double.faults.add({
			match: { path: 'page_no=2' },
			fault: { kind: 'status', status: 503 },
		});
		expect((await run({ returnAll: true })).rows).toHaveLength(150);
	});

	test('names the remedy for a wrong key', async () => {
		const { error } = await sandbox.run({
			parameters: getMany(),
			credential: { ...sandbox.credential, apiKey: 'sk-wrong' },
		});
		expect(error?.description).toContain('China (Beijing)');
	});

	/** An expression: hours from now on, on the node's clock. */
	const inHours = (hours: number) => `={{ $now.plus({ hours: ${hours} }).toISO() }}`;
	test.each<[string, INodeParameters, RegExp]>([
		['a limit of 0', { limit: 0 }, /^Limit "0" is not possible/],
		['half a task', { limit: 1.5 }, /^Limit "1.5" is not possible/],
		['a limit in words', { limit: '={{ "all" }}' }, /^Limit "all" is not possible/],
		['an unknown status', { filters: { status: '={{ "DONE" }}' } }, /^Status "DONE" is unknown/],
		['a model with spaces', { filters: { model: 'emoji v1' } }, /^Model "emoji v1" cannot be/],
		[
			'no time',
			{ filters: { createdAfter: '={{ "yesterday" }}' } },
			/^Created After "yesterday" is not a time/,
		],
		[
			'seconds for milliseconds',
			{ filters: { createdBefore: '={{ 1760412484 }}' } },
			/^Created Before "1760412484" is not a time/,
		],
		[
			'more than 24 hours ago',
			{ filters: { createdAfter: inHours(-25) } },
			/^From Created After ".+" to now are more than 24 hours/,
		],
		[
			'more than 24 hours',
			{
				filters: { createdAfter: inHours(-30), createdBefore: inHours(-5) },
			},
			/^From Created After ".+" to Created Before ".+" are more than 24 hours/,
		],
		[
			'a reversed range',
			{ filters: { createdAfter: inHours(-1), createdBefore: inHours(-2) } },
			/^Created After ".+" is later than Created Before/,
		],
		[
			'the future',
			{ filters: { createdAfter: inHours(1) } },
			/^Created After ".+" is in the future/,
		],
	])('refuses %s before any call', async (_, parameters, message) => {
		const { error } = await run(parameters);
		expect(error?.message).toMatch(message);
		expect(error?.description).toMatch(/Use /);
		expect(sandbox.double.ledger()).toEqual([]);
	});

	test('goes on with the good items when one is wrong', async () => {
		await makeTasks(1);
		const { outputs } = await sandbox.run({
			items: [{ limit: 0 }, { limit: 5 }],
			parameters: getMany({ limit: '={{ $json.limit }}' }),
			settings: { onError: 'continueErrorOutput' },
		});
		expect(outputs[0]).toHaveLength(1);
		expect(outputs[1]?.map(({ json }) => json['message'])).toEqual(['Limit "0" is not possible']);
	});
});

describe('Cancel', () => {
	const run = async (taskIds: string[]) =>
		await sandbox.run({
			items: taskIds.map((taskId) => ({ taskId })),
			parameters: { resource: 'video', operation: 'cancel', taskId: '={{ $json.taskId }}' },
		});
	const jsons = async (taskIds: string[]) =>
		(await run(taskIds)).outputs[0]?.map(({ json }) => json) ?? [];

	test('takes a waiting task out of the queue', async () => {
		sandbox.double.setTaskSeconds(60);
		const [, waiting = ''] = await makeTasks(2);
		expect(await jsons([waiting])).toEqual([
			{
				taskId: waiting,
				canceled: true,
				status: 'CANCELED',
				requestId: expect.any(String) as string,
			},
		]);
		expect(sandbox.double.tasks()[1]?.status).toBe('CANCELED');
		expect(requests('query')).toBe(0);
	});

	test('says what a task is that cannot be canceled, and goes on with the others', async () => {
		sandbox.double.setTaskSeconds([10, 60, 60]);
		sandbox.double.failTask(1);
		const [failed = '', running = '', waiting = ''] = await makeTasks(3);
		sandbox.double.advanceClock(20_000);
		const strange = '00000000-dead-beef';
		const found = await jsons([failed, running, strange, waiting, running]);
		expect(found.map(({ canceled, status }) => [canceled, status])).toEqual([
			[false, 'FAILED'],
			[false, 'RUNNING'],
			[false, 'UNKNOWN'],
			[true, 'CANCELED'],
			[false, 'RUNNING'],
		]);
		expect(found[1]?.['reason']).toMatch(/already running.+Only tasks that are still PENDING/);
		expect(found[2]?.['reason']).toMatch(/forgotten after 24 hours.+never made by this account/);
		expect(requests('cancel')).toBe(4);
	});

	test('a task that was canceled before is canceled', async () => {
		sandbox.double.setTaskSeconds(60);
		const [, waiting = ''] = await makeTasks(2);
		await run([waiting]);
		expect(await jsons([waiting])).toMatchObject([{ canceled: true, status: 'CANCELED' }]);
	});

	test('a task that has finished keeps its video', async () => {
		const [id = ''] = await makeTasks(1);
		sandbox.double.advanceClock(10_000);
		const [json] = await jsons([id]);
		expect(json).toMatchObject({ canceled: false, status: 'SUCCEEDED' });
		expect(json?.['reason']).toContain('already finished');
	});

	test('a lost answer is looked up, not sent again', async () => {
		sandbox.double.setTaskSeconds(60);
		const [, waiting = ''] = await makeTasks(2);
		sandbox.double.faults.add({ match: { path: '/cancel' }, fault: { kind: 'lostAnswer' } });
		expect(await jsons([waiting])).toMatchObject([{ canceled: true, status: 'CANCELED' }]);
		expect([requests('cancel'), requests('query')]).toEqual([1, 1]);
	});

	test('a request that was lost on its way is sent again, once the status says so', async () => {
		sandbox.double.setTaskSeconds(60);
		const [, waiting = ''] = await makeTasks(2);
		sandbox.double.faults.add({ match: { path: '/cancel' }, fault: { kind: 'reset' } });
		expect(await jsons([waiting])).toMatchObject([{ canceled: true, status: 'CANCELED' }]);
		expect(sandbox.double.tasks()[1]?.status).toBe('CANCELED');
	});

	test('a service that never cancels is told, not asked for ever', async () => {
		sandbox.double.setTaskSeconds(60);
		const [, waiting = ''] = await makeTasks(2);
		sandbox.double.faults.add({
			match: { path: '/cancel' },
			times: 'always',
			fault: { kind: 'status', status: 500 },
		});
		const [json] = await jsons([waiting]);
		expect(json).toMatchObject({ canceled: false, status: 'PENDING' });
		expect(json?.['reason']).toContain('Try again');
		expect(requests('cancel')).toBe(3);
	});

	test('a wrong key is an error with its remedy', async () => {
		const { error } = await sandbox.run({
			parameters: { resource: 'video', operation: 'cancel', taskId: 'a' },
			credential: { ...sandbox.credential, apiKey: 'sk-wrong' },
		});
		expect(error?.description).toContain('China (Beijing)');
		expect(error?.description).toContain('Task ID: a.');
	});

	test.each(['a b', '../tasks', ''])('refuses the task ID "%s" before any call', async (taskId) => {
		const { error } = await run([taskId]);
		expect(error?.message).toMatch(taskId ? /is not a task ID/ : /^Task IDs is empty/);
		expect(sandbox.double.ledger()).toEqual([]);
	});
});

describe('Get Status of many', () => {
	const run = async (items: IDataObject[], settings = {}) =>
		await sandbox.run({
			items,
			parameters: { resource: 'video', operation: 'getStatus', taskId: '={{ $json.taskId }}' },
			settings,
		});

	test('a list of IDs with doubles and blanks is asked once per ID, under the limit', async () => {
		const ids = await makeTasks(40);
		finish();
		const list = [...ids, '', ...ids, ' ', ids[0]];
		const { outputs } = await run([{ taskId: list }, { taskId: ids.join(',\n') }]);
		expect(outputs[0]?.map(({ json }) => json['taskId'])).toEqual([...ids, ...ids]);
		expect(outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual([
			...ids.map(() => ({ item: 0 })),
			...ids.map(() => ({ item: 1 })),
		]);
		const times = sandbox.double
			.ledger()
			.filter(({ operation }) => operation === 'query')
			.map(({ atMs }) => atMs);
		expect(times).toHaveLength(40);
		const mostInASecond = Math.max(
			...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length),
		);
		expect(mostInASecond).toBeLessThanOrEqual(20);
	});

	test('a wrong ID in a list leaves by the error output, the good ones are not lost', async () => {
		const [id] = await makeTasks(1);
		const { outputs } = await run([{ taskId: ['a b', id, 12] }, { taskId: '' }], {
			onError: 'continueErrorOutput',
		});
		expect(outputs[0]?.map(({ json }) => json['taskId'])).toEqual([id]);
		expect(outputs[1]?.map(({ json }) => json['message'])).toEqual([
			expect.stringContaining('Task IDs: "a b" is not a task ID'),
			expect.stringContaining('Task IDs: "12" is not a task ID'),
			'Task IDs is empty',
		]);
	});

	test('a wrong ID in a list ends a node that stops at errors, before any call', async () => {
		const { error } = await run([{ taskId: ['a', 'b c'] }]);
		expect(error?.message).toContain('Task IDs: "b c" is not a task ID');
		expect(sandbox.double.ledger()).toEqual([]);
	});

	test('tells what has expired from what was never there, where the item knows its time', async () => {
		const taskId = '00000000-dead-beef';
		const { outputs } = await run([
			{ taskId, submittedAt: iso(Date.now() - 25 * HOUR_MS) },
			{ taskId, submittedAt: iso(Date.now() - HOUR_MS) },
			{ taskId },
			{ taskId, finishedAt: iso(Date.now() - 25 * HOUR_MS) },
		]);
		expect(outputs[0]?.map(({ json }) => [json['status'], json['unknownReason']])).toEqual([
			['UNKNOWN', 'probablyExpired'],
			['UNKNOWN', 'notOfThisAccount'],
			['UNKNOWN', 'unclear'],
			['UNKNOWN', 'expired'],
		]);
		expect(outputs[0]?.[1]?.json['message']).toMatch(/another account or in another region/);
		expect(requests('query')).toBe(1);
	});

	test('an ID of another account is not known', async () => {
		const other = await startDashScopeMock({ rateLimits: { enforce: false } });
		const [taskId] = await makeTasksOn(other, 1);
		await other.close();
		const { outputs } = await run([{ taskId: String(taskId) }]);
		expect(outputs[0]?.[0]?.json).toMatchObject({ taskId, status: 'UNKNOWN' });
	});
});
