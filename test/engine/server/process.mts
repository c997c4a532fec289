/**
 * A process that can be killed, inside the test's own: code that runs as a part of it reaches the
 * outside (the network, the database, time) only as long as it lives. What is killed is never told:
 * its requests break off, its timers are gone, its writes never end. Rule: after `kill` nothing of it
 * has any effect.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import type { ClientRequest, RequestOptions } from 'node:http';
import { Socket } from 'node:net';

/** Something that the outside sees: a request, or a row of the database that is written. */
export type Effect =
	| { kind: 'request'; method: string; path: string }
	| {
			kind: 'write';
			/** 0: the user's execution; 1, 2, ...: a sub-workflow's, as deep. */
			depth: number;
			status: string;
	  };

/**
 * A moment to die in: before the outside sees the effect, or after it has, but before this process
 * hears of it.
 */
export type Moment = Effect & { when: 'before' | 'after' };

export interface MortalProcess {
	readonly isAlive: boolean;
	/** Runs work, and all that follows from it, as a part of this process. */
	run<T>(work: () => T): T;
	/** The power is cut. */
	kill(): void;
	/** Does what the outside sees; never resolves once the process is dead. */
	act<T>(effect: Effect, work: () => T): Promise<T>;
}

interface Inner extends MortalProcess {
	requests: Set<ClientRequest>;
	/** Whether this is the moment to die; kills the process if it is. */
	diesAt(moment: Moment): boolean;
}

const current = new AsyncLocalStorage<Inner>();

/** The process that runs now; `undefined` for the test itself and for the double. */
export const processNow = (): MortalProcess | undefined => current.getStore();

/** Requests under way, of all processes and of none. */
const underWay = new Set<ClientRequest>();

export const isNetworkAtWork = (): boolean => underWay.size > 0;

const never = async (): Promise<never> => await new Promise<never>(() => undefined);

/** Requests of the dead. */
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
		// The outside has acted and answers; the answer reaches nobody.
		if (name === 'response' && inner.diesAt({ ...effect, when: 'after' })) return false;
		return emit(name, ...args);
	};
	return request;
}

/**
 * Puts itself between this test file and the network, until the returned function is called. n8n's
 * HTTP client (axios) asks `http.request` for every request; the double is never on https.
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
 * @param isLast whether to die in this moment; asked about every moment there is, in order
 * @param onDeath hears of the death, at once
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
