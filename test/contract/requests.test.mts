/** The client's requests, compared with the documented ones and sent to the mock. */
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock, DashScopeMockOptions } from '../../sandbox/dashscope/index.mts';
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import { succeed } from '../../nodes/EmojiVideo/base/result';
import type { FaceAreas } from '../../nodes/EmojiVideo/dashscope/schemas';
import type { ApiRequest, Send } from '../../nodes/EmojiVideo/dashscope/transport';
import { example } from './examples.mts';

const still: Clock = { now: () => 0, sleep: async () => Promise.resolve() };
const atOnce = async () => Promise.resolve();

const documentedAreas: FaceAreas = {
	face: [212, 194, 460, 441],
	expression: [63, 30, 609, 575],
};

/** A client that records its requests. Each gets the example as its response. */
function recordingClient(answer: string, httpStatus = 200) {
	const sent: ApiRequest[] = [];
	const send: Send = async (request) => {
		sent.push(request);
		return Promise.resolve(
			succeed({ httpStatus, headers: {}, text: JSON.stringify(example(answer)) }),
		);
	};
	return { client: createClient(send, atOnce, still), sent };
}

describe('the client', () => {
	it('sends a detection as documented, byte for byte', async () => {
		const { client, sent } = recordingClient('detect-passed');
		const result = await client.detectFace('https://…');
		expect(sent).toHaveLength(1);
		expect(sent[0]).toMatchObject({
			method: 'POST',
			path: '/api/v1/services/aigc/image2video/face-detect',
		});
		expect(JSON.stringify(sent[0]?.body)).toBe(JSON.stringify(example('detect-request')));
		expect(sent[0]?.headers).toBeUndefined();
		expect(result).toMatchObject({
			ok: true,
			value: { value: { areas: documentedAreas }, raw: example('detect-passed') },
		});
	});

	it.each(['create-request', 'create-request-short'])(
		'submits a task with %s, byte for byte',
		async (name) => {
			const { client, sent } = recordingClient('create-accepted');
			const { input } = example(name) as { input: { image_url: string; driven_id: string } };
			const result = await client.submitTask({
				imageUrl: input.image_url,
				templateId: input.driven_id,
				areas: documentedAreas,
			});
			expect(sent).toHaveLength(1);
			expect(sent[0]).toMatchObject({
				method: 'POST',
				path: '/api/v1/services/aigc/image2video/video-synthesis',
				headers: { 'X-DashScope-Async': 'enable' },
			});
			expect(JSON.stringify(sent[0]?.body)).toBe(JSON.stringify(example(name)));
			expect(sent[0]?.body).toMatchObject(example('template-in-request'));
			expect(result).toMatchObject({
				ok: true,
				value: { value: { status: 'PENDING' }, raw: example('create-accepted') },
			});
		},
	);

	it('polls a task by its path alone', async () => {
		const { client, sent } = recordingClient('task-succeeded');
		await client.getTask('86ecf553-d340-4e21-xxxxxxxxx');
		expect(sent).toEqual([
			{
				method: 'GET',
				path: '/api/v1/tasks/86ecf553-d340-4e21-xxxxxxxxx',
				timeoutMs: expect.any(Number) as number,
			},
		]);
	});

	it('cancels a task by its path, without a body', async () => {
		const { client, sent } = recordingClient('task-cancel-accepted');
		expect(await client.cancelTask('86ecf553-d340-4e21-xxxxxxxxx')).toMatchObject({ ok: true });
		expect(sent).toEqual([
			{
				method: 'POST',
				path: '/api/v1/tasks/86ecf553-d340-4e21-xxxxxxxxx/cancel',
				timeoutMs: expect.any(Number) as number,
			},
		]);
	});

	it('lists tasks with the documented parameters', async () => {
		const { client, sent } = recordingClient('task-list');
		const from = Date.UTC(2025, 9, 14, 3, 28, 4, 372);
		await client.listTasks({
			page: 2,
			pageSize: 10,
			model: 'emoji-v1',
			status: 'PENDING',
			submitted: { from, to: from + 60_000 },
		});
		expect(sent[0]).toMatchObject({
			method: 'GET',
			path: '/api/v1/tasks/',
			query: {
				page_no: 2,
				page_size: 10,
				model_name: 'emoji-v1',
				status: 'PENDING',
				start_time: '20251014112804',
				end_time: '20251014112905',
			},
		});
	});

	it('escapes a task ID in the path', async () => {
		const { client, sent } = recordingClient('task-succeeded');
		await client.getTask('../models?x=1#');
		expect(sent[0]?.path).toBe('/api/v1/tasks/..%2Fmodels%3Fx%3D1%23');
	});

	it.each([
		['at HTTP 200 in `output`, as documented', 'detect-not-passed', 200],
		['at HTTP 400 in `output`', 'detect-not-passed', 400],
		['at HTTP 400 at the top', 'detect-refused-portrait-at-top', 400],
	])('reads a verdict %s as a result', async (_, name, status) => {
		const { client, sent } = recordingClient(name, status);
		const result = await client.detectFace('https://example.com/a.png');
		expect(sent).toHaveLength(1);
		expect(result).toMatchObject({
			ok: true,
			value: {
				value: { passed: false, code: expect.stringMatching(/^InvalidFile\./) as string },
				raw: example(name),
			},
		});
	});

	it.each([
		['detect-refused-body', 400, 'rejected'],
		['detect-refused-no-key', 401, 'unauthorized'],
	])('reads %s as a failed detection', async (name, status, kind) => {
		const { client } = recordingClient(name, status);
		expect(await client.detectFace('https://example.com/a.png')).toMatchObject({
			ok: false,
			failure: { kind, code: example(name).code, requestId: example(name).request_id },
		});
	});

	it.each([
		['create-refused-no-key', 401, 'unauthorized'],
		['detect-refused-portrait-at-top', 400, 'rejected'],
		['error-body', 500, 'unavailable'],
	])('sends a submit once if the response is %s (HTTP %i)', async (name, status, kind) => {
		const { client, sent } = recordingClient(name, status);
		const video = { imageUrl: 'https://…', templateId: 'mengwa_kaixin', areas: documentedAreas };
		expect(await client.submitTask(video)).toMatchObject({ ok: false, failure: { kind } });
		expect(sent).toHaveLength(1);
	});
});

