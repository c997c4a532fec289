/**
 * A finished video, from DashScope's storage into n8n's binary storage, streamed. Its link comes from
 * the network, so what it leads to is not trusted: bounded size, MP4 by its first bytes, complete.
 * Rule: a video is whole or it is not stored; every retry starts from the beginning.
 */
import type { IBinaryData } from 'n8n-workflow';
import { fail, succeed } from '../base/result';
import type { Failure, FailureKind, Result } from '../base/result';
import { isLoopback, parseUrl } from '../net/publicHosts';
import { createMp4Watch, isMp4Head, MP4_HEAD_BYTES } from './mp4Boxes';
import { steadily } from '../net/safeRequest';
import type { Body, SafeResponse } from '../net/safeRequest';
import { withRetry } from '../dashscope/retry';
import { checkLink, fetchUntrusted, Stalled } from '../net/untrustedFetch';
import type { LinkRequest, LinkTools } from '../net/untrustedFetch';

/** Documented are at most 5 s of 512x512, about 1 MB (docs/service.md, "Result video"). */
const MAX_VIDEO_BYTES = 100 * 1024 * 1024;
/** For the whole body: 100 MB at 170 KB/s. */
const TRANSFER_MS = 10 * 60_000;
/** Without a byte; a new connection does better than a longer wait. */
const STALL_MS = 60_000;
export const VIDEO_MIME_TYPE = 'video/mp4';

const NEXT_STEP =
	'The video itself is safe: fetch it within 24 hours of its creation, with Get Status and this task ID, or from videoUrl.';

const BROKEN_OFF = 'The download broke off';
const STALLED = `The download stalled: no byte came for ${STALL_MS / 1000} s`;

const VIDEO_LINK: LinkRequest = {
	name: 'The video link',
	headers: { Accept: `${VIDEO_MIME_TYPE}, */*;q=0.5` },
	nextStep: NEXT_STEP,
	timeoutMs: TRANSFER_MS,
	brokenOff: BROKEN_OFF,
};

const downloadFailure = (
	message: string,
	kind: FailureKind = 'rejected',
): { ok: false; failure: Failure } => fail({ kind, message, nextStep: NEXT_STEP });

/** DashScope documents http links; its storage also speaks https, so that is asked first. */
const candidates = (url: URL): URL[] =>
	url.protocol === 'http:' && !isLoopback(url)
		? [new URL(url.href.replace(/^http:/, 'https:')), url]
		: [url];

/** Waits until the first bytes are there, which go on with the others. */
async function hasBegun(body: Body): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		body.once('readable', resolve);
		body.once('end', resolve);
		body.once('error', reject);
	});
}

/** What was seen of a video that goes by. */
interface Passed {
	bytes: number;
	isMp4: boolean;
	isTooLong: boolean;
	/** It has come to its end, or to the end of patience, and is not what it should be. */
	isRefused: boolean;
	isWhole(): boolean;
}

/** What n8n sees in the place of the video's end, so that it drops what it has stored of it. */
const REFUSED = new Error('Not a whole video');

/**
 * The body, watched: its first piece has at least the bytes that tell what it is, and it breaks off where
 * it becomes longer than it may be, whatever it was compressed to on its way, or ends too early.
 * @param promised its length, where the storage host says it
 */
