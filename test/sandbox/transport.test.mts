/** How answers travel, and what paths and headers the mock takes. */
import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { acceptsGzip } from '../../sandbox/dashscope/api/encoding.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import {
	call,
	closeMocks,
	create,
	createPath,
	createTask,
	detect,
	detectPath,
	goodInput,
	startMock,
} from './helpers.mts';

afterEach(closeMocks);

/** The answer as it is on the wire: header names in their own letters, and the bytes. */
async function raw(mock: DashScopeMock, path: string, headers: Record<string, string> = {}) {
	return await new Promise<{ headers: Map<string, string>; bytes: Buffer }>((done, fail) => {
		const asked = request(mock.url + path, { headers }, (response) => {
			const pieces: Buffer[] = [];
			response.on('data', (piece: Buffer) => pieces.push(piece));
			response.on('end', () => {
				const { rawHeaders } = response;
				const pairs = rawHeaders.flatMap((name, index) =>
					index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
				);
				done({ headers: new Map(pairs), bytes: Buffer.concat(pieces) });
			});
		});
		asked.on('error', fail);
		asked.end();
	});
}

const models = '/api/v1/models';
const auth = (mock: DashScopeMock) => ({ authorization: `Bearer ${mock.apiKey}` });

describe('a response', () => {
	it('is compressed and in chunks for a client that takes gzip', async () => {
		const mock = await startMock();
		const { headers, bytes } = await raw(mock, models, {
			...auth(mock),
			'accept-encoding': 'gzip, deflate, br',
		});
		expect(headers.get('content-encoding')).toBe('gzip');
		expect(headers.get('vary')).toBe('Accept-Encoding');
		expect(headers.get('Transfer-Encoding')).toBe('chunked');
		expect(headers.has('content-length')).toBe(false);
		expect(JSON.parse(gunzipSync(bytes).toString())).toMatchObject({ success: true });
	});

	it('is plain for a client that does not take gzip', async () => {
		const mock = await startMock();
		const { headers, bytes } = await raw(mock, models, auth(mock));
		expect(headers.has('content-encoding')).toBe(false);
		expect(headers.get('Transfer-Encoding')).toBe('chunked');
		expect(JSON.parse(bytes.toString())).toMatchObject({ success: true });
	});

	it.each([
		['gzip', true],
		['GZIP;q=0.5, br', true],
		['*', true],
		['br', false],
		['gzip;q=0', false],
		['gzip; q=0.0', false],
		['identity', false],
		['', false],
	])('to "accept-encoding: %s" is compressed: %s', (header, expected) => {
		expect(acceptsGzip(header)).toBe(expected);
	});

	it('has its request ID in a header too, in the service’s own letters', async () => {
		const mock = await startMock();
		const { headers, bytes } = await raw(mock, '/api/v1/tasks/some', auth(mock));
		const { request_id: id } = JSON.parse(bytes.toString()) as { request_id: string };
		expect(headers.get('X-Request-ID')).toBe(id);
	});

	it('of the storage has the bytes of its file', async () => {
		const mock = await startMock();
		const response = await fetch(mock.portraitUrl('ada.png'));
		expect(response.headers.get('content-encoding')).toBeNull();
		expect(response.headers.get('x-oss-request-id')).toMatch(/^[0-9a-f-]{36}$/);
	});
});

describe('a slash at the end of the path works', () => {
	it.each(['/api/v1/models/', '/api/v1/tasks/', '/api/v1/tasks/some/'])('at %s', async (path) => {
		const mock = await startMock();
		expect((await call(mock, path)).status).toBe(200);
	});

	it('at the services and at an upload policy', async () => {
		const mock = await startMock();
		const parameters = { ratio: '1:1' };
		const input = { image_url: mock.portraitUrl('ada.png') };
		const found = await call(mock, `${detectPath}/`, {
			method: 'POST',
			body: { model: 'emoji-detect-v1', input, parameters },
		});
		expect(found.status).toBe(200);
		const created = await call(mock, `${createPath}/`, {
			method: 'POST',
			headers: { 'x-dashscope-async': 'enable' },
			body: { model: 'emoji-v1', input: goodInput(mock) },
		});
		expect(created.status).toBe(200);
		const policy = await call(mock, '/api/v1/uploads/?action=getPolicy&model=emoji-v1');
		expect(policy.status).toBe(200);
	});
});

it('detection accepts the async header with the value disable', async () => {
	const mock = await startMock();
	const reply = await detect(mock, mock.portraitUrl('ada.png'), {
		'x-dashscope-async': 'disable',
	});
	expect(reply).toMatchObject({ status: 200, body: { usage: { image_count: 1 } } });
});

