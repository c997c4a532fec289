/**
 * The API origin: dashscope.aliyuncs.com. Rule: paths are the documents', with or without a slash at
 * their end; what each does lives in its file.
 */
import type { FastifyInstance } from 'fastify';
import { createOrigin } from '../origin.mts';
import { refusalBody, refusals, type Refusal } from '../refusals.mts';
import type { World } from '../world.mts';
import { limitsEndpoint, modelsEndpoint, policyEndpoint, quotasEndpoint } from './account.mts';
import { createEndpoint } from './create.mts';
import { detectEndpoint } from './detect.mts';
import { encode } from './encoding.mts';
import { serve, type Endpoint } from './exchange.mts';
import { listEndpoint } from './list.mts';
import { otherServiceEndpoint } from './other-service.mts';
import { otherVideoEndpoint } from './other-video.mts';
import { cancelEndpoint, queryEndpoint } from './query.mts';

const routes: readonly (readonly ['GET' | 'POST', string, Endpoint])[] = [
	['POST', '/api/v1/services/aigc/image2video/face-detect', detectEndpoint],
	['POST', '/api/v1/services/aigc/image2video/video-synthesis', createEndpoint],
	['POST', '/api/v1/services/aigc/video-generation/video-synthesis', otherVideoEndpoint],
	['POST', '/api/v1/services/*', otherServiceEndpoint],
	['GET', '/api/v1/tasks', listEndpoint],
	['GET', '/api/v1/tasks/:id', queryEndpoint],
	['POST', '/api/v1/tasks/:id/cancel', cancelEndpoint],
	['GET', '/api/v1/models', modelsEndpoint],
	['GET', '/api/v1/models/limits', quotasEndpoint],
	['GET', '/api/v1/quotas', quotasEndpoint],
	['POST', '/api/v1/models/limits', limitsEndpoint],
	['GET', '/api/v1/uploads', policyEndpoint],
];

/** fastify's own errors in the service's words. */
function translate(error: unknown): Refusal {
	const status = error instanceof Error && 'statusCode' in error ? error.statusCode : 500;
	if (status === 413) return refusals.bodyTooLarge;
	return typeof status === 'number' && status < 500 ? refusals.body : refusals.internal;
}

/** The API origin of `world`, not yet listening. */
export function createApiOrigin(world: World): FastifyInstance {
	const server = createOrigin(world, 'api', { encode });
	server.removeAllContentTypeParsers();
	// The endpoints read JSON themselves: the service's words for a bad body are not fastify's.
	server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
		done(null, body),
	);
	for (const [method, url, endpoint] of routes) {
		const { operation } = endpoint;
		server.route({ method, url, config: { operation }, handler: serve(world, endpoint) });
	}
	server.setNotFoundHandler(async (request, reply) => {
		await reply.code(404).send(refusalBody(refusals.notFound, request.id));
	});
	server.setErrorHandler(async (error, request, reply) => {
		const refusal = translate(error);
		await reply.code(refusal.status).send(refusalBody(refusal, request.id));
	});
	return server;
}
