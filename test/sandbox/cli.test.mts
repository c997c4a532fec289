import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Starts the command line and reads until it says how to stop it. */
async function startCli(...options: string[]) {
	const cli = join(root, 'sandbox/dashscope/cli.mts');
	const child = spawn(process.execPath, ['--import', 'tsx', cli, ...options], { cwd: root });
	let text = '';
	for await (const chunk of child.stdout) {
		text += String(chunk);
		if (text.includes('Ctrl+C')) break;
	}
	return { child, text };
}

it('prints commands that work, and stops at Ctrl+C', async () => {
	const { child, text } = await startCli('--port', '0', '--storage-port', '0', '--no-limits');
	const exit = once(child, 'exit');
	try {
		const key = /^Key +(\S+)$/m.exec(text)?.[1] ?? '';
		const [, url = '', body = ''] = /^curl -s (\S+\/face-detect) .* -d '(.*)'$/m.exec(text) ?? [];
		expect(text).toMatch(/X-DashScope-Async: enable/);
		const response = await fetch(url, {
			method: 'POST',
			headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
			body,
		});
		expect(await response.json()).toMatchObject({ usage: { image_count: 1 } });
	} finally {
		child.kill('SIGINT');
	}
	expect(await exit).toEqual([0, null]);
});

it('sends odd responses with --odd', async () => {
	const { child, text } = await startCli('--port', '0', '--storage-port', '0', '--odd');
	const exit = once(child, 'exit');
	try {
		const key = /^Key +(\S+)$/m.exec(text)?.[1] ?? '';
		const url = /^API +(\S+)$/m.exec(text)?.[1] ?? '';
		const response = await fetch(`${url}/api/v1/tasks/1111`, {
			headers: { authorization: `Bearer ${key}` },
		});
		expect(await response.json()).toMatchObject({ request_id: null, output: { end_time: null } });
	} finally {
		child.kill('SIGINT');
	}
	await exit;
});

it('names the option that is wrong', async () => {
	const { child, text } = await startCli('--port', 'many');
	expect(text).toBe('');
	if (child.exitCode === null) await once(child, 'exit');
	expect(child.exitCode).toBe(1);
});
