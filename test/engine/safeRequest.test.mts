/**
 * Every request and its connection end by the time limit or by Stop, whatever the host does. The tests use
 * n8n's own HTTP helpers over real sockets and move the clock.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createRequire } from 'node:module';
import path from 'node:path';
import type {
	IExecuteFunctions,
	IHttpRequestOptions,
	IN8nHttpFullResponse,
	IPollFunctions,
} from 'n8n-workflow';
import { createSend } from '../../nodes/EmojiVideo/dashscope/transport';
import { readText, withResponse } from '../../nodes/EmojiVideo/net/safeRequest';
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { succeed } from '../../nodes/EmojiVideo/base/result';
import { judgeHost } from '../../nodes/EmojiVideo/net/resolvedHosts';
import { fetchUntrusted } from '../../nodes/EmojiVideo/net/untrustedFetch';
import type { LinkTools } from '../../nodes/EmojiVideo/net/untrustedFetch';
import { createVirtualClock } from '../unit/support/virtualClock.mts';
import { createStop, neverStops } from '../../nodes/EmojiVideo/base/stop';

const core = path.resolve(import.meta.dirname, '../../node_modules/n8n-core/dist/index.js');
const coreRequire = createRequire(core);
const { getRequestHelperFunctions } = coreRequire(
	'./execution-engine/node-execution-context/utils/request-helpers/factory.js',
) as {
	getRequestHelperFunctions: (...args: unknown[]) => IExecuteFunctions['helpers'];
};

/** n8n's request helpers, as `this.helpers` of a node with this cancel signal. */
function n8nWith(cancelSignal: AbortSignal | undefined): IExecuteFunctions {
	const node = { name: 'Emoji Video', type: 'test', parameters: {} };
	const credentialsHelper = {
		getParentTypes: () => [],
		preAuthentication: async () => Promise.resolve(undefined),
		authenticate: async (_data: unknown, _type: string, request: IHttpRequestOptions) =>
			Promise.resolve({ ...request, headers: { ...request.headers, Authorization: 'Bearer k' } }),
	};
	const helpers = getRequestHelperFunctions({}, node, { credentialsHelper });
	return {
		helpers,
		getNode: () => node,
		getCredentials: async () => Promise.resolve({ apiKey: 'k' }),
		getExecutionCancelSignal: () => cancelSignal,
		logger: { warn: () => undefined },
	} as unknown as IExecuteFunctions;
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

/** A server writes these bytes on a connection, then nothing, and never closes it. */
const endless: Array<[string, string]> = [
	['never comes', ''],
	['ends inside its headers', HEAD],
	['stalls after its headers', `${HEAD}Content-Length: 1000\r\n\r\n`],
	['stalls after its first bytes', `${HEAD}Content-Length: 1000\r\n\r\n{"outp`],
	['stalls in a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n8\r\n{"out`],
	['has a body without an end', `${HEAD}\r\n{"outp`],
	['stalls within gzip', `${HEAD}Content-Encoding: gzip\r\n\r\n\x1f\x8b`],
	[
		'switches protocols with an upgrade',
		'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
	],
	['sends only interim responses', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n'],
];

/** Serves one connection and resolves once the client has closed it. */
async function serve(words: string, work: (url: string, asked: Promise<void>) => Promise<void>) {
	const sockets: Socket[] = [];
	let heard = () => {};
	const asked = new Promise<void>((resolve) => {
		heard = resolve;
	});
	const server = createServer((socket) => {
		sockets.push(socket);
		socket.on('error', () => undefined);
		socket.once('data', () => {
			if (words) socket.write(Buffer.from(words, 'latin1'));
			heard();
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	try {
		await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
		const open = sockets.filter((socket) => !socket.closed);
		for (const socket of open) if (!socket.closed) await once(socket, 'close');
	} finally {
		sockets.forEach((socket) => socket.destroy());
		server.close();
	}
	expect(sockets).toHaveLength(1);
}

/** Waits until the client has received the server's bytes. */
const arrived = async () => await new Promise((resolve) => setTimeout(resolve, 50));

const sendTo = (
	baseUrl: string,
	functions: IExecuteFunctions | IPollFunctions,
	clock: Clock,
	stop = neverStops(),
) => createSend({ functions, credentialType: 'dashScopeApi', baseUrl, clock, stop });

const request = (url: string) => ({ method: 'GET', url, headers: {}, timeoutMs: 20_000 }) as const;

describe.each(endless)('a response that %s', (_, words) => {
	test.each(['its time limit', 'Stop'])('ends by %s together with its connection', async (by) => {
		const stop = new AbortController();
		const clock = createVirtualClock();
		await serve(words, async (url, asked) => {
			const { helpers } = n8nWith(stop.signal);
			const response = withResponse(
				async (options) => (await helpers.httpRequest(options)) as IN8nHttpFullResponse,
				request(url),
				{ clock, signal: stop.signal },
				async ({ body }) => await readText(body, 1000),
			);
			const ended = expect(response).rejects.toThrow();
			await asked;
			await arrived();
			if (by === 'Stop') stop.abort();
			else await clock.advance(20_000);
			await ended;
		});
	});

	test.each(['its time limit', 'Stop'])(
		'ends by %s together with its connection if n8n adds the key',
		async (by) => {
			const stop = new AbortController();
			const clock = createVirtualClock();
			await serve(words, async (url, asked) => {
				const functions: IExecuteFunctions | IPollFunctions = n8nWith(stop.signal);
				const send = sendTo(url, functions, clock, createStop(stop.signal).stop);
				const response = send({ method: 'GET', path: '/x', timeoutMs: 20_000 });
				await asked;
				await arrived();
				if (by === 'Stop') stop.abort();
				else await clock.advance(20_000);
				await expect(response).resolves.toMatchObject({
					ok: false,
					failure: { kind: by === 'Stop' ? 'interrupted' : 'noResponse' },
				});
			});
		},
	);
});

test.each([
	['the end of the batch', false, 'noResponse'],
	['Stop', true, 'interrupted'],
])('a paid request under way at %s: cut %s, failure kind %s', async (_, isCut, kind) => {
	const stopped = new AbortController();
	const { stop, endBatch } = createStop(stopped.signal);
	const clock = createVirtualClock();
	await serve('', async (url, asked) => {
		const send = sendTo(url, n8nWith(undefined), clock, stop);
		let isOver = false;
		const response = send({ method: 'POST', path: '/x', timeoutMs: 20_000, isPaid: true });
		void response.then(() => (isOver = true));
		await asked;
		await arrived();
		if (isCut) stopped.abort();
		else endBatch();
		await arrived();
		expect(isOver).toBe(isCut);
		await clock.advance(20_000);
		await expect(response).resolves.toMatchObject({ ok: false, failure: { kind } });
	});
});

test('an HTTP 101 without an Upgrade header is a response without a body', async () => {
	await serve('HTTP/1.1 101 Switching Protocols\r\n\r\n', async (url) => {
		const send = sendTo(url, n8nWith(undefined), createVirtualClock());
		await expect(send({ method: 'GET', path: '/x', timeoutMs: 20_000 })).resolves.toMatchObject({
			ok: true,
			value: { httpStatus: 101, text: '' },
		});
	});
});

test('a request whose TLS handshake gets no response is known to be unsent', async () => {
	const clock = createVirtualClock();
	await serve('', async (url, asked) => {
		const https = url.replace('http:', 'https:');
		const send = sendTo(https, n8nWith(undefined), clock);
		const response = send({ method: 'POST', path: '/x', body: { a: 1 }, timeoutMs: 20_000 });
		await asked;
		await clock.advance(20_000);
		await expect(response).resolves.toMatchObject({
			failure: {
				kind: 'unreachable',
				message: `DashScope could not be reached at ${https} (no connection in time)`,
			},
		});
	});
});

test.each([
	['198.18.0.7', 'hidden'],
	['[fdfe:dcba:9876::b4]', 'hidden'],
	['47.1.1.1', 'public'],
	['[64:ff9b::2f01:101]', 'public'],
	['[64:ff9b::a9fe:a9fe]', 'private'],
	['169.254.169.254', 'private'],
	['100.100.100.200', 'private'],
	['[::ffff:10.0.0.1]', 'private'],
	['localhost', 'private'],
])("n8n's real SSRF filter and DNS make %s %s", async (host, verdict) => {
	const { helpers } = n8nWith(undefined);
	expect(await judgeHost(new URL(`http://${host}/`), helpers)).toBe(verdict);
});

describe("a link over n8n's real HTTP helper", () => {
	const open = async (url: string) => {
		const tools: LinkTools = {
			functions: n8nWith(undefined),
			clock: createVirtualClock(),
			stop: neverStops(),
			allowLoopback: true,
		};
		const link = {
			name: 'The link',
			headers: {},
			nextStep: 'x',
			timeoutMs: 20_000,
			brokenOff: 'x',
		};
		return await fetchUntrusted(new URL(url), link, tools, async () =>
			Promise.resolve(succeed('read')),
		);
	};

	test('fails with its cause if https meets a plain http server', async () => {
		await serve('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', async (url) => {
			expect(await open(url.replace('http:', 'https:'))).toMatchObject({
				failure: {
					kind: 'unreachable',
					lasts: true,
					message: 'The link leads to a host that could not be reached (the TLS handshake failed)',
				},
			});
		});
	});

	test('fails with its cause if the port is closed', async () => {
		const server = createServer().listen(0, '127.0.0.1');
		await once(server, 'listening');
		const closed = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
		server.close();
		await once(server, 'close');
		expect(await open(closed)).toMatchObject({
			failure: {
				kind: 'unreachable',
				message: 'The link leads to a host that could not be reached (connection refused)',
			},
		});
	});
});
