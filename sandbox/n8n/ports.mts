/** Finds ports to listen on. The rule: a port that is taken is never a reason to fail. */
import { createServer } from 'node:net';

/**
 * The wanted port if nothing listens on it, else any free one.
 * @param wanted a port number, or 0 for any free port
 */
export async function freePort(wanted: number): Promise<number> {
	// Someone may hold the port on every address or on the local one only; both are in the way.
	const free = (await canListen(wanted, undefined)) ?? undefined;
	if (free === undefined) return await freePort(0);
	return (await canListen(free, '127.0.0.1')) ?? (await freePort(0));
}

async function canListen(port: number, host: string | undefined): Promise<number | undefined> {
	return await new Promise((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(undefined));
		server.listen({ port, host }, () => {
			const address = server.address();
			const taken = typeof address === 'object' && address !== null ? address.port : undefined;
			server.close(() => resolve(taken));
		});
	});
}
