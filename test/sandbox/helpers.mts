/** What the tests of the mock share. Rule: real HTTP by fetch, a clock that is moved, no waiting. */
import { once } from 'node:events';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import {
	startDashScopeMock,
	type DashScopeMock,
	type DashScopeMockOptions,
} from '../../sandbox/dashscope/index.mts';

const open: DashScopeMock[] = [];

/** 2025-10-14 11:28:04.372 in UTC+8, the moment of the documented example. */
export const exampleMs = Date.parse('2025-10-14T11:28:04.372+08:00');

/** A clock that only moves when it is told to. */
export function virtualClock(startMs = exampleMs) {
	let nowMs = startMs;
	return {
		now: () => nowMs,
		advance: (ms: number) => void (nowMs += ms),
	};
}

/** A mock without rate limits on a virtual clock, closed by `closeMocks`. */
export async function startMock(options: DashScopeMockOptions = {}): Promise<DashScopeMock> {
	const mock = await startDashScopeMock({
		clock: virtualClock(),
		rateLimits: { enforce: false },
		...options,
	});
	open.push(mock);
	return mock;
}

/** Closes every mock `startMock` started. */
export async function closeMocks(): Promise<void> {
	await Promise.all(open.splice(0).map((mock) => mock.close()));
}

/** A JSON answer. */
export interface Reply {
	status: number;
	body: Record<string, unknown>;
}

export interface CallOptions {
	method?: string;
	body?: unknown;
	/** Headers; `undefined` takes a default one away. */
	headers?: Record<string, string | undefined>;
}

/** Calls a path of the API origin with the mock's key and reads the JSON it answers. */
export async function call(
	mock: DashScopeMock,
	path: string,
	{ method = 'GET', body, headers = {} }: CallOptions = {},
): Promise<Reply> {
	const wanted = {
		authorization: `Bearer ${mock.apiKey}`,
		'content-type': 'application/json',
		...headers,
	};
	const response = await fetch(mock.url + path, {
		method,
		headers: Object.entries(wanted).filter((pair): pair is [string, string] => !!pair[1]),
		...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
	});
	return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

export const detectPath = '/api/v1/services/aigc/image2video/face-detect';
export const createPath = '/api/v1/services/aigc/image2video/video-synthesis';

/** Asks for the face areas of a portrait. */
export function detect(mock: DashScopeMock, imageUrl: string, headers = {}): Promise<Reply> {
	return call(mock, detectPath, {
		method: 'POST',
		headers,
		body: {
			model: 'emoji-detect-v1',
			input: { image_url: imageUrl },
			parameters: { ratio: '1:1' },
		},
	});
}

/** The input of a task that is accepted. */
export function goodInput(mock: DashScopeMock) {
	return {
		image_url: mock.portraitUrl('ada.png'),
		driven_id: 'mengwa_kaixin',
		face_bbox: [192, 192, 448, 448],
		ext_bbox: [64, 64, 576, 576],
	};
}

/** Creates a task; `input` replaces parts of the accepted one. */
export function create(
	mock: DashScopeMock,
	input: Record<string, unknown> = {},
	headers: Record<string, string | undefined> = {},
): Promise<Reply> {
	return call(mock, createPath, {
		method: 'POST',
		headers: { 'x-dashscope-async': 'enable', ...headers },
		body: { model: 'emoji-v1', input: { ...goodInput(mock), ...input } },
	});
}

/** Creates a task and returns its id. */
export async function createTask(
	mock: DashScopeMock,
	input: Record<string, unknown> = {},
): Promise<string> {
	const { body } = await create(mock, input);
	const { task_id: id } = body.output as { task_id: string };
	return id;
}

/** The `output` of a task query. */
export async function outputOf(mock: DashScopeMock, id: string): Promise<Record<string, unknown>> {
	const { body } = await call(mock, `/api/v1/tasks/${id}`);
	return body.output as Record<string, unknown>;
}

/** The link to the video of a task that has succeeded. */
export async function videoUrlOf(mock: DashScopeMock, id: string): Promise<string> {
	const { video_url: url } = await outputOf(mock, id);
	if (typeof url !== 'string') throw new Error(`Task ${id} has no video.`);
	return url;
}

/** The response by Node.js's own client: fetch takes a 407 for an error, and trusts no certificate of ours. */
export async function sendRequest(url: string, options: RequestOptions & { ca?: string } = {}) {
	const send = url.startsWith('https:') ? requestHttps : requestHttp;
	const sent = send(url, { agent: false, ...options });
	sent.end();
	const [response] = (await once(sent, 'response')) as [IncomingMessage];
	let text = '';
	for await (const piece of response) text += String(piece);
	return { status: response.statusCode, headers: response.headers, text };
}
