/** A door to a server that can be shut: what it carries is not looked at. */
import { once } from 'node:events';
import net from 'node:net';

export interface Proxy {
	port: number;
	/** Ends every connection and accepts no new one, until `open`. */
	shut(): void;
	open(): void;
	close(): Promise<void>;
}

/** @param host where connections go to */
export async function startProxy(host: string, port: number): Promise<Proxy> {
	const sockets = new Set<net.Socket>();
	let isShut = false;
	const server = net.createServer((client) => {
		if (isShut) return void client.destroy();
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
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		port: (server.address() as net.AddressInfo).port,
		shut: () => {
			isShut = true;
			sockets.forEach((socket) => socket.destroy());
		},
		open: () => {
			isShut = false;
		},
		close: async () => {
			sockets.forEach((socket) => socket.destroy());
			server.close();
			await once(server, 'close');
		},
	};
}