it.each([
	['emoji-v1', 400, 'url error, please check url！'],
	['emoji-detect-v1', 400, 'url error, please check url！'],
	['wan2.2-s2v', 404, 'Model not exist.'],
])('the model %s on the path of another service gets %i %s', async (model, status, message) => {
	const mock = await startMock();
	const reply = await call(mock, '/api/v1/services/aigc/text2image/image-synthesis', {
		method: 'POST',
		body: { model, input: {} },
	});
	expect(reply).toMatchObject({ status, body: { code: 'InvalidParameter', message } });
});

describe('a model of another maker', () => {
	const path = '/api/v1/services/aigc/video-generation/video-synthesis';
	const headers = { 'x-dashscope-async': 'enable' };
	const body = { model: 'wan2.6-i2v', input: { img_url: 'https://example.com/a.png', prompt: '' } };

	it('makes videos in the same queue, if an option names it', async () => {
		const mock = await startMock({ otherVideoModels: ['wan2.6-i2v'] });
		await createTask(mock);
		const reply = await call(mock, path, { method: 'POST', headers, body });
		const { task_id: id } = reply.body.output as { task_id: string };
		expect(mock.tasks().map(({ status }) => status)).toEqual(['RUNNING', 'PENDING']);
		const listed = await call(mock, '/api/v1/tasks/?model_name=wan2.6-i2v');
		expect(listed.body.data).toMatchObject([{ task_id: id, model_name: 'wan2.6-i2v' }]);
		mock.advanceClock(120_000);
		const { body: done } = await call(mock, `/api/v1/tasks/${id}`);
		expect(done.output).toMatchObject({ task_status: 'SUCCEEDED' });
		expect(mock.counts().createsAccepted).toBe(2);
	});

	it('does not exist if no option names it', async () => {
		const mock = await startMock();
		const reply = await call(mock, path, { method: 'POST', headers, body });
		expect(reply).toMatchObject({ status: 404, body: { message: 'Model not exist.' } });
	});
});

describe('the model list', () => {
	it('finds one model, with the time when it goes offline', async () => {
		const offlineTime = '2027-03-31 00:00:00';
		const mock = await startMock({ modelOfflineTimes: { 'emoji-v1': offlineTime } });
		const { body } = await call(mock, `${models}?model=emoji-v1&page_no=1&page_size=1`);
		expect(body.output).toEqual({
			total: 1,
			page_no: 1,
			page_size: 1,
			models: [
				{
					model: 'emoji-v1',
					name: 'Emoji',
					inference_offline_info: { offline_time: offlineTime },
				},
			],
		});
	});

	it('says null if the model has no plans to go offline', async () => {
		const mock = await startMock();
		const { body } = await call(mock, `${models}?model=emoji-v1`);
		expect(body).toMatchObject({ output: { models: [{ inference_offline_info: null }] } });
	});
});

it('the quotas say how many tasks the account may run', async () => {
	const mock = await startMock({ concurrency: 4 });
	const { body } = await call(mock, `${models}/limits?model=emoji-v1`);
	expect(body.output).toMatchObject({
		total: 1,
		quotas: [
			{
				model: 'emoji-v1',
				model_limit: {
					request_limit: 1,
					request_limit_period: 1,
					async_user_queue_limit: null,
					async_user_concurrency_limit: 4,
				},
				workspace_limit: null,
			},
		],
	});
});

describe('the largest page of the task list', () => {
	it('is an option, and larger pages are refused', async () => {
		const mock = await startMock({ maxPageSize: 50 });
		const status = async (size: number) =>
			(await call(mock, `/api/v1/tasks/?page_size=${size}`)).status;
		expect([await status(50), await status(51), await status(100)]).toEqual([200, 400, 400]);
	});
});

describe('a task without a result', () => {
	const hourMs = 60 * 60 * 1000;
	const timeout = { task_status: 'FAILED', code: 'InternalError.Timeout' };

	it('fails after resultTimeoutMs, running or waiting', async () => {
		const mock = await startMock({ resultTimeoutMs: 3 * hourMs, taskSeconds: 4 * 3600 });
		const [running, waiting] = [await createTask(mock), await createTask(mock)];
		mock.advanceClock(3 * hourMs - 1);
		const statusOf = async (id: string) => (await call(mock, `/api/v1/tasks/${id}`)).body.output;
		expect(await statusOf(running)).toMatchObject({ task_status: 'RUNNING' });
		expect(await statusOf(waiting)).toMatchObject({ task_status: 'PENDING' });
		mock.advanceClock(1);
		expect(await statusOf(running)).toMatchObject(timeout);
		expect(await statusOf(waiting)).toMatchObject(timeout);
		expect(mock.tasks().map(({ billedSeconds }) => billedSeconds)).toEqual([0, 0]);
	});

	it('never times out by default', async () => {
		const mock = await startMock({ taskSeconds: 23 * 3600 });
		const id = await createTask(mock);
		mock.advanceClock(23 * hourMs);
		expect((await call(mock, `/api/v1/tasks/${id}`)).body).toMatchObject({
			output: { task_status: 'SUCCEEDED' },
		});
		expect((await create(mock)).status).toBe(200);
	});
});
