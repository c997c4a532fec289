import type { TaskSeconds } from '../../sandbox/dashscope/index.mts';
import { call, closeDoubles, createTask, outputOf, startDouble, virtualClock } from './helpers.mts';

afterEach(closeDoubles);

const hourMs = 60 * 60 * 1000;

/** The states of all tasks, in order of submission, as letters: P, R, S, F, C. */
const states = (double: Awaited<ReturnType<typeof startDouble>>) =>
	double
		.tasks()
		.map(({ status }) => status[0])
		.join('');

async function createMany(double: Awaited<ReturnType<typeof startDouble>>, count: number) {
	const ids: string[] = [];
	for (let index = 0; index < count; index += 1) ids.push(await createTask(double));
	return ids;
}

describe('the queue', () => {
	it('runs one task at a time, first in first out', async () => {
		const double = await startDouble();
		await createMany(double, 3);
		expect(states(double)).toBe('RPP');
		double.advanceClock(59_999);
		expect(states(double)).toBe('RPP');
		double.advanceClock(1);
		expect(states(double)).toBe('SRP');
		double.advanceClock(120_000);
		expect(states(double)).toBe('SSS');
		const starts = double.tasks().map(({ startedMs = 0, submittedMs }) => startedMs - submittedMs);
		expect(starts).toEqual([0, 60_000, 120_000]);
	});

	it('runs four at a time when told so', async () => {
		const double = await startDouble({ concurrency: 4 });
		await createMany(double, 6);
		expect(states(double)).toBe('RRRRPP');
		double.advanceClock(60_000);
		expect(states(double)).toBe('SSSSRR');
	});

	it('gives a slot that is free early to the next in line', async () => {
		const double = await startDouble({ concurrency: 2, taskSeconds: [10, 1, 1] });
		await createMany(double, 3);
		double.advanceClock(1000);
		expect(states(double)).toBe('RSR');
		double.advanceClock(1000);
		expect(states(double)).toBe('RSS');
	});

	it('does not start tasks in the past when it is widened or stopped', async () => {
		const double = await startDouble({ concurrency: 0 });
		await createMany(double, 3);
		double.advanceClock(600_000);
		expect(states(double)).toBe('PPP');
		double.setConcurrency(2);
		expect(states(double)).toBe('RRP');
		double.setConcurrency(0);
		double.advanceClock(600_000);
		expect(states(double)).toBe('SSP');
	});

	it.each<[string, TaskSeconds]>([
		['a fraction of a second', 0.06],
		['a list', [0.06]],
		['a function', ({ drivenId }) => (drivenId === 'mengwa_kaixin' ? 0.06 : 9)],
	])('takes a running time as %s', async (_name, taskSeconds) => {
		const double = await startDouble({ taskSeconds });
		const id = await createTask(double);
		double.advanceClock(59);
		expect((await outputOf(double, id)).task_status).toBe('RUNNING');
		double.advanceClock(1);
		expect((await outputOf(double, id)).task_status).toBe('SUCCEEDED');
	});

	it('gives a new running time to tasks that have not started', async () => {
		const double = await startDouble();
		await createMany(double, 2);
		double.setTaskSeconds(1);
		double.advanceClock(59_999);
		expect(states(double)).toBe('RP');
		double.advanceClock(1001);
		expect(states(double)).toBe('SS');
	});

	it('of one account does not wait for another’s', async () => {
		const accounts = [
			{ id: 'one', keys: ['sk-one', 'sk-one-too'] },
			{ id: 'two', keys: ['sk-two'] },
		];
		const double = await startDouble({ accounts });
		const [first = ''] = await createMany(double, 2);
		await createTask({ ...double, apiKey: 'sk-two' });
		expect(states(double)).toBe('RPR');
		const seenBy = async (apiKey: string) =>
			(await outputOf({ ...double, apiKey }, first)).task_status;
		expect(await seenBy('sk-one-too')).toBe('RUNNING');
		expect(await seenBy('sk-two')).toBe('UNKNOWN');
	});
});

