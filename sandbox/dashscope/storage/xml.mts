/** Errors as OSS writes them. Rule: the storage origin speaks XML, never DashScope's JSON. */
import type { FastifyReply } from 'fastify';

export interface OssError {
	status: number;
	code: string;
	message: string;
	/** More elements of the error, by name. */
	extra?: Record<string, string>;
}

const escapeXml = (text: string): string =>
	text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Answers with an OSS error. */
export async function sendOssError(reply: FastifyReply, error: OssError): Promise<void> {
	reply.request.entry.code = error.code;
	const elements = {
		Code: error.code,
		Message: error.message,
		RequestId: reply.request.id.replaceAll('-', '').slice(0, 24).toUpperCase(),
		HostId: reply.request.host,
		...error.extra,
	};
	const lines = Object.entries(elements).map(
		([name, text]) => `  <${name}>${escapeXml(text)}</${name}>`,
	);
	await reply
		.code(error.status)
		.type('application/xml')
		.send(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n${lines.join('\n')}\n</Error>\n`);
}
