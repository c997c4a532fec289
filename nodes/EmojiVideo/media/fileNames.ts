/**
 * Names of files. Rule: whatever a user, an address or the service calls a thing, the name can stand on
 * every file system and leads into no folder.
 */
import { parseUrl } from '../net/publicHosts';

const safe = (text: string, length: number) =>
	text
		.replace(/[^\p{L}\p{N}_-]+/gu, '-')
		.replace(/^-+|-+$/g, '')
		.slice(0, length);

/** The last segment of an address, readable. */
export function lastSegment(imageUrl: string | undefined): string {
	const segment =
		parseUrl(imageUrl ?? '')
			?.pathname.split('/')
			.pop() ?? '';
	try {
		return decodeURIComponent(segment);
	} catch {
		// A stray percent sign: the raw segment will do.
		return segment;
	}
}

/**
 * `<portrait>-<template>-<taskId>.mp4`, safe on every file system.
 * @param portrait named by its file, or by the last segment of its address
 */
export function videoFileName(
	{ imageUrl, imageFile }: { imageUrl?: string; imageFile?: string },
	templateId: string | undefined,
	taskId: string,
): string {
	const portrait = imageFile ?? lastSegment(imageUrl);
	const parts = [
		safe(portrait.replace(/\.[A-Za-z0-9]{1,5}$/, ''), 40),
		safe(templateId ?? '', 64),
		safe(taskId, 64),
	];
	return `${parts.filter(Boolean).join('-')}.mp4`;
}

/** Windows keeps these names for devices, whatever their extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/i;
/** Of 255 that file systems allow; n8n and users add to names. */
const MAX_NAME_BYTES = 160;

function shortened(text: string): string {
	let short = text;
	while (Buffer.byteLength(short) > MAX_NAME_BYTES) short = [...short].slice(0, -1).join('');
	return short;
}

/**
 * A name that the user gave, as it is where that can be: without folders, control characters and what
 * Windows refuses, and with the extension of a video.
 * @param distinction tells several videos of one name apart; may be empty
 */
export function ownFileName(name: string, distinction: string): string {
	const last = name.split(/[\\/]/).pop() ?? '';
	const clean = last
		.replace(/\.mp4$/i, '')
		.replace(/[\p{Cc}\p{Cf}<>:"|?*]+/gu, '-')
		.replace(/^[.\s-]+|[.\s-]+$/g, '');
	const safeName = DEVICE.test(clean) ? `${clean}-video` : shortened(clean) || 'video';
	return `${[safeName, safe(distinction, 64)].filter(Boolean).join('-')}.mp4`;
}
