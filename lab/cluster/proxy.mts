/** A door to a server that can be shut: what it carries is not looked at. */
import { once } from 'node:events';
import net from 'node:net';

export interface Proxy {
	port: number;
	/** Ends every connection and refuses new ones, as a server that is down, until `open`. */
	shut(): void;
	open(): Promise<void>;
	close(): Promise<void>;
}

/** @param host where connections go to */
export async function startProxy(host: string, port: number): Promise<Proxy> {
	const sockets = new Set<net.Socket>();
	const server = net.createServer((client) => {
		const upstream = net.connect({ host, port });
		for (const [one, other] of [
			[client, upstream],
			[upstream, client],
		] as const) {
			sockets.add(one);
			one.on('error', () => other.destroy());
			one.on('close', () => {
				sockets.delete(one);
				other.destroy();
			});
			one.pipe(other);
		}
	});
	const listen = async (on: number) => {
		server.listen(on, '127.0.0.1');
		await once(server, 'listening');
		return (server.address() as net.AddressInfo).port;
	};
	const shut = () => {
		server.close();
		sockets.forEach((socket) => socket.destroy());
	};
	const own = await listen(0);
	return {
		port: own,
		shut,
		open: async () => void (await listen(own)),
		close: async () => {
			const closed = once(server, 'close');
			shut();
			await closed;
		},
	};
}
