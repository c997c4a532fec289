/**
 * Faults that happen before a request is processed. Rule: a response sent here ends the request, so the
 * service does nothing for it. The order decides how the connection ends (open, destroyed, silent).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusalBody, refusals } from '../refusals.mts';
import { denials } from '../storage/denials.mts';
import { sendOssError } from '../storage/xml.mts';
import type { EarlyFault } from './kinds.mts';
import { gatewayPage, pages, type Page } from './pages.mts';
import { wordsOf } from './words.mts';

/** The request and the origin that a fault happens on. */
export interface Scene {
	request: FastifyRequest;
	reply: FastifyReply;
	/** Ends waiting when the origin closes. */
	closing: AbortSignal;
	/** Where a redirect leads that names no address. */
	otherOrigin: string;
}

const html = '<html><body><h1>Welcome</h1></body></html>';

async function send(reply: FastifyReply, body: unknown): Promise<void> {
	const isText = typeof body === 'string';
	await reply
		.type(isText ? 'text/html' : 'application/json')
		.send(isText ? body : JSON.stringify(body));
}

function bodyOf(status: number, requestId: string): unknown {
	const words = wordsOf(status);
	return words ? refusalBody(words, requestId) : gatewayPage(status);
}

/** Leaves an upgraded, silent connection. Without the `Upgrade` header, clients wait for a response. */
function switchProtocols({ request, reply }: Scene, upgrade: boolean): void {
	const headers = upgrade ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : '';
	request.entry.status = 101;
	reply.hijack();
	request.raw.socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`);
}

/** Applies the fault before the request is processed. */
export async function meet(fault: EarlyFault, scene: Scene): Promise<void> {
	const { request, reply, closing, otherOrigin } = scene;
	switch (fault.kind) {
		case 'status':
			reply.code(fault.status).headers(fault.headers ?? {});
			return await send(reply, fault.body ?? bodyOf(fault.status, request.id));
		case 'refusal': {
			const refusal = refusals[fault.name];
			request.entry.code = refusal.code;
			return await send(reply.code(refusal.status), refusalBody(refusal, request.id));
		}
		case 'page': {
			const { status, body, headers = {} }: Page = pages[fault.name];
			return await send(reply.code(status).headers(headers), body);
		}
		case 'denial':
			return await sendOssError(reply, denials[fault.name]);
		case 'dropHeaders':
			for (const name of fault.names) delete request.headers[name];
			return;
		case 'garbage':
			return await send(reply.code(200), fault.body ?? html);
		case 'error200': {
			const { code, message } = fault;
			return await send(reply.code(200), { code, message, request_id: request.id });
		}
		case 'redirect':
			reply.code(fault.status).header('location', fault.to ?? `${otherOrigin}/redirected`);
			return await send(reply, gatewayPage(fault.status));
		case 'switching':
			return switchProtocols(scene, fault.upgrade);
		case 'silence':
			reply.hijack();
			return;
		case 'reset':
			reply.hijack();
			request.raw.socket.destroy();
			return;
		case 'delay':
			await sleep(fault.ms, undefined, { signal: closing }).catch(() => undefined);
			return;
	}
}
