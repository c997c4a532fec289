/** Faults that bring the words of their makers: the service, the storage, and boxes in between. */
import {
	pages,
	refusals,
	type DashScopeMock,
	type Fault,
	type PageName,
	type RefusalName,
} from '../../sandbox/dashscope/index.mts';
import type { Page } from '../../sandbox/dashscope/faults/pages.mts';
import { denials } from '../../sandbox/dashscope/storage/denials.mts';
import {
	call,
	closeMocks,
	create,
	createTask,
	detect,
	outputOf,
	sendRequest,
	startMock,
	videoUrlOf,
} from './helpers.mts';

afterEach(closeMocks);

const models = '/api/v1/models';

describe('a page of a box in between', () => {
	it.each(Object.keys(pages) as PageName[])(
		'%s comes with its status and headers',
		async (name) => {
			const mock = await startMock();
			mock.faults.add({ match: { operation: 'models' }, fault: { kind: 'page', name } });
			const response = await sendRequest(mock.url + models);
			const { status, body, headers }: Page = pages[name];
			expect(response).toMatchObject({ status, text: body });
			expect(response.headers['content-type']).toMatch(/^text\/html/);
			for (const [header, value] of Object.entries(headers ?? {})) {
				expect(String(response.headers[header])).toBe(value);
			}
		},
	);

	it('takes the place of a create, so no task is made', async () => {
		const mock = await startMock();
		mock.faults.add({ match: { operation: 'create' }, fault: { kind: 'page', name: 'waf405' } });
		await expect(create(mock)).rejects.toThrow();
		expect(mock.tasks()).toEqual([]);
	});
});

describe('a refusal by name', () => {
	it.each(['quota', 'budget', 'algoInspection', 'downloadInMessage'] as const)(
		'%s has the service’s status, code and words, and the ID of its request',
		async (name) => {
			const mock = await startMock();
			mock.faults.add({ match: { operation: 'create' }, fault: { kind: 'refusal', name } });
			const { status, code, message } = refusals[name];
			const reply = await create(mock);
			const { requestId } = mock.ledger()[0] ?? {};
			expect(reply).toEqual({ status, body: { code, message, request_id: requestId } });
			expect(mock.ledger()).toMatchObject([{ status, code, fault: 'refusal' }]);
			expect(mock.tasks()).toEqual([]);
		},
	);

	it('bills no detection', async () => {
		const mock = await startMock();
		const fault = { kind: 'refusal', name: 'quota' } as const;
		mock.faults.add({ match: { operation: 'detect' }, fault });
		expect(await detect(mock, mock.portraitUrl('ada.png'))).toMatchObject({ status: 429 });
		expect(mock.counts().detectsBilled).toBe(0);
	});

	it('is rejected if the service has no refusal of that name', async () => {
		const mock = await startMock();
		const name = 'nonsense' as RefusalName;
		expect(() => mock.faults.add({ fault: { kind: 'refusal', name } })).toThrow();
	});
});

describe('an unknown task', () => {
	const unknown = async (mock: DashScopeMock, times: number | 'always', word?: 'unknown') => {
		const fault = { kind: 'unknownTask', ...(word && { word }) } as Fault;
		mock.faults.add({ match: { operation: 'query' }, times, fault });
		return await createTask(mock);
	};

	it('is unknown once, and known by the next query', async () => {
		const mock = await startMock();
		const id = await unknown(mock, 1);
		expect(await call(mock, `/api/v1/tasks/${id}`)).toMatchObject({
			status: 200,
			body: { output: { task_id: id, task_status: 'UNKNOWN' } },
		});
		expect(await outputOf(mock, id)).toMatchObject({ task_status: 'RUNNING' });
	});

	it('has nothing but its ID and status, even if it succeeded', async () => {
		const mock = await startMock({ taskSeconds: 0 });
		const id = await unknown(mock, 'always');
		for (let index = 0; index < 3; index++) {
			const { body } = await call(mock, `/api/v1/tasks/${id}`);
			expect(Object.keys(body).sort()).toEqual(['output', 'request_id']);
			expect(body.output).toEqual({ task_id: id, task_status: 'UNKNOWN' });
		}
		expect(mock.tasks()).toMatchObject([{ status: 'SUCCEEDED' }]);
	});

	it('can be written in lower case', async () => {
		const mock = await startMock();
		const id = await unknown(mock, 1, 'unknown');
		expect(await outputOf(mock, id)).toEqual({ task_id: id, task_status: 'unknown' });
	});

	it('is unknown in the list too', async () => {
		const mock = await startMock();
		const id = await createTask(mock);
		const fault = { kind: 'unknownTask' } as const;
		mock.faults.add({ match: { operation: 'list' }, fault });
		const { body } = await call(mock, '/api/v1/tasks/');
		expect(body.data).toEqual([{ task_id: id, status: 'UNKNOWN' }]);
	});
});

describe('a dropped header', () => {
	it('makes the service refuse a create as a synchronous call, in its own words', async () => {
		const mock = await startMock();
		const fault: Fault = { kind: 'dropHeaders', names: ['X-DashScope-Async'] };
		mock.faults.add({ match: { operation: 'create' }, fault });
		const { status, code, message } = refusals.syncCall;
		expect(await create(mock)).toMatchObject({ status, body: { code, message } });
		expect(mock.ledger()[0]?.headers).toMatchObject({ 'x-dashscope-async': 'enable' });
		expect(await create(mock)).toMatchObject({ status: 200 });
	});

	it('makes the service refuse a query without a key', async () => {
		const mock = await startMock();
		const fault: Fault = { kind: 'dropHeaders', names: ['authorization'] };
		mock.faults.add({ match: { operation: 'list' }, fault });
		const { status, message } = refusals.noKey;
		expect(await call(mock, '/api/v1/tasks/')).toMatchObject({ status, body: { message } });
	});
});

describe('a denial of the storage', () => {
	it.each([
		['missing', 404],
		['unsigned', 403],
	] as const)('%s ends a download with %i, while its link is valid', async (name, status) => {
		const mock = await startMock({ taskSeconds: 0 });
		const url = await videoUrlOf(mock, await createTask(mock));
		mock.faults.add({ match: { operation: 'result' }, fault: { kind: 'denial', name } });
		const response = await fetch(url);
		expect(response.status).toBe(status);
		expect(response.headers.get('content-type')).toMatch(/^application\/xml/);
		const text = await response.text();
		expect(text).toContain(`<Code>${denials[name].code}</Code>`);
		expect(text).toContain(`<Message>${denials[name].message}</Message>`);
		expect((await fetch(url)).status).toBe(200);
	});
});

it('a task fails with a code of the algorithm, as ordered', async () => {
	const mock = await startMock();
	const { code, message } = refusals.inspectionInMessage;
	mock.failTask(1, { code, message });
	const id = await createTask(mock);
	mock.advanceClock(60_000);
	expect(await outputOf(mock, id)).toMatchObject({ task_status: 'FAILED', code, message });
});
