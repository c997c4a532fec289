/**
 * The form of an API response: in chunks, and compressed if the request allows it (docs/service.md,
 * "Shape of real answers"). Rule: this module changes only the form, never the content.
 */
import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** True when an Accept-Encoding header allows gzip: it is named, and not with a weight of 0. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
	return String(header ?? '')
		.toLowerCase()
		.split(',')
		.map((part) => part.replaceAll(/\s/g, '').split(';'))
		.some(
			([name, weight]) => (name === 'gzip' || name === '*') && !/^q=0(\.0*)?$/.test(weight ?? ''),
		);
}

/** The bytes of `text` as the service sends them, with the headers that say so. */
export function encode(request: FastifyRequest, reply: FastifyReply, text: string): Buffer {
	void reply.header('vary', 'Accept-Encoding');
	if (!acceptsGzip(request.headers['accept-encoding'])) return Buffer.from(text);
	void reply.header('content-encoding', 'gzip');
	return gzipSync(text);
}
