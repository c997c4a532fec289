import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { faultKinds, type DashScopeMock, type Fault } from '../../sandbox/dashscope/index.mts';
import { refusals } from '../../sandbox/dashscope/refusals.mts';
import { bomb } from '../../sandbox/dashscope/faults/bomb.mts';
import { call, closeMocks, create, createTask, startMock, videoUrlOf } from './helpers.mts';

afterEach(closeMocks);

const models = '/api/v1/models';
const auth = ({ apiKey }: DashScopeMock) => ({ authorization: `Bearer ${apiKey}` });

/**
 * What the API origin writes to the wire: until the connection ends, or, a moment after `enough` says
 * so, while it is still open.
 */
async function wire(
	mock: DashScopeMock,
	enough: (text: string) => boolean = () => false,
): Promise<{ text: string; ended: boolean }> {
	const { hostname, port } = new URL(mock.url);
	const socket = connect(Number(port), hostname);
	const head = [`GET ${models} HTTP/1.1`, 'Host: mock', `Authorization: Bearer ${mock.apiKey}`];
	socket.write(`${head.join('\r\n')}\r\n\r\n`);
	let text = '';
	let ended = false;
	socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
	socket.on('close', () => (ended = true));
	while (!ended && !enough(text)) await sleep(5);
	await sleep(30);
	const seen = { text, ended };
	socket.destroy();
	return seen;
}

/** A mock with one fault ordered for the list of models. */
async function withFault(fault: Fault | { kind: Fault['kind'] }): Promise<DashScopeMock> {
	const mock = await startMock();
	// Always: fetch asks again after a 421 by itself.
	mock.faults.add({ match: { operation: 'models' }, times: 'always', fault: fault as Fault });
	return mock;
}

/** A mock whose next download of a video meets the fault, that video's link, and its true bytes. */
async function withVideo(fault: Record<string, unknown>) {
	const mock = await startMock({ taskSeconds: 0 });
	const url = await videoUrlOf(mock, await createTask(mock));
	const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
	mock.faults.add({ match: { operation: 'result' }, fault: fault as Fault });
	return { mock, url, whole };
}

describe('a status without words of the service', () => {
	it.each([
		[408, 'Request Timeout'],
		[421, 'Misdirected Request'],
		[425, 'Too Early'],
		[499, 'Client Closed Request'],
		[502, 'Bad Gateway'],
		[504, 'Gateway Timeout'],
	])('%i is a gateway’s page', async (status, title) => {
		const mock = await withFault({ kind: 'status', status });
		const response = await fetch(mock.url + models, { headers: auth(mock) });
		expect(response.status).toBe(status);
		expect(response.headers.get('content-type')).toMatch(/^text\/html/);
		expect(await response.text()).toContain(`<h1>${status} ${title}</h1>`);
	});
});

it('the fault error200 puts an error into status 200', async () => {
	const mock = await withFault({ kind: 'error200' });
	const { status, body } = await call(mock, models);
	const { code, message } = refusals.internal;
	expect({ status, body }).toEqual({
		status: 200,
		body: { code, message, request_id: mock.ledger()[0]?.requestId },
	});
});

describe('a redirect', () => {
	it('leads to the other origin by default, where the ledger shows the client', async () => {
		const mock = await withFault({ kind: 'redirect' });
		const response = await fetch(mock.url + models, { redirect: 'manual' });
		expect(response.status).toBe(302);
		expect(response.headers.get('location')).toBe(`${mock.storageUrl}/redirected`);
		await fetch(`${mock.storageUrl}/redirected`);
		expect(mock.ledger().at(-1)).toMatchObject({ origin: 'storage', path: '/redirected' });
	});

	it('leads to the address of the order', async () => {
		const mock = await startMock();
		const to = `${mock.url}/again`;
		mock.faults.add({ fault: { kind: 'redirect', status: 308, to } });
		const response = await fetch(mock.portraitUrl('ada.png'), { redirect: 'manual' });
		expect([response.status, response.headers.get('location')]).toEqual([308, to]);
	});
});

