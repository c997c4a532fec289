/**
 * Files in and out: the memory that 50 videos and 50 portraits take, and what checking a portrait
 * costs. Rule: each measurement runs in a process of its own, away from the mock, so that a peak is
 * its own. The node is the built one in n8n's engine: build first.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { checkPortrait, HEAD_BYTES } from '../../nodes/EmojiVideo/media/portraitCheck';
import { portraitsFolder, startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import { jpeg } from '../../test/images.mts';
import type { Bench } from './figures.mts';

const VIDEO_BYTES = 20 * 1024 * 1024;
const MAX_MB = 64;
const MAX_CHECK_MS = 1;

const memorySchema = z.object({ idleMb: z.number(), aboveIdleMb: z.number(), tookMs: z.number() });
type MemoryFigures = z.infer<typeof memorySchema>;

interface MediaFigures {
	/** 50 videos of 20 MB into n8n's disk storage, three at a time. */
	videosStreamed: MemoryFigures;
	/** The same videos as n8n's own nodes download: each whole in memory. */
	videosBuffered: MemoryFigures;
	/** 50 portraits of 9 MB from n8n's disk storage into DashScope's. */
	portraitsUploaded: MemoryFigures;
	/** Of checking one portrait by its first bytes. */
	check: { medianMs: number; bytesRead: number };
}

async function runChild(name: string): Promise<MemoryFigures> {
	const mock = await startDashScopeMock({
		taskSeconds: 0.001,
		concurrency: 50,
		rateLimits: { enforce: false },
		videoBytes: VIDEO_BYTES,
	});
	const folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-bench-'));
	try {
		const script = path.join(import.meta.dirname, 'mediaChild.mts');
		const { url, apiKey } = mock;
		const parameters = [script, name, url, apiKey, folder, mock.portraitUrl('ada.png')];
		const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', ...parameters], {
			stdio: ['ignore', 'pipe', 'inherit'],
			env: { ...process.env, N8N_LOG_LEVEL: 'silent' },
		});
		let said = '';
		child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
		const [code] = (await once(child, 'close')) as [number | null];
		const line = said.trim().split('\n').at(-1) ?? '';
		if (code !== 0) throw new Error(`The measurement "${name}" ended with ${code}: ${said}`);
		return memorySchema.parse(JSON.parse(line));
	} finally {
		await mock.close();
		await rm(folder, { recursive: true, force: true });
	}
}

/** The median of many checks of real and of long-headed files. */
async function measureCheck(): Promise<MediaFigures['check']> {
	const files = [
		await readFile(path.join(portraitsFolder, 'ada.png')),
		await readFile(path.join(portraitsFolder, 'ben.jpg')),
		jpeg(640, 480, { commentBytes: 90_000 }),
	];
	const times: number[] = [];
	let bytesRead = 0;
	for (let turn = 0; turn < 1000; turn++) {
		for (const file of files) {
			const head = file.subarray(0, HEAD_BYTES);
			bytesRead = Math.max(bytesRead, head.length);
			const started = performance.now();
			checkPortrait(head, { name: 'me', size: file.length });
			times.push(performance.now() - started);
		}
	}
	times.sort((a, b) => a - b);
	return { medianMs: times[Math.floor(times.length / 2)] ?? Infinity, bytesRead };
}

/** Measures everything; takes about a minute. */
async function measureMedia(): Promise<MediaFigures> {
	return {
		check: await measureCheck(),
		videosStreamed: await runChild('streamedVideos'),
		videosBuffered: await runChild('bufferedVideos'),
		portraitsUploaded: await runChild('uploads'),
	};
}

/** Memory above idle beside the same with whole files in memory; a portrait check in ms and bytes. */
export const mediaBench: Bench = {
	title: 'Files in and out',
	about:
		'The built node in n8n\'s engine, disk storage, real HTTP to the mock; each memory figure is the peak of a process of its own above its idle. "n8n\'s pattern" is a download that is whole in memory.',
	async measure() {
		const { check, videosStreamed, videosBuffered, portraitsUploaded } = await measureMedia();
		const basis = 'this machine';
		const memory = { unit: 'MB', atMost: MAX_MB, ideal: 0, basis } as const;
		return [
			{
				...memory,
				what: '50 videos of 20 MB downloaded: peak above idle',
				node: videosStreamed.aboveIdleMb,
				pattern: videosBuffered.aboveIdleMb,
			},
			{
				...memory,
				what: '50 portraits of 9 MB uploaded: peak above idle',
				node: portraitsUploaded.aboveIdleMb,
			},
			{
				what: 'checking a portrait: median time',
				unit: 'ms',
				atMost: MAX_CHECK_MS,
				node: check.medianMs,
				ideal: 0,
				basis,
			},
			{
				what: 'checking a portrait: bytes read',
				unit: 'bytes',
				atMost: HEAD_BYTES,
				node: check.bytesRead,
				ideal: 0,
				basis,
			},
		];
	},
};
