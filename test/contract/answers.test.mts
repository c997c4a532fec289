/** Every documented response, read by its schema. */
import {
	isDetectionResult,
	failureOfResponse,
	taskFailure,
} from '../../nodes/EmojiVideo/dashscope/errors';
import {
	canceledSchema,
	createdSchema,
	detectionSchema,
	errorSchema,
	TASK_STATUSES,
	taskListSchema,
	taskSchema,
} from '../../nodes/EmojiVideo/dashscope/schemas';
import { example, sources } from './examples.mts';

/** A documented task with other fields in `output`. */
function taskWith(output: Record<string, unknown>, base = 'task-succeeded') {
	const task = example(base);
	return { ...task, output: { ...(task.output as object), ...output } };
}

const succeeded = {
	taskId: 'b56f509a-3ea9-4cfe-848d-xxxxxxx',
	status: 'SUCCEEDED',
	submittedAt: Date.UTC(2025, 9, 14, 3, 28, 4, 372),
	startedAt: Date.UTC(2025, 9, 14, 3, 28, 4, 400),
	finishedAt: Date.UTC(2025, 9, 14, 3, 29, 3, 924),
	videoUrl: 'http://dashscope-result-sh.oss-cn-shanghai.aliyuncs.com/xx.mp4?Expires=xxx',
	code: undefined,
	message: undefined,
	billedSeconds: 2,
	requestId: 'ad225054-6c94-47e5-9356-xxxxxxx',
};

const noTimes = { submittedAt: undefined, startedAt: undefined, finishedAt: undefined };
const noVideo = { videoUrl: undefined, billedSeconds: undefined };

describe('a detection', () => {
	it('that passed has both areas', () => {
		expect(detectionSchema.parse(example('detect-passed'))).toStrictEqual({
			passed: true,
			requestId: '78becbc4-f7f7-41ea-9e38-xxxxxx',
			areas: { face: [212, 194, 460, 441], expression: [63, 30, 609, 575] },
		});
	});

	it('that did not pass has the code and message of `output`', () => {
		expect(detectionSchema.parse(example('detect-not-passed'))).toStrictEqual({
			passed: false,
			requestId: 'ed0d0d8f-e55a-4144-b855-xxxxxx',
			code: 'InvalidFile.FacePose',
			message:
				'The pose of the detected face is invalid, please upload other image with the expected oriention.',
		});
	});

	it('that did not pass has the code and message of the top level', () => {
		expect(detectionSchema.parse(example('detect-refused-portrait-at-top'))).toStrictEqual({
			passed: false,
			requestId: undefined,
			code: 'InvalidFile.NoHuman',
			message: 'The input image has no human body. Please upload other image with single person.',
		});
	});

	it('can lack a request ID', () => {
		const { output } = example('detect-passed');
		expect(detectionSchema.parse({ output })).toMatchObject({ passed: true, requestId: undefined });
	});

	it.each([
		['one area only', { output: { bbox_face: [1, 2, 3, 4] } }],
		['three numbers', { output: { bbox_face: [1, 2, 3], ext_bbox_face: [1, 2, 3, 4] } }],
		['a refused request', example('detect-refused-body')],
		['no output', { request_id: 'r' }],
		['a verdict without a code', { output: { message: 'no' } }],
		['a list', []],
		['text', 'hello'],
	])('cannot be read with %s', (_, body) => {
		expect(detectionSchema.safeParse(body).success).toBe(false);
	});
});

describe('an accepted task', () => {
	it('has ID, status and request ID', () => {
		expect(createdSchema.parse(example('create-accepted'))).toStrictEqual({
			taskId: '0385dc79-5ff8-4d82-bcb6-xxxxxx',
			status: 'PENDING',
			requestId: '4909100c-7b5a-9f92-bfe5-xxxxxx',
		});
	});

	it.each([
		['no task ID', { output: { task_status: 'PENDING' } }],
		['an empty task ID', { output: { task_status: 'PENDING', task_id: '' } }],
		['an error body', example('create-refused-no-key')],
	])('cannot be read with %s', (_, body) => {
		expect(createdSchema.safeParse(body).success).toBe(false);
	});
});

