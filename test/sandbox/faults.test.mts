import { call, closeMocks, create, createTask, startMock, videoUrlOf } from './helpers.mts';

afterEach(closeMocks);

const models = '/api/v1/models';

/** What fetch says went wrong. */
async function failureOf(promise: Promise<unknown>): Promise<string> {
	return await promise.then(
		() => 'nothing',
		(error: unknown) => String(error),
	);
}

it('the fault status responds with a status in the service’s words, once', async () => {
	const mock = await startMock();
	mock.faults.add({ match: { path: models }, fault: { kind: 'status', status: 503 } });
	const first = await call(mock, models);
	expect(first).toMatchObject({ status: 503, body: { code: 'ModelServingError' } });
	expect((await call(mock, models)).status).toBe(200);
	expect(mock.counts().faulted).toBe(1);
});

it('the fault status responds with the body and headers of the order', async () => {
	const mock = await startMock();
	const body = { code: 'Arrearage', message: 'Access denied.' };
	const headers = { 'retry-after': '3' };
	mock.faults.add({ fault: { kind: 'status', status: 400, body, headers } });
	const response = await fetch(mock.url + models);
	expect(response.headers.get('retry-after')).toBe('3');
	expect(await response.json()).toEqual(body);
});

it('the fault delay delays the usual response', async () => {
	const mock = await startMock();
	mock.faults.add({ fault: { kind: 'delay', ms: 60 } });
	const before = performance.now();
	expect((await call(mock, models)).status).toBe(200);
	expect(performance.now() - before).toBeGreaterThan(50);
});

it('close() does not wait for a delayed response', async () => {
	const mock = await startMock();
	mock.faults.add({ fault: { kind: 'delay', ms: 60_000 } });
	const failure = failureOf(call(mock, models));
	while (mock.ledger().length === 0) await new Promise((done) => setImmediate(done));
	await mock.close();
	expect(await failure).toMatch(/fetch failed/);
});

it('the fault reset ends the connection before the request is processed', async () => {
	const mock = await startMock();
	mock.faults.add({ match: { method: 'post' }, fault: { kind: 'reset' } });
	expect(await failureOf(create(mock))).toMatch(/fetch failed/);
	expect(mock.tasks()).toEqual([]);
	expect(mock.ledger().at(-1)).toMatchObject({ operation: 'create', status: null });
});

it('the fault lostAnswer drops the response after the task was created', async () => {
	const mock = await startMock();
	mock.faults.add({ match: { path: 'video-synthesis' }, fault: { kind: 'lostAnswer' } });
	expect(await failureOf(create(mock))).toMatch(/fetch failed/);
	expect(mock.tasks()).toHaveLength(1);
	expect(mock.ledger().find(({ operation }) => operation === 'create')).toMatchObject({
		fault: 'lostAnswer',
		status: null,
		createdTaskId: mock.tasks()[0]?.id,
	});
});

it('the fault cut ends a JSON response in the middle', async () => {
	const mock = await startMock();
	mock.faults.add({ match: { path: models }, fault: { kind: 'cut' } });
	expect(await failureOf(call(mock, models))).toMatch(/terminated/);
});

it('the fault cut ends a video in the middle, after its full length was announced', async () => {
	const mock = await startMock({ taskSeconds: 0 });
	const url = await videoUrlOf(mock, await createTask(mock));
	const whole = await (await fetch(url)).arrayBuffer();
	mock.faults.add({ match: { path: '/results/' }, fault: { kind: 'cut' } });
	const response = await fetch(url);
	expect(Number(response.headers.get('content-length'))).toBe(whole.byteLength);
	let received = 0;
	const reading = (async () => {
		const body: AsyncIterable<Uint8Array> | null = response.body;
		for await (const chunk of body ?? []) received += chunk.length;
	})();
	expect(await failureOf(reading)).toMatch(/terminated/);
	expect(received).toBe(Math.floor(whole.byteLength / 2));
});

it.each([
	[undefined, /^<html>/],
	['PK\u0003\u0004', /^PK/],
	[{ output: { taskId: 7 } }, /^\{"output":\{"taskId":7\}\}$/],
])('the fault garbage responds 200 with %j', async (body, text) => {
	const mock = await startMock();
	mock.faults.add({ match: { path: models }, fault: { kind: 'garbage', body } });
	const response = await fetch(mock.url + models);
	expect(response.status).toBe(200);
	expect(await response.text()).toMatch(text);
});

it('the fault slow sends a body at the ordered speed', async () => {
	const mock = await startMock({ taskSeconds: 0 });
	const url = await videoUrlOf(mock, await createTask(mock));
	const whole = await (await fetch(url)).arrayBuffer();
	const bytesPerSecond = whole.byteLength * 5;
	mock.faults.add({ match: { path: '/results/' }, fault: { kind: 'slow', bytesPerSecond } });
	const before = performance.now();
	const slow = await (await fetch(url)).arrayBuffer();
	expect(performance.now() - before).toBeGreaterThan(150);
	expect(Buffer.from(slow).equals(Buffer.from(whole))).toBe(true);
});

describe('an order hits', () => {
	const statuses = async (ask: () => Promise<{ status: number }>, count: number) => {
		const seen: number[] = [];
		for (let index = 0; index < count; index += 1) seen.push((await ask()).status);
		return seen;
	};
	const fault = { kind: 'status', status: 500 } as const;

	it('as many requests as it says, after the first ones', async () => {
		const mock = await startMock();
		mock.faults.add({ match: { path: models, after: 2 }, times: 2, fault });
		expect(await statuses(() => call(mock, models), 6)).toEqual([200, 200, 500, 500, 200, 200]);
	});

	it('all requests until it is cleared, if it says always', async () => {
		const mock = await startMock();
		mock.faults.add({ times: 'always', fault });
		expect(await statuses(() => call(mock, models), 3)).toEqual([500, 500, 500]);
		mock.faults.clear();
		expect(await statuses(() => call(mock, models), 1)).toEqual([200]);
	});

	it('requests by task, and by pattern', async () => {
		const mock = await startMock();
		const [one, two] = [await createTask(mock), await createTask(mock)];
		mock.faults.add({ match: { taskId: two }, fault });
		mock.faults.add({ match: { method: 'GET', path: '/tasks\\/[0-9a-f-]{36}$/' }, fault });
		const ask = (id: string) => call(mock, `/api/v1/tasks/${id}`);
		expect((await call(mock, '/api/v1/tasks/')).status).toBe(200);
		expect((await ask(one)).status).toBe(500);
		expect((await ask(one)).status).toBe(200);
		expect((await ask(two)).status).toBe(500);
		expect((await ask(two)).status).toBe(200);
	});

	it('nothing if it is invalid: it throws', async () => {
		const mock = await startMock();
		expect(() => mock.faults.add({ fault: { kind: 'status', status: 99 } })).toThrow();
		expect(() => mock.faults.add({ times: 0, fault })).toThrow();
	});
});
