/** The mock's answers beside the recorded ones: same status, same fields, same words. */
import { recording } from '../contract/recordings.mts';
import {
	call,
	closeMocks,
	create,
	createPath,
	createTask,
	detect,
	goodInput,
	startMock,
	type Reply,
} from './helpers.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';

afterEach(closeMocks);

/** The fields of an answer, each with its type; of a list only its first row. */
function shapeOf(value: unknown): unknown {
	if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
	if (typeof value !== 'object' || value === null) return typeof value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([one], [other]) => one.localeCompare(other))
			.map(([name, part]) => [name, shapeOf(part)]),
	);
}

const without = (shape: unknown, ...names: string[]): unknown =>
	JSON.parse(
		JSON.stringify(shape, (name, value: unknown) => (names.includes(name) ? undefined : value)),
	);

async function refusal(name: string, ask: (mock: DashScopeMock) => Promise<Reply>) {
	const { answer } = recording(`public/${name}`);
	const { status, body } = await ask(await startMock());
	const { code, message } = answer.body as { code: string; message: string };
	expect({ status, code: body.code, message: body.message }).toEqual({
		status: answer.status,
		code,
		message,
	});
}

describe('the mock refuses as recorded', () => {
	it('a wrong key', () =>
		refusal('key-wrong', (mock) =>
			call(mock, '/api/v1/tasks/1', { headers: { authorization: 'Bearer sk-no' } }),
		));

	it('the cancellation of a finished task', () =>
		refusal('cancel-of-finished-task', async (mock) => {
			const id = await createTask(mock);
			mock.advanceClock(60_000);
			return await call(mock, `/api/v1/tasks/${id}/cancel`, { method: 'POST' });
		}));

	it('an unknown model', () =>
		refusal('model-unknown', (mock) =>
			call(mock, createPath, {
				method: 'POST',
				headers: { 'x-dashscope-async': 'enable' },
				body: { model: 'emoji-v9', input: goodInput(mock) },
			}),
		));

	it('an image that is gone', () =>
		refusal('image-missing', (mock) => detect(mock, `${mock.storageUrl}/portraits/no.png`)));
});

describe('the mock has the recorded fields', () => {
	// Fields of other models, which emoji tasks have not.
	const foreign = ['task_metrics', 'error_message', 'error_code', 'start_time', 'style_index'];

	it('of an accepted task', async () => {
		const mock = await startMock();
		const { body } = await create(mock);
		expect(shapeOf(body)).toEqual(shapeOf(recording('public/task-accepted').answer.body));
	});

	it('of a running task', async () => {
		const mock = await startMock();
		const { body } = await call(mock, `/api/v1/tasks/${await createTask(mock)}`);
		const recorded = shapeOf(recording('public/task-running').answer.body);
		expect(shapeOf(body)).toEqual(without(recorded, ...foreign));
	});

	it('of an unknown task', async () => {
		const mock = await startMock();
		const { status, body } = await call(mock, '/api/v1/tasks/1111');
		const { answer } = recording('public/task-unknown');
		expect({ status, shape: shapeOf(body) }).toEqual({
			status: answer.status,
			shape: shapeOf(answer.body),
		});
	});

	it('of a succeeded task, but for its result', async () => {
		const mock = await startMock();
		const id = await createTask(mock);
		mock.advanceClock(60_000);
		const { body } = await call(mock, `/api/v1/tasks/${id}`);
		const recorded = shapeOf(recording('public/task-succeeded').answer.body);
		expect(without(shapeOf(body), 'video_url', 'usage')).toEqual(
			without(recorded, ...foreign, 'results', 'usage'),
		);
	});

	it('of an upload policy, and its values', async () => {
		const mock = await startMock();
		const { body } = await call(mock, '/api/v1/uploads?action=getPolicy&model=emoji-v1');
		const recorded = recording('public/upload-policy').answer.body;
		expect(shapeOf(body)).toEqual(shapeOf(recorded));
		const { data } = recorded as { data: Record<string, unknown> };
		const constants = [
			'expire_in_seconds',
			'max_file_size_mb',
			'capacity_limit_mb',
			'x_oss_object_acl',
			'x_oss_forbid_overwrite',
		];
		expect(body.data).toMatchObject(
			Object.fromEntries(constants.map((name) => [name, data[name]])),
		);
	});

	it('of a task list', async () => {
		const mock = await startMock();
		await createTask(mock);
		mock.advanceClock(60_000);
		const { body } = await call(mock, '/api/v1/tasks/');
		expect(shapeOf(body)).toEqual(shapeOf(recording('public/task-list').answer.body));
	});
});
