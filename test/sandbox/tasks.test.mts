import type { TaskSeconds } from '../../sandbox/dashscope/index.mts';
import { call, closeMocks, createTask, outputOf, startMock, virtualClock } from './helpers.mts';

afterEach(closeMocks);

const hourMs = 60 * 60 * 1000;

/** The states of all tasks, in order of submission, as letters: P, R, S, F, C. */
const states = (mock: Awaited<ReturnType<typeof startMock>>) =>
	mock
		.tasks()
		.map(({ status }) => status[0])
		.join('');

async function createMany(mock: Awaited<ReturnType<typeof startMock>>, count: number) {
	const ids: string[] = [];
	for (let index = 0; index < count; index += 1) ids.push(await createTask(mock));
	return ids;
}

describe('the queue of an account', () => {
	it('runs one task at a time, first in first out', async () => {
		const mock = await startMock();
		await createMany(mock, 3);
		expect(states(mock)).toBe('RPP');
		mock.advanceClock(59_999);
		expect(states(mock)).toBe('RPP');
		mock.advanceClock(1);
		expect(states(mock)).toBe('SRP');
		mock.advanceClock(120_000);
		expect(states(mock)).toBe('SSS');
		const starts = mock.tasks().map(({ startedMs = 0, submittedMs }) => startedMs - submittedMs);
		expect(starts).toEqual([0, 60_000, 120_000]);
	});

	it('runs four at a time if concurrency is 4', async () => {
		const mock = await startMock({ concurrency: 4 });
		await createMany(mock, 6);
		expect(states(mock)).toBe('RRRRPP');
		mock.advanceClock(60_000);
		expect(states(mock)).toBe('SSSSRR');
	});

	it('gives a slot that becomes free to the next task', async () => {
		const mock = await startMock({ concurrency: 2, taskSeconds: [10, 1, 1] });
		await createMany(mock, 3);
		mock.advanceClock(1000);
		expect(states(mock)).toBe('RSR');
		mock.advanceClock(1000);
		expect(states(mock)).toBe('RSS');
	});

	it('starts no task in the past after its concurrency changes', async () => {
		const mock = await startMock({ concurrency: 0 });
		await createMany(mock, 3);
		mock.advanceClock(600_000);
		expect(states(mock)).toBe('PPP');
		mock.setConcurrency(2);
		expect(states(mock)).toBe('RRP');
		mock.setConcurrency(0);
		mock.advanceClock(600_000);
		expect(states(mock)).toBe('SSP');
	});

	it.each<[string, TaskSeconds]>([
		['a fraction of a second', 0.06],
		['a list', [0.06]],
		['a function', ({ drivenId }) => (drivenId === 'mengwa_kaixin' ? 0.06 : 9)],
	])('takes a running time as %s', async (_name, taskSeconds) => {
		const mock = await startMock({ taskSeconds });
		const id = await createTask(mock);
		mock.advanceClock(59);
		expect((await outputOf(mock, id)).task_status).toBe('RUNNING');
		mock.advanceClock(1);
		expect((await outputOf(mock, id)).task_status).toBe('SUCCEEDED');
	});

	it('gives a new running time to tasks that have not started', async () => {
		const mock = await startMock();
		await createMany(mock, 2);
		mock.setTaskSeconds(1);
		mock.advanceClock(59_999);
		expect(states(mock)).toBe('RP');
		mock.advanceClock(1001);
		expect(states(mock)).toBe('SS');
	});

	it('does not wait for the queue of another account', async () => {
		const accounts = [
			{ id: 'one', keys: ['sk-one', 'sk-one-too'] },
			{ id: 'two', keys: ['sk-two'] },
		];
		const mock = await startMock({ accounts });
		const [first = ''] = await createMany(mock, 2);
		await createTask({ ...mock, apiKey: 'sk-two' });
		expect(states(mock)).toBe('RPR');
		const seenBy = async (apiKey: string) =>
			(await outputOf({ ...mock, apiKey }, first)).task_status;
		expect(await seenBy('sk-one-too')).toBe('RUNNING');
		expect(await seenBy('sk-two')).toBe('UNKNOWN');
	});
});

