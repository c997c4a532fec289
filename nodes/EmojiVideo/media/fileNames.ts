/**
 * File names of videos. Rule: every name is valid on Linux, macOS and Windows and contains no folder,
 * whatever text it is made of.
 */
import { parseUrl } from '../net/publicHosts';
import { cut } from '../base/text';

/** Longer texts are cut before any pattern reads them. Far more than `MAX_NAME_BYTES` keeps. */
const MAX_TEXT_LENGTH = 1000;

/** A file system allows 255 bytes (ext4) or more. The rest is for the ID, the extension and suffixes. */
const MAX_NAME_BYTES = 160;
/** For a template ID or a task ID; a task ID has 36 bytes (docs/service.md). */
const MAX_ID_BYTES = 64;

function shortenToBytes(text: string, bytes: number): string {
	const letters = [...cut(text, bytes)];
	while (Buffer.byteLength(letters.join('')) > bytes) letters.pop();
	return letters.join('');
}

const cleanName = (text: string, length: number) =>
	cut(
		cut(text, MAX_TEXT_LENGTH)
			.replace(/[^\p{L}\p{N}_-]+/gu, '-')
			.replace(/^-+/, ''),
		length,
	).replace(/-+$/, '');

const cleanId = (id: string) => shortenToBytes(cleanName(id, MAX_ID_BYTES), MAX_ID_BYTES);

/** Removes an extension of one to five letters or digits. */
const removeExtension = (name: string) => name.replace(/\.[A-Za-z0-9]{1,5}$/, '');

/** Reads the last path segment of a URL and decodes it; empty if there is none. */
export function lastSegment(imageUrl: string | undefined): string {
	const segment =
		parseUrl(imageUrl ?? '')
			?.pathname.split('/')
			.pop() ?? '';
	try {
		return decodeURIComponent(segment);
	} catch {
		// The segment has a stray percent sign, so we keep it encoded.
		return segment;
	}
}

/**
 * Builds the name `<portrait>-<template>-<taskId>.mp4`.
 * The portrait is called by its file name, or by the last segment of its URL.
 */
export function videoFileName(
	{ imageUrl, imageFile }: { imageUrl?: string; imageFile?: string },
	templateId: string | undefined,
	taskId: string,
): string {
	const portrait = imageFile ?? lastSegment(imageUrl);
	const parts = [
		cleanName(removeExtension(portrait), MAX_PORTRAIT_LENGTH),
		cleanId(templateId ?? ''),
		cleanId(taskId),
	];
	return `${parts.filter(Boolean).join('-')}.mp4`;
}

/** Characters of the portrait's name in a file name that we build; enough to recognise it. */
const MAX_PORTRAIT_LENGTH = 40;

/** Windows reserves these names for devices, with or without an extension. */
const DEVICE = /^(con|prn|aux|nul|(?:com|lpt)[\d\u00b9\u00b2\u00b3]) *(?=\.|$)/i;
/** Removes dots, blanks and hyphens from the end: Windows allows no dot or blank there. */
const trimEnd = (text: string) => text.replace(/[.\s-]+$/, '');

/**
 * Turns the user's own name into a valid one: removes folders, control characters and the characters that
 * Windows rejects, and adds the extension.
 * @param distinction tells several videos of the same name apart; may be empty
 */
export function ownFileName(name: string, distinction: string): string {
	const last = name.split(/[\\/]/).pop() ?? '';
	const readable = last
		.replace(/\.mp4$/i, '')
		.replace(/[\p{Cc}\p{Cf}\p{Cs}<>:"|?*]+/gu, '-')
		.replace(/^[.\s-]+/, '');
	const clean = trimEnd(cut(readable, MAX_TEXT_LENGTH));
	const notADevice = trimEnd(shortenToBytes(clean, MAX_NAME_BYTES)).replace(DEVICE, '$1-video');
	const safeName = trimEnd(shortenToBytes(notADevice, MAX_NAME_BYTES)) || 'video';
	return `${[safeName, cleanId(distinction)].filter(Boolean).join('-')}.mp4`;
}