describe('an open connection stays silent', () => {
	it('after 101 Switching Protocols', async () => {
		const mock = await withFault({ kind: 'switching' });
		expect(await wire(mock, (text) => text !== '')).toEqual({
			text: 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
			ended: false,
		});
		expect(mock.ledger()[0]).toMatchObject({ status: 101, fault: 'switching' });
	});

	it('after 101 with the headers that belong to it', async () => {
		const mock = await withFault({ kind: 'switching', upgrade: true });
		expect((await wire(mock, (text) => text !== '')).text).toMatch(/\r\nUpgrade: websocket\r\n/);
	});

	it('from the start', async () => {
		const mock = await withFault({ kind: 'silence' });
		expect(await wire(mock, () => mock.ledger().length > 0)).toEqual({
			text: '',
			ended: false,
		});
		expect(mock.ledger()[0]).toMatchObject({ status: null });
	});

	it.each([0, 8])('after the head and %i bytes of the body', async (bytes) => {
		const mock = await withFault({ kind: 'stall', bytes });
		const start = `\r\n\r\n${'{"code":'.slice(0, bytes)}`;
		const { text, ended } = await wire(mock, (seen) => seen.includes(start));
		const [head = '', body] = text.split('\r\n\r\n');
		expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
		expect(Number(/content-length: (\d+)/i.exec(head)?.[1])).toBeGreaterThan(100);
		expect({ body, ended }).toEqual({ body: '{"code":'.slice(0, bytes), ended: false });
	});

	it('although the service created the task', async () => {
		const mock = await startMock();
		mock.faults.add({ match: { operation: 'create' }, fault: { kind: 'stall' } });
		const leave = new AbortController();
		const headers = { 'content-type': 'application/json', 'x-dashscope-async': 'enable' };
		const { url } = mock;
		const response = await fetch(`${url}/api/v1/services/aigc/image2video/video-synthesis`, {
			method: 'POST',
			headers: { ...auth(mock), ...headers },
			body: JSON.stringify({
				model: 'emoji-v1',
				input: {
					image_url: mock.portraitUrl('ada.png'),
					driven_id: 'mengwa_kaixin',
					face_bbox: [192, 192, 448, 448],
					ext_bbox: [64, 64, 576, 576],
				},
			}),
			signal: leave.signal,
		});
		expect(response.status).toBe(200);
		expect(mock.counts().createsAccepted).toBe(1);
		leave.abort();
		await expect(response.text()).rejects.toThrow();
	});
});

describe('a body', () => {
	it('comes in pieces, the first shorter than the head of an MP4', async () => {
		const { url, whole } = await withVideo({ kind: 'pieces', bytes: 3 });
		const pieces: Buffer[] = [];
		const response = await fetch(url);
		const body: AsyncIterable<Uint8Array> | null = response.body;
		for await (const piece of body ?? []) pieces.push(Buffer.from(piece));
		expect(pieces[0]).toHaveLength(3);
		expect(Buffer.concat(pieces).equals(whole)).toBe(true);
		expect(Number(response.headers.get('content-length'))).toBe(whole.length);
	});

	it('comes without an announced length', async () => {
		const { url, whole } = await withVideo({ kind: 'unsized' });
		const response = await fetch(url);
		expect(response.headers.get('content-length')).toBeNull();
		expect(response.headers.get('transfer-encoding')).toBe('chunked');
		expect(Buffer.from(await response.arrayBuffer()).equals(whole)).toBe(true);
	});

	it('ends with the connection', async () => {
		const mock = await withFault({ kind: 'unsized', framing: 'close' });
		const { text, ended } = await wire(mock);
		expect(ended).toBe(true);
		expect(text).toMatch(/\r\nConnection: close\r\n/i);
		expect(text).not.toMatch(/content-length|transfer-encoding/i);
		expect(text).toMatch(/\}$/);
	});

	it('is cut in half without a sign of it', async () => {
		const { url, whole } = await withVideo({ kind: 'cut', announced: false });
		const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
		expect(bytes.equals(whole.subarray(0, Math.floor(whole.length / 2)))).toBe(true);
	});
});

