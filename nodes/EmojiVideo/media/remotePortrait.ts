/**
 * A portrait on the internet, checked before DashScope downloads it: the first bytes are enough. Rule:
 * at most `HEAD_BYTES` are read, whether the host understands ranges or not.
 */
import type { Result } from '../base/result';
import { withRetry } from '../dashscope/retry';
import type { SafeResponse } from '../net/safeRequest';
import { fetchUntrusted } from '../net/untrustedFetch';
import type { LinkRequest, LinkTools } from '../net/untrustedFetch';
import { lastSegment } from './fileNames';
import { checkPortrait, HEAD_BYTES } from './portraitCheck';
import type { CheckedPortrait } from './portraitCheck';

const TRANSFER_MS = 60_000;

const requestFor = (name: string): LinkRequest => ({
	name: `The address of "${name}"`,
	headers: { Accept: 'image/*, */*;q=0.5', Range: `bytes=0-${HEAD_BYTES - 1}` },
	nextStep:
		'Use a public http or https address of a JPEG, PNG, BMP or WEBP image. If only n8n cannot reach it, switch off Check Image First.',
	timeoutMs: TRANSFER_MS,
	brokenOff: `The address of "${name}" was answered by half a file`,
});

/** Of the whole file: `Content-Range: bytes 0-65535/123456`, or the length of a whole answer. */
function sizeOf({ headers }: SafeResponse): number | undefined {
	const range = /\/(\d+)$/.exec(String(headers['content-range'] ?? ''));
	const size = Number(range?.[1] ?? (headers['content-range'] ? NaN : headers['content-length']));
	return Number.isInteger(size) ? size : undefined;
}

async function readHead(body: AsyncIterable<Buffer>): Promise<Buffer> {
	const entries: Buffer[] = [];
	let length = 0;
	for await (const piece of body) {
		entries.push(piece);
		length += piece.length;
		if (length >= HEAD_BYTES) break;
	}
	return Buffer.concat(entries).subarray(0, HEAD_BYTES);
}

/**
 * Checks the file behind an address.
 * @param imageUrl checked to be public, or the sandbox's own
 */
export async function checkRemotePortrait(
	imageUrl: string,
	tools: LinkTools,
): Promise<Result<CheckedPortrait>> {
	const name = lastSegment(imageUrl) || imageUrl;
	const request = requestFor(name);
	const attempt = async () =>
		await fetchUntrusted(new URL(imageUrl), request, tools, async (answer) =>
			checkPortrait(await readHead(answer.body), { name, size: sizeOf(answer) }),
		);
	return await withRetry('read', tools.clock, attempt, tools.signal);
}

/** Checks addresses, each of them once. */
export function createRemoteChecks(tools: LinkTools) {
	const checked = new Map<string, Promise<Result<CheckedPortrait>>>();
	return async (imageUrl: string): Promise<Result<CheckedPortrait>> => {
		const known = checked.get(imageUrl) ?? checkRemotePortrait(imageUrl, tools);
		checked.set(imageUrl, known);
		return await known;
	};
}
