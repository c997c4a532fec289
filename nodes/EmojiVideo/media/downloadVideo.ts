/**
 * A finished video, from DashScope's storage into n8n's binary storage, streamed. Its link comes from
 * the network, so what it leads to is not trusted: bounded size, MP4 by its first bytes, complete.
 * Rule: a video is whole or it is not stored; every retry starts from the beginning.
 */
import type { IBinaryData } from 'n8n-workflow';
import { fail, succeed } from '../result';
import type { Failure, FailureKind, Result } from '../result';
import { isLoopback, parseUrl } from '../net/publicHosts';
import type { Body, SafeAnswer } from '../net/safeRequest';
import { withRetry } from '../dashscope/retry';
import { checkLink, fetchUntrusted } from '../net/untrustedFetch';
import type { LinkRequest, LinkTools } from '../net/untrustedFetch';

/** Documented are at most 5 s of 512x512, about 1 MB (docs/service.md, "Result video"). */
const MAX_VIDEO_BYTES = 100 * 1024 * 1024;
/** For the whole body: 100 MB at 170 KB/s. */
const TRANSFER_MS = 10 * 60_000;
export const VIDEO_MIME_TYPE = 'video/mp4';

const NEXT_STEP =
	'The video itself is safe: fetch it within 24 hours of its creation, with Get Status and this task ID, or from videoUrl.';

const VIDEO_LINK: LinkRequest = {
	name: 'The video link',
	headers: { Accept: `${VIDEO_MIME_TYPE}, */*;q=0.5` },
	nextStep: NEXT_STEP,
	timeoutMs: TRANSFER_MS,
	brokenOff: 'The download broke off',
};

const downloadFailure = (
	message: string,
	kind: FailureKind = 'refused',
): { ok: false; failure: Failure } => fail({ kind, message, nextStep: NEXT_STEP });

/** DashScope documents http links; its storage also speaks https, so that is asked first. */
const candidates = (url: URL): URL[] =>
	url.protocol === 'http:' && !isLoopback(url)
		? [new URL(url.href.replace(/^http:/, 'https:')), url]
		: [url];

/** The first bytes, put back so that the stream is still whole. */
async function peek(body: Body): Promise<Buffer | undefined> {
	await new Promise<void>((resolve, reject) => {
		body.once('readable', resolve);
		body.once('end', resolve);
		body.once('error', reject);
	});
	const head = body.read() as Buffer | null;
	if (head) body.unshift(head);
	return head ?? undefined;
}

/** ISO/IEC 14496-12: a file type box comes first. */
const isMp4 = (head: Buffer | undefined) => head?.toString('latin1', 4, 8) === 'ftyp';

/** The length that the storage host promises, in bytes, within the limit. */
function promisedSize({ headers }: SafeAnswer): Result<number> {
	const size = Number(headers['content-length'] ?? Number.NaN);
	if (size > 0 && size <= MAX_VIDEO_BYTES) return succeed(size);
	return downloadFailure(
		Number.isNaN(size)
			? 'The storage host does not say how large the video is'
			: `The video has ${size} bytes; at most ${MAX_VIDEO_BYTES} are accepted`,
	);
}

/** Puts an open answer into n8n's binary storage. */
async function store(
	answer: SafeAnswer,
	fileName: string,
	{ functions }: LinkTools,
): Promise<Result<IBinaryData>> {
	const size = promisedSize(answer);
	if (!size.ok) return size;
	if (!isMp4(await peek(answer.body))) {
		return downloadFailure('What the video link leads to is not an MP4 video');
	}
	const stored = await functions.helpers.prepareBinaryData(answer.body, fileName, VIDEO_MIME_TYPE);
	// Versions of n8n that do not count the bytes leave this to the HTTP client.
	return (stored.bytes ?? size.value) === size.value
		? succeed(stored)
		: downloadFailure(
				`The download ended after ${stored.bytes} of ${size.value} bytes`,
				'noAnswer',
			);
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
