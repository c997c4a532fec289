/**
 * Whether a video is the one that the service has made. The rule: bytes are compared, because a truncated or
 * mixed-up MP4 plays, too.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { templateVideo } from '../../sandbox/dashscope/index.mts';
import type { Item, N8nApi } from '../../sandbox/n8n/api.mts';

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The hash of what a link serves now. */
export async function hashServed(videoUrl: unknown): Promise<string> {
	const answer = await fetch(String(videoUrl));
	return sha256(new Uint8Array(await answer.arrayBuffer()));
}

/** The hash of the video that the mock makes of a template. */
export async function hashOfTemplate(templateId: unknown): Promise<string> {
	return sha256(await readFile(templateVideo(String(templateId))));
}

/** The hash of an item's video in n8n's storage; undefined if the item has none. */
export async function hashOfItem(
	api: N8nApi,
	{ binary }: Pick<Item, 'binary'>,
): Promise<string | undefined> {
	const field = binary?.data;
	if (field === undefined) return undefined;
	// With binary data kept in memory, the execution holds the bytes themselves.
	const bytes =
		field.id === undefined ? Buffer.from(field.data, 'base64') : await api.binary(field.id);
	return sha256(bytes);
}

/** Whether an item has the video that the service made of its template. */
export async function hasItsVideo(api: N8nApi, item: Item): Promise<boolean> {
	return (await hashOfItem(api, item)) === (await hashOfTemplate(item.json.templateId));
}

/** How many of these items have the video that the service made of their template. */
export async function countVideos(api: N8nApi, items: Item[]): Promise<number> {
	const right = await Promise.all(items.map(async (item) => await hasItsVideo(api, item)));
	return right.filter(Boolean).length;
}