function watched(
	{ body, breakOff }: SafeResponse,
	promised: number | undefined,
	tools: Pick<LinkTools, 'clock'>,
) {
	const boxes = createMp4Watch();
	const passed: Passed = {
		bytes: 0,
		isMp4: false,
		isTooLong: false,
		isRefused: false,
		isWhole: () => boxes.isWhole(),
	};
	const pass = (piece: Buffer) => {
		passed.bytes += piece.length;
		boxes.look(piece);
		return piece;
	};
	const mostBytes = promised ?? MAX_VIDEO_BYTES;
	// Thrown in the generator it would be an exception that nobody can catch, once nobody reads any more.
	const refuse = () => {
		passed.isRefused = true;
		video.destroy(REFUSED);
	};
	const video: Body = body.compose(async function* (pieces: AsyncIterable<Buffer>) {
		let head: Buffer | undefined = Buffer.alloc(0);
		const stalled = () => breakOff(new Stalled(STALLED));
		for await (const piece of steadily(pieces, STALL_MS, tools, stalled)) {
			const next: Buffer = head ? Buffer.concat([head, piece]) : piece;
			if (head && next.length < MP4_HEAD_BYTES) {
				head = next;
				continue;
			}
			if (head) passed.isMp4 = isMp4Head(next);
			head = undefined;
			passed.isTooLong = passed.bytes + next.length > mostBytes;
			if (passed.isTooLong) return refuse();
			yield pass(next);
		}
		// Shorter than the head of a video: it ends, and is none.
		if (head) return;
		if (!checkPassed(passed, promised).ok) refuse();
	}) as Body;
	// Either may break off when nobody reads it any more.
	for (const stream of [body, video]) stream.on('error', () => undefined);
	return { video, passed };
}

/** The length that the storage host promises, in bytes, within the limit; `undefined`: it does not say. */
function promisedSize({ headers }: SafeResponse): Result<number | undefined> {
	const size = Number(headers['content-length'] ?? Number.NaN);
	if (!Number.isInteger(size)) return succeed(undefined);
	return size > 0 && size <= MAX_VIDEO_BYTES ? succeed(size) : sizeFailure(`${size}`);
}

const NO_MP4 = downloadFailure('What the video link leads to is not an MP4 video');

const sizeFailure = (bytes: string) =>
	downloadFailure(`The video has ${bytes} bytes; at most ${MAX_VIDEO_BYTES} are accepted`);

/** Whether all of it came: as long as was promised, or, where nothing was, a whole file by its boxes. */
function checkPassed(passed: Passed, promised: number | undefined): Result<void> {
	const { bytes } = passed;
	if (passed.isTooLong && promised === undefined)
		return sizeFailure(`more than ${MAX_VIDEO_BYTES}`);
	if (passed.isTooLong) {
		return downloadFailure(`The download has more than the ${promised} bytes it was to have`);
	}
	if (promised !== undefined && bytes !== promised) {
		return downloadFailure(`The download ended after ${bytes} of ${promised} bytes`, 'noResponse');
	}
	return promised !== undefined || passed.isWhole()
		? succeed(undefined)
		: downloadFailure(
				`The download ended in the middle of the video, after ${bytes} bytes`,
				'noResponse',
			);
}

/** Puts an open answer into n8n's binary storage. */
async function store(
	answer: SafeResponse,
	fileName: string,
	tools: LinkTools,
): Promise<Result<IBinaryData>> {
	const size = promisedSize(answer);
	if (!size.ok) return size;
	const { video, passed } = watched(answer, size.value, tools);
	try {
		await hasBegun(video);
		if (!passed.isMp4) return NO_MP4;
		return succeed(
			await tools.functions.helpers.prepareBinaryData(video, fileName, VIDEO_MIME_TYPE),
		);
	} catch {
		if (!passed.isRefused) return downloadFailure(BROKEN_OFF, 'noResponse');
		const checked = checkPassed(passed, size.value);
		return checked.ok || !passed.isMp4 ? NO_MP4 : checked;
	}
}

/**
 * Downloads a video into n8n's binary storage, with retries from the start.
 * @param videoUrl as DashScope gave it
 * @param fileName from `names.ts`
 */
export async function downloadVideo(
	videoUrl: string,
	fileName: string,
	tools: LinkTools,
): Promise<Result<IBinaryData>> {
	const url = checkLink(parseUrl(videoUrl), VIDEO_LINK, tools);
	if (!url.ok) return url;
	const attempt = async (): Promise<Result<IBinaryData>> => {
		let last: Result<IBinaryData> = downloadFailure('The video link is empty');
		for (const candidate of candidates(url.value)) {
			last = await fetchUntrusted(
				candidate,
				VIDEO_LINK,
				tools,
				async (answer) => await store(answer, fileName, tools),
			);
			if (last.ok) return last;
		}
		return last;
	};
	return await withRetry('read', tools.clock, attempt, tools.signal);
}