it('the fault bom puts a byte order mark before the JSON', async () => {
	const mock = await withFault({ kind: 'bom' });
	const response = await fetch(mock.url + models, { headers: auth(mock) });
	const bytes = Buffer.from(await response.arrayBuffer());
	expect([...bytes.subarray(0, 4)]).toEqual([0xef, 0xbb, 0xbf, 0x7b]);
	expect(JSON.parse(bytes.subarray(3).toString())).toMatchObject({ success: true });
});

describe('a compressed bomb', () => {
	const readers = {
		br: createBrotliDecompress,
		gzip: createGunzip,
		deflate: createInflate,
	} as const;
	const megabytes = 16 * 1024 * 1024;

	it.each(['br', 'gzip', 'deflate'] as const)('in %s is small and huge', async (encoding) => {
		const bytes = await bomb(encoding, megabytes);
		expect(bytes.length).toBeLessThan(megabytes / 900);
		let read = 0;
		const reader = readers[encoding]();
		reader.on('data', (piece: Buffer) => (read += piece.length));
		reader.end(bytes);
		await new Promise((done) => reader.on('end', done));
		expect(read).toBe(megabytes);
	});

	it('replaces the response to a create, whose task exists', async () => {
		const mock = await startMock();
		const fault = { kind: 'bomb', encoding: 'br', bytes: 1024 * 1024 } as const;
		mock.faults.add({ match: { operation: 'create' }, fault });
		await expect(create(mock)).rejects.toThrow('Unexpected end of JSON input');
		expect(mock.tasks()).toHaveLength(1);
	});

	it('names its encoding in a header', async () => {
		const mock = await withFault({ kind: 'bomb', encoding: 'gzip', bytes: 1024 * 1024 });
		const { text } = await wire(mock, (seen) => seen.includes('\r\n\r\n'));
		expect(text).toMatch(/\r\ncontent-encoding: gzip\r\n/);
		expect(text.length).toBeLessThan(3000);
	});
});

describe('a patched response', () => {
	it('has the values of the order, and the service’s own for all others', async () => {
		const mock = await startMock();
		const fault: Fault = {
			kind: 'patch',
			set: { 'output.task_status': null, request_id: 7, 'usage.extra': 1 },
			remove: ['output.nothing'],
		};
		mock.faults.add({ match: { operation: 'create' }, fault });
		const { body } = await create(mock);
		const id = mock.tasks()[0]?.id;
		expect(body).toEqual({
			output: { task_status: null, task_id: id },
			request_id: 7,
			usage: { extra: 1 },
		});
	});

	it('lacks the fields that the order removes, also in lists', async () => {
		const mock = await startMock();
		await createTask(mock);
		const fault: Fault = { kind: 'patch', set: {}, remove: ['data.0.status', 'total'] };
		mock.faults.add({ match: { operation: 'list' }, fault });
		const { body } = await call(mock, '/api/v1/tasks/');
		expect(body).not.toHaveProperty('total');
		expect(body.data).toHaveLength(1);
		expect(body.data).not.toHaveProperty('0.status');
	});
});

describe('an order for a fault', () => {
	it('is refused if its kind has no such field', async () => {
		const mock = await startMock();
		const fault = { kind: 'reset', bytes: 8 } as unknown as Fault;
		expect(() => mock.faults.add({ fault })).toThrow(/bytes/);
	});

	it('has a line in the README for each kind', () => {
		const readme = readFileSync('sandbox/dashscope/README.md', 'utf8');
		const missing = faultKinds.filter((kind) => !readme.includes(`| \`{"kind": "${kind}"`));
		expect(missing).toEqual([]);
	});
});
