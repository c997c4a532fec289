/**
 * What both origins share: every request gets a request id and a ledger entry, and meets its fault.
 * Rule: the entry is written and the fault chosen before anything is read or processed.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Fault } from './faults.mts';
import type { LedgerEntry, Operation, Origin } from './ledger.mts';
import { refusals, type Refusal } from './refusals.mts';
import { spoil } from './spoil.mts';
import { accountOf, type World } from './world.mts';

declare module 'fastify' {
	interface FastifyRequest {
		/** The ledger entry of this request. */
		entry: LedgerEntry;
		fault: Fault | undefined;
	}
	interface FastifyContextConfig {
		/** What the ledger calls requests to this route. */
		operation?: Operation;
	}
}

export const controlPrefix = '/__control';

/** The body of a refusal as the service writes it. */
export function refusalBody({ code, message }: Refusal, requestId: string): object {
	return { code, message, request_id: requestId };
}

/** The bearer key of an Authorization header; undefined when there is none. */
export function keyOf(authorization: string | undefined): string | undefined {
	return /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
}

function knownHeaders(world: World, { headers }: FastifyRequest): LedgerEntry['headers'] {
	const { authorization, ...rest } = headers;
	if (authorization === undefined) return rest;
	const key = keyOf(authorization);
	const known = key !== undefined && accountOf(world, key) !== undefined;
	return { ...rest, authorization: known ? authorization : '(not a key of this double)' };
}

function enter(world: World, origin: Origin, request: FastifyRequest): void {
	request.entry = {
		seq: (world.ledger.at(-1)?.seq ?? 0) + 1,
		atMs: world.now(),
		origin,
		operation: request.routeOptions.config.operation ?? 'unknown',
		method: request.method,
		path: request.url.split('?')[0] ?? '',
		url: request.url,
		headers: knownHeaders(world, request),
		status: null,
		requestId: request.id,
		billedDetection: false,
		throttled: false,
	};
	world.ledger.push(request.entry);
}

const statusBodies: Readonly<Record<number, Refusal>> = {
	401: refusals.wrongKey,
	403: { status: 403, code: 'AccessDenied', message: 'Access denied.' },
	404: refusals.notFound,
	429: refusals.throttled,
	500: refusals.internal,
	503: refusals.overloaded,
};

const html = '<html><body><h1>Welcome</h1></body></html>';

async function sendText(reply: FastifyReply, body: unknown): Promise<void> {
	const isText = typeof body === 'string';
	await reply
		.type(isText ? 'text/html' : 'application/json')
		.send(isText ? body : JSON.stringify(body));
}

/** Does what the fault wants before the request is processed; an answer sent here ends it. */
async function meetFault(
	fault: Fault,
	request: FastifyRequest,
	reply: FastifyReply,
	closing: AbortSignal,
): Promise<void> {
	request.entry.fault = fault.kind;
	request.fault = fault;
	if (fault.kind === 'reset') {
		reply.hijack();
		request.raw.socket.destroy();
	} else if (fault.kind === 'delay') {
		await sleep(fault.ms, undefined, { signal: closing }).catch(() => undefined);
	} else if (fault.kind === 'garbage') {
		await sendText(reply.code(200), fault.body ?? html);
	} else if (fault.kind === 'status') {
		const known = statusBodies[fault.status] ?? { ...refusals.internal, status: fault.status };
		reply.code(fault.status).headers(fault.headers ?? {});
		await sendText(reply, fault.body ?? refusalBody(known, request.id));
	}
}

/** An origin that keeps the ledger and meets faults; its routes are the caller's. */
export function createOrigin(world: World, origin: Origin): FastifyInstance {
	const closing = new AbortController();
	const server = fastify({
		genReqId: () => randomUUID(),
		forceCloseConnections: true,
		exposeHeadRoutes: true,
		routerOptions: { maxParamLength: 1000 },
	});
	const isControl = (request: FastifyRequest) =>
		origin === 'api' && request.url.startsWith(controlPrefix);
	server.decorateRequest('fault', undefined);
	server.addHook('onRequest', async (request, reply) => {
		if (isControl(request)) return;
		enter(world, origin, request);
		const fault = world.faults.take(request.method, request.url);
		if (fault) await meetFault(fault, request, reply, closing.signal);
	});
	server.addHook('onSend', async (request, reply, payload) => {
		if (isControl(request)) return payload;
		request.entry.status = reply.statusCode;
		return spoil(request, reply, payload, closing.signal);
	});
	server.addHook('preClose', (done) => {
		closing.abort();
		done();
	});
	return server;
}
