/**
 * What an ordered status says when the order brings no body. Rule: the service's own words where it
 * has some; every other status is said by a gateway in front of it, in HTML.
 */
import { STATUS_CODES } from 'node:http';
import { refusals, type Refusal } from '../refusals.mts';

const serviceWords: Readonly<Record<number, Refusal>> = {
	400: refusals.wrongParameter,
	401: refusals.wrongKey,
	403: { status: 403, code: 'AccessDenied', message: 'Access denied.' },
	404: refusals.notFound,
	429: refusals.throttled,
	500: refusals.internal,
	503: refusals.overloaded,
};

/** nginx's name of a status that HTTP has not: the client closed the request. */
const gatewayNames: Readonly<Record<number, string>> = { 499: 'Client Closed Request' };

/** The refusal that the service gives with this status; undefined where a gateway speaks. */
export function wordsOf(status: number): Refusal | undefined {
	return serviceWords[status];
}

/** A gateway's page for this status. */
export function gatewayPage(status: number): string {
	const title = `${status} ${gatewayNames[status] ?? STATUS_CODES[status] ?? 'Unknown'}`;
	return `<html>\n<head><title>${title}</title></head>\n<body>\n<center><h1>${title}</h1></center>\n<hr><center>Tengine</center>\n</body>\n</html>\n`;
}
