/** The parent's side of `engine.cjs`: an n8n-core in a process of its own. */
import { fork } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';

const itemSchema = z.object({
	json: z.record(z.unknown()),
	pairedItem: z.unknown(),
	/** The bytes of its MP4, in base64. */
	video: z.string().optional(),
});

const resultSchema = z.object({
	/** Items of each output. */
	outputs: z.array(z.array(itemSchema)),
	hints: z.array(z.string()),
	/** Of an execution that failed. */
	error: z.object({ message: z.string(), description: z.string().nullish() }).optional(),
});

export type EngineResult = z.infer<typeof resultSchema>;

/** One run of Items -> Emoji Video. */
export interface EngineRun {
	/** Input items' json. */
	input: Array<Record<string, unknown>>;
	parameters: Record<string, unknown>;
	credential: Record<string, unknown>;
	/** Node settings: onError, retryOnFail, ... */
	settings?: Record<string, unknown>;
}

export interface Engine {
	/** Names of the node and credential types that the package has brought. */
	load(): Promise<string[]>;
	/** Starts a run. `stop` is what the Stop button does. */
	start(run: EngineRun): { result: Promise<EngineResult>; stop: () => Promise<void> };
	end(): void;
}

const answerSchema = z.object({
	number: z.number(),
	value: z.unknown(),
	refused: z.string().optional(),
});

/** Starts `engine.cjs`. */
export function startEngine(file: string): Engine {
	// The way n8n lets a package find n8n's modules.
	const folder = path.dirname(file);
	const env = {
		...process.env,
		NODE_PATH: path.join(folder, 'node_modules'),
		N8N_USER_FOLDER: folder,
		N8N_LOG_LEVEL: 'silent',
	};
	const child = fork(file, { cwd: folder, env, execArgv: [] });
	const waiting = new Map<number, (answer: z.infer<typeof answerSchema>) => void>();
	let last = 0;
	child.on('message', (message) => {
		const answer = answerSchema.parse(message);
		waiting.get(answer.number)?.(answer);
	});
	const ended = new Promise<never>((_, reject) =>
		child.once('exit', (code) => reject(new Error(`The engine ended with code ${code}`))),
	);
	// The call that waits for a result reports the failure.
	ended.catch(() => undefined);
	const order = (what: object) => {
		const number = ++last;
		const answer = new Promise<z.infer<typeof answerSchema>>((resolve) =>
			waiting.set(number, resolve),
		);
		child.send({ number, ...what });
		const value = Promise.race([answer, ended]).then((told) => {
			if (told.refused !== undefined) throw new Error(told.refused);
			return told.value;
		});
		return { number, value };
	};
	return {
		load: async () => z.array(z.string()).parse(await order({ order: 'load' }).value),
		start: (run) => {
			const { number, value } = order({ order: 'run', ...run });
			return {
				result: value.then((told) => resultSchema.parse(told)),
				stop: async () => void (await order({ order: 'stop', run: number }).value),
			};
		},
		end: () => void child.kill(),
	};
}
