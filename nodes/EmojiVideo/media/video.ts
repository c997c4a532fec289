/**
 * A finished video, from DashScope's storage into n8n's binary storage, streamed. The link comes from
 * the network, so it is not trusted: public hosts only, bounded size, MP4 by its first bytes.
 * Rule: the API key never goes to a storage host; every hop of a redirect is checked like the first.
 */
import type {
	IBinaryData,
	IExecuteFunctions,
	IPollFunctions,
	IN8nHttpFullResponse,
} from 'n8n-workflow';
import type { Clock } from '../clock';
import { fail, STOPPED, succeed } from '../dashscope/failure';
import type { Failure, Result } from '../dashscope/failure';
import { isLoopback, isPrivate, parseUrl } from '../dashscope/hosts';
import { withRetry } from '../dashscope/retry';

/** Documented are at most 5 s of 512x512, about 1 MB (dashscope-facts.md section 9). */
const MAX_VIDEO_BYTES = 100 * 1024 * 1024;
const MAX_REDIRECTS = 3;
const TIMEOUT_MS = 120_000;
export const VIDEO_MIME_TYPE = 'video/mp4';

type Body = Extract<IN8nHttpFullResponse['body'], { unshift: unknown; destroy: unknown }>;

export interface VideoSource {
	functions: IExecuteFunctions | IPollFunctions;
	clock: Clock;
	signal?: AbortSignal;
	/** The account is a sandbox on this machine: its videos are too. */
	allowLoopback: boolean;
}

const NEXT_STEP =
	'The video itself is safe for 24 hours: fetch it with Get Status and this task ID, or from videoUrl.';

const refuse = (message: string): { ok: false; failure: Failure } =>
	fail({ kind: 'refused', message, nextStep: NEXT_STEP });

const lose = (message: string): { ok: false; failure: Failure } =>
	fail({ kind: 'noAnswer', message, nextStep: NEXT_STEP });

const safe = (text: string, length: number) =>
	text
		.replace(/[^\p{L}\p{N}_-]+/gu, '-')
		.replace(/^-+|-+$/g, '')
		.slice(0, length);

/**
 * `<portrait>-<template>-<taskId>.mp4`, safe on every file system.
 * @param imageUrl the portrait's address; its last path segment names the file
 */
export function videoFileName(
	imageUrl: string | undefined,
	templateId: string | undefined,
	taskId: string,
): string {
	const segment =
		parseUrl(imageUrl ?? '')
			?.pathname.split('/')
			.pop() ?? '';
	let portrait = segment;
	try {
		portrait = decodeURIComponent(segment);
	} catch {
		// A stray percent sign: the raw segment will do.
	}
	const parts = [
		safe(portrait.replace(/\.[A-Za-z0-9]{1,5}$/, ''), 40),
		safe(templateId ?? '', 64),
		safe(taskId, 64),
	];
	return `${parts.filter(Boolean).join('-')}.mp4`;
}

/** DashScope documents http links; its storage also speaks https, so that is asked first. */
const candidates = (url: URL): URL[] =>
	url.protocol === 'http:' && !isLoopback(url)
		? [new URL(url.href.replace(/^http:/, 'https:')), url]
		: [url];

function checkLink(url: URL | undefined, { allowLoopback }: VideoSource): Result<URL> {
	const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
	if (!url || !isWeb || url.username || url.password)
		return refuse('The video link is not a web address');
	if (isPrivate(url) && !(allowLoopback && isLoopback(url))) {
		return refuse(`The video link leads into a private network (${url.hostname})`);
	}
	return succeed(url);
}

async function open(
	url: URL,
	source: VideoSource,
	hops = 0,
): Promise<Result<IN8nHttpFullResponse>> {
	const checked = checkLink(url, source);
	if (!checked.ok) return checked;
	let answer: IN8nHttpFullResponse;
	try {
		answer = (await source.functions.helpers.httpRequest({
			method: 'GET',
			url: url.href,
			headers: { Accept: `${VIDEO_MIME_TYPE}, */*;q=0.5`, 'Accept-Encoding': 'identity' },
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			timeout: TIMEOUT_MS,
			abortSignal: source.signal,
		})) as IN8nHttpFullResponse;
	} catch {
		return source.signal?.aborted ? fail(STOPPED) : lose('The storage host did not answer');
	}
	const { statusCode, headers, body } = answer;
	if (statusCode === 200) return succeed(answer);
	(body as Body).destroy();
	const location = headers.location;
	if (
		statusCode >= 300 &&
		statusCode < 400 &&
		typeof location === 'string' &&
		hops < MAX_REDIRECTS
	) {
		const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
		return next
			? await open(next, source, hops + 1)
			: refuse('The video link redirects to no address');
	}
	if (statusCode === 403 || statusCode === 404) {
		return refuse(`The video link has expired or is not valid (HTTP ${statusCode})`);
	}
	return statusCode >= 500 || statusCode === 429
		? lose(`The storage host answered with HTTP ${statusCode}`)
		: refuse(`The storage host answered with HTTP ${statusCode}`);
}

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

async function store(
	answer: IN8nHttpFullResponse,
	fileName: string,
	{ functions, signal }: VideoSource,
): Promise<Result<IBinaryData>> {
	const body = answer.body as Body;
	const size = Number(answer.headers['content-length'] ?? Number.NaN);
	if (!(size > 0 && size <= MAX_VIDEO_BYTES)) {
		body.destroy();
		return refuse(
			Number.isNaN(size)
				? 'The storage host does not say how large the video is'
				: `The video has ${size} bytes; at most ${MAX_VIDEO_BYTES} are accepted`,
		);
	}
	try {
		if (!isMp4(await peek(body))) {
			body.destroy();
			return refuse('What the video link leads to is not an MP4 video');
		}
		return succeed(await functions.helpers.prepareBinaryData(body, fileName, VIDEO_MIME_TYPE));
	} catch {
		body.destroy();
		return signal?.aborted ? fail(STOPPED) : lose('The download broke off');
	}
}

/**
 * Downloads a video into n8n's binary storage, with retries from the start.
 * @param videoUrl as DashScope gave it
 * @param fileName from `videoFileName`
 */
export async function downloadVideo(
	videoUrl: string,
	fileName: string,
	source: VideoSource,
): Promise<Result<IBinaryData>> {
	const url = checkLink(parseUrl(videoUrl), source);
	if (!url.ok) return url;
	const attempt = async (): Promise<Result<IBinaryData>> => {
		let last: Result<IBinaryData> = refuse('The video link is empty');
		for (const candidate of candidates(url.value)) {
			const answer = await open(candidate, source);
			last = answer.ok ? await store(answer.value, fileName, source) : answer;
			if (last.ok) return last;
		}
		return last;
	};
	return await withRetry('read', source.clock, attempt, source.signal);
}
