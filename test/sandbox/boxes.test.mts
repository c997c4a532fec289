/** What stands between a client and the service, by real sockets and Node.js's own clients. */
import { once } from 'node:events';
import { request as requestHttp } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { connect as connectTls } from 'node:tls';
import {
	plainBehindHttps,
	startHttpsFront,
	startProxy,
	type DashScopeMock,
} from '../../sandbox/dashscope/index.mts';
import { closeMocks, sendRequest, startMock } from './helpers.mts';

const open: Array<{ close(): Promise<void> }> = [];
afterEach(async () => {
	await Promise.all(open.splice(0).map((box) => box.close()));
	await closeMocks();
});

async function opened<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
	const box = await starting;
	open.push(box);
	return box;
}

const path = '/api/v1/models';

const withKey = ({ apiKey }: DashScopeMock) => ({ authorization: `Bearer ${apiKey}` });

describe('an HTTPS front', () => {
	it('ends a client that does not trust its certificate, before the request is sent', async () => {
		const mock = await startMock();
		const front = await opened(startHttpsFront(mock.url));
		await expect(sendRequest(front.url + path)).rejects.toMatchObject({
			code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
		});
		expect(mock.ledger()).toEqual([]);
		expect(front.connections()).toBe(1);
	});

	it('passes the requests of a client that trusts its certificate on to the mock', async () => {
		const mock = await startMock();
		const front = await opened(startHttpsFront(mock.url));
		const headers = withKey(mock);
		const response = await sendRequest(front.url + path, { headers, ca: front.certificate });
		expect(response.status).toBe(200);
		expect(mock.ledger()).toMatchObject([{ operation: 'models', status: 200 }]);
	});
});

it('an origin that speaks plain HTTP behind an https URL ends the handshake with EPROTO', async () => {
	const mock = await startMock();
	await expect(sendRequest(plainBehindHttps(mock.url) + path)).rejects.toMatchObject({
		code: 'EPROTO',
	});
	expect(mock.ledger()).toEqual([]);
});

/** A tunnel through `proxyUrl` to `target`, or the response that refuses it. */
async function tunnel(proxyUrl: string, target: string) {
	const sent = requestHttp(proxyUrl, { method: 'CONNECT', path: target, agent: false });
	sent.end();
	const [response, socket] = (await once(sent, 'connect')) as [IncomingMessage, Socket];
	return { response, socket };
}

describe('a proxy', () => {
	it('tunnels HTTPS to the mock', async () => {
		const mock = await startMock();
		const front = await opened(startHttpsFront(mock.url));
		const proxy = await opened(startProxy());
		const target = new URL(front.url).host;
		const { response, socket } = await tunnel(proxy.url, target);
		expect(response.statusCode).toBe(200);
		const secure = connectTls({ socket, ca: front.certificate, host: '127.0.0.1' });
		secure.write(`GET ${path} HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n\r\n`);
		const [bytes] = (await once(secure, 'data')) as [Buffer];
		expect(String(bytes)).toMatch(/^HTTP\/1\.1 401 /);
		secure.destroy();
		expect(proxy.ledger()).toEqual([{ method: 'CONNECT', target }]);
	});

	it('passes plain HTTP on to the mock', async () => {
		const mock = await startMock();
		const proxy = await opened(startProxy());
		const url = mock.url + path;
		const response = await sendRequest(proxy.url, { path: url, headers: withKey(mock) });
		expect(response.status).toBe(200);
		expect(mock.ledger()).toMatchObject([{ operation: 'models', status: 200 }]);
	});

	it.each([403, 407, 502] as const)('refuses a tunnel with %i', async (status) => {
		const proxy = await opened(startProxy());
		proxy.refuse({ status });
		const { response, socket } = await tunnel(proxy.url, '127.0.0.1:1');
		socket.destroy();
		expect(response.statusCode).toBe(status);
		expect(response.headers['proxy-authenticate'] !== undefined).toBe(status === 407);
		expect(proxy.ledger()).toEqual([{ method: 'CONNECT', target: '127.0.0.1:1', refused: status }]);
	});

	it('refuses as often as the order says, after the first ones', async () => {
		const mock = await startMock();
		const proxy = await opened(startProxy());
		proxy.refuse({ status: 407, times: 2, after: 1 });
		const statuses: Array<number | undefined> = [];
		for (let index = 0; index < 4; index++) {
			const { status } = await sendRequest(proxy.url, {
				path: mock.url + path,
				headers: withKey(mock),
			});
			statuses.push(status);
		}
		expect(statuses).toEqual([200, 407, 407, 200]);
		expect(mock.ledger()).toHaveLength(2);
	});

	it('refuses every request, if the order says always', async () => {
		const mock = await startMock();
		const proxy = await opened(startProxy());
		proxy.refuse({ status: 502, times: 'always' });
		for (let index = 0; index < 3; index++) {
			expect((await sendRequest(proxy.url, { path: mock.url })).status).toBe(502);
		}
		expect(mock.ledger()).toEqual([]);
	});

	it('is gone after close, and its port refuses connections', async () => {
		const proxy = await startProxy();
		const { hostname, port } = new URL(proxy.url);
		const socket = connect(Number(port), hostname);
		await once(socket, 'connect');
		await proxy.close();
		await expect(sendRequest(proxy.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
		socket.destroy();
	});
});
