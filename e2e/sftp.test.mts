/** A video on an SFTP server, put there by n8n's FTP node into OpenSSH's own server. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { templateVideo } from '../sandbox/dashscope/index.mts';
import { run } from '../sandbox/n8n/command.mts';
import { freePort } from '../sandbox/n8n/ports.mts';
import { outputOf } from '../sandbox/n8n/report.mts';
import { sha256 } from '../lab/stage/videos.mts';
import { E2E_FOLDER, exampleOf, logIn, readWorld, runToSuccess } from './world.mts';

/** OpenSSH's server wants to be started by its full path. */
const SSHD = '/usr/sbin/sshd';

/** Started by root, Debian's sshd wants this empty folder, which its service makes at boot. */
const ROOT_FOLDER = '/run/sshd';

/** Makes `name` and `name.pub` in `folder`. */
async function makeKey(folder: string, name: string): Promise<void> {
	const settings = ['-q', '-t', 'ed25519', '-N', '', '-C', 'emoji-video', '-f', name];
	await run('ssh-keygen', settings, { cwd: folder });
}

/**
 * Starts an sshd that serves SFTP, and nothing else, to the owner of `user_key`.
 * @throws if OpenSSH's server is not installed, or with its log if it does not start
 */
async function startSshd(folder: string, port: number): Promise<ChildProcess> {
	if (!existsSync(SSHD)) {
		throw new Error(
			`The SFTP test needs OpenSSH's server, ${SSHD}. Debian and Ubuntu: "apt-get install openssh-server".`,
		);
	}
	if (process.getuid?.() === 0) await mkdir(ROOT_FOLDER, { recursive: true, mode: 0o755 });
	const [settings, log] = [path.join(folder, 'sshd_config'), path.join(folder, 'sshd.log')];
	await makeKey(folder, 'host_key');
	await makeKey(folder, 'user_key');
	const lines = [
		'ListenAddress 127.0.0.1',
		`Port ${port}`,
		'PidFile none',
		`HostKey "${path.join(folder, 'host_key')}"`,
		`AuthorizedKeysFile "${path.join(folder, 'user_key.pub')}"`,
		// The modes of the project's folder are not the test's business.
		'StrictModes no',
		'AuthenticationMethods publickey',
		'Subsystem sftp internal-sftp',
		'ForceCommand internal-sftp',
	];
	await writeFile(settings, `${lines.join('\n')}\n`);

	const server = spawn(SSHD, ['-D', '-f', settings, '-E', log], { stdio: 'ignore' });
	const said = async () => await readFile(log, 'utf8').catch(() => '');
	for (let attempt = 0; attempt < 100 && server.exitCode === null; attempt++) {
		if ((await said()).includes('Server listening on')) return server;
		await sleep(100);
	}
	server.kill();
	throw new Error(`sshd does not start:\n${await said()}`);
}

describe('the SFTP example', () => {
	const world = readWorld();
	let folder = '';
	let port = 0;
	let server: ChildProcess | undefined;

	beforeAll(async () => {
		folder = await mkdtemp(path.join(E2E_FOLDER, 'sftp-'));
		port = await freePort(0);
		server = await startSshd(folder, port);
	});
	afterAll(async () => {
		if (server?.kill()) await once(server, 'exit');
		await rm(folder, { recursive: true, force: true });
	});

	it('puts the video on the server under its file name, equal byte for byte', async () => {
		const api = await logIn(world);
		const { id, name } = await api.saveCredential('SFTP', 'sftp', {
			host: '127.0.0.1',
			port,
			username: userInfo().username,
			privateKey: await readFile(path.join(folder, 'user_key'), 'utf8'),
		});
		const example = exampleOf(world, 'sftp.json');
		const nodes = example.nodes.map((node) => {
			if (node.name !== 'Upload by SFTP') return node;
			const target = String(node.parameters.path).replace('=/', `=${folder}/`);
			const parameters = { ...node.parameters, path: target };
			return { ...node, parameters, credentials: { sftp: { id, name } } };
		});
		const execution = await runToSuccess(api, await api.importWorkflow({ ...example, nodes }));
		const [video] = outputOf(execution, 'Create Emoji Video');
		const fileName = video?.binary?.data?.fileName ?? '';
		expect(fileName).toMatch(/^ada-mengwa_kaixin-.+\.mp4$/);
		const stored = await readFile(path.join(folder, 'upload', 'emoji-videos', fileName));
		expect(sha256(stored)).toBe(sha256(await readFile(templateVideo('mengwa_kaixin'))));
	});
});
