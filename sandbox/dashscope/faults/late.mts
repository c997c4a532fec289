/**
 * Faults that change the service's own response on its way out. Rule: the service has done its work by
 * then, so a created task stays created, and a billed detection stays billed.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bomb } from './bomb.mts';
import type { LateFault } from './kinds.mts';
import { forgetTasks, patchJson } from './patch.mts';

type Pieces = AsyncIterable<Buffer>;

const byteOrderMark = '\uFEFF';

/** Never returns: the connection ends first. */
async function untilGone(socket: Socket): Promise<void> {
	if (!socket.destroyed) await once(socket, 'close');
}

/** The first `bytes` bytes of `source`, then what `then` does. */
async function* firstOf(source: Pieces, bytes: number, then: () => Promise<void>) {
	let left = bytes;
	for await (const piece of source) {
		if (left > 0) yield piece.subarray(0, left);
		left -= piece.length;
		if (left <= 0) break;
	}
	await then();
}

async function* atSpeed(source: Pieces, bytesPerSecond: number, closing: AbortSignal) {
	const step = Math.max(1, Math.ceil(bytesPerSecond / 20));
	for await (const piece of source) {
		for (let from = 0; from < piece.length; from += step) {
			const part = piece.subarray(from, from + step);
			yield part;
			await sleep((part.length / bytesPerSecond) * 1000, undefined, { signal: closing });
		}
	}
}

async function* inTwo(source: Pieces, bytes: number, pause: () => Promise<void>) {
	let left = bytes;
	for await (const piece of source) {
		const first = piece.subarray(0, left);
		left -= first.length;
		if (first.length > 0) yield first;
		if (first.length > 0 && left === 0) await pause();
		if (piece.length > first.length) yield piece.subarray(first.length);
	}
}

/** The bytes of a response, from any form of payload. */
interface Body {
	pieces: Pieces;
	/** Its length in bytes. */
	total: number;
}

function readBody(reply: FastifyReply, payload: unknown): Body {
	if (payload instanceof Readable) {
		return { pieces: payload, total: Number(reply.getHeader('content-length') ?? 0) };
	}
	const bytes = Buffer.isBuffer(payload)
		? payload
		: Buffer.from(typeof payload === 'string' ? payload : '');
	return { pieces: Readable.from([bytes]), total: bytes.length };
}

function withoutLength(reply: FastifyReply, framing: 'chunked' | 'close'): void {
	reply.removeHeader('content-length');
	reply.raw.useChunkedEncodingByDefault = framing === 'chunked';
}

/** A response on its way out. */
interface Leaving {
	request: FastifyRequest;
	reply: FastifyReply;
	/** Ends waiting when the origin closes. */
	closing: AbortSignal;
}

/** A body cut in half. A client notices if the whole length was announced. */
function halved({ pieces, total }: Body, announced: boolean, { request, reply }: Leaving) {
	const { socket } = request.raw;
	const half = Math.floor(total / 2);
	if (announced) {
		return firstOf(pieces, half, async () => {
			setImmediate(() => socket.destroySoon());
			await untilGone(socket);
		});
	}
	withoutLength(reply, 'chunked');
	return firstOf(pieces, half, () => Promise.resolve());
}

type BodyFault = Exclude<
	LateFault,
	{ kind: 'lostAnswer' | 'patch' | 'unknownTask' | 'bom' | 'bomb' }
>;

function spoiledPieces(fault: BodyFault, body: Body, leaving: Leaving): Pieces {
	const { request, reply, closing } = leaving;
	switch (fault.kind) {
		case 'cut':
			return halved(body, fault.announced, leaving);
		case 'stall':
			return firstOf(body.pieces, fault.bytes, async () => {
				reply.raw.flushHeaders();
				await untilGone(request.raw.socket);
			});
		case 'slow':
			return atSpeed(body.pieces, fault.bytesPerSecond, closing);
		case 'pieces':
			return inTwo(body.pieces, fault.bytes, () =>
				sleep(fault.pauseMs, undefined, { signal: closing }),
			);
		case 'unsized':
			withoutLength(reply, fault.framing);
			return body.pieces;
	}
}

/** The text that replaces `text`; the same if the fault does not change words. */
export function reword(fault: LateFault, text: string): string {
	if (fault.kind === 'patch') return patchJson(text, fault);
	if (fault.kind === 'unknownTask') return forgetTasks(text, fault.word);
	return fault.kind === 'bom' ? `${byteOrderMark}${text}` : text;
}

/** The payload that replaces `payload`, which may be compressed already. */
export async function spoil(
	fault: LateFault,
	payload: unknown,
	leaving: Leaving,
): Promise<unknown> {
	const { request, reply } = leaving;
	switch (fault.kind) {
		case 'lostAnswer':
			request.entry.status = null;
			reply.hijack();
			request.raw.socket.destroy();
			return payload;
		case 'patch':
		case 'unknownTask':
		case 'bom':
			return payload;
		case 'bomb':
			void reply.header('content-encoding', fault.encoding).removeHeader('content-length');
			return await bomb(fault.encoding, fault.bytes);
		default: {
			const body = readBody(reply, payload);
			void reply.header('content-length', body.total);
			return Readable.from(spoiledPieces(fault, body, leaving));
		}
	}
}
