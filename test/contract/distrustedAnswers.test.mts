/** Misleading responses: errors with HTTP 200, lost responses, and responses that prove nothing. */
import { cancelTask } from '../../nodes/EmojiVideo/account/cancelTask';
import { listAllTasks } from '../../nodes/EmojiVideo/account/listTasks';
import type { Client } from '../../nodes/EmojiVideo/dashscope/client';
import type { FaceAreas } from '../../nodes/EmojiVideo/dashscope/schemas';
import { fail } from '../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../nodes/EmojiVideo/base/result';
import type { ApiRequest } from '../../nodes/EmojiVideo/dashscope/transport';
import { answerOf, clientWith, clientAnswering } from './quickClient.mts';
import { example } from './examples.mts';

const PORTRAIT = 'https://example.com/a.png';
const areas: FaceAreas = { face: [2, 2, 8, 8], expression: [0, 0, 9, 9] };

const submitTask = async (client: Client) =>
	await client.submitTask({ imageUrl: PORTRAIT, templateId: 'mengwa_kaixin', areas });

const lost = fail({ kind: 'noResponse', message: 'broke', nextStep: 'Again.' });
const unreadable = answerOf({ request_id: 'r', output: { bbox_face: 'none' } });
const passed = answerOf(example('detect-passed'));
const throttled = answerOf(example('task-list-throttled'), 429);

describe('a detection, whose responses are billed,', () => {
	it('is repeated once after an unreadable response', async () => {
		const { client, sent } = clientWith(unreadable);
		expect(await client.detectFace(PORTRAIT)).toMatchObject({ failure: { kind: 'unreadable' } });
		expect(sent).toHaveLength(2);
	});

	it('is repeated twice after lost responses', async () => {
		const { client, sent } = clientWith(lost);
		expect(await client.detectFace(PORTRAIT)).toMatchObject({ failure: { kind: 'noResponse' } });
		expect(sent).toHaveLength(3);
	});

	it.each([408, 499, 504])('counts as lost after HTTP %i of a gateway', async (status) => {
		const { client, sent } = clientWith(answerOf('', status));
		await client.detectFace(PORTRAIT);
		expect(sent).toHaveLength(3);
	});

	it('is sent at most three times in any order of failures', async () => {
		for (const answers of [
			[lost, unreadable, lost, lost, passed],
			[unreadable, lost, lost, passed],
			[lost, lost, unreadable, passed],
		]) {
			const { client, sent } = clientWith(...answers);
			expect(await client.detectFace(PORTRAIT)).toMatchObject({ ok: false });
			expect(sent.length).toBeLessThanOrEqual(3);
		}
	});

	it('is repeated while it is only throttled, because 429 is not billed', async () => {
		const { client, sent } = clientWith(...Array.from({ length: 20 }, () => throttled), passed);
		expect(await client.detectFace(PORTRAIT)).toMatchObject({ ok: true });
		expect(sent).toHaveLength(21);
	});
});

it.each([
	['upside down', [460, 441, 212, 194]],
	['without width', [212, 194, 212, 441]],
	['left of the image', [-500, 194, -212, 441]],
	['outside the largest image', [7001, 194, 7100, 441]],
	['larger than the largest image', [0, 0, 1e9, 1e9]],
])('areas that are %s fail before the paid request', async (_, area) => {
	const body = { request_id: 'r', output: { bbox_face: area, ext_bbox_face: [0, 0, 900, 900] } };
	const { client, sent } = clientWith(answerOf(body));
	expect(await client.detectFace(PORTRAIT)).toMatchObject({
		ok: false,
		failure: {
			kind: 'unreadable',
			message: expect.stringMatching(
				/^Face detection gave the area \[.*\], which is in no/,
			) as string,
		},
	});
	expect(sent).toHaveLength(2);
});

