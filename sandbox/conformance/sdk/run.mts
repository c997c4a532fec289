/**
 * `npm run test:sdk`: the makers' Python SDK as a client of the mock. Rule: the SDK is not part of
 * this project; its folder comes in by DASHSCOPE_SDK, and nothing of it is kept.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { portraitsFolder, startDashScopeMock } from '../../dashscope/index.mts';

const lineSchema = z.union([
	z.object({ sdk: z.string(), python: z.string() }),
	z.object({ step: z.string(), failed: z.string().optional() }),
]);

const packages = 'python3-requests python3-aiohttp python3-websocket python3-cryptography';

function sdkFolder(): string {
	const folder = process.env.DASHSCOPE_SDK ?? '';
	if (existsSync(path.join(folder, 'dashscope', '__init__.py'))) return folder;
	throw new Error(
		`DASHSCOPE_SDK must name a folder with the SDK (git clone https://github.com/dashscope/dashscope-sdk-python); it needs Debian's ${packages}.`,
	);
}

/** Debian's own Python by default: its packages are there and nowhere else. */
const python = process.env.PYTHON ?? '/usr/bin/python3';

async function main(): Promise<void> {
	const sdk = sdkFolder();
	const mock = await startDashScopeMock();
	let [steps, failed] = [0, 0];
	try {
		const child = spawn(python, [path.join(import.meta.dirname, 'steps.py')], {
			stdio: ['ignore', 'pipe', 'inherit'],
			env: {
				...process.env,
				PYTHONPATH: sdk,
				PYTHONDONTWRITEBYTECODE: '1',
				DASHSCOPE_API_KEY: mock.apiKey,
				DASHSCOPE_HTTP_BASE_URL: `${mock.url}/api/v1`,
				MOCK_URL: mock.url,
				MOCK_PORTRAITS: `${mock.storageUrl}/portraits/`,
				MOCK_FILES: portraitsFolder,
			},
		});
		const ended = new Promise<number | null>((done, fail) => {
			child.on('error', fail);
			child.on('exit', done);
		});
		for await (const text of createInterface({ input: child.stdout })) {
			const line = lineSchema.parse(JSON.parse(text));
			if ('sdk' in line) {
				console.log(`SDK ${line.sdk}, Python ${line.python}\n`);
				continue;
			}
			steps += 1;
			if (line.failed !== undefined) failed += 1;
			console.log(
				line.failed === undefined ? `ok    ${line.step}` : `FAIL  ${line.step}: ${line.failed}`,
			);
		}
		if ((await ended) !== 0 || steps === 0) throw new Error('The SDK ended before its last step.');
		const { requests, createsAccepted, detectsBilled } = mock.counts();
		console.log(
			`\n${steps} steps, ${failed} failed; ${requests} requests, ${detectsBilled} detections, ${createsAccepted} tasks`,
		);
		if (failed > 0) process.exitCode = 1;
	} finally {
		await mock.close();
	}
}

try {
	await main();
} catch (error) {
	console.error(error instanceof Error ? error.message : String(error));
	process.exitCode = 1;
}