describe('the response about a task says', () => {
	it('its status and times at every step, in UTC+8', async () => {
		const mock = await startMock();
		const [first = '', second = ''] = await createMany(mock, 2);
		const submit_time = '2025-10-14 11:28:04.372';
		const running = { task_status: 'RUNNING', submit_time, scheduled_time: submit_time };
		expect(await outputOf(mock, first)).toEqual({ task_id: first, ...running });
		expect(await outputOf(mock, second)).toEqual({
			task_id: second,
			task_status: 'PENDING',
			submit_time,
		});
		mock.advanceClock(60_000);
		const { body } = await call(mock, `/api/v1/tasks/${first}`);
		expect(body).toEqual({
			request_id: expect.any(String) as string,
			output: {
				task_id: first,
				...running,
				task_status: 'SUCCEEDED',
				end_time: '2025-10-14 11:29:04.372',
				video_url: expect.stringMatching(/^http:.*\.mp4\?Expires=\d+&.*Signature=/) as string,
			},
			usage: { video_duration: 2, video_ratio: 'standard' },
		});
		expect(await outputOf(mock, second)).toMatchObject({
			scheduled_time: '2025-10-14 11:29:04.372',
		});
	});

	it('the date in Beijing, not in Greenwich', async () => {
		const mock = await startMock({
			clock: virtualClock(Date.parse('2025-12-31T16:00:00.007Z')),
		});
		const id = await createTask(mock);
		expect((await outputOf(mock, id)).submit_time).toBe('2026-01-01 00:00:00.007');
	});

	it('why it failed, at its end and without usage', async () => {
		const mock = await startMock();
		const failure = { code: 'InternalError.Algo', message: 'Inference error: Inference error.' };
		const first = await createTask(mock);
		expect(mock.failTask(first, failure)).toBe(true);
		expect((await outputOf(mock, first)).task_status).toBe('RUNNING');
		mock.failTask(1);
		const second = await createTask(mock);
		const third = await createTask(mock);
		mock.advanceClock(180_000);
		const { body } = await call(mock, `/api/v1/tasks/${first}`);
		expect(body.usage).toBeUndefined();
		expect(body.output).toMatchObject({
			task_status: 'FAILED',
			end_time: '2025-10-14 11:29:04.372',
			...failure,
		});
		expect(await outputOf(mock, second)).toMatchObject({
			task_status: 'FAILED',
			code: 'InvalidParameter',
			message: 'The size is not match xxxxxx',
		});
		expect((await outputOf(mock, third)).task_status).toBe('SUCCEEDED');
		expect(mock.failTask(third)).toBe(false);
		expect(mock.tasks().map(({ billedSeconds }) => billedSeconds)).toEqual([0, 0, 2]);
	});

	it('UNKNOWN 24 hours after its end', async () => {
		const mock = await startMock();
		const id = await createTask(mock);
		mock.advanceClock(60_000 + 24 * hourMs - 1);
		expect((await outputOf(mock, id)).task_status).toBe('SUCCEEDED');
		mock.advanceClock(1);
		const { status, body } = await call(mock, `/api/v1/tasks/${id}`);
		expect(status).toBe(200);
		expect(body).toEqual({
			request_id: expect.any(String) as string,
			output: { task_id: id, task_status: 'UNKNOWN' },
		});
	});

	it('UNKNOWN 24 hours after its submission, with taskRetentionFrom submit', async () => {
		const mock = await startMock({ taskRetentionFrom: 'submit' });
		const id = await createTask(mock);
		mock.advanceClock(24 * hourMs);
		expect((await outputOf(mock, id)).task_status).toBe('UNKNOWN');
	});
});

describe('cancel', () => {
	const cancel = (mock: Awaited<ReturnType<typeof startMock>>, id: string) =>
		call(mock, `/api/v1/tasks/${id}/cancel`, { method: 'POST' });

	const notPending = {
		status: 400,
		body: {
			code: 'UnsupportedOperation',
			message: 'Failed to cancel the task, please confirm if the task is in PENDING status.',
		},
	};

	it('takes a waiting task out of the queue', async () => {
		const mock = await startMock();
		const [, second = ''] = await createMany(mock, 3);
		mock.advanceClock(1500);
		const { status, body } = await cancel(mock, second);
		expect(status).toBe(200);
		expect(body).toEqual({ request_id: expect.any(String) as string });
		expect(await outputOf(mock, second)).toEqual({
			task_id: second,
			task_status: 'CANCELED',
			submit_time: '2025-10-14 11:28:04.372',
			end_time: '2025-10-14 11:28:05.872',
		});
		mock.advanceClock(58_500);
		expect(states(mock)).toBe('SCR');
	});

	it.each([
		['running', 0, undefined],
		['done', 60_000, undefined],
		['failed', 60_000, { code: 'InternalError', message: 'x' }],
	])('refuses a task that is %s', async (_name, laterMs, failure) => {
		const mock = await startMock();
		const id = await createTask(mock);
		if (failure) mock.failTask(id, failure);
		mock.advanceClock(laterMs);
		expect(await cancel(mock, id)).toMatchObject(notPending);
	});

	it('refuses a task that is canceled, unknown or another account’s', async () => {
		const accounts = [
			{ id: 'one', keys: ['sk-one'] },
			{ id: 'two', keys: ['sk-two'] },
		];
		const mock = await startMock({ accounts });
		const [, waiting = ''] = await createMany(mock, 2);
		expect(await cancel({ ...mock, apiKey: 'sk-two' }, waiting)).toMatchObject(notPending);
		expect(await cancel(mock, 'no-such-task')).toMatchObject(notPending);
		expect((await cancel(mock, waiting)).status).toBe(200);
		expect(await cancel(mock, waiting)).toMatchObject(notPending);
	});
});
