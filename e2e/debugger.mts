/**
 * A debugger as editors have one: it finds the place in the compiled code by the source map, and stops
 * there through Node.js's inspector. The rule: it knows the TypeScript only, as a person does.
 */
import { readFile } from 'node:fs/promises';
import { createRequire, SourceMap } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';

import { HOST_FOLDER } from '../sandbox/n8n/paths.mts';

/** A line of a source, both as a person counts: from 1. */
export interface SourceLine {
	/** Absolute path. */
	file: string;
	line: number;
}

export interface Debugger {
	/** Sets a breakpoint at a line of the source from which `compiled` was made. */
	breakAt(compiled: string, line: number): Promise<void>;
	/** Where the program stops next. */
	stopped(): Promise<SourceLine>;
	/** Lets the program run on and ends the connection. */
	detach(): void;
}

/** A WebSocket client: Node.js 20 has none of its own, n8n brings one. */
interface Socket {
	once(event: 'open', listener: () => void): void;
	on(event: 'message', listener: (data: Buffer) => void): void;
	send(text: string): void;
	close(): void;
}

/** A source map with its sources inside, as `npm run dev` makes them. */
const sourceMapSchema = z.object({
	file: z.string(),
	version: z.number(),
	sources: z.array(z.string()),
	sourcesContent: z.array(z.string()),
	names: z.array(z.string()),
	mappings: z.string(),
	sourceRoot: z.string(),
});

const messageSchema = z.object({
	id: z.number().optional(),
	method: z.string().optional(),
	params: z.unknown(),
	result: z.unknown(),
	error: z.object({ message: z.string() }).optional(),
});

const pausedSchema = z.object({
	callFrames: z
		.array(
			z.object({
				location: z.object({
					scriptId: z.string(),
					lineNumber: z.number(),
					columnNumber: z.number(),
				}),
			}),
		)
		.min(1),
});

const scriptSchema = z.object({ scriptId: z.string(), url: z.string() });

async function sourceMapOf(compiled: string): Promise<SourceMap> {
	return new SourceMap(
		sourceMapSchema.parse(JSON.parse(await readFile(`${compiled}.map`, 'utf8'))),
	);
}

/** The place, counted from 0, in `compiled` at which a line of its source begins. */
async function compiledPlace(compiled: string, line: number) {
	const map = await sourceMapOf(compiled);
	const code = (await readFile(compiled, 'utf8')).split('\n');
	for (const [lineNumber, text] of code.entries()) {
		const columnNumber = text.search(/\S/);
		const entry = map.findEntry(lineNumber, Math.max(columnNumber, 0));
		if ('originalLine' in entry && entry.originalLine === line - 1) {
			return { lineNumber, columnNumber };
		}
	}
	throw new Error(`Line ${line} has no code in ${compiled}`);
}

async function sourcePlace(compiled: string, lineNumber: number, columnNumber: number) {
	const entry = (await sourceMapOf(compiled)).findEntry(lineNumber, columnNumber);
	if (!('originalSource' in entry)) throw new Error(`${compiled}:${lineNumber + 1} has no source`);
	return {
		file: path.resolve(path.dirname(compiled), entry.originalSource),
		line: entry.originalLine + 1,
	};
}

/** Attaches to a Node.js that was started with `--inspect`. @param host e.g. `127.0.0.1:9229` */
export async function attach(host: string): Promise<Debugger> {
	const targets = z
		.array(z.object({ webSocketDebuggerUrl: z.string() }))
		.min(1)
		.parse(await (await fetch(`http://${host}/json/list`)).json());
	const WebSocket = createRequire(path.join(HOST_FOLDER, 'package.json'))('ws') as new (
		url: string,
	) => Socket;
	const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
	await new Promise<void>((resolve) => socket.once('open', resolve));

	const answers = new Map<number, (message: z.infer<typeof messageSchema>) => void>();
	let onPaused: (place: z.infer<typeof pausedSchema>) => void = () => undefined;
	const scripts = new Map<string, string>();
	let nextId = 1;
	socket.on('message', (data) => {
		const message = messageSchema.parse(JSON.parse(data.toString()));
		if (message.id !== undefined) answers.get(message.id)?.(message);
		if (message.method === 'Debugger.scriptParsed') {
			const { scriptId, url } = scriptSchema.parse(message.params);
			scripts.set(scriptId, url);
		}
		if (message.method === 'Debugger.paused') onPaused(pausedSchema.parse(message.params));
	});
	const send = async (method: string, params: object = {}) => {
		const id = nextId++;
		const answer = new Promise<z.infer<typeof messageSchema>>((resolve) =>
			answers.set(id, resolve),
		);
		socket.send(JSON.stringify({ id, method, params }));
		const { error } = await answer;
		if (error !== undefined) throw new Error(`${method}: ${error.message}`);
	};
	await send('Debugger.enable');

	return {
		breakAt: async (compiled, line) => {
			const place = await compiledPlace(compiled, line);
			await send('Debugger.setBreakpointByUrl', { url: pathToFileURL(compiled).href, ...place });
		},
		stopped: async () => {
			const paused = await new Promise<z.infer<typeof pausedSchema>>((resolve) => {
				onPaused = resolve;
			});
			const [frame] = paused.callFrames;
			if (frame === undefined) throw new Error('Stopped nowhere');
			const { scriptId, lineNumber, columnNumber } = frame.location;
			const compiled = fileURLToPath(scripts.get(scriptId) ?? '');
			return await sourcePlace(compiled, lineNumber, columnNumber);
		},
		detach: () => socket.close(),
	};
}
