/**
 * Trouble between the node and the mock, for the requests of one kind: the same request to HTTPS that
 * no machine trusts, to plain HTTP behind https, through a proxy that refuses, to a name without DNS.
 * Rule: the errors are those of Node.js over real sockets; none is made up.
 */
import http from 'node:http';
import https from 'node:https';
import type { RequestOptions } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { startHttpsFront, startProxy } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';

export type NetworkTrouble = 'certificate' | 'plain' | 'proxy' | 'dns';

export interface Boxes {
	frontPort: number;
	proxyUrl: string;
	close: () => Promise<void>;
}

/** Starts what stands in between, once for all cells. */
export async function startBoxes(mock: DashScopeMock): Promise<Boxes> {
	const [front, proxy] = await Promise.all([startHttpsFront(mock.url), startProxy()]);
	proxy.refuse({ status: 407, times: 'always' });
	return {
		frontPort: Number(new URL(front.url).port),
		proxyUrl: proxy.url,
		close: async () => void (await Promise.all([front.close(), proxy.close()])),
	};
}

const lookupFails: RequestOptions['lookup'] = (hostname, _options, callback) => {
	const error = Object.assign(new Error(`getaddrinfo EAI_AGAIN ${hostname}`), {
		code: 'EAI_AGAIN',
		errno: -3001,
		syscall: 'getaddrinfo',
		hostname,
	});
	callback(error, '', 4);
};

/** How each trouble changes a request. */
function troubled(trouble: NetworkTrouble, options: RequestOptions, boxes: Boxes): RequestOptions {
	const secure = { ...options, protocol: 'https:', agent: undefined };
	switch (trouble) {
		case 'certificate':
			return { ...secure, port: boxes.frontPort };
		case 'plain':
			return secure;
		case 'proxy':
			return { ...secure, agent: new HttpsProxyAgent(boxes.proxyUrl) };
		case 'dns': {
			const name = 'dashscope.invalid';
			const agent = new http.Agent();
			return { ...options, agent, host: name, hostname: name, lookup: lookupFails };
		}
	}
}

/**
 * Gives the next `times` requests that are targets this trouble, until `restore`.
 * @returns how many requests met it, and the way back
 */
export function troubleNetwork(
	trouble: NetworkTrouble,
	isTarget: (options: RequestOptions) => boolean,
	times: number,
	boxes: Boxes,
): { count: () => number; restore: () => void } {
	const send = http.request;
	let count = 0;
	http.request = ((options: RequestOptions, listener?: never) => {
		if (count >= times || !isTarget(options)) return send(options, listener);
		count += 1;
		const changed = troubled(trouble, options, boxes);
		return changed.protocol === 'https:'
			? https.request(changed, listener)
			: send(changed, listener);
	}) as typeof http.request;
	return {
		count: () => count,
		restore: () => {
			http.request = send;
		},
	};
}
