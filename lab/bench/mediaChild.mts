/**
 * One measurement of memory, in a process of its own: `mediaChild.mts <case> <mock's URL> <key>
 * <folder>`. Rule: everything that is not measured has happened, and its garbage is gone, before the
 * idle figure is taken; the figures go to standard output as one line of JSON.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IBinaryKeyData, INodeExecutionData } from 'n8n-workflow';
import { keepFilesIn, runNode, storeFile } from '../../test/engine/harness.mts';
import type { NodeResult } from '../../test/engine/harness.mts';
import { png } from '../../test/images.mts';

const COUNT = 50;
const VIDEO_BYTES = 20 * 1024 * 1024;
const PORTRAIT_BYTES = 9 * 1024 * 1024;
const DOWNLOADS_AT_ONCE = 3;
const FAST_RATES = { creationsPerSecond: 20, detectionsPerSecond: 20 };

const [name = '', url = '', apiKey = '', folder = '', imageUrl = ''] = process.argv.slice(2);
const credential = { apiKey, endpoint: 'custom' as const, customUrl: url };

const megabytes = (bytes: number) => Math.round((bytes / 1024 / 1024) * 10) / 10;

/** Runs `work`, looking at this process's memory every other millisecond. */
async function measure(work: () => Promise<void>): Promise<void> {
	for (let turn = 0; turn < 3; turn++) {
		globalThis.gc?.();
		await sleep(100);
	}
	const idle = process.memoryUsage.rss();
	let peak = idle;
	const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 2);
	const started = performance.now();
	await work();
	const tookMs = Math.round(performance.now() - started);
	clearInterval(watch);
	const figures = { idleMb: megabytes(idle), aboveIdleMb: megabytes(peak - idle), tookMs };
	process.stdout.write(`${JSON.stringify(figures)}\n`);
}

function itemsOf({ outputs, error }: NodeResult): INodeExecutionData[] {
	if (error) throw new Error(`${error.message}. ${error.description ?? ''}`);
	const items = outputs[0] ?? [];
	if (items.length !== COUNT) throw new Error(`${items.length} of ${COUNT} items came out`);
	return items;
}

const createAndWait = async (downloadVideo: boolean) =>
	itemsOf(
		await runNode({
			items: Array.from({ length: COUNT }, () => ({})),
			credential,
			parameters: {
				resource: 'video',
				operation: 'createAndWait',
				imageUrl,
				templates: ['mengwa_kaixin'],
				downloadVideo,
				options: { pollInterval: 1 },
				limitOptions: FAST_RATES,
			},
		}),
	);

async function streamedVideos(): Promise<void> {
	await measure(async () => {
		const items = await createAndWait(true);
		const isStored = ({ binary }: INodeExecutionData) =>
			binary?.['data']?.id !== undefined && binary['data'].bytes === VIDEO_BYTES;
		if (!items.every(isStored)) throw new Error('Some videos are not in the storage');
	});
}

/** As n8n's own nodes do it: the whole file as a buffer, then into the storage. */
async function bufferedVideos(): Promise<void> {
	const urls = (await createAndWait(false)).map(({ json }) => json['videoUrl'] as string);
	await measure(async () => {
		const download = async () => {
			for (let next = urls.pop(); next !== undefined; next = urls.pop()) {
				const answer = await fetch(next);
				await storeFile(Buffer.from(await answer.arrayBuffer()), 'video.mp4', 'video/mp4');
			}
		};
		await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, download));
	});
}

/** A PNG by its header and its end, with noise between: no two are the same. Never whole in memory. */
function* portrait(): Generator<Buffer> {
	const image = png(640, 640);
	const pieceBytes = 64 * 1024;
	yield image.subarray(0, 200);
	for (let left = PORTRAIT_BYTES - image.length; left > 0; left -= pieceBytes) {
		yield randomBytes(Math.min(pieceBytes, left));
	}
	yield image.subarray(200);
}

async function uploads(): Promise<void> {
	const stored: IBinaryKeyData[] = [];
	for (let nth = 0; nth < COUNT; nth++) {
		const content = Readable.from(portrait());
		stored.push({ data: await storeFile(content, `portrait-${nth}.png`, 'image/png') });
	}
	await measure(async () => {
		itemsOf(
			await runNode({
				stored,
				credential,
				parameters: {
					resource: 'image',
					operation: 'detectFace',
					imageSource: 'binary',
					inputField: 'data',
					limitOptions: { detectionsPerSecond: FAST_RATES.detectionsPerSecond },
				},
			}),
		);
	});
}

const CASES: Record<string, () => Promise<void>> = { streamedVideos, bufferedVideos, uploads };

await keepFilesIn('filesystem', folder);
await CASES[name]?.();
process.exit(0);
