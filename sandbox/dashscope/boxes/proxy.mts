/**
 * An HTTP proxy that can refuse. Rule: what it refuses never leaves it, so the mock's ledger has no
 * trace of it; everything else passes through, by tunnel (CONNECT) or request by request.
 */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { pages, type Page } from '../faults/pages.mts';
import { join, listen } from './tunnels.mts';

/** What the proxy says to a request that it refuses. */
export const proxyRefusals = { 403: pages.proxy403, 407: pages.proxy407, 502: pages.proxy502 };

export type ProxyRefusal = keyof typeof proxyRefusals;

export interface RefusalOrder {
	status: ProxyRefusal;
	/** How many requests it refuses. Default 1. */
	times?: number | 'always';
	/** Lets the first `after` requests through. Default 0. */
	after?: number;
}

/** A request as the proxy saw it. */
export interface ProxyEntry {
	/** `CONNECT` for a tunnel. */
	method: string;
	/** `host:port` of a tunnel, else the URL. */
	target: string;
	/** The status of the refusal; undefined for a request that passed. */
	refused?: ProxyRefusal;
}

export interface Proxy {
	/** e.g. `http://127.0.0.1:40123`. */
	url: string;
	/** Refuses requests from now on; a new order replaces the old one. */
	refuse: (order: RefusalOrder) => void;
	ledger: () => ProxyEntry[];
	close: () => Promise<void>;
}

function rawResponse({ status, body, headers = {} }: Page): string {
	const lines = Object.entries({
		...headers,
		'content-type': 'text/html',
		'content-length': String(Buffer.byteLength(body)),
		connection: 'close',
	}).map(([name, value]) => `${name}: ${value}`);
	return [`HTTP/1.1 ${status} Refused`, ...lines, '', body].join('\r\n');
}

function forward(incoming: IncomingMessage, response: ServerResponse): void {
	const { url = '', method, headers } = incoming;
	const onward = request(url, { method, headers }, (answer) => {
		response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
		answer.pipe(response);
	});
	onward.on('error', () => response.destroy());
	incoming.pipe(onward);
}

/** Starts a proxy that lets everything through until `refuse` is called. */
export async function startProxy(): Promise<Proxy> {
	const ledger: ProxyEntry[] = [];
	let skip = 0;
	let left = 0;
	let status: ProxyRefusal = 407;

	/** Writes the request down and returns the page that refuses it. */
	const judge = (method: string, target: string): Page | undefined => {
		const isRefused = skip === 0 && left > 0;
		if (skip > 0) skip -= 1;
		else if (isRefused) left -= 1;
		ledger.push({ method, target, ...(isRefused && { refused: status }) });
		return isRefused ? proxyRefusals[status] : undefined;
	};

	const server = createServer((incoming, response) => {
		const page = judge(incoming.method ?? '', incoming.url ?? '');
		if (!page) return forward(incoming, response);
		incoming.resume();
		response
			.writeHead(page.status, { ...page.headers, 'content-type': 'text/html' })
			.end(page.body);
	});
	server.on('connect', ({ url = '' }: IncomingMessage, client: Duplex) => {
		client.on('error', () => undefined);
		const page = judge('CONNECT', url);
		if (page) return client.end(rawResponse(page));
		const [host = '', port = ''] = url.split(':');
		const upstream = connect(Number(port), host, () =>
			client.write('HTTP/1.1 200 Connection Established\r\n\r\n'),
		);
		return join(client, upstream);
	});
	const { port, close } = await listen(server);
	return {
		url: `http://127.0.0.1:${port}`,
		refuse(order) {
			status = order.status;
			skip = order.after ?? 0;
			left = order.times === 'always' ? Infinity : (order.times ?? 1);
		},
		ledger: () => [...ledger],
		close,
	};
}
