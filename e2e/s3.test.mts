/** A video in S3-compatible storage, put there by n8n's S3 node into a real S3 server. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Item, N8nApi, Workflow } from '../sandbox/n8n/api.mts';
import { freePort } from '../sandbox/n8n/ports.mts';
import { outputOf } from '../sandbox/n8n/report.mts';
import type { Speed } from '../lab/stage/speed.mts';
import { sha256 } from '../lab/stage/videos.mts';
import { exampleOf, logIn, readWorld, runToSuccess, speedOf } from './world.mts';

const BUCKET = 'emoji-videos';

/** Starts s3rver with one bucket and waits until it responds. It runs on n8n's clock, because S3 compares clocks. */
async function startS3(folder: string, port: number, speed: Speed): Promise<ChildProcess> {
	const module = createRequire(import.meta.url).resolve('s3rver');
	const script = path.resolve(path.dirname(module), '../bin/s3rver.js');
	const settings = ['-d', folder, '-a', '127.0.0.1', '-p', String(port), '--silent'];
	const flags = ['--import', 'tsx', ...speed.nodeFlags];
	const server = spawn(
		process.execPath,
		[...flags, script, ...settings, '--configure-bucket', BUCKET],
		{ stdio: 'ignore', env: { ...process.env, ...speed.env } },
	);
	const isUp = async () =>
		await fetch(`http://127.0.0.1:${port}/`).then(
			() => true,
			() => false,
		);
	for (let attempt = 0; attempt < 100 && !(await isUp()); attempt++) await sleep(100);
	return server;
}

describe('the S3 examples', () => {
	const world = readWorld();
	let folder = '';
	let port = 0;
	let server: ChildProcess | undefined;

	beforeAll(async () => {
		folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-s3-'));
		port = await freePort(0);
		server = await startS3(folder, port, speedOf(world));
	});
	afterAll(async () => {
		server?.kill();
		await rm(folder, { recursive: true, force: true });
	});

	async function importWithCredential(api: N8nApi, file: string): Promise<Workflow> {
		const { id, name } = await api.saveCredential('S3 bucket', 's3', {
			endpoint: `http://127.0.0.1:${port}`,
			region: 'us-east-1',
			accessKeyId: 'S3RVER',
			secretAccessKey: 'S3RVER',
			forcePathStyle: true,
		});
		const example = exampleOf(world, file);
		const nodes = example.nodes.map((node) =>
			node.name === 'Upload to S3' ? { ...node, credentials: { s3: { id, name } } } : node,
		);
		return await api.importWorkflow({ ...example, nodes });
	}

	/** The video of an item lies in the bucket under its file's name. */
	async function expectStored(video: Item | undefined): Promise<void> {
		const fileName = video?.binary?.data?.fileName ?? '';
		expect(fileName).toMatch(/\.mp4$/);
		const served = await fetch(String(video?.json.videoUrl));
		const stored = await readFile(path.join(folder, BUCKET, `${fileName}._S3rver_object`));
		expect(sha256(stored)).toBe(sha256(new Uint8Array(await served.arrayBuffer())));
	}

	it('put the video into the bucket under its file name, equal byte for byte', async () => {
		const api = await logIn(world);
		const execution = await runToSuccess(api, await importWithCredential(api, 's3.json'));
		const [video] = outputOf(execution, 'Create Emoji Video');
		expect(video?.binary?.data?.fileName).toMatch(/^ada-mengwa_kaixin-/);
		await expectStored(video);
	});

	it('store every video that the trigger reports', async () => {
		const api = await logIn(world);
		const workflow = await importWithCredential(api, 'trigger-to-storage.json');
		const execution = await api.waitForExecution(await api.run(workflow, 'Video Finished'));
		expect(execution.status).toBe('success');
		const videos = outputOf(execution, 'Video Finished');
		expect(videos.length).toBeGreaterThan(0);
		for (const video of videos) await expectStored(video);
	});
});
