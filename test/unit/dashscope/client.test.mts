/** The one door to the service: what each call is, and what the account's pace and clock hear of it. */
import {
	cancelCall,
	createCall,
	detectCall,
	listCall,
	policyCall,
	taskCall,
} from '../../../nodes/EmojiVideo/dashscope/calls';
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
		'for a %s has its limit, its repeats and its method',
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
	])('for a %s goes to its own path', (_, callOf, path, query) => {
		const { request } = callOf();
		expect([request.path, request.query]).toEqual([path, query]);
	});

	it('sends the portrait, and to a create the template and both areas', () => {
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

	it('for a detection has nothing against a portrait that did not pass', () => {
		const { objection } = detectCall('u').reading;
		const verdict = { passed: false, requestId: 'r', code: 'Odd', message: '' } as const;
		expect(objection?.(verdict)).toBeUndefined();
	});

	it('lists without what is not asked for', () => {
		expect(listCall({ page: 1, pageSize: 10 }).request.query).toEqual({
			page_no: 1,
			page_size: 10,
		});
	});

	it.each([
		['oss://a/b.png', { 'X-DashScope-OssResourceResolve': 'enable' }],
		['https://oss.example/oss://b.png', undefined],
	])('with the portrait %s has the headers %j', (imageUrl, headers) => {
		expect(detectCall(imageUrl).request.headers).toEqual(headers);
		expect(createCall({ ...VIDEO, imageUrl }).request.headers).toEqual({
			'X-DashScope-Async': 'enable',
			...headers,
		});
	});

	it('for a detection objects to an area that is in no picture', () => {
		const { objection } = detectCall('u').reading;
		const detection = { passed: true, requestId: 'r', areas: VIDEO.areas } as const;
		expect(objection?.(detection)).toBeUndefined();
		const areas = { ...VIDEO.areas, face: [5, 5, 5, 9] as [number, number, number, number] };
		expect(objection?.({ ...detection, areas })).toEqual({
			message: 'Face detection gave the area [5, 5, 5, 9], which is in no picture',
			nextStep: 'Try again, use another copy of the portrait, or set Face Areas to Set Manually.',
		});
	});
});

/** A client with these answers, one after the other; all that its pace hears. */
function listening(answers: Array<Result<HttpResponse>>, signal?: AbortSignal) {
	const heard: unknown[] = [];
	let sent = 0;
	const clock = quickClock();
	const acquire: Acquire = Object.assign(async () => await clock.sleep(1), {
		answered: (...said: unknown[]) => void heard.push(said),
	});
	const send = async () => await Promise.resolve(answers[sent++] ?? RUNNING);
	return { client: createClient(send, acquire, clock, signal), heard, sent: () => sent };
}

describe('the pace of an account', () => {
	it('hears what was taken, and when it was sent', async () => {
		const { client, heard } = listening([RUNNING]);
		await client.getTask('t', 'once');
		expect(heard).toEqual([['query', 1, 'taken']]);
	});

	it('hears what was refused as one too many', async () => {
		const { client, heard } = listening([THROTTLED]);
		await client.getTask('t', 'once');
		expect(heard).toEqual([['query', 1, 'throttled']]);
	});

	it.each([
		['another refusal', answerOf({ code: 'InvalidParameter' }, 400)],
		['what cannot be read', answerOf('<html>')],
	])('takes %s for taken', async (_, answer) => {
		const { client, heard } = listening([answer]);
		await client.getTask('t', 'once');
		expect(heard).toEqual([['query', 1, 'taken']]);
	});

	it.each<FailureKind>(['noResponse', 'unreachable'])('hears nothing of %s', async (kind) => {
		const { client, heard } = listening([broken(kind)]);
		await client.getTask('t', 'once');
		expect(heard).toEqual([]);
	});
});

it('nothing is sent where the wait for a place ended by Stop', async () => {
	const { client, sent } = listening([], AbortSignal.abort());
	expect(await client.getTask('t', 'once')).toEqual(fail(STOPPED));
	expect(await client.submitTask(VIDEO)).toEqual(fail(STOPPED));
	expect(sent()).toBe(0);
});

it.each<[FailureKind, boolean]>([
	['noResponse', true],
	['interrupted', true],
	['unreachable', false],
	['stopped', false],
])('a create that ended with %s may have made a task: %j', async (kind, mayExist) => {
	const { client, sent } = listening([broken(kind)]);
	expect(await client.submitTask(VIDEO)).toEqual(
		fail({ kind, message: 'm', nextStep: mayExist ? UNCONFIRMED_SUBMIT : 'n' }),
	);
	expect(sent()).toBe(1);
});

it('the service’s clock is the one of its last answer that told it', async () => {
	const at = (seconds: number | undefined) =>
		succeed({
			httpStatus: 200,
			headers: seconds === undefined ? {} : { date: new Date(seconds * 1000).toUTCString() },
			text: '{"output":{"task_status":"RUNNING"}}',
		});
	const { client } = listening([at(60), at(undefined), broken('noResponse'), at(30)]);
	const ahead: number[] = [client.aheadMs()];
	for (let nth = 0; nth < 4; nth++) {
		await client.getTask('t', 'once');
		ahead.push(client.aheadMs());
	}
	expect(ahead).toEqual([0, 59_999, 59_999, 59_999, 29_996]);
});
