import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { call, closeMocks, create, createTask, detect, outputOf, startMock } from './helpers.mts';

afterEach(closeMocks);

/** Calls the control over HTTP, without a key. */
async function control(mock: DashScopeMock, path: string, body?: unknown, method = 'POST') {
	const response = await fetch(`${mock.url}/__control/${path}`, {
		method: body === undefined ? (method === 'DELETE' ? method : 'GET') : method,
		...(body !== undefined && { body: JSON.stringify(body) }),
	});
	return { status: response.status, body: await response.json() };
}

const ok = { status: 200, body: { ok: true } };

describe('the ledger', () => {
	it('has every request to both origins, with its headers and its effects', async () => {
		const mock = await startMock();
		await detect(mock, mock.portraitUrl('ada.png'));
		await create(mock, {}, { 'x-custom': 'yes' });
		await fetch(mock.portraitUrl('ben.jpg'));
		await call(mock, '/nowhere');
		const entries = mock.ledger();
		expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
		expect(entries.map(({ origin, operation }) => `${origin} ${operation}`)).toEqual([
			'api detect',
			'storage portrait',
			'api create',
			'storage portrait',
			'storage portrait',
			'api unknown',
		]);
		expect(entries[0]).toMatchObject({ billedDetection: true, status: 200, account: 'sandbox' });
		expect(entries[2]).toMatchObject({
			method: 'POST',
			headers: { 'x-custom': 'yes', authorization: `Bearer ${mock.apiKey}` },
			body: { input: { driven_id: 'mengwa_kaixin' } },
			createdTaskId: mock.tasks()[0]?.id,
		});
		expect(entries[5]).toMatchObject({ status: 404, path: '/nowhere' });
		expect(mock.counts()).toMatchObject({
			requests: 6,
			createsAccepted: 1,
			detectsBilled: 1,
			queries: 0,
		});
	});

	it('names the code of a refusal', async () => {
		const mock = await startMock();
		const { body } = await create(mock, { driven_id: 'nobody' });
		const entry = mock.ledger()[0];
		expect(entry).toMatchObject({ status: 400, code: 'InvalidParameter' });
		expect(entry?.requestId).toBe(body.request_id);
	});
});

describe('the control over HTTP', () => {
	it('reads ledger, counts, tasks and clock without entering the ledger', async () => {
		const mock = await startMock();
		await createTask(mock);
		expect((await control(mock, 'ledger?after=1')).body).toEqual(mock.ledger().slice(1));
		expect((await control(mock, 'counts')).body).toEqual(mock.counts());
		expect((await control(mock, 'tasks')).body).toEqual(mock.tasks());
		expect((await control(mock, 'clock')).body).toEqual({ nowMs: mock.now() });
		expect(mock.ledger()).toHaveLength(2);
	});

	it('orders and clears faults', async () => {
		const mock = await startMock();
		const order = {
			match: { path: '/models' },
			times: 'always',
			fault: { kind: 'status', status: 500 },
		};
		expect(await control(mock, 'faults', order)).toEqual(ok);
		expect((await call(mock, '/api/v1/models')).status).toBe(500);
		expect(await control(mock, 'faults', undefined, 'DELETE')).toEqual(ok);
		expect((await call(mock, '/api/v1/models')).status).toBe(200);
	});

	it('fails tasks and detections', async () => {
		const mock = await startMock();
		await control(mock, 'fail-task', { target: 1, code: 'InternalError', message: 'no' });
		const id = await createTask(mock);
		expect(await control(mock, 'clock', { advanceMs: 60_000 })).toEqual(ok);
		expect(await outputOf(mock, id)).toMatchObject({ task_status: 'FAILED', message: 'no' });
		expect((await control(mock, 'fail-task', { target: id })).body).toEqual({ ok: false });
		await control(mock, 'fail-detection', { count: 1, code: 'InvalidFile.NoHuman' });
		await control(mock, 'verdict-style', { value: 'top400' });
		const reply = await detect(mock, mock.portraitUrl('ada.png'));
		expect(reply).toMatchObject({ status: 400, body: { code: 'InvalidFile.NoHuman' } });
	});

	it('sets concurrency and running time, and resets', async () => {
		const mock = await startMock();
		await control(mock, 'concurrency', { value: 2 });
		await control(mock, 'task-seconds', { value: [1, 5] });
		await createTask(mock);
		await createTask(mock);
		mock.advanceClock(1000);
		expect(mock.tasks().map(({ status }) => status)).toEqual(['SUCCEEDED', 'RUNNING']);
		const before = mock.now();
		expect(await control(mock, 'reset', {})).toEqual(ok);
		expect([mock.tasks(), mock.ledger(), mock.now()]).toEqual([[], [], before]);
		await createTask(mock);
		await createTask(mock);
		expect(mock.tasks().map(({ status }) => status)).toEqual(['RUNNING', 'PENDING']);
	});

	it.each([
		['faults', { fault: { kind: 'unknown' } }],
		['concurrency', { value: -1 }],
		['task-seconds', { value: 'long' }],
		['verdict-style', { value: 'loud' }],
		['clock', {}],
		['fail-detection', { count: 1, code: 'InvalidFile.Unheard' }],
	])('refuses nonsense for %s', async (path, body) => {
		const mock = await startMock();
		expect(await control(mock, path, body)).toMatchObject({ status: 400, body: { ok: false } });
	});
});

it('several mocks run side by side', async () => {
	const [one, two] = await Promise.all([startMock(), startMock()]);
	await createTask(one);
	expect([one.tasks().length, two.tasks().length]).toEqual([1, 0]);
	expect(new Set([one.url, one.storageUrl, two.url, two.storageUrl]).size).toBe(4);
});

it('a mock closes at once, with connections open and requests under way', async () => {
	const mock = await startMock();
	mock.faults.add({ fault: { kind: 'slow', bytesPerSecond: 1 } });
	const answer = await new Promise<IncomingMessage>((resolve, reject) => {
		request(`${mock.url}/api/v1/models`, resolve).on('error', reject).end();
	});
	const ended = new Promise((done) => answer.on('error', done).on('close', done).resume());
	// At a byte per second the answer would take longer than this test may.
	await mock.close();
	await ended;
	expect(answer.complete).toBe(false);
	await expect(fetch(mock.url)).rejects.toThrow('fetch failed');
});
