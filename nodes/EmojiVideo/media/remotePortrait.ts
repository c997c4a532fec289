/**
 * Checks the first bytes of a portrait on the internet, before DashScope downloads it. Rule: we read at
 * most `HEAD_BYTES`, also from a host that ignores the range.
 */
import { succeed } from '../base/result';
import type { Result } from '../base/result';
import { withRetry } from '../dashscope/retry';
import type { SafeResponse } from '../net/safeRequest';
import { afterColon } from '../base/text';
import { fetchUntrusted } from '../net/untrustedFetch';
import type { LinkRequest, LinkTools } from '../net/untrustedFetch';
import { lastSegment } from './fileNames';
import { createBodyReader } from './imageBody';
import { checkBody, checkPortrait, HEAD_BYTES, hintAboutPortrait } from './portraitCheck';
import type { FileFacts } from './portraitCheck';

/** The time limit of one request for `HEAD_BYTES`: 1 KB/s. */
const HEAD_TIMEOUT_MS = 60_000;

const buildRequest = (name: string): LinkRequest => ({
	name: `The address of "${name}"`,
	headers: { Accept: 'image/*, */*;q=0.5', Range: `bytes=0-${HEAD_BYTES - 1}` },
	nextStep:
		'Use a public http or https address of a JPEG, PNG, BMP or WEBP image. If only n8n cannot reach it, switch off Check Image First.',
	timeoutMs: HEAD_TIMEOUT_MS,
	brokenOff: `The address of "${name}" was answered by half a file`,
});

/** Reads the whole file's length from `Content-Range: bytes 0-65535/123456`, or from `Content-Length`. */
function readSize({ headers }: SafeResponse): number | undefined {
	const range = /\/(\d+)$/.exec(String(headers['content-range'] ?? ''));
	const size = Number(range?.[1] ?? (headers['content-range'] ? NaN : headers['content-length']));
	return Number.isInteger(size) ? size : undefined;
}

async function readHead(body: AsyncIterable<Buffer>): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of body) {
		chunks.push(chunk);
		length += chunk.length;
		if (length >= HEAD_BYTES) break;
	}
	return Buffer.concat(chunks).subarray(0, HEAD_BYTES);
}

/** What Check Image First has found about a portrait that passed. */
export interface RemoteFinding {
	/** May explain why DashScope rejects the portrait. */
	hint?: string;
}

/** Checks the first bytes of a file, and its end if the file is no longer than they are. */
function checkHead(head: Buffer, facts: FileFacts): Result<RemoteFinding> {
	const checked = checkPortrait(head, facts);
	if (!checked.ok) return checked;
	const body = createBodyReader(checked.value);
	body.read(head);
	const isWhole = head.length === facts.size;
	const found = checkBody(checked.value, body, { ...facts, isWhole });
	return found.ok ? succeed({ hint: hintAboutPortrait(found.value) }) : found;
}

const couldNotLook = (message: string) =>
	`Check Image First could not read the image, so its format and size are unknown: ${afterColon(message)}.`;

/**
 * Checks the image at a URL. If a proxy hides the host's address from n8n, the image passes with a hint, because
 * DashScope may still reach it.
 * @param imageUrl already validated: public, or on the sandbox's own machine
 */
export async function checkRemotePortrait(
	imageUrl: string,
	tools: LinkTools,
): Promise<Result<RemoteFinding>> {
	const name = lastSegment(imageUrl) || imageUrl;
	const request = buildRequest(name);
	const attempt = async (): Promise<Result<RemoteFinding>> => {
		const result = await fetchUntrusted(new URL(imageUrl), request, tools, async (response) =>
			checkHead(await readHead(response.body), { name, size: readSize(response) }),
		);
		return !result.ok && result.obstacle === 'hidden'
			? succeed({ hint: couldNotLook(result.failure.message) })
			: result;
	};
	return await withRetry('read', tools.clock, attempt, tools.stop.batchEnd);
}

/** Creates a check that fetches each URL once. */
export function createRemoteChecks(tools: LinkTools) {
	const checked = new Map<string, Promise<Result<RemoteFinding>>>();
	return async (imageUrl: string): Promise<Result<RemoteFinding>> => {
		const known = checked.get(imageUrl) ?? checkRemotePortrait(imageUrl, tools);
		checked.set(imageUrl, known);
		return await known;
	};
}