describe('the client with the mock service', () => {
	const open: DashScopeMock[] = [];
	afterEach(async () => {
		await Promise.all(open.splice(0).map(async (double) => await double.close()));
	});

	/** A client that sends real HTTP to a mock with a clock that only tests move. */
	async function startAccount(options: DashScopeMockOptions = {}) {
		const now = Date.UTC(2025, 9, 14, 3, 28, 4, 372);
		const double = await startDashScopeMock({
			clock: { now: () => now },
			rateLimits: { enforce: false },
			...options,
		});
		open.push(double);
		const send: Send = async ({ method, path, headers, body }) => {
			const answer = await fetch(`${double.url}${path}`, {
				method,
				headers: {
					Authorization: `Bearer ${double.apiKey}`,
					...(body && { 'Content-Type': 'application/json' }),
					...headers,
				},
				...(body && { body: JSON.stringify(body) }),
			});
			const text = await answer.text();
			return succeed({ httpStatus: answer.status, headers: {}, text });
		};
		return { double, now, client: createClient(send, atOnce, still) };
	}

	it('creates a video with three calls and one repeated poll', async () => {
		const { double, now, client } = await startAccount();
		const imageUrl = double.portraitUrl('ada.png');
		const detected = await client.detectFace(imageUrl);
		if (!detected.ok || !detected.value.value.passed) throw new Error('The portrait must pass.');
		const { areas } = detected.value.value;
		const created = await client.submitTask({ imageUrl, templateId: 'mengwa_kaixin', areas });
		if (!created.ok) throw new Error(created.failure.message);
		const { taskId } = created.value.value;

		const running = await client.getTask(taskId);
		expect(running).toMatchObject({
			ok: true,
			value: { value: { taskId, status: 'RUNNING', submittedAt: now, startedAt: now } },
		});
		double.advanceClock(60_000);
		const finished = await client.getTask(taskId);
		expect(finished).toMatchObject({
			ok: true,
			value: {
				value: {
					status: 'SUCCEEDED',
					finishedAt: now + 60_000,
					videoUrl: expect.stringContaining('.mp4?') as string,
					billedSeconds: expect.any(Number) as number,
				},
			},
		});

		const calls = double.ledger().filter(({ origin }) => origin === 'api');
		expect(calls.map(({ method, operation }) => `${method} ${operation}`)).toEqual([
			'POST detect',
			'POST create',
			'GET query',
			'GET query',
		]);
		expect(calls.map(({ headers }) => headers['x-dashscope-async'])).toEqual([
			undefined,
			'enable',
			undefined,
			undefined,
		]);
		expect(calls[1]?.body).toEqual({
			model: 'emoji-v1',
			input: {
				image_url: imageUrl,
				driven_id: 'mengwa_kaixin',
				face_bbox: areas.face,
				ext_bbox: areas.expression,
			},
		});
	});

	it.each(['output200', 'output400', 'top400'] as const)(
		'reads a portrait that does not pass, in the style %s',
		async (verdictStyle) => {
			const { double, client } = await startAccount({ verdictStyle });
			expect(await client.detectFace(double.portraitUrl('tilted.png'))).toMatchObject({
				ok: true,
				value: { value: { passed: false, code: 'InvalidFile.FacePose' } },
			});
			expect(double.counts().requests).toBeLessThanOrEqual(2);
		},
	);

	it('reads that a template does not exist', async () => {
		const { double, client } = await startAccount();
		const imageUrl = double.portraitUrl('ada.png');
		const areas: FaceAreas = { face: [192, 192, 448, 448], expression: [64, 64, 576, 576] };
		expect(await client.submitTask({ imageUrl, templateId: 'nobody', areas })).toMatchObject({
			ok: false,
			failure: {
				kind: 'rejected',
				httpStatus: 400,
				code: 'InvalidParameter',
				nextStep: expect.stringContaining('template') as string,
			},
		});
		expect(double.tasks()).toEqual([]);
	});

	it('reads that a task is unknown', async () => {
		const { client } = await startAccount();
		expect(await client.getTask('502a00b1-19d9-4839-a82f-000000000000')).toMatchObject({
			ok: true,
			value: { value: { status: 'UNKNOWN' } },
		});
	});
});
