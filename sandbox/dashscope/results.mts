/**
 * Result videos and the signed links to them. Rule: a link works for 24 hours from the task's end and
 * for one video; the bytes are the template's video, padded on request without being held in memory.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { ossAccessKeyId } from './uploads.mts';
import type { Task } from './tasks.mts';
import { templateVideo } from './templates.mts';
import type { World } from './world.mts';

/** A video as it is served: the file, then `padding` more bytes that form one MP4 `free` box. */
export interface Video {
	file: Buffer;
	padding: number;
	size: number;
	etag: string;
}

const freeBoxHeaderBytes = 16; // size 1, "free", then the real size as 64 bits
const chunkBytes = 64 * 1024;
const videos = new Map<string, Video>();

function sign(world: World, path: string, expires: number): string {
	return createHmac('sha1', world.linkSecret).update(`GET\n${expires}\n${path}`).digest('base64');
}

/** The link of a task that succeeded. */
export function resultUrl(world: World, task: Task): string {
	const path = `/results/${task.id}.mp4`;
	const endMs = task.endedMs ?? task.submittedMs;
	const expires = Math.ceil((endMs + world.settings.resultLinkMs) / 1000);
	const query = new URLSearchParams({
		Expires: String(expires),
		OSSAccessKeyId: ossAccessKeyId,
		Signature: sign(world, path, expires),
	});
	return `${world.storageUrl}${path}?${query.toString()}`;
}

/** Whether a link may be followed at this moment. */
export function checkLink(
	world: World,
	path: string,
	{ Expires = '', Signature = '' }: Record<string, string | undefined>,
): 'good' | 'unsigned' | 'wrong' | 'expired' {
	if (!Expires || !Signature) return 'unsigned';
	const wanted = Buffer.from(sign(world, path, Number(Expires)));
	const given = Buffer.from(Signature);
	if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return 'wrong';
	return world.now() >= Number(Expires) * 1000 ? 'expired' : 'good';
}

/** The video of a template, padded to `videoBytes` where that is more than it has. */
export function videoOf(drivenId: string, videoBytes: number): Video | undefined {
	const name = `${drivenId} ${videoBytes}`;
	const known = videos.get(name);
	if (known || !existsSync(templateVideo(drivenId))) return known;
	const file = readFileSync(templateVideo(drivenId));
	const wanted = videoBytes - file.length;
	const padding = wanted > 0 ? Math.max(wanted, freeBoxHeaderBytes) : 0;
	const digest = createHash('md5').update(file).update(String(padding)).digest('hex');
	const video = { file, padding, size: file.length + padding, etag: `"${digest.toUpperCase()}"` };
	videos.set(name, video);
	return video;
}

function freeBoxHeader(bytes: number): Buffer {
	const header = Buffer.alloc(freeBoxHeaderBytes);
	header.writeUInt32BE(1, 0);
	header.write('free', 4, 'latin1');
	header.writeBigUInt64BE(BigInt(bytes), 8);
	return header;
}

/** The video's bytes from `first` to `last`, both included, in small pieces. */
export function* videoBytes(video: Video, first: number, last: number): Generator<Buffer> {
	const head = video.padding
		? Buffer.concat([video.file, freeBoxHeader(video.padding)])
		: video.file;
	if (first < head.length) yield head.subarray(first, last + 1);
	const zeros = Buffer.alloc(chunkBytes);
	for (let at = Math.max(first, head.length); at <= last; at += chunkBytes) {
		yield zeros.subarray(0, Math.min(chunkBytes, last + 1 - at));
	}
}

/**
 * Reads a Range header for a body of `size` bytes: undefined for "all of it", 'unsatisfiable', or the
 * first and last byte. A form that is not understood counts as none, as HTTP says.
 */
export function readRange(
	header: string | undefined,
	size: number,
): { first: number; last: number } | 'unsatisfiable' | undefined {
	const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
	if (!match || (match[1] === '' && match[2] === '')) return undefined;
	const [from, to] = [match[1] ?? '', match[2] ?? ''];
	if (from === '') {
		const length = Math.min(Number(to), size);
		return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
	}
	const first = Number(from);
	if (first >= size) return 'unsatisfiable';
	const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
	return last < first ? undefined : { first, last };
}
