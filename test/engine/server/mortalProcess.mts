/**
 * A process that tests can kill, inside the test's own process. Its code reaches the network, the database and
 * timers only while it lives. After `kill`, its requests are cut, its timers are gone and its writes never end.
 * Rule: after `kill`, its code has no effect.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import type { ClientRequest, RequestOptions } from 'node:http';
import { Socket } from 'node:net';

/** An effect outside the process: a request, or a write to a row of the database. */
export type Effect =
	| { kind: 'request'; method: string; path: string }
	| {
			kind: 'write';
			/** 0: the user's execution; 1, 2, ...: a sub-workflow's, as deep. */
			depth: number;
			status: string;
	  };

/**
 * A moment to die in: before an effect, or after it and before the process gets the result.
 */
export type Moment = Effect & { when: 'before' | 'after' };

export interface MortalProcess {
	readonly isAlive: boolean;
	/** Runs work, and everything that it starts, as a part of this process. */
	run<T>(work: () => T): T;
	/** The power is cut. */
	kill(): void;
	/** Performs an effect; never resolves once the process is dead. */
	act<T>(effect: Effect, work: () => T): Promise<T>;
}

interface Inner extends MortalProcess {
	requests: Set<ClientRequest>;
	/** Whether this is the moment to die; kills the process if it is. */
	diesAt(moment: Moment): boolean;
}

const current = new AsyncLocalStorage<Inner>();

/** The process that is running; `undefined` for the test itself and for the mock service. */
export const processNow = (): MortalProcess | undefined => current.getStore();

/** Open requests of all processes and of the test. */
const underWay = new Set<ClientRequest>();

export const isNetworkAtWork = (): boolean => underWay.size > 0;

const never = async (): Promise<never> => await new Promise<never>(() => undefined);

/** Requests of killed processes. */
const silent = new Set<ClientRequest>();

/** A request that goes nowhere: its connection is never made. */
function silence(send: typeof http.request, options: RequestOptions): ClientRequest {
	const request = send({ ...options, agent: undefined, createConnection: () => new Socket() });
	silent.add(request);
	return request;
}

const pathOf = ({ path = '/' }: RequestOptions) => path ?? '/';

function counted(request: ClientRequest): ClientRequest {
	underWay.add(request);
	return request.once('close', () => underWay.delete(request));
}

function watched(request: ClientRequest, inner: Inner, effect: Effect): ClientRequest {
	inner.requests.add(request);
	request.once('close', () => inner.requests.delete(request));
	const emit = request.emit.bind(request) as (name: string, ...args: unknown[]) => boolean;
	request.emit = (name: string, ...args: unknown[]) => {
		// The server has acted, but its response arrives nowhere.
		if (name === 'response' && inner.diesAt({ ...effect, when: 'after' })) return false;
		return emit(name, ...args);
	};
	return request;
}

/**
 * Intercepts the network of this test file until the returned function is called. n8n's HTTP client (axios) sends
 * every request with `http.request`, and the mock service uses no https.
 */
export function watchNetwork(): () => void {
	const send = http.request;
	http.request = ((options: RequestOptions, listener?: never) => {
		const inner = current.getStore();
		if (!inner) return counted(send(options, listener));
		const effect: Effect = {
			kind: 'request',
			method: options.method ?? 'GET',
			path: pathOf(options),
		};
		if (!inner.isAlive || inner.diesAt({ ...effect, when: 'before' }))
			return silence(send, options);
		return watched(counted(send(options, listener)), inner, effect);
	}) as typeof http.request;
	return () => {
		http.request = send;
		for (const request of silent) request.on('error', () => undefined).destroy();
		silent.clear();
	};
}

/**
 * @param isLast whether to die at this moment; called for every moment in order
 * @param onDeath called at once when the process dies
 */
export function createProcess(
	isLast: (moment: Moment) => boolean,
	onDeath: (dead: MortalProcess) => void,
): MortalProcess {
	let isAlive = true;
	const inner: Inner = {
		get isAlive() {
			return isAlive;
		},
		requests: new Set(),
		run: (work) => current.run(inner, work),
		kill() {
			if (!isAlive) return;
			isAlive = false;
			for (const request of inner.requests) request.destroy();
			onDeath(inner);
		},
		diesAt(moment) {
			if (isAlive && isLast(moment)) inner.kill();
			return !isAlive;
		},
		async act(effect, work) {
			if (!isAlive || inner.diesAt({ ...effect, when: 'before' })) return await never();
			const result = work();
			return inner.diesAt({ ...effect, when: 'after' })
				? await never()
				: await Promise.resolve(result);
		},
	};
	return inner;
}
