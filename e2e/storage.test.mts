/**
 * Samples that store videos by n8n's own nodes: in a ZIP, in a folder, in a table of results. The rule: each file
 * is compared with the one that the service serves.
 */
import { openAsBlob } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inflateRawSync } from 'node:zlib';
import { z } from 'zod';

import { portraitsFolder } from '../sandbox/dashscope/index.mts';
import type { Execution, N8nApi, Workflow } from '../sandbox/n8n/api.mts';
import { failureOf, filesWrittenBy, outputOf } from '../sandbox/n8n/report.mts';
import { untilFound } from '../lab/stage/waits.mts';
import { hashServed, sha256 } from '../lab/stage/videos.mts';
import { exampleOf, logIn, readWorld, runToSuccess } from './world.mts';

/** The files of a ZIP by name, read from its central directory (APPNOTE 4.3.12). */
function unzip(zip: Buffer): Map<string, Buffer> {
	const files = new Map<string, Buffer>();
	const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
	let at = zip.readUInt32LE(end + 16);
	for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
		const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
		const nameBytes = zip.readUInt16LE(at + 28);
		const start = zip.readUInt32LE(at + 42);
		const name = zip.toString('utf8', at + 46, at + 46 + nameBytes);
		const data = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
		const content = zip.subarray(data, data + size);
		files.set(name, method === 0 ? content : inflateRawSync(content));
		at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
	}
	return files;
}

const videosSchema = z.array(
	z.object({ templateId: z.string(), taskId: z.string(), videoUrl: z.string() }),
);

async function lastExecution(api: N8nApi, workflow: Workflow): Promise<Execution> {
	for (;;) {
		const [latest] = await api.executions(workflow);
		if (latest) return await api.waitForExecution(latest.id);
		await sleep(300);
	}
}

describe('the example workflows for storage', () => {
	const world = readWorld();

	it('sticker pack: writes a ZIP with every video, equal byte for byte', async () => {
		const workflow = exampleOf(world, 'sticker-pack.json');
		const execution = await runToSuccess(await logIn(world), workflow);
		const [pack] = outputOf(execution, 'Create Sticker Pack');
		const [file] = await filesWrittenBy(execution, 'Save Pack');
		const videos = videosSchema.parse(pack?.json.videos);
		const zipped = unzip(await readFile(file?.path ?? ''));
		expect(videos).toHaveLength(3);
		expect(zipped.size).toBe(3);
		for (const { templateId, taskId, videoUrl } of videos) {
			const name = [...zipped.keys()].find((key) => key.endsWith(`${templateId}-${taskId}.mp4`));
			expect(sha256(zipped.get(name ?? '') ?? Buffer.alloc(0))).toBe(await hashServed(videoUrl));
		}
	});

	it("form upload: writes the video of the visitor's photo to disk", async () => {
		const api = await logIn(world);
		const workflow = exampleOf(world, 'form-to-video.json');
		await api.activate(workflow);
		const form = new FormData();
		form.append('field-0', await openAsBlob(path.join(portraitsFolder, 'ben.jpg')), 'ben.jpg');
		form.append('field-1', 'jingdian_tiaopi');
		const url = `${world.n8nUrl}/form/emoji-video`;
		const response = await untilFound(async () => await fetch(url, { method: 'POST', body: form }));
		expect(response.status).toBe(200);

		const execution = await lastExecution(api, workflow);
		if (execution.status !== 'success') throw new Error(failureOf(execution));
		const [video] = outputOf(execution, 'Create Emoji Video');
		const [file] = await filesWrittenBy(execution, 'Save Video');
		expect(video?.json).toMatchObject({ templateId: 'jingdian_tiaopi', imageFile: 'ben.jpg' });
		expect(sha256(await readFile(file?.path ?? ''))).toBe(await hashServed(video?.json.videoUrl));
	});

	it('scheduled CSV: writes a video for each row, and the result of each row into a table', async () => {
		const api = await logIn(world);
		const portraits = `${world.storageUrl}/portraits`;
		const rows = [
			'name,imageUrl,template',
			`ada,${portraits}/ada.png,mengwa_kaixin`,
			`nobody,${portraits}/nobody.png,jingdian_lei`,
			`kim,${portraits}/kim.png,dagong_weixiao`,
		];
		await writeFile(path.join(world.filesFolder, 'portraits.csv'), `${rows.join('\n')}\n`);
		const execution = await runToSuccess(api, exampleOf(world, 'scheduled-csv.json'));
		const videos = outputOf(execution, 'Create Emoji Videos', 0);
		const files = await filesWrittenBy(execution, 'Save Video');
		expect(files.map(({ path: file }) => path.basename(file))).toEqual([
			'csv-ada.mp4',
			'csv-kim.mp4',
		]);
		for (const [index, { path: file }] of files.entries()) {
			expect(sha256(await readFile(file))).toBe(await hashServed(videos[index]?.json.videoUrl));
		}
		const results = await readFile(path.join(world.filesFolder, 'results.csv'), 'utf8');
		expect(results).toMatch(/^\ufeff?name,result,file,taskId/);
		expect(results).toMatch(/\nada,done,.*csv-ada\.mp4,[0-9a-f-]{36}/);
		expect(results).toMatch(/\nnobody,.*DashScope found no image at the address/);
	});
});