/** Documented errors, sent with HTTP 200. */
const ERRORS_IN_200: Array<[code: string, message: string, kind: Failure['kind']]> = [
	['InvalidApiKey', 'Invalid API-key provided.', 'unauthorized'],
	['Model.AccessDenied', 'Model access denied.', 'unauthorized'],
	[
		'Arrearage',
		'Access denied, please make sure your account is in good standing.',
		'unauthorized',
	],
	['Throttling.RateQuota', 'Requests rate limit exceeded, please try again later.', 'throttled'],
	['InvalidParameter', 'Field required: image_url', 'rejected'],
	['InternalError', 'An internal error has occured.', 'unavailable'],
	['Something.New', 'Who knows.', 'unavailable'],
];

describe.each(ERRORS_IN_200)('the error body %s with HTTP 200', (code, message, kind) => {
	const body = { code, message, request_id: 'r-1' };
	const failure = { code, requestId: 'r-1', kind, serviceMessage: message };

	it.each([
		['at the top', body],
		['beside a null output', { ...body, output: null }],
		['beside an empty output', { ...body, output: {} }],
	])('%s is read as an error for every kind of request', async (_, answer) => {
		const asked = async (ask: (client: Client) => unknown) =>
			await ask(clientWith(answerOf(answer)).client);
		const expected = { ok: false, failure };
		expect(await asked(async (client) => await client.detectFace(PORTRAIT))).toMatchObject(
			expected,
		);
		expect(await asked(submitTask)).toMatchObject(expected);
		expect(await asked(async (client) => await client.getTask('t'))).toMatchObject(expected);
		expect(await asked(async (client) => await client.cancelTask('t'))).toMatchObject(expected);
		expect(await asked(async (client) => await client.getUploadPolicy('emoji-v1'))).toMatchObject(
			expected,
		);
		expect(
			await asked(async (client) => await client.listTasks({ page: 1, pageSize: 10 })),
		).toMatchObject(expected);
	});

	it('does not repeat a submit, unless DashScope throttled it', async () => {
		const { client, sent } = clientWith(answerOf(body), answerOf(example('create-accepted')));
		await submitTask(client);
		expect(sent).toHaveLength(kind === 'throttled' ? 2 : 1);
	});
});

it.each(['Success', '200', 200, 0, null])('the code %j is not an error', async (code) => {
	const { client } = clientWith(answerOf({ ...example('task-succeeded'), code }));
	expect(await client.getTask('t')).toMatchObject({ ok: true });
	const empty = clientWith(answerOf({ code, output: null }));
	expect(await empty.client.getTask('t')).toMatchObject({ failure: { kind: 'unreadable' } });
});

it.each([
	['a code about the image at the top', { code: 'InvalidFile.NoHuman', message: 'm' }, true],
	['any code in output', { output: { code: 'InvalidURL', message: 'm' } }, true],
	['another code at the top', { code: 'InvalidParameter', message: 'm' }, false],
	['a code about the service', { code: 'InternalError.Algo', message: 'm', output: {} }, false],
])('%s is a verdict on the portrait: %s', async (_, body, isVerdict) => {
	const answer = await clientWith(answerOf(body)).client.detectFace(PORTRAIT);
	expect(answer.ok && !answer.value.value.passed).toBe(isVerdict);
});

