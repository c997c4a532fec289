/**
 * The terminal output of the sandbox's commands, and their end. The rule: whatever happens,
 * nothing that was started still runs after this process has ended.
 */
import { Listr, PRESET_TIMER } from 'listr2';
import { InvalidArgumentError } from 'commander';

import type { Sandbox, Stage } from './n8n/bring-up.mts';

/** Aborted by Ctrl+C, by a signal, or when npm, which started this process, is gone. */
export const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.on(signal, () => interrupted.abort(new Error(`Stopped by ${signal}`)));
}
// npm passes a signal to its shell, and the shell ends without passing it on: this process must
// notice that its parent is gone.
const parent = process.ppid;
const watchParent = () => {
	if (process.ppid !== parent) interrupted.abort(new Error('Stopped'));
};
setInterval(watchParent, 500).unref();

/** Shows a stage and the time that it took. */
export const stage: Stage = async (title, work) => {
	interrupted.signal.throwIfAborted();
	let result: { value: Awaited<ReturnType<typeof work>> } | undefined;
	const tasks = new Listr(
		{
			title,
			task: async (_context, task) => {
				result = { value: await work(quietly((message) => (task.output = message))) };
			},
		},
		{
			registerSignalListeners: false,
			rendererOptions: { timer: PRESET_TIMER, collapseErrors: false },
			fallbackRendererOptions: { timer: PRESET_TIMER },
		},
	);
	await tasks.run();
	if (result === undefined) throw new Error(`"${title}" gave no result`);
	return result.value;
};

/** A terminal shows every message in place; a log gets one every 15 s. */
function quietly(tell: (message: string) => void): (message: string) => void {
	let told = Date.now();
	return (message) => {
		if (!process.stdout.isTTY && Date.now() - told < 15_000) return;
		told = Date.now();
		tell(message);
	};
}

/** Until the user ends it. @throws if n8n ends by itself */
export async function untilInterrupted({ n8n }: Sandbox): Promise<void> {
	console.log('  Press Ctrl+C to stop.\n');
	const abort = new Promise<'abort'>((resolve) =>
		interrupted.signal.addEventListener('abort', () => resolve('abort'), { once: true }),
	);
	const first = await Promise.race([abort, n8n.exited.then(() => 'exit' as const)]);
	if (first === 'exit') throw new Error(`n8n ended by itself; its log is ${n8n.logFile}`);
}

/** A port, as a command's option. */
export function portNumber(text: string): number {
	const value = Number(text);
	if (!Number.isInteger(value) || value < 0 || value > 65_535) {
		throw new InvalidArgumentError('A port is a whole number up to 65535.');
	}
	return value;
}

/** Seconds, as a command's option. */
export function seconds(text: string): number {
	const value = Number(text);
	if (!(value >= 0)) throw new InvalidArgumentError('Seconds are a number, 0 or more.');
	return value;
}

/** Runs a command to its end; its error, or "Stopped.", becomes what is printed and the exit code. */
export async function runCommand(work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		if (interrupted.signal.aborted) {
			console.error('Stopped.');
			process.exitCode = 130;
		} else {
			console.error(`\n${error instanceof Error ? error.message : String(error)}`);
			process.exitCode = 1;
		}
	}
}
