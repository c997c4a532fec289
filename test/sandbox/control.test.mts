import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { DashScopeDouble } from '../../sandbox/dashscope/index.mts';
import {
	call,
	closeDoubles,
	create,
	createTask,
	detect,
	outputOf,
	startDouble,
} from './helpers.mts';

afterEach(closeDoubles);

/** Calls the control over HTTP, without a key. */
async function control(double: DashScopeDouble, path: string, body?: unknown, method = 'POST') {
	const response = await fetch(`${double.url}/__control/${path}`, {
		method: body === undefined ? (method === 'DELETE' ? method : 'GET') : method,
		...(body !== undefined && { body: JSON.stringify(body) }),
	});
	return { status: response.status, body: await response.json() };
}

const ok = { status: 200, body: { ok: true } };

describe('the ledger', () => {
	it('has every request to both origins, with all headers and what it did', async () => {
		const double = await startDouble();
		await detect(double, double.portraitUrl('ada.png'));
		await create(double, {}, { 'x-custom': 'yes' });
		await fetch(double.portraitUrl('ben.jpg'));
		await call(double, '/nowhere');
		const entries = double.ledger();
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
			headers: { 'x-custom': 'yes', authorization: `Bearer ${double.apiKey}` },
			body: { input: { driven_id: 'mengwa_kaixin' } },
			createdTaskId: double.tasks()[0]?.id,
		});
		expect(entries[5]).toMatchObject({ status: 404, path: '/nowhere' });
		expect(double.counts()).toMatchObject({
			requests: 6,
			createsAccepted: 1,
			detectsBilled: 1,
			queries: 0,
		});
	});

	it('names the refusal', async () => {
		const double = await startDouble();
		const { body } = await create(double, { driven_id: 'nobody' });
		const entry = double.ledger()[0];
		expect(entry).toMatchObject({ status: 400, code: 'InvalidParameter' });
		expect(entry?.requestId).toBe(body.request_id);
	});
});

describe('over HTTP', () => {
	it('reads ledger, counts, tasks and clock, none of which it enters', async () => {
		const double = await startDouble();
		await createTask(double);
		expect((await control(double, 'ledger?after=1')).body).toEqual(double.ledger().slice(1));
		expect((await control(double, 'counts')).body).toEqual(double.counts());
		expect((await control(double, 'tasks')).body).toEqual(double.tasks());
		expect((await control(double, 'clock')).body).toEqual({ nowMs: double.now() });
		expect(double.ledger()).toHaveLength(2);
	});

	it('orders and clears faults', async () => {
		const double = await startDouble();
		const order = {
			match: { path: '/models' },
			times: 'always',
			fault: { kind: 'status', status: 500 },
		};
		expect(await control(double, 'faults', order)).toEqual(ok);
		expect((await call(double, '/api/v1/models')).status).toBe(500);
		expect(await control(double, 'faults', undefined, 'DELETE')).toEqual(ok);
		expect((await call(double, '/api/v1/models')).status).toBe(200);
	});

	it('fails tasks and detections', async () => {
		const double = await startDouble();
		await control(double, 'fail-task', { target: 1, code: 'InternalError', message: 'no' });
		const id = await createTask(double);
		expect(await control(double, 'clock', { advanceMs: 60_000 })).toEqual(ok);
		expect(await outputOf(double, id)).toMatchObject({ task_status: 'FAILED', message: 'no' });
		expect((await control(double, 'fail-task', { target: id })).body).toEqual({ ok: false });
		await control(double, 'fail-detection', { count: 1, code: 'InvalidFile.NoHuman' });
		await control(double, 'verdict-style', { value: 'top400' });
		const reply = await detect(double, double.portraitUrl('ada.png'));
		expect(reply).toMatchObject({ status: 400, body: { code: 'InvalidFile.NoHuman' } });
	});

	it('sets concurrency and running time, and resets', async () => {
		const double = await startDouble();
		await control(double, 'concurrency', { value: 2 });
		await control(double, 'task-seconds', { value: [1, 5] });
		await createTask(double);
		await createTask(double);
		double.advanceClock(1000);
		expect(double.tasks().map(({ status }) => status)).toEqual(['SUCCEEDED', 'RUNNING']);
		const before = double.now();
		expect(await control(double, 'reset', {})).toEqual(ok);
		expect([double.tasks(), double.ledger(), double.now()]).toEqual([[], [], before]);
		await createTask(double);
		await createTask(double);
		expect(double.tasks().map(({ status }) => status)).toEqual(['RUNNING', 'PENDING']);
	});

	it.each([
		['faults', { fault: { kind: 'unknown' } }],
		['concurrency', { value: -1 }],
		['task-seconds', { value: 'long' }],
		['verdict-style', { value: 'loud' }],
		['clock', {}],
		['fail-detection', { count: 1, code: 'InvalidFile.Unheard' }],
	])('refuses nonsense for %s', async (path, body) => {
		const double = await startDouble();
		expect(await control(double, path, body)).toMatchObject({ status: 400, body: { ok: false } });
	});
});

it('runs several doubles side by side', async () => {
	const [one, two] = await Promise.all([startDouble(), startDouble()]);
	await createTask(one);
	expect([one.tasks().length, two.tasks().length]).toEqual([1, 0]);
	expect(new Set([one.url, one.storageUrl, two.url, two.storageUrl]).size).toBe(4);
});

it('closes at once, with connections open and requests under way', async () => {
	const double = await startDouble();
	double.faults.add({ fault: { kind: 'slow', bytesPerSecond: 1 } });
	const answer = await new Promise<IncomingMessage>((resolve, reject) => {
		request(`${double.url}/api/v1/models`, resolve).on('error', reject).end();
	});
	const ended = new Promise((done) => answer.on('error', done).on('close', done).resume());
	// At a byte per second the answer would take longer than this test may.
	await double.close();
	await ended;
	expect(answer.complete).toBe(false);
	await expect(fetch(double.url)).rejects.toThrow('fetch failed');
});
