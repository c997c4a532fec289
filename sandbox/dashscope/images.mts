/**
 * How the service fetches and checks an image. Rule: it really downloads it, and judges the bytes
 * that came, not the name; limits are those of the emoji-v1 reference (400..7000 px, 10 MB).
 */
import { imageSize } from 'image-size';
import { z } from 'zod';
import { refused, type Outcome, type RefusalName } from './refusals.mts';
import type { World } from './world.mts';

export interface CheckedImage {
	bytes: Buffer;
	width: number;
	height: number;
}

/** [x1, y1, x2, y2] in pixels, top-left and bottom-right. */
export type Area = [number, number, number, number];

/** The account that asks for an image, and whether the request had `X-DashScope-OssResourceResolve: enable`. */
export interface ImageRequest {
	url: string;
	account: string;
	model: string;
	resolveOss: boolean;
}

const maxBytes = 10 * 1024 * 1024;
const imageTypes = ['jpg', 'png', 'bmp', 'webp'];
/** Image hosts may block the service by this name. */
const imageUserAgent = 'DashScopeUserBot (mock)';

const errorSchema = z.object({ cause: z.unknown(), code: z.unknown(), name: z.string() }).partial();

/**
 * The name of the innermost cause, e.g. ECONNREFUSED or TimeoutError. Read by shape: under jest the
 * errors of fetch are not `instanceof Error`.
 */
function reasonOf(error: unknown): string {
	const parsed = errorSchema.safeParse(error);
	if (!parsed.success) return '';
	const { cause, code, name = '' } = parsed.data;
	return reasonOf(cause) || (typeof code === 'string' ? code : name);
}

async function readCapped(response: Response): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	const body: AsyncIterable<Uint8Array> | null = response.body;
	for await (const chunk of body ?? []) {
		chunks.push(chunk);
		length += chunk.byteLength;
		if (length > maxBytes) break;
	}
	return Buffer.concat(chunks);
}

/** The refusal of an image whose host responds with this status. */
const refusalOfStatus: Readonly<Record<number, RefusalName>> = {
	403: 'imageForbidden',
	404: 'imageMissing',
	410: 'imageMissing',
};

async function download(url: URL, timeoutMs: number): Promise<Outcome<Buffer>> {
	try {
		const response = await fetch(url, {
			headers: { 'user-agent': imageUserAgent },
			signal: AbortSignal.timeout(timeoutMs),
		});
		if (response.ok) return { ok: true, value: await readCapped(response) };
		await response.body?.cancel();
		return refused(refusalOfStatus[response.status] ?? 'imageDownload');
	} catch (error) {
		const reason = reasonOf(error);
		if (reason === 'ECONNREFUSED') return refused('imageHostRefused', url.host);
		if (reason === 'TimeoutError') return refused('imageTimeout', url.href);
		return refused('imageDownload');
	}
}

async function fetchImage(world: World, request: ImageRequest): Promise<Outcome<Buffer>> {
	const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
	if (url?.protocol === 'oss:') {
		if (!request.resolveOss) return refused('ossHeader');
		const key = request.url.slice('oss://'.length);
		const bytes = world.uploads.read(key, request.account, request.model);
		return bytes ? { ok: true, value: bytes } : refused('ossDownload');
	}
	if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return refused('imageUrl');
	return await download(url, world.settings.imageTimeoutMs);
}

function sizeOf(bytes: Buffer): { type: string | undefined; width: number; height: number } {
	try {
		const { type, width, height } = imageSize(bytes);
		return { type, width, height };
	} catch (error) {
		// image-size knows the type but not the size of a damaged file; otherwise it is no image.
		const damaged = error instanceof Error && !/unsupported file type/i.test(error.message);
		return { type: damaged ? 'damaged' : undefined, width: 0, height: 0 };
	}
}

/** Downloads the image and reads its size; refuses anything but a readable image of 10 MB or less. */
export async function openImage(
	world: World,
	request: ImageRequest,
): Promise<Outcome<CheckedImage>> {
	const fetched = await fetchImage(world, request);
	if (!fetched.ok) return fetched;
	const bytes = fetched.value;
	if (bytes.length > maxBytes) return refused('imageTooLarge');
	const { type, width, height } = sizeOf(bytes);
	if (type === 'damaged') return refused('imageUnreadable');
	if (!type || !imageTypes.includes(type)) return refused('imageUrl');
	return { ok: true, value: { bytes, width, height } };
}

/** True when both sides are within 400..7000 px. */
export function hasGoodResolution({ width, height }: CheckedImage): boolean {
	return Math.min(width, height) >= 400 && Math.max(width, height) <= 7000;
}

/** The areas that detection finds in an image of this size: the middle 40 % and, around it, 80 %. */
export function areasOf({ width, height }: CheckedImage): { face: Area; expression: Area } {
	const side = Math.min(width, height);
	const square = (share: number): Area => {
		const edge = Math.round(side * share);
		const left = Math.floor((width - edge) / 2);
		const top = Math.floor((height - edge) / 2);
		return [left, top, left + edge, top + edge];
	};
	return { face: square(0.4), expression: square(0.8) };
}

/** True when the area lies inside the image and is not empty. */
export function isInside([x1, y1, x2, y2]: Area, { width, height }: CheckedImage): boolean {
	return x1 >= 0 && y1 >= 0 && x2 <= width && y2 <= height && x1 < x2 && y1 < y2;
}

/** True when the area is "about 1:1" (emoji-v1 reference, `ext_bbox`); the mock takes 0.8..1.25. */
export function isAboutSquare([x1, y1, x2, y2]: Area): boolean {
	const ratio = (x2 - x1) / (y2 - y1);
	return ratio >= 0.8 && ratio <= 1.25;
}
