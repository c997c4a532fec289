/** `npm run dev` in a copy of the project, because a test must not write into the sources. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { connect, type N8nApi } from '../sandbox/n8n/api.mts';
import { workflowSchema } from '../sandbox/n8n/api-schemas.mts';
import { OWNER } from '../sandbox/n8n/bring-up.mts';
import { run } from '../sandbox/n8n/command.mts';
import { manualTriggerOf } from '../sandbox/n8n/examples.mts';
import { HOST_FOLDER, PROJECT_FOLDER, WORK_FOLDER } from '../sandbox/n8n/paths.mts';
import { until } from '../lab/stage/waits.mts';
import { attach } from './debugger.mts';

const COPY = path.join(WORK_FOLDER, 'e2e-dev', 'project');
const SOURCE = path.join(COPY, 'nodes', 'EmojiVideo', 'EmojiVideo.node.ts');
const NODE = 'n8n-nodes-emoji-video.emojiVideo';

/** Copies the files that git would clone, and links the folders that "npm ci" and the first start have filled. */
async function copyProject(): Promise<void> {
	await rm(COPY, { recursive: true, force: true });
	const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
	const files = (await run('git', listed, { cwd: PROJECT_FOLDER })).split('\0').filter(Boolean);
	for (const file of files) {
		await mkdir(path.dirname(path.join(COPY, file)), { recursive: true });
		await cp(path.join(PROJECT_FOLDER, file), path.join(COPY, file));
	}
	const host = path.relative(PROJECT_FOLDER, path.join(HOST_FOLDER, 'node_modules'));
	for (const folder of ['node_modules', host]) {
		await symlink(path.join(PROJECT_FOLDER, folder), path.join(COPY, folder));
	}
}

describe('npm run dev', () => {
	let dev: ChildProcess;
	let api: N8nApi;
	let printed = '';

	/** The part of the command's output in the brackets of `pattern`, once it is printed. */
	const told = async (pattern: RegExp): Promise<string> => {
		for (;;) {
			const found = pattern.exec(printed)?.[1];
			if (found !== undefined) return found;
			if (dev.exitCode !== null) throw new Error(`"npm run dev" ended:\n${printed}`);
			await sleep(200);
		}
	};

	beforeAll(async () => {
		await copyProject();
		const flags = ['--port', '0', '--inspect-port', '0', '--task-seconds', '1', '--fresh'];
		dev = spawn(process.execPath, ['--import', 'tsx', 'sandbox/dev.mts', ...flags], {
			cwd: COPY,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		for (const stream of [dev.stdout, dev.stderr]) {
			stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
		}
		api = await connect(await told(/n8n +(http:\S+)/), OWNER);
	});

	afterAll(async () => {
		if (dev.exitCode === null) {
			dev.kill('SIGTERM');
			await once(dev, 'exit');
		}
		// Jest warns of two package.json files with the same name.
		await rm(COPY, { recursive: true, force: true });
	});

	it('reloads a changed source in n8n at once', async () => {
		const text = await readFile(SOURCE, 'utf8');
		await writeFile(SOURCE, text.replace("displayName: 'Emoji Video'", "displayName: 'Changed'"));
		await until('n8n had the changed source', async () => {
			// n8n may be rewriting the file with its node types.
			const types = await api.nodeTypes().catch(() => []);
			return types.some(({ name, displayName }) => name === NODE && displayName === 'Changed');
		});
	});

	it('stops at a breakpoint in the TypeScript', async () => {
		const lines = (await readFile(SOURCE, 'utf8')).split('\n');
		// The first line of the node's `execute`, as a person counts lines.
		const line = lines.findIndex((text) => text.includes('async execute(')) + 2;
		const compiled = path.join(
			COPY,
			'.sandbox/dev/node_modules/n8n/.n8n/nodes/node_modules/n8n-nodes-emoji-video',
			'dist/nodes/EmojiVideo/EmojiVideo.node.js',
		);
		const id = await told(/Quick start +\S+\/workflow\/(\w+)/);
		const quickStart = workflowSchema.parse(await api.request('GET', `/workflows/${id}`));
		const session = await attach(await told(/Debugger +(\S+)/));
		await session.breakAt(compiled, line);
		const stopped = session.stopped();
		const execution = await api.run(quickStart, manualTriggerOf(quickStart));
		expect(await stopped).toEqual({ file: SOURCE, line });
		session.detach();
		expect((await api.waitForExecution(execution)).status).toBe('success');
	});
});