describe('a task says', () => {
	it('what it is at every step, in UTC+8', async () => {
		const double = await startDouble();
		const [first = '', second = ''] = await createMany(double, 2);
		const submit_time = '2025-10-14 11:28:04.372';
		const running = { task_status: 'RUNNING', submit_time, scheduled_time: submit_time };
		expect(await outputOf(double, first)).toEqual({ task_id: first, ...running });
		expect(await outputOf(double, second)).toEqual({
			task_id: second,
			task_status: 'PENDING',
			submit_time,
		});
		double.advanceClock(60_000);
		const { body } = await call(double, `/api/v1/tasks/${first}`);
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
		expect(await outputOf(double, second)).toMatchObject({
			scheduled_time: '2025-10-14 11:29:04.372',
		});
	});

	it('the day of Beijing, not of Greenwich', async () => {
		const double = await startDouble({
			clock: virtualClock(Date.parse('2025-12-31T16:00:00.007Z')),
		});
		const id = await createTask(double);
		expect((await outputOf(double, id)).submit_time).toBe('2026-01-01 00:00:00.007');
	});

	it('why it failed, at its end and without usage', async () => {
		const double = await startDouble();
		const failure = { code: 'InternalError.Algo', message: 'Inference error: Inference error.' };
		const first = await createTask(double);
		expect(double.failTask(first, failure)).toBe(true);
		expect((await outputOf(double, first)).task_status).toBe('RUNNING');
		double.failTask(1);
		const second = await createTask(double);
		const third = await createTask(double);
		double.advanceClock(180_000);
		const { body } = await call(double, `/api/v1/tasks/${first}`);
		expect(body.usage).toBeUndefined();
		expect(body.output).toMatchObject({
			task_status: 'FAILED',
			end_time: '2025-10-14 11:29:04.372',
			...failure,
		});
		expect(await outputOf(double, second)).toMatchObject({
			task_status: 'FAILED',
			code: 'InvalidParameter',
			message: 'The size is not match xxxxxx',
		});
		expect((await outputOf(double, third)).task_status).toBe('SUCCEEDED');
		expect(double.failTask(third)).toBe(false);
		expect(double.tasks().map(({ billedSeconds }) => billedSeconds)).toEqual([0, 0, 2]);
	});

	it('nothing 24 hours after its end', async () => {
		const double = await startDouble();
		const id = await createTask(double);
		double.advanceClock(60_000 + 24 * hourMs - 1);
		expect((await outputOf(double, id)).task_status).toBe('SUCCEEDED');
		double.advanceClock(1);
		const { status, body } = await call(double, `/api/v1/tasks/${id}`);
		expect(status).toBe(200);
		expect(body).toEqual({
			request_id: expect.any(String) as string,
			output: { task_id: id, task_status: 'UNKNOWN' },
		});
	});

	it('nothing 24 hours after its submission, when that is how they are counted', async () => {
		const double = await startDouble({ taskRetentionFrom: 'submit' });
		const id = await createTask(double);
		double.advanceClock(24 * hourMs);
		expect((await outputOf(double, id)).task_status).toBe('UNKNOWN');
	});
});

describe('cancel', () => {
	const cancel = (double: Awaited<ReturnType<typeof startDouble>>, id: string) =>
		call(double, `/api/v1/tasks/${id}/cancel`, { method: 'POST' });

	const notPending = {
		status: 400,
		body: {
			code: 'UnsupportedOperation',
			message: 'Failed to cancel the task, please confirm if the task is in PENDING status.',
		},
	};

	it('takes a waiting task out of the line', async () => {
		const double = await startDouble();
		const [, second = ''] = await createMany(double, 3);
		double.advanceClock(1500);
		const { status, body } = await cancel(double, second);
		expect(status).toBe(200);
		expect(body).toEqual({ request_id: expect.any(String) as string });
		expect(await outputOf(double, second)).toEqual({
			task_id: second,
			task_status: 'CANCELED',
			submit_time: '2025-10-14 11:28:04.372',
			end_time: '2025-10-14 11:28:05.872',
		});
		double.advanceClock(58_500);
		expect(states(double)).toBe('SCR');
	});

	it.each([
		['running', 0, undefined],
		['done', 60_000, undefined],
		['failed', 60_000, { code: 'InternalError', message: 'x' }],
	])('refuses a task that is %s', async (_name, laterMs, failure) => {
		const double = await startDouble();
		const id = await createTask(double);
		if (failure) double.failTask(id, failure);
		double.advanceClock(laterMs);
		expect(await cancel(double, id)).toMatchObject(notPending);
	});

	it('refuses a task that is canceled, unknown or another account’s', async () => {
		const accounts = [
			{ id: 'one', keys: ['sk-one'] },
			{ id: 'two', keys: ['sk-two'] },
		];
		const double = await startDouble({ accounts });
		const [, waiting = ''] = await createMany(double, 2);
		expect(await cancel({ ...double, apiKey: 'sk-two' }, waiting)).toMatchObject(notPending);
		expect(await cancel(double, 'no-such-task')).toMatchObject(notPending);
		expect((await cancel(double, waiting)).status).toBe(200);
		expect(await cancel(double, waiting)).toMatchObject(notPending);
	});
});
