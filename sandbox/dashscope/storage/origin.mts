/**
 * The storage origin: OSS with the sample portraits, the form upload and the result videos. Rule: it
 * needs no DashScope key and must never receive one. The ledger shows if it did.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fastifyMultipart } from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createOrigin } from '../origin.mts';
import { checkLink, readRange, videoBytes, videoOf } from '../results.mts';
import { portraitNames, portraitsFolder } from '../verdicts.mts';
import type { World } from '../world.mts';
import { takeUpload } from './upload.mts';
import { denials } from './denials.mts';
import { sendOssError } from './xml.mts';

const portraitTypes: Readonly<Record<string, string>> = {
	png: 'image/png',
	jpg: 'image/jpeg',
	webp: 'image/webp',
	bmp: 'image/bmp',
};

async function sendPortrait(request: FastifyRequest, reply: FastifyReply): Promise<void> {
	const { name } = request.params as { name: string };
	if (!portraitNames.includes(name)) return await sendOssError(reply, denials.missing);
	const type = portraitTypes[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
	await reply.type(type).send(readFileSync(join(portraitsFolder, name)));
}

async function sendVideo(
	world: World,
	request: FastifyRequest,
	reply: FastifyReply,
): Promise<void> {
	const query = request.query as Record<string, string | undefined>;
	const link = checkLink(world, request.entry.path, query);
	if (link !== 'good') {
		const extra = {
			...(link === 'expired' && { Expires: new Date(Number(query.Expires) * 1000).toISOString() }),
			ServerTime: new Date(world.now()).toISOString(),
		};
		return await sendOssError(reply, { ...denials[link], extra });
	}
	const { file } = request.params as { file: string };
	const task = world.tasks.byId(file.replace(/\.mp4$/, ''));
	const video = task && videoOf(task.drivenId, world.settings.videoBytes);
	if (!video) return await sendOssError(reply, denials.missing);
	const range = readRange(request.headers.range, video.size);
	reply.headers({ 'accept-ranges': 'bytes', etag: video.etag, 'x-oss-object-type': 'Normal' });
	if (range === 'unsatisfiable') {
		reply.header('content-range', `bytes */${video.size}`);
		return await sendOssError(reply, {
			status: 416,
			code: 'InvalidRange',
			message: 'The requested range cannot be satisfied.',
		});
	}
	const { first, last } = range ?? { first: 0, last: video.size - 1 };
	if (range) reply.code(206).header('content-range', `bytes ${first}-${last}/${video.size}`);
	await reply
		.type('video/mp4')
		.header('content-length', last - first + 1)
		.send(Readable.from(videoBytes(video, first, last)));
}

/** The storage origin of `world`, not yet listening. */
export function createStorageOrigin(world: World): FastifyInstance {
	const server = createOrigin(world, 'storage');
	void server.register(fastifyMultipart, { throwFileSizeLimit: false });
	server.get('/portraits/:name', { config: { operation: 'portrait' } }, sendPortrait);
	server.get(
		'/results/:file',
		{ config: { operation: 'result' } },
		async (request, reply) => await sendVideo(world, request, reply),
	);
	server.post('/', { config: { operation: 'upload' } }, async (request, reply) => {
		const error = await takeUpload(world, request);
		if (error) await sendOssError(reply, error);
		else await reply.code(200).send();
	});
	server.setNotFoundHandler(async (_request, reply) => await sendOssError(reply, denials.missing));
	server.setErrorHandler(async (_error, _request, reply) => {
		await sendOssError(reply, {
			status: 400,
			code: 'MalformedPOSTRequest',
			message: 'The body of your POST request is not well-formed multipart/form-data.',
		});
	});
	return server;
}
