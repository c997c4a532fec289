/**
 * A clock that tests move: `Date` and the timers of everything that a test file loads, with n8n's engine, the node
 * and the mock service. Rule: the clock stands still while a request or a file is being processed, so results do not
 * depend on the speed of the machine.
 *
 * Each timer belongs to the process that set it (see mortalProcess.mts), and dies with it.
 */
import { AsyncResource } from 'node:async_hooks';
import { setImmediate as nextRound } from 'node:timers/promises';
import zlib from 'node:zlib';

interface Timer {
	at: number;
	order: number;
	owner: object | undefined;
	fire(): void;
}

export interface VirtualTime {
	/** What `Date.now()` says. */
	now(): number;
	/** Runs everything that can run before the next timer. */
	settle(): Promise<void>;
	/** Moves the clock until the condition holds. Throws when no timer is left, or after `mostMs`. */
	until(condition: () => boolean, mostMs?: number): Promise<void>;
	/** Moves the clock until a promise is settled. */
	during<T>(promise: Promise<T>): Promise<T>;
	/** Moves the clock by this much, firing every timer on the way. */
	advance(ms: number): Promise<void>;
	/** Removes the timers of this owner. */
	drop(owner: object): void;
	/** Real time again. */
	restore(): void;
}

/** Node.js' names of resources that may be open while nothing happens. Any other calls back without a timer. */
const MAY_BE_IDLE =
	/^(Timeout|Immediate|\w*ServerWrap|\w*SocketWrap|PipeWrap|TTYWrap|ProcessWrap|SignalWrap|MessagePort|Worker|\w*Watcher|\w*EventWrap|UDP\w*)$/i;

type Transform = (chunk: unknown, encoding: string, done: (...results: unknown[]) => void) => void;

/** The base of all compressing streams. Node.js reports none of them as active. */
const packers = [zlib.Gunzip, zlib.BrotliDecompress].map((kind) => {
	let base = kind.prototype as unknown as { _transform: Transform };
	while (!Object.hasOwn(base, '_transform')) {
		base = Object.getPrototypeOf(base) as typeof base;
	}
	return base;
});

/** Counts the chunks of bodies that are being compressed or decompressed, until `restore`. */
function watchPacking() {
	let atWork = 0;
	const bases = new Set(packers);
	const originals = [...bases].map((base) => [base, base._transform] as const);
	for (const [base, transform] of originals) {
		base._transform = function (this: unknown, chunk, encoding, done) {
			atWork += 1;
			transform.call(this, chunk, encoding, (...results) => {
				atWork -= 1;
				done(...results);
			});
		};
	}
	return {
		isAtWork: () => atWork > 0,
		restore() {
			for (const [base, transform] of originals) base._transform = transform;
		},
	};
}

const isNodeAtWork = () => process.getActiveResourcesInfo().some((name) => !MAY_BE_IDLE.test(name));

/** After this many idle rounds of the event loop, only timers are left. */
const QUIET_ROUNDS = 12;

const ALL_BUT_DATE = [
	'hrtime',
	'nextTick',
	'performance',
	'queueMicrotask',
	'setImmediate',
	'clearImmediate',
	'setInterval',
	'clearInterval',
	'setTimeout',
	'clearTimeout',
] as const;

const DAY_MS = 24 * 3_600_000;

/**
 * The clock's next time. It starts at the moment of the documented examples, in UTC, and continues from test to test
 * of a file, because the node keeps the rates of an account for the whole process.
 */
let nextMs = Date.UTC(2025, 9, 14, 3, 28, 4);
const BETWEEN_TESTS_MS = 60_000;

/**
 * Takes over the clock of the calling test file, until `restore`.
 * @param isAtWork whether anything is being processed that has no timer
 * @param ownerNow the owner of a timer that is set now
 */
export function takeTime(isAtWork: () => boolean, ownerNow: () => object | undefined): VirtualTime {
	const real = { setTimeout, clearTimeout, setInterval, clearInterval };
	const packing = watchPacking();
	const timers = new Map<object, Timer>();
	let count = 0;

	jest.useFakeTimers({ now: nextMs, doNotFake: [...ALL_BUT_DATE] });

	const set = (
		callback: (...args: unknown[]) => void,
		ms = 0,
		args: unknown[],
		repeats: boolean,
	) => {
		const everyMs = Math.max(1, Math.trunc(Number(ms) || 0));
		const run = AsyncResource.bind(() => callback(...args));
		const handle = {
			ref: () => handle,
			unref: () => handle,
			hasRef: () => true,
			refresh() {
				const timer = timers.get(handle);
				if (timer) timer.at = Date.now() + everyMs;
				return handle;
			},
		};
		const timer: Timer = {
			at: Date.now() + everyMs,
			order: count++,
			owner: ownerNow(),
			fire() {
				if (repeats) timer.at += everyMs;
				else timers.delete(handle);
				run();
			},
		};
		timers.set(handle, timer);
		return handle;
	};
	const clear = (handle: object | undefined) => void (handle && timers.delete(handle));

	Object.assign(globalThis, {
		setTimeout: (callback: () => void, ms?: number, ...args: unknown[]) =>
			set(callback, ms, args, false),
		setInterval: (callback: () => void, ms?: number, ...args: unknown[]) =>
			set(callback, ms, args, true),
		clearTimeout: clear,
		clearInterval: clear,
	});

	const first = (): Timer | undefined => {
		let earliest: Timer | undefined;
		for (const timer of timers.values()) {
			const isSooner =
				!earliest ||
				timer.at < earliest.at ||
				(timer.at === earliest.at && timer.order < earliest.order);
			if (isSooner) earliest = timer;
		}
		return earliest;
	};

	const settle = async () => {
		for (let quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
			await nextRound();
			if (isAtWork() || packing.isAtWork() || isNodeAtWork()) quiet = -1;
		}
	};

	const fire = async (timer: Timer) => {
		jest.setSystemTime(Math.max(Date.now(), timer.at));
		timer.fire();
		await settle();
	};

	const until = async (condition: () => boolean, mostMs = 3 * DAY_MS) => {
		const end = Date.now() + mostMs;
		await settle();
		while (!condition()) {
			const timer = first();
			if (!timer) throw new Error('Nobody waits for anything, and still it has not happened.');
			if (timer.at > end) throw new Error(`It has not happened within ${mostMs / 1000} s.`);
			await fire(timer);
		}
	};

	return {
		now: () => Date.now(),
		settle,
		until,
		async during(promise) {
			let isSettled = false;
			const mark = () => {
				isSettled = true;
			};
			promise.then(mark, mark);
			await until(() => isSettled);
			return await promise;
		},
		async advance(ms) {
			const end = Date.now() + ms;
			await settle();
			for (let next = first(); next && next.at <= end; next = first()) await fire(next);
			jest.setSystemTime(end);
		},
		drop(owner) {
			for (const [handle, timer] of timers) if (timer.owner === owner) timers.delete(handle);
		},
		restore() {
			nextMs = Date.now() + BETWEEN_TESTS_MS;
			Object.assign(globalThis, real);
			jest.useRealTimers();
			packing.restore();
		},
	};
}
