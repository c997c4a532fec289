/**
 * Streams a finished video from DashScope's storage into n8n's binary storage. The link comes from the
 * network, so the file behind it is not trusted: we limit its size, require the first bytes of an MP4 and
 * check that it is complete. Rule: n8n stores a complete video or none. Every retry starts at byte 0.
 */
import type { IBinaryData } from 'n8n-workflow';
import { fail, STOPPED, succeed } from '../base/result';
import type { Failure, FailureKind, Result } from '../base/result';
import { isLoopback, parseUrl } from '../net/publicHosts';
import { createMp4Watch, isMp4Head, MP4_HEAD_BYTES } from './mp4Boxes';
import { readWithoutStalls } from '../net/safeRequest';
import type { Body, SafeResponse } from '../net/safeRequest';
import { withRetry } from '../dashscope/retry';
import { checkLink, fetchUntrusted, Stalled } from '../net/untrustedFetch';
import type { LinkRequest, LinkResult, LinkTools } from '../net/untrustedFetch';

/** A result has at most 5 s of 512x512, about 1 MB (docs/service.md, "Result video"): 100 times that. */
const MAX_VIDEO_BYTES = 100 * 1024 * 1024;
/** The time limit of one request with its whole body: 100 MB at 170 KB/s. */
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;
/** Time without a byte, after which we reconnect. No source: the same minute as for a first byte. */
const DOWNLOAD_STALL_MS = 60_000;
/**
 * Pauses before we request a link again that is valid by its own date, but leads to no file: 40 s in all.
 * No source: no document says how long a new link may lead to no file.
 */
const MISSING_PAUSES_MS = [1_000, 3_000, 9_000, 27_000];
export const VIDEO_MIME_TYPE = 'video/mp4';

const NEXT_STEP =
	'The video itself is safe: fetch it within 24 hours of its creation, with Get Status and this task ID, or from videoUrl.';

const BROKEN_OFF = 'The download broke off';
const STALLED = `The download stalled: no byte came for ${DOWNLOAD_STALL_MS / 1000} s`;

const VIDEO_LINK: LinkRequest = {
	name: 'The video link',
	headers: { Accept: `${VIDEO_MIME_TYPE}, */*;q=0.5` },
	nextStep: NEXT_STEP,
	timeoutMs: DOWNLOAD_TIMEOUT_MS,
	brokenOff: BROKEN_OFF,
};

const downloadFailure = (
	message: string,
	kind: FailureKind = 'rejected',
): { ok: false; failure: Failure } => fail({ kind, message, nextStep: NEXT_STEP });

/** DashScope documents http links. Its storage also accepts https, so we try https first. */
const listCandidates = (url: URL): URL[] =>
	url.protocol === 'http:' && !isLoopback(url)
		? [new URL(url.href.replace(/^http:/, 'https:')), url]
		: [url];

/** Waits for the first bytes without reading them. */
async function waitForFirstBytes(body: Body): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		body.once('readable', resolve);
		body.once('end', resolve);
		body.once('error', reject);
	});
}

/** What `watchVideo` has found so far. */
interface Passed {
	bytes: number;
	isMp4: boolean;
	isTooLong: boolean;
	/** We ended the stream, because it is too long, too short or no MP4. */
	isRefused: boolean;
	isWhole(): boolean;
}

/** We end the stream with this error, so that n8n deletes the part that it has stored. */
const REFUSED = new Error('Not a whole video');

/**
 * Passes a body on and inspects it. The first piece that comes out has at least `MP4_HEAD_BYTES`. The stream
 * ends with `REFUSED` if the body is too long after decompression, or too short.
 * @param promised the body's length in bytes; `undefined` if the storage host did not send it
 */
function watchVideo(
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
		boxes.read(piece);
		return piece;
	};
	const mostBytes = promised ?? MAX_VIDEO_BYTES;
	// An error thrown in the generator would be uncaught after n8n has stopped reading.
	const refuse = () => {
		passed.isRefused = true;
		video.destroy(REFUSED);
	};
	const video: Body = body.compose(async function* (pieces: AsyncIterable<Buffer>) {
		let head: Buffer | undefined = Buffer.alloc(0);
		const stalled = () => breakOff(new Stalled(STALLED));
		for await (const piece of readWithoutStalls(pieces, DOWNLOAD_STALL_MS, tools, stalled)) {
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
		// The body is shorter than the head of an MP4, so `isMp4` stays false.
		if (head) return;
		if (!checkPassed(passed, promised).ok) refuse();
	}) as Body;
	// Both can fail after n8n has stopped reading. Without a listener the error would be uncaught.
	for (const stream of [body, video]) stream.on('error', () => undefined);
	return { video, passed };
}

/** Reads the body's length in bytes from the headers; `undefined` if the storage host did not send it. */
function readPromisedSize({ headers }: SafeResponse): Result<number | undefined> {
	const size = Number(headers['content-length'] ?? Number.NaN);
	if (!Number.isInteger(size)) return succeed(undefined);
	return size > 0 && size <= MAX_VIDEO_BYTES ? succeed(size) : sizeFailure(`${size}`);
}

const NO_MP4 = downloadFailure('What the video link leads to is not an MP4 video');

const sizeFailure = (bytes: string) =>
	downloadFailure(`The video has ${bytes} bytes; at most ${MAX_VIDEO_BYTES} are accepted`);

/** Checks that a video is complete: by the promised length, or without one by its MP4 boxes. */
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

/** Streams an open response into n8n's binary storage. */
async function storeVideo(
	response: SafeResponse,
	fileName: string,
	tools: LinkTools,
): Promise<Result<IBinaryData>> {
	const size = readPromisedSize(response);
	if (!size.ok) return size;
	const { video, passed } = watchVideo(response, size.value, tools);
	try {
		await waitForFirstBytes(video);
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
 * Downloads a video into n8n's binary storage.
 * @param videoUrl the link that DashScope returned
 * @param fileName from `fileNames.ts`
 */
export async function downloadVideo(
	videoUrl: string,
	fileName: string,
	tools: LinkTools,
): Promise<Result<IBinaryData>> {
	const url = checkLink(parseUrl(videoUrl), VIDEO_LINK, tools);
	if (!url.ok) return url;
	let isMissing = false;
	const attempt = async (): Promise<Result<IBinaryData>> => {
		let last: LinkResult<IBinaryData> = downloadFailure('The video link is empty');
		for (const candidate of listCandidates(url.value)) {
			last = await fetchUntrusted(
				candidate,
				VIDEO_LINK,
				tools,
				async (response) => await storeVideo(response, fileName, tools),
			);
			if (last.ok) return last;
		}
		isMissing = last.obstacle === 'missing';
		return last;
	};
	const { clock, stop } = tools;
	const { batchEnd } = stop;
	for (const pauseMs of MISSING_PAUSES_MS) {
		const result = await withRetry('read', clock, attempt, batchEnd);
		if (result.ok || !isMissing) return result;
		await clock.sleep(pauseMs, batchEnd);
		if (batchEnd.aborted) return fail(STOPPED);
	}
	return await withRetry('read', clock, attempt, batchEnd);
}
