/** The client: its calls, and what it reports to the account's rate limiter and clock. */
import {
	cancelCall,
	createCall,
	detectCall,
	listCall,
	policyCall,
	taskCall,
} from '../../../nodes/EmojiVideo/dashscope/calls';
import { createStop } from '../../../nodes/EmojiVideo/base/stop';
import type { Stop } from '../../../nodes/EmojiVideo/base/stop';
import { createClient, UNCONFIRMED_SUBMIT } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Acquire } from '../../../nodes/EmojiVideo/dashscope/client';
import type { HttpResponse } from '../../../nodes/EmojiVideo/dashscope/transport';
import { fail, STOPPED, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { FailureKind, Result } from '../../../nodes/EmojiVideo/base/result';
import { answerOf, quickClock } from '../../contract/quickClient.mts';

const VIDEO = {
	imageUrl: 'https://a.example/a.png',
	templateId: 'mengwa_kaixin',
	areas: { face: [2, 2, 8, 8], expression: [0, 0, 9, 9] },
} satisfies Parameters<typeof createCall>[0];

const RUNNING = answerOf({ output: { task_status: 'RUNNING' } });
const THROTTLED = answerOf({ code: 'Throttling' }, 429);
const broken = (kind: FailureKind) => fail({ kind, message: 'm', nextStep: 'n' });

describe('a call', () => {
	it.each([
		['detection', () => detectCall('u'), 'detect', 'detection', 'POST', undefined],
		['create', () => createCall(VIDEO), 'create', 'paidWrite', 'POST', true],
		['query', () => taskCall('t', 'patient'), 'query', 'read', 'GET', undefined],
		['single query', () => taskCall('t', 'once'), 'query', 'once', 'GET', undefined],
		['list', () => listCall({ page: 1, pageSize: 10 }), 'query', 'read', 'GET', undefined],
		['cancellation', () => cancelCall('t'), 'query', 'change', 'POST', undefined],
		['leave to upload', () => policyCall('emoji-v1'), 'policy', 'once', 'GET', undefined],
	] as const)(
		'for a %s has its bucket, its retry policy and its method',
		(_, callOf, bucket, kind, method, isPaid) => {
			const call = callOf();
			expect([call.bucket, call.kind]).toEqual([bucket, kind]);
			expect([call.request.method, call.request.isPaid]).toEqual([method, isPaid]);
		},
	);

	it.each([
		[
			'detection',
			() => detectCall('u'),
			'/api/v1/services/aigc/image2video/face-detect',
			undefined,
		],
		[
			'create',
			() => createCall(VIDEO),
			'/api/v1/services/aigc/image2video/video-synthesis',
			undefined,
		],
		['query', () => taskCall('a b/c', 'once'), '/api/v1/tasks/a%20b%2Fc', undefined],
		['cancellation', () => cancelCall('a b/c'), '/api/v1/tasks/a%20b%2Fc/cancel', undefined],
		[
			'leave to upload',
			() => policyCall('emoji-v1'),
			'/api/v1/uploads',
			{ action: 'getPolicy', model: 'emoji-v1' },
		],
	])('for a %s has its own path', (_, callOf, path, query) => {
		const { request } = callOf();
		expect([request.path, request.query]).toEqual([path, query]);
	});

	it('sends the portrait; a submit also sends the template and both areas', () => {
		expect(detectCall('u').request.body).toEqual({
			model: 'emoji-detect-v1',
			input: { image_url: 'u' },
			parameters: { ratio: '1:1' },
		});
		expect(createCall(VIDEO).request.body).toEqual({
			model: 'emoji-v1',
			input: {
				image_url: 'https://a.example/a.png',
				driven_id: 'mengwa_kaixin',
				face_bbox: [2, 2, 8, 8],
				ext_bbox: [0, 0, 9, 9],
			},
		});
	});

	it('for a detection accepts a portrait that did not pass', () => {
		const { objection } = detectCall('u').reading;
		const verdict = { passed: false, requestId: 'r', code: 'Odd', message: '' } as const;
		expect(objection?.(verdict)).toBeUndefined();
	});

	it('for a list sends only the given filters', () => {
		expect(listCall({ page: 1, pageSize: 10 }).request.query).toEqual({
			page_no: 1,
			page_size: 10,
		});
	});

	it.each([
		['oss://a/b.png', { 'X-DashScope-OssResourceResolve': 'enable' }],
		['https://oss.example/oss://b.png', undefined],
	])('with the portrait %s sends the headers %j', (imageUrl, headers) => {
		expect(detectCall(imageUrl).request.headers).toEqual(headers);
		expect(createCall({ ...VIDEO, imageUrl }).request.headers).toEqual({
			'X-DashScope-Async': 'enable',
			...headers,
		});
	});

	it('for a detection rejects an impossible area', () => {
		const { objection } = detectCall('u').reading;
		const detection = { passed: true, requestId: 'r', areas: VIDEO.areas } as const;
		expect(objection?.(detection)).toBeUndefined();
		const areas = { ...VIDEO.areas, face: [5, 5, 5, 9] as [number, number, number, number] };
		expect(objection?.({ ...detection, areas })).toEqual({
			message: 'Face detection gave the area [5, 5, 5, 9], which is in no picture',
			nextStep: 'Try again, use another copy of the portrait, or enter the face areas yourself.',
		});
	});
});

/** A client with these responses, one after the other, and the outcomes that its rate limiter records. */
function recordingClient(answers: Array<Result<HttpResponse>>, stop?: Stop) {
	const outcomes: unknown[] = [];
	let sent = 0;
	const clock = quickClock();
	const acquire: Acquire = Object.assign(async () => await clock.sleep(1), {
		recordOutcome: (...said: unknown[]) => void outcomes.push(said),
	});
	const send = async () => await Promise.resolve(answers[sent++] ?? RUNNING);
	return { client: createClient(send, acquire, clock, stop), outcomes, sent: () => sent };
}

describe('the rate limiter of an account', () => {
	it('learns of an accepted request and when it was sent', async () => {
		const { client, outcomes } = recordingClient([RUNNING]);
		await client.getTask('t', 'once');
		expect(outcomes).toEqual([['query', 1, 'taken']]);
	});

	it('learns of a throttled request', async () => {
		const { client, outcomes } = recordingClient([THROTTLED]);
		await client.getTask('t', 'once');
		expect(outcomes).toMatchObject([['query', 1, 'throttled', { kind: 'throttled' }]]);
	});

	it.each([
		['an HTTP 400', answerOf({ code: 'InvalidParameter' }, 400)],
		['an unreadable response', answerOf('<html>')],
	])('counts %s as accepted', async (_, answer) => {
		const { client, outcomes } = recordingClient([answer]);
		await client.getTask('t', 'once');
		expect(outcomes).toEqual([['query', 1, 'taken']]);
	});

	it.each<FailureKind>(['noResponse', 'unreachable'])(
		'learns nothing of a request that failed with %s',
		async (kind) => {
			const { client, outcomes } = recordingClient([broken(kind)]);
			await client.getTask('t', 'once');
			expect(outcomes).toEqual([]);
		},
	);
});

it('the client sends nothing after Stop', async () => {
	const { client, sent } = recordingClient([], createStop(AbortSignal.abort()).stop);
	expect(await client.getTask('t', 'once')).toEqual(fail(STOPPED));
	expect(await client.submitTask(VIDEO)).toEqual(fail(STOPPED));
	expect(sent()).toBe(0);
});

it.each<[FailureKind, boolean]>([
	['noResponse', true],
	['interrupted', true],
	['intermediary', true],
	['stopped', false],
])('a submit that failed with %s is unconfirmed: %j', async (kind, mayExist) => {
	const { client, sent } = recordingClient([broken(kind)]);
	expect(await client.submitTask(VIDEO)).toEqual(
		fail({ kind, message: 'm', nextStep: mayExist ? UNCONFIRMED_SUBMIT : 'n' }),
	);
	expect(sent()).toBe(1);
});

it('a submit that was not sent is sent again', async () => {
	const accepted = answerOf({ output: { task_id: 't', task_status: 'PENDING' } });
	const { client, sent } = recordingClient([broken('unreachable'), accepted]);
	expect(await client.submitTask(VIDEO)).toMatchObject({ ok: true });
	expect(sent()).toBe(2);
});

it('the client reads DashScope’s clock from the last response with a Date header', async () => {
	const at = (seconds: number | undefined) =>
		succeed({
			httpStatus: 200,
			headers: seconds === undefined ? {} : { date: new Date(seconds * 1000).toUTCString() },
			text: '{"output":{"task_status":"RUNNING"}}',
		});
	const { client } = recordingClient([at(60), at(undefined), broken('noResponse'), at(30)]);
	const ahead: number[] = [client.aheadMs()];
	for (let nth = 0; nth < 4; nth++) {
		await client.getTask('t', 'once');
		ahead.push(client.aheadMs());
	}
	expect(ahead).toEqual([0, 59_999, 59_999, 59_999, 29_996]);
});

it.each(['InvalidURL', 'InvalidParameter'])(
	'a detection with HTTP 400 and its verdict in `output` is a verdict, also with the code %s',
	async (code) => {
		const body = { output: { code, message: 'm' }, usage: { image_count: 1 }, request_id: 'r' };
		const { client } = recordingClient([answerOf(body, 400)]);
		expect(await client.detectFace('https://example.com/a.png')).toMatchObject({ ok: true });
	},
);
