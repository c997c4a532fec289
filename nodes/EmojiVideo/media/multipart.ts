/**
 * Writes a multipart/form-data form (RFC 7578) with one file, as a stream. Rule: the file is the last field,
 * because OSS requires it. The form's length is known before the first byte is sent.
 */
import { randomUUID } from 'node:crypto';
import type { PortraitFile } from './portraitFile';
import { FORMATS } from './imageHeader';

/** A form that can be sent once. */
export interface OpenForm {
	headers: { 'Content-Type': string; 'Content-Length': string };
	body: object;
	/** Closes the file, for requests that end before the form does. */
	close(): void;
}

/** The values come from the upload policy. A line break in a value could add a field of its own. */
const removeLineBreaks = (text: string) => text.replace(/[\r\n]/g, '');

function buildFrames(fields: Record<string, string>, file: PortraitFile, objectName: string) {
	const boundary = `emoji-video-${randomUUID()}`;
	const parts = Object.entries(fields).map(
		([name, value]) =>
			`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${removeLineBreaks(value)}\r\n`,
	);
	const opening = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${objectName}"\r\nContent-Type: ${FORMATS[file.format].mimeType}\r\n\r\n`;
	return {
		boundary,
		head: Buffer.from([...parts, opening].join('')),
		tail: Buffer.from(`\r\n--${boundary}--\r\n`),
	};
}

/**
 * Opens a form that contains a file.
 * @param fields all fields except the file, in order
 * @param objectName the file's name in the form: letters, digits, hyphens and a dot
 */
export async function openForm(
	fields: Record<string, string>,
	file: PortraitFile,
	objectName: string,
): Promise<OpenForm> {
	const { boundary, head, tail } = buildFrames(fields, file, objectName);
	const headers = {
		'Content-Type': `multipart/form-data; boundary=${boundary}`,
		'Content-Length': String(head.length + file.size + tail.length),
	};
	if (file.source.kind === 'bytes') {
		const body = Buffer.concat([head, file.source.bytes, tail]);
		return { headers, body, close: () => undefined };
	}
	const stored = await file.source.open();
	const body = stored.compose(async function* (chunks: AsyncIterable<Buffer>) {
		yield head;
		yield* chunks;
		yield tail;
	});
	const close = () => {
		// If the HTTP client has not started reading, closing the file would cause an uncaught error.
		body.on('error', () => undefined);
		body.read(0);
		stored.destroy();
	};
	return { headers, body, close };
}