describe('a task', () => {
	it('that succeeded has its video link, its times in ms since the epoch and its billed seconds', () => {
		expect(taskSchema.parse(example('task-succeeded'))).toStrictEqual(succeeded);
	});

	it('that failed has the code and message', () => {
		expect(taskSchema.parse(example('task-failed'))).toStrictEqual({
			...noTimes,
			...noVideo,
			taskId: '86ecf553-d340-4e21-af6e-a0c6a421c010',
			status: 'FAILED',
			code: 'InvalidParameter',
			message: 'The size is not match xxxxxx',
			requestId: 'e5d70b02-ebd3-98ce-9fe8-759d7d7b107d',
		});
	});

	it.each(['task-failed-short', 'task-unknown-short'])(
		'of the example %s has its ID and status',
		(name) => {
			const { output } = example(name) as { output: Record<string, string> };
			const { taskId, status } = taskSchema.parse(example(name));
			expect({ taskId, status }).toEqual({ taskId: '…', status: output.task_status });
		},
	);

	it('that is unknown or expired has only an ID and a status', () => {
		expect(taskSchema.parse(example('task-unknown'))).toStrictEqual({
			...noTimes,
			...noVideo,
			taskId: '502a00b1-19d9-4839-a82f-xxxxxx',
			status: 'UNKNOWN',
			code: undefined,
			message: undefined,
			requestId: 'a4de7c32-7057-9f82-8581-xxxxxx',
		});
	});

	it('can have each documented status', () => {
		expect([...TASK_STATUSES].sort()).toEqual(
			['CANCELED', 'FAILED', 'PENDING', 'RUNNING', 'SUCCEEDED', 'UNKNOWN'].sort(),
		);
		for (const status of TASK_STATUSES) {
			expect(taskSchema.parse(taskWith({ task_status: status })).status).toBe(status);
		}
	});

	it('in a state that only the SDK documents counts as RUNNING', () => {
		expect(taskSchema.parse(taskWith({ task_status: 'SUSPENDED' })).status).toBe('RUNNING');
	});

	it.each([
		['2025-10-14 11:28:04.372', Date.UTC(2025, 9, 14, 3, 28, 4, 372)],
		['2025-10-14 11:28:04', Date.UTC(2025, 9, 14, 3, 28, 4)],
		['2025-01-01 00:00:00.000', Date.UTC(2024, 11, 31, 16)],
		['2025-10-14 11:28:04.5', Date.UTC(2025, 9, 14, 3, 28, 4, 500)],
		['2025-10-14T11:28:04.372Z', undefined],
		['1745568428109', 1745568428109],
		[1745568428109, 1745568428109],
		[1745568428, 1745568428000],
		[-1, undefined],
		[1e300, undefined],
		[null, undefined],
		[{}, undefined],
		['2025-13-41 11:28:04.372', undefined],
		['soon', undefined],
		['', undefined],
		[undefined, undefined],
	])('with the time %j in UTC+8 was submitted at %j', (submit_time, ms) => {
		expect(taskSchema.parse(taskWith({ submit_time }))).toMatchObject({
			submittedAt: ms,
			finishedAt: succeeded.finishedAt,
		});
	});

	it.each([
		['no usage', { usage: undefined }],
		['an empty usage', { usage: {} }],
		['null for usage', { usage: null }],
	])('that succeeded can have %s', (_, part) => {
		expect(taskSchema.parse({ ...example('task-succeeded'), ...part })).toStrictEqual({
			...succeeded,
			billedSeconds: undefined,
		});
	});

	it('with undocumented fields is read', () => {
		const metrics = taskWith({ task_metrics: example('task-metrics'), later: true });
		expect(taskSchema.parse({ ...metrics, later: 1 })).toStrictEqual(succeeded);
	});

	it.each([
		['no status', taskWith({ task_status: undefined })],
		['an error body', example('error-body')],
	])('cannot be read with %s', (_, body) => {
		expect(taskSchema.safeParse(body).success).toBe(false);
	});
});

describe('a list of tasks', () => {
	it('has every task with an ID, with times in epoch milliseconds', () => {
		const { data } = example('task-list') as { data: object[] };
		expect(taskListSchema.parse(example('task-list'))).toStrictEqual({
			pages: 1,
			rows: 2,
			tasks: [
				{
					taskId: '50e2ccea-…',
					status: 'RUNNING',
					model: 'wanx2.1-kf2v-plus',
					submittedAt: 1745568428109,
					startedAt: 1745568428138,
					finishedAt: undefined,
					requestId: '1abfc3c8-…',
					raw: data[0],
				},
			],
		});
	});

	it('cannot be read from an error body', () => {
		expect(taskListSchema.safeParse(example('task-list-throttled')).success).toBe(false);
	});
});

it('a confirmed cancellation has the request ID', () => {
	expect(canceledSchema.parse(example('task-cancel-accepted'))).toStrictEqual({
		requestId: 'f1a2b3c4-xxxx-xxxx-xxxx-e03c35068d83',
	});
});

