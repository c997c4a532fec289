import { readFile } from 'node:fs/promises';

import { QUICK_START } from '../sandbox/n8n/examples.mts';
import { filesWrittenBy, outputOf } from '../sandbox/n8n/report.mts';
import { sha256 } from '../lab/stage/videos.mts';
import { exampleOf, logIn, readWorld, runToSuccess } from './world.mts';

describe('the example workflows', () => {
	const world = readWorld();

	it('quick start: writes the MP4 to disk, equal byte for byte to the service’s', async () => {
		const execution = await runToSuccess(await logIn(world), exampleOf(world, QUICK_START));
		const [file] = await filesWrittenBy(execution, 'Save Video');
		const [video] = outputOf(execution, 'Create Emoji Video');
		const served = await fetch(String(video?.json.videoUrl));
		const written = await readFile(file?.path ?? '');
		expect(written.subarray(4, 8).toString()).toBe('ftyp');
		expect(sha256(written)).toBe(sha256(new Uint8Array(await served.arrayBuffer())));
	});

	it('detect, then create: creates the video with the areas that were found, and fetches it', async () => {
		const workflow = exampleOf(world, 'detect-then-create.json');
		const execution = await runToSuccess(await logIn(world), workflow);
		const [found] = outputOf(execution, 'Detect Face');
		const [created] = outputOf(execution, 'Create Video');
		const [video] = outputOf(execution, 'Wait for Video');
		expect(found?.json.passed).toBe(true);
		expect(created?.json).toMatchObject({
			faceArea: found?.json.faceArea,
			expressionArea: found?.json.expressionArea,
		});
		expect(video?.json).toMatchObject({ taskId: created?.json.taskId, status: 'SUCCEEDED' });
		expect(video?.binary?.data?.fileName).toMatch(/\.mp4$/);
	});

	it('batch: puts finished videos into one output and the broken portrait into the other', async () => {
		const execution = await runToSuccess(await logIn(world), exampleOf(world, 'batch.json'));
		const files = await filesWrittenBy(execution, 'Save Video');
		const videos = outputOf(execution, 'Create Emoji Videos', 0);
		const failures = outputOf(execution, 'What Failed');
		expect(videos.map(({ json }) => json.templateId)).toEqual(['mengwa_kaixin', 'jingdian_tiaopi']);
		expect(new Set(files.map(({ path }) => path)).size).toBe(2);
		expect(failures).toHaveLength(1);
		expect(failures[0]?.json.imageUrl).toMatch('no-such-portrait.png');
		expect(failures[0]?.json.reason).toMatch(/[a-z]/);
	});

	it('recover: fetches every finished task of the account and stores it under its ID', async () => {
		const execution = await runToSuccess(await logIn(world), exampleOf(world, 'recover.json'));
		const listed = outputOf(execution, 'Get Many').map(({ json }) => json.taskId);
		const files = await filesWrittenBy(execution, 'Save Video');
		expect(listed.length).toBeGreaterThanOrEqual(3);
		expect(files.map(({ path }) => /emoji-([\w-]+)\.mp4$/.exec(path)?.[1])).toEqual(listed);
	});

	it('have a test each', () => {
		expect(Object.keys(world.examples).sort()).toEqual([
			'ai-agent.json',
			'batch.json',
			'detect-then-create.json',
			'form-to-email.json',
			'form-to-video.json',
			'overnight-batch.json',
			'quick-start.json',
			'recover.json',
			's3.json',
			'scheduled-csv.json',
			'sftp.json',
			'sticker-pack.json',
			'telegram-stickers.json',
			'trigger-to-storage.json',
			'webhook-deliver-later.json',
		]);
	});
});
