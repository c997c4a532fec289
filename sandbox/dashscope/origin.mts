/**
 * What both origins share: every request gets a request id and a ledger entry, and meets its fault.
 * Rule: the entry is written and the fault chosen before anything is read or processed.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { meet } from './faults/early.mts';
import { isLate, type Fault, type LateFault } from './faults/kinds.mts';
import { reword, spoil } from './faults/late.mts';
import type { LedgerEntry, Operation, Origin } from './ledger.mts';
import { accountOf, type World } from './world.mts';

declare module 'fastify' {
	interface FastifyRequest {
		/** The ledger entry of this request. */
		entry: LedgerEntry;
		fault: Fault | undefined;
	}
	interface FastifyContextConfig {
		/** The name of requests to this route in the ledger. */
		operation?: Operation;
	}
}

export const controlPrefix = '/__control';

/** The bearer key of an Authorization header; undefined if there is none. */
export function keyOf(authorization: string | undefined): string | undefined {
	return /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
}

function knownHeaders(world: World, { headers }: FastifyRequest): LedgerEntry['headers'] {
	const { authorization, ...rest } = headers;
	if (authorization === undefined) return rest;
	const key = keyOf(authorization);
	const known = key !== undefined && accountOf(world, key) !== undefined;
	return { ...rest, authorization: known ? authorization : '(not a key of this mock)' };
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

const requestIdHeaders: Readonly<Record<Origin, string>> = {
	api: 'X-Request-ID',
	storage: 'x-oss-request-id',
};

/** How an origin's texts travel. */
export type Encode = (request: FastifyRequest, reply: FastifyReply, text: string) => Buffer;

/** How long a finished response is delayed, in ms. */
function answerDelayMs({ settings }: World, operation: Operation): number {
	const { answerDelayMs: delay } = settings;
	return typeof delay === 'number' ? delay : (delay[operation] ?? 0);
}

/** An origin that keeps the ledger and meets faults; its routes are the caller's. */
export function createOrigin(
	world: World,
	origin: Origin,
	{ encode }: { encode?: Encode } = {},
): FastifyInstance {
	const travel = (
		request: FastifyRequest,
		reply: FastifyReply,
		text: string,
		fault?: LateFault,
	) => {
		const words = fault ? reword(fault, text) : text;
		return encode ? encode(request, reply, words) : words;
	};
	const closing = new AbortController();
	const server = fastify({
		genReqId: () => randomUUID(),
		forceCloseConnections: true,
		exposeHeadRoutes: true,
		routerOptions: { maxParamLength: 1000, ignoreTrailingSlash: true },
	});
	const isControl = (request: FastifyRequest) =>
		origin === 'api' && request.url.startsWith(controlPrefix);
	server.decorateRequest('fault', undefined);
	server.addHook('onRequest', async (request, reply) => {
		if (isControl(request)) return;
		enter(world, origin, request);
		// Past fastify, which would write the name in lower case.
		reply.raw.setHeader(requestIdHeaders[origin], request.id);
		reply.raw.setHeader('Date', new Date(world.now()).toUTCString());
		const fault = world.faults.take(request.entry);
		if (!fault) return;
		request.entry.fault = fault.kind;
		request.fault = fault;
		const otherOrigin = origin === 'api' ? world.storageUrl : world.apiUrl;
		if (!isLate(fault)) await meet(fault, { request, reply, closing: closing.signal, otherOrigin });
	});
	server.addHook('onSend', async (request, reply, payload) => {
		if (isControl(request)) return payload;
		const delayMs = answerDelayMs(world, request.entry.operation);
		const { signal } = closing;
		if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => undefined);
		request.entry.status = reply.statusCode;
		const fault = request.fault && isLate(request.fault) ? request.fault : undefined;
		const body = typeof payload === 'string' ? travel(request, reply, payload, fault) : payload;
		if (fault) return await spoil(fault, body, { request, reply, closing: signal });
		// A stream has no length, so the response leaves in chunks.
		return Buffer.isBuffer(body) ? Readable.from([body]) : body;
	});
	server.addHook('preClose', (done) => {
		closing.abort();
		done();
	});
	return server;
}
