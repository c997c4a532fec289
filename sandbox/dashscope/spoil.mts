/**
 * Faults that spoil an answer on its way out: cut short, slowed down, or lost. Rule: the service has
 * done its work by then, so what the request created or billed stays created and billed.
 */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';

async function* halfOf(source: Readable, total: number, destroy: () => void) {
	let left = Math.floor(total / 2);
	for await (const chunk of source as AsyncIterable<Buffer>) {
		if (chunk.length >= left) {
			yield chunk.subarray(0, left);
			destroy();
			await new Promise<never>(() => undefined); // never ends: the socket does
		}
		left -= chunk.length;
		yield chunk;
	}
}

async function* atSpeed(source: Readable, bytesPerSecond: number, closing: AbortSignal) {
	const step = Math.max(1, Math.ceil(bytesPerSecond / 20));
	for await (const chunk of source as AsyncIterable<Buffer>) {
		for (let from = 0; from < chunk.length; from += step) {
			const part = chunk.subarray(from, from + step);
			yield part;
			await sleep((part.length / bytesPerSecond) * 1000, undefined, { signal: closing });
		}
	}
}

/** The payload to send instead of `payload`, by the request's fault; unchanged where there is none. */
export function spoil(
	request: FastifyRequest,
	reply: FastifyReply,
	payload: unknown,
	closing: AbortSignal,
): unknown {
	const { fault } = request;
	const { socket } = request.raw;
	if (fault?.kind === 'lostAnswer') {
		request.entry.status = null;
		reply.hijack();
		socket.destroy();
		return payload;
	}
	if (fault?.kind !== 'cut' && fault?.kind !== 'slow') return payload;
	const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
	const source =
		payload instanceof Readable ? payload : Readable.from([Buffer.from(isText ? payload : '')]);
	const total = isText
		? Buffer.byteLength(payload)
		: Number(reply.getHeader('content-length') ?? 0);
	void reply.header('content-length', total);
	return Readable.from(
		fault.kind === 'slow'
			? atSpeed(source, fault.bytesPerSecond, closing)
			: halfOf(source, total, () => setImmediate(() => socket.destroySoon())),
	);
}
