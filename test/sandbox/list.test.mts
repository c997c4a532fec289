import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { call, closeMocks, createTask, exampleMs, startMock } from './helpers.mts';

afterEach(closeMocks);

interface Row {
	task_id: string;
	status: string;
}

/** Three tasks an hour apart, from 11:28:04 in UTC+8 on. */
async function startWithThree(): Promise<{ mock: DashScopeMock; ids: string[] }> {
	const mock = await startMock();
	const ids: string[] = [];
	for (let count = 0; count < 3; count += 1) {
		ids.push(await createTask(mock));
		mock.advanceClock(60 * 60 * 1000);
	}
	return { mock, ids };
}

const list = (mock: DashScopeMock, query = '') => call(mock, `/api/v1/tasks/${query}`);
const idsOf = (body: Record<string, unknown>) => (body.data as Row[]).map((row) => row.task_id);

it('the task list has the documented shape, with epoch milliseconds and no video', async () => {
	const { mock, ids } = await startWithThree();
	const { status, body } = await list(mock, `?task_id=${ids[0]}`);
	expect(status).toBe(200);
	expect(body).toEqual({
		total: 1,
		data: [
			{
				api_key_id: expect.any(String) as string,
				caller_parent_id: expect.any(String) as string,
				caller_uid: expect.any(String) as string,
				gmt_create: exampleMs,
				model_name: 'emoji-v1',
				region: 'cn-beijing',
				request_id: expect.any(String) as string,
				start_time: exampleMs,
				end_time: exampleMs + 60_000,
				status: 'SUCCEEDED',
				task_id: ids[0],
				user_api_unique_key: 'apikey:v1:aigc:image2video:video-synthesis:emoji-v1',
			},
		],
		total_page: 1,
		page_no: 1,
		request_id: expect.any(String) as string,
		page_size: 10,
	});
});

it('a row has no start or end before there is one', async () => {
	const mock = await startMock();
	await createTask(mock);
	await createTask(mock);
	const { body } = await list(mock);
	const [waiting, running] = body.data as Record<string, unknown>[];
	expect(waiting).not.toHaveProperty('start_time');
	expect(waiting).toMatchObject({ status: 'PENDING' });
	expect(running).not.toHaveProperty('end_time');
	expect(running).toMatchObject({ status: 'RUNNING', start_time: exampleMs });
});

it('the task list is newest first and in pages', async () => {
	const { mock, ids } = await startWithThree();
	const newest = [...ids].reverse();
	const first = await list(mock, '?page_size=2');
	expect(idsOf(first.body)).toEqual(newest.slice(0, 2));
	expect(first.body).toMatchObject({ total: 3, total_page: 2, page_no: 1, page_size: 2 });
	const second = await list(mock, '?page_no=2&page_size=2');
	expect(idsOf(second.body)).toEqual(newest.slice(2));
	expect(idsOf((await list(mock, '?page_no=9')).body)).toEqual([]);
});

it('the task list filters by status, model and time in UTC+8', async () => {
	const { mock, ids } = await startWithThree();
	const pick = async (query: string) => idsOf((await list(mock, query)).body);
	expect(await pick('?status=RUNNING')).toEqual([]);
	expect(await pick('?status=SUCCEEDED')).toHaveLength(3);
	expect(await pick('?model_name=emoji-v1')).toHaveLength(3);
	expect(await pick('?model_name=wan2.2-s2v')).toEqual([]);
	expect(await pick('?start_time=20251014120000&end_time=20251014130000')).toEqual([ids[1]]);
	expect(await pick('?end_time=20251014112805')).toEqual([ids[0]]);
	expect(await pick('?start_time=20251014132800')).toEqual([ids[2]]);
});

it('the task list works without a slash at its end', async () => {
	const { mock } = await startWithThree();
	expect((await call(mock, '/api/v1/tasks?page_no=1')).body.total).toBe(3);
});

it('the task list forgets tasks after 24 hours', async () => {
	const { mock, ids } = await startWithThree();
	mock.advanceClock(21 * 60 * 60 * 1000 + 60_000);
	expect(idsOf((await list(mock)).body)).toEqual([ids[2], ids[1]]);
});

it.each([
	'?page_no=0',
	'?page_size=0',
	'?page_size=101',
	'?page_size=ten',
	'?status=DONE',
	'?start_time=2025-10-14',
	'?start_time=20251399000000',
	'?start_time=20251012000000&end_time=20251014000000',
	'?start_time=20251014000000&end_time=20251013000000',
])('the task list refuses %s', async (query) => {
	const mock = await startMock();
	expect(await list(mock, query)).toMatchObject({
		status: 400,
		body: {
			code: 'InvalidParameter',
			message: 'The request parameter is invalid, please check the request parameter.',
		},
	});
});
