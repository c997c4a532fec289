/**
 * Checks the first bytes of a portrait on the internet, before DashScope downloads it. Rule: we read at
 * most `HEAD_BYTES`, also from a host that ignores the range.
 */
import type { Result } from '../base/result';
import { withRetry } from '../dashscope/retry';
import type { SafeResponse } from '../net/safeRequest';
import { fetchUntrusted } from '../net/untrustedFetch';
import type { LinkRequest, LinkTools } from '../net/untrustedFetch';
import { lastSegment } from './fileNames';
import { checkPortrait, HEAD_BYTES } from './portraitCheck';
import type { CheckedPortrait } from './portraitCheck';

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

/**
 * Checks the image at a URL.
 * @param imageUrl already validated: public, or on the sandbox's own machine
 */
export async function checkRemotePortrait(
	imageUrl: string,
	tools: LinkTools,
): Promise<Result<CheckedPortrait>> {
	const name = lastSegment(imageUrl) || imageUrl;
	const request = buildRequest(name);
	const attempt = async () =>
		await fetchUntrusted(new URL(imageUrl), request, tools, async (response) =>
			checkPortrait(await readHead(response.body), { name, size: readSize(response) }),
		);
	return await withRetry('read', tools.clock, attempt, tools.signal);
}

/** Creates a check that fetches each URL once. */
export function createRemoteChecks(tools: LinkTools) {
	const checked = new Map<string, Promise<Result<CheckedPortrait>>>();
	return async (imageUrl: string): Promise<Result<CheckedPortrait>> => {
		const known = checked.get(imageUrl) ?? checkRemotePortrait(imageUrl, tools);
		checked.set(imageUrl, known);
		return await known;
	};
}