describe('a cancellation', () => {
	const pending = answerOf({ output: { task_id: 't', task_status: 'PENDING' } });
	const inStatus = (task_status: string) => answerOf({ output: { task_id: 't', task_status } });

	it.each([
		['an empty object', {}],
		['a null request ID', { request_id: null }],
		['a body of another service', { status: 'ok' }],
		['an error inside HTTP 200', { code: 'Something.New', message: 'm', request_id: 'r' }],
		['a list', []],
	])('with %s in the response is confirmed by a poll', async (_, body) => {
		const running = clientWith(answerOf(body), inStatus('RUNNING'));
		expect(await cancelTask(running.client, 't')).toMatchObject({
			value: { canceled: false, status: 'RUNNING' },
		});
		const canceled = clientWith(answerOf(body), inStatus('CANCELED'));
		expect(await cancelTask(canceled.client, 't')).toMatchObject({ value: { canceled: true } });
		const never = clientWith(
			answerOf(body),
			pending,
			answerOf(body),
			pending,
			answerOf(body),
			pending,
		);
		expect(await cancelTask(never.client, 't')).toMatchObject({
			value: { canceled: false, status: 'PENDING' },
		});
	});

	it('with the documented response needs no poll', async () => {
		const { client, sent } = clientWith(answerOf(example('task-cancel-accepted')));
		expect(await cancelTask(client, 't')).toMatchObject({ value: { canceled: true } });
		expect(sent).toHaveLength(1);
	});

	it('that is rejected as too late with HTTP 200 is confirmed by a poll', async () => {
		const { client } = clientWith(answerOf(example('task-cancel-refused')), inStatus('SUCCEEDED'));
		expect(await cancelTask(client, 't')).toMatchObject({
			value: { canceled: false, status: 'SUCCEEDED' },
		});
	});
});

describe('a response with small deviations', () => {
	it('that starts with a byte order mark is read', async () => {
		const { client } = clientWith(answerOf(`\uFEFF${JSON.stringify(example('create-accepted'))}`));
		expect(await submitTask(client)).toMatchObject({ ok: true });
	});

	it.each([408, 421, 425])('of HTTP %i makes the client poll again', async (status) => {
		const { client, sent } = clientWith(answerOf('', status), answerOf(example('task-succeeded')));
		expect(await client.getTask('t')).toMatchObject({ ok: true });
		expect(sent).toHaveLength(2);
	});

	it.each([408, 499, 504])('of HTTP %i leaves a submit unconfirmed', async (status) => {
		const { client, sent } = clientWith(answerOf('', status));
		expect(await submitTask(client)).toMatchObject({
			failure: { nextStep: expect.stringMatching(/^A task may have been made/) as string },
		});
		expect(sent).toHaveLength(1);
	});
});

describe('a task list whose large pages are rejected', () => {
	const ALL = Array.from({ length: 137 }, (_, index) => ({
		task_id: `task-${index}`,
		status: 'FAILED',
	}));

	/** A service that takes so many rows a page; older rows move down while it is read. */
	const service = (largest: number) => (request: ApiRequest) => {
		const { page_no, page_size } = request.query as Record<string, number>;
		const [page = 1, size = 10] = [page_no, page_size];
		if (size > largest) {
			const message = 'Required parameter(page_size) missing or invalid.';
			return answerOf({ code: 'InvalidParameter', message, request_id: 'r' }, 400);
		}
		const data = ALL.slice((page - 1) * size, page * size);
		return answerOf({ data, total: ALL.length, total_page: Math.ceil(ALL.length / size) });
	};

	it.each([100, 99, 50, 30, 20, 10])(
		'is read completely if %i rows per page are accepted',
		async (largest) => {
			const { client, sent } = clientAnswering(service(largest));
			const list = await listAllTasks(client, {});
			expect(list.ok && list.value.map(({ taskId }) => taskId)).toEqual(
				ALL.map(({ task_id }) => task_id),
			);
			expect(sent.filter(({ query }) => Number(query?.page_size) > largest).length).toBeLessThan(5);
		},
	);

	it('fails if every page size is rejected', async () => {
		const { client, sent } = clientAnswering(service(0));
		expect(await listAllTasks(client, {})).toMatchObject({ failure: { kind: 'rejected' } });
		expect(sent).toHaveLength(5);
	});

	it('is not read again with a wrong key', async () => {
		const { client, sent } = clientWith(answerOf(example('error-body'), 401));
		expect(await listAllTasks(client, {})).toMatchObject({ ok: false });
		expect(sent).toHaveLength(1);
	});
});
