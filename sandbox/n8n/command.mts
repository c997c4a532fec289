/**
 * Runs a program to its end. The rule: a failure never loses what the program printed, because that
 * text is all a user has to find out what is wrong on their machine.
 */
import { spawn } from 'node:child_process';

export interface CommandOptions {
	cwd: string;
	env?: NodeJS.ProcessEnv;
	/** Kills the program when aborted. */
	signal?: AbortSignal;
}

/** So much of the beginning and of the end of what a program printed is shown when it fails. */
const SHOWN_CHARACTERS = 2000;

/**
 * Runs `command` and resolves with its standard output.
 * @throws an Error with the command and what it printed when it ends other than with 0
 */
export async function run(
	command: string,
	args: string[],
	{ cwd, env = process.env, signal }: CommandOptions,
): Promise<string> {
	return await new Promise((resolve, reject) => {
		const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
		let stdout = '';
		let all = '';
		child.stdout.on('data', (chunk: Buffer) => {
			stdout += chunk.toString();
			all += chunk.toString();
		});
		child.stderr.on('data', (chunk: Buffer) => (all += chunk.toString()));
		child.on('error', reject);
		child.on('close', (code) => {
			if (code === 0) return resolve(stdout);
			const told = shorten(all.trim());
			reject(new Error(`"${command} ${args.join(' ')}" ended with code ${code}:\n${told}`));
		});
	});
}

/** Runs npm. On Windows npm is a batch file, which Node.js starts through a shell only. */
export async function npm(args: string[], options: CommandOptions): Promise<string> {
	if (process.platform !== 'win32') return await run('npm', args, options);
	return await run(process.env.ComSpec ?? 'cmd.exe', ['/d', '/s', '/c', 'npm', ...args], options);
}

function shorten(text: string): string {
	if (text.length <= 2 * SHOWN_CHARACTERS) return text;
	return `${text.slice(0, SHOWN_CHARACTERS)}\n...\n${text.slice(-SHOWN_CHARACTERS)}`;
}
