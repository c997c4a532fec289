/**
 * HTTPS in front of an origin. Rule: it decrypts and passes on, so the mock behind it keeps its ledger
 * and its faults; a client that does not trust the certificate leaves no trace in the ledger.
 */
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { createCertificate } from './certificate.mts';
import { join, listen } from './tunnels.mts';

export interface HttpsFront {
	/** e.g. `https://127.0.0.1:40123`. */
	url: string;
	/** PEM of the certificate, for clients that are to trust it. */
	certificate: string;
	/** Connections that were opened, those without a handshake included. */
	connections: () => number;
	close: () => Promise<void>;
}

/** Starts HTTPS in front of `origin`, with a certificate that no machine trusts. */
export async function startHttpsFront(origin: string): Promise<HttpsFront> {
	const { hostname, port } = new URL(origin);
	const { cert, key } = createCertificate();
	let connections = 0;
	const server = createServer({ cert, key }, (socket) =>
		join(socket, connect(Number(port), hostname)),
	);
	server.on('connection', () => connections++);
	const { port: ownPort, close } = await listen(server);
	return {
		url: `https://127.0.0.1:${ownPort}`,
		certificate: cert,
		connections: () => connections,
		close,
	};
}

/** The same origin by https, although it speaks plain HTTP. */
export function plainBehindHttps(origin: string): string {
	return origin.replace(/^http:/, 'https:');
}