describe('an error', () => {
	it.each([
		['create-refused-no-key', 401, 'unauthorized'],
		['create-refused-wrong-key', 401, 'unauthorized'],
		['detect-refused-no-key', 401, 'unauthorized'],
		['models-refused-wrong-key', 401, 'unauthorized'],
		['detect-refused-body', 400, 'rejected'],
		['detect-refused-portrait-at-top', 400, 'rejected'],
		['task-list-throttled', 429, 'throttled'],
		['task-cancel-refused', 400, 'rejected'],
		['error-body', 400, 'rejected'],
	])(
		'%s with HTTP %i is %s and keeps DashScope’s code, message and request ID',
		(name, status, kind) => {
			const { code, message, request_id } = example(name);
			expect(failureOfResponse(status, example(name))).toStrictEqual({
				kind,
				message: expect.stringMatching(/^(The|No|DashScope) [a-z A-Z,]+$/) as string,
				nextStep: expect.stringMatching(/^[A-Z"].{15,}\.$/) as string,
				httpStatus: status,
				code,
				serviceMessage: message,
				requestId: request_id,
				retryAfterMs: undefined,
			});
		},
	);

	it('of every example is read by the error schema', () => {
		for (const { file } of sources.filter(({ readBy }) => readBy === 'errorSchema')) {
			const body = example(file.replace('.json', ''));
			expect(errorSchema.parse(body)).toStrictEqual({
				code: body.code,
				message: body.message,
				requestId: body.request_id,
			});
		}
	});

	it('can stand in `output`, as a verdict with HTTP 400 has it', () => {
		expect(errorSchema.parse(example('detect-not-passed'))).toMatchObject({
			code: 'InvalidFile.FacePose',
			requestId: 'ed0d0d8f-e55a-4144-b855-xxxxxx',
		});
	});

	it('with nulls, as in the list of models, has neither code nor message', () => {
		expect(errorSchema.parse(example('models'))).toStrictEqual({
			code: undefined,
			message: undefined,
			requestId: undefined,
		});
	});

	it('without a readable body still says what happened and what to do', () => {
		for (const body of [undefined, null, 'Bad Gateway', 7, [], { code: {} }]) {
			expect(failureOfResponse(502, body)).toMatchObject({
				kind: 'intermediary',
				message: 'A firewall or proxy responded instead of DashScope (HTTP 502)',
				nextStep: expect.stringContaining('Try again') as string,
				httpStatus: 502,
			});
		}
	});

	it('with long texts becomes a short failure', () => {
		const body = { code: 'c'.repeat(5000), message: 'm'.repeat(5000) };
		expect(JSON.stringify(failureOfResponse(400, body)).length).toBeLessThan(1000);
	});

	it('keeps the pause of Retry-After', () => {
		expect(failureOfResponse(429, example('task-list-throttled'), 7000).retryAfterMs).toBe(7000);
	});

	it('differs from a verdict on a portrait by its code', () => {
		expect(isDetectionResult({ code: 'InvalidFile.NoHuman' })).toBe(true);
		expect(isDetectionResult({ output: { code: 'InvalidURL' } })).toBe(true);
		expect(isDetectionResult({ code: 'InvalidApiKey' })).toBe(false);
		expect(isDetectionResult(undefined)).toBe(false);
	});
});

describe('a task without a video', () => {
	it('that failed has our text, DashScope’s text and both IDs', () => {
		expect(taskFailure(taskSchema.parse(example('task-failed')))).toStrictEqual({
			kind: 'task',
			message: 'The task failed: the image has a wrong format or size',
			nextStep: expect.stringContaining('400 and 7000 pixels') as string,
			code: 'InvalidParameter',
			serviceMessage: 'The size is not match xxxxxx',
			requestId: 'e5d70b02-ebd3-98ce-9fe8-759d7d7b107d',
			taskId: '86ecf553-d340-4e21-af6e-a0c6a421c010',
			status: 'FAILED',
		});
	});

	it('that is unknown names the 24 hours for which IDs are valid', () => {
		expect(taskFailure(taskSchema.parse(example('task-unknown')))).toMatchObject({
			kind: 'task',
			message: 'DashScope does not know this task',
			nextStep: expect.stringContaining('24 hours') as string,
			taskId: '502a00b1-19d9-4839-a82f-xxxxxx',
			status: 'UNKNOWN',
		});
	});

	it('that was canceled cost nothing', () => {
		const canceled = taskSchema.parse(taskWith({ task_status: 'CANCELED' }, 'task-unknown'));
		expect(taskFailure(canceled)).toMatchObject({
			kind: 'task',
			message: 'The task was taken out of the queue before it ran',
			nextStep: expect.stringContaining('Nothing was billed') as string,
			status: 'CANCELED',
		});
	});

	it('has another message for each status', () => {
		const messages = ['FAILED', 'CANCELED', 'UNKNOWN'].map(
			(status) => taskFailure(taskSchema.parse(taskWith({ task_status: status }))).message,
		);
		expect(new Set(messages).size).toBe(3);
	});
});
