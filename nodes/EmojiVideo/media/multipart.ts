/**
 * A form with one file, as multipart/form-data (RFC 7578), written while it is sent. Rule: the file is
 * the last field, as the storage host demands, and the length is known before the first byte leaves.
 */
import { randomUUID } from 'node:crypto';
import type { PortraitFile } from './portraitFile';
import { FORMATS } from './imageHeader';

/** A form ready to be sent, once. */
export interface OpenForm {
	headers: { 'Content-Type': string; 'Content-Length': string };
	body: object;
	/** Lets go of the file; needed when the request ended before the form did. */
	close(): void;
}

/** Values are the policy's own; a line break in one would forge a field. */
const oneLine = (text: string) => text.replace(/[\r\n]/g, '');

function framesOf(fields: Record<string, string>, file: PortraitFile, objectName: string) {
	const boundary = `emoji-video-${randomUUID()}`;
	const parts = Object.entries(fields).map(
		([name, value]) =>
			`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${oneLine(value)}\r\n`,
	);
	const opening = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${objectName}"\r\nContent-Type: ${FORMATS[file.format].mimeType}\r\n\r\n`;
	return {
		boundary,
		head: Buffer.from([...parts, opening].join('')),
		tail: Buffer.from(`\r\n--${boundary}--\r\n`),
	};
}

/**
 * Opens a form over a file.
 * @param fields all fields but the file, in order
 * @param objectName the file's name in the form: letters, digits, hyphens and a dot
 */
export async function openForm(
	fields: Record<string, string>,
	file: PortraitFile,
	objectName: string,
): Promise<OpenForm> {
	const { boundary, head, tail } = framesOf(fields, file, objectName);
	const headers = {
		'Content-Type': `multipart/form-data; boundary=${boundary}`,
		'Content-Length': String(head.length + file.size + tail.length),
	};
	if (file.source.kind === 'bytes') {
		const body = Buffer.concat([head, file.source.bytes, tail]);
		return { headers, body, close: () => undefined };
	}
	const stored = await file.source.open();
	const body = stored.compose(async function* (entries: AsyncIterable<Buffer>) {
		yield head;
		yield* entries;
		yield tail;
	});
	const close = () => {
		// Where nobody has begun to read the form, its file's end would be an exception that nobody can catch.
		body.on('error', () => undefined);
		body.read(0);
		stored.destroy();
	};
	return { headers, body, close };
}
