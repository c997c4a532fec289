/**
 * Names of files. Rule: whatever a user, an address or the service calls a thing, the name can stand on
 * every file system and leads into no folder.
 */
import { parseUrl } from '../net/publicHosts';
import { cut } from '../base/text';

/** Names are judged by their beginning: what is behind it comes into no file name. */
const READ_LENGTH = 1000;

/** Of 255 that file systems allow; n8n and users add to names. */
const MAX_NAME_BYTES = 160;
/** Of a template's or a task's ID. */
const MAX_ID_BYTES = 64;

function shortened(text: string, bytes: number): string {
	const letters = [...cut(text, bytes)];
	while (Buffer.byteLength(letters.join('')) > bytes) letters.pop();
	return letters.join('');
}

const safe = (text: string, length: number) =>
	cut(
		cut(text, READ_LENGTH)
			.replace(/[^\p{L}\p{N}_-]+/gu, '-')
			.replace(/^-+/, ''),
		length,
	).replace(/-+$/, '');

const safeId = (id: string) => shortened(safe(id, MAX_ID_BYTES), MAX_ID_BYTES);

/** A name without the extension that a file of its kind has. */
const withoutExtension = (name: string) => name.replace(/\.[A-Za-z0-9]{1,5}$/, '');

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
	const parts = [safe(withoutExtension(portrait), 40), safeId(templateId ?? ''), safeId(taskId)];
	return `${parts.filter(Boolean).join('-')}.mp4`;
}

/** Windows keeps these names for devices, whatever stands behind the first dot. */
const DEVICE = /^(con|prn|aux|nul|(?:com|lpt)[\d\u00b9\u00b2\u00b3]) *(?=\.|$)/i;
/** Without what no name may end with; of a text that has been cut. */
const withoutEnd = (text: string) => text.replace(/[.\s-]+$/, '');

/**
 * A name that the user gave, as it is where that can be: without folders, control characters and what
 * Windows refuses, and with the extension of a video.
 * @param distinction tells several videos of one name apart; may be empty
 */
export function ownFileName(name: string, distinction: string): string {
	const last = name.split(/[\\/]/).pop() ?? '';
	const readable = last
		.replace(/\.mp4$/i, '')
		.replace(/[\p{Cc}\p{Cf}\p{Cs}<>:"|?*]+/gu, '-')
		.replace(/^[.\s-]+/, '');
	const clean = withoutEnd(cut(readable, READ_LENGTH));
	const isNoDevice = withoutEnd(shortened(clean, MAX_NAME_BYTES)).replace(DEVICE, '$1-video');
	const safeName = withoutEnd(shortened(isNoDevice, MAX_NAME_BYTES)) || 'video';
	return `${[safeName, safeId(distinction)].filter(Boolean).join('-')}.mp4`;
}
