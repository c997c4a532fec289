/** Downloads: n8n stores a complete video or none, even if the HTTP client reports no broken stream. */
import { Readable } from 'node:stream';
import type { IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';
import { downloadVideo } from '../../../nodes/EmojiVideo/media/downloadVideo';
import { createVirtualClock } from '../support/virtualClock.mts';
import type { VirtualClock } from '../support/virtualClock.mts';
import { createStop, neverStops } from '../../../nodes/EmojiVideo/base/stop';

const VIDEO = Buffer.concat([Buffer.from('\0\0\0\x20ftypisom', 'latin1'), Buffer.alloc(5000, 1)]);

const box = (type: string, bytes: number) => {
	const head = Buffer.from(`\0\0\0\0${type}`, 'latin1');
	head.writeUInt32BE(8 + bytes);
	return Buffer.concat([head, Buffer.alloc(bytes, 1)]);
};
const WHOLE = Buffer.concat([box('ftyp', 16), box('moov', 20), box('mdat', 50)]);

type SentBody = Buffer | (() => AsyncIterable<Buffer>);

const PROMISED: Record<string, string> = { 'content-length': String(VIDEO.length) };

/** n8n with a storage host that sends these bodies one after the other, with these headers. */
function n8nWith(
	bodies: SentBody[],
	headers: Record<string, string>,
	storeOne = async () => await Promise.resolve(),
) {
	const stored: Buffer[] = [];
	const urls: string[] = [];
	const open = (body: SentBody) =>
		Readable.from(typeof body === 'function' ? body() : [body], { objectMode: false });
	const helpers = {
		httpRequest: async ({ url }: { url: string }) => {
			const body = bodies[urls.length] ?? bodies.at(-1) ?? Buffer.alloc(0);
			urls.push(url);
			return await Promise.resolve({ statusCode: 200, headers, body: open(body) });
		},
		prepareBinaryData: async (body: Readable) => {
			const pieces: Buffer[] = [];
			for await (const piece of body) {
				await storeOne();
				pieces.push(piece as Buffer);
			}
			const bytes = Buffer.concat(pieces);
			stored.push(bytes);
			return { data: 'stored', mimeType: 'video/mp4', bytes: bytes.length };
		},
	};
	const functions = { helpers } as unknown as IExecuteFunctions;
	return { functions, stored, urls };
}

interface DownloadOptions {
	link?: string;
	/** The account is a sandbox on this machine. */
	allowLoopback?: boolean;
	headers?: Record<string, string>;
	clock?: VirtualClock;
	/** n8n's storage calls this before it reads a piece. */
	storeOne?: () => Promise<void>;
}

async function download(
	bodies: SentBody[],
	{
		link = 'https://storage.example.com/v.mp4',
		allowLoopback = false,
		headers = PROMISED,
		clock = createVirtualClock(),
		storeOne,
	}: DownloadOptions = {},
) {
	const startedAt = clock.now();
	const { functions, stored, urls } = n8nWith(bodies, headers, storeOne);
	const result = await clock.until(
		downloadVideo(link, 'v.mp4', { functions, clock, stop: neverStops(), allowLoopback }),
	);
	return { result, stored, urls, asked: urls.length, ms: clock.now() - startedAt };
}

it('stores a video that has the promised length', async () => {
	const { result, stored } = await download([VIDEO]);
	expect(result).toMatchObject({ ok: true, value: { bytes: VIDEO.length } });
	expect(stored).toEqual([VIDEO]);
});

it('rejects a video that is shorter than promised, with the bytes that came', async () => {
	const { result } = await download([VIDEO.subarray(0, 3000)]);
	expect(result).toMatchObject({
		ok: false,
		failure: {
			kind: 'noResponse',
			message: `The download ended after 3000 of ${VIDEO.length} bytes`,
		},
	});
});

it('rejects a video that is longer than promised after one request', async () => {
	const { result, asked } = await download([Buffer.concat([VIDEO, VIDEO])]);
	expect(result).toMatchObject({
		ok: false,
		failure: {
			kind: 'rejected',
			message: `The download has more than the ${VIDEO.length} bytes it was to have`,
		},
	});
	expect(asked).toBe(1);
});

describe('a video without a Content-Length', () => {
	const headers = {};

	it('is stored if its boxes are complete', async () => {
		const { result, stored } = await download([WHOLE], { headers });
		expect(result.ok).toBe(true);
		expect(stored).toEqual([WHOLE]);
	});

	it.each([1, 7, 12, 30, 40, 60])('is requested again if it ends %i bytes early', async (bytes) => {
		const { result, asked } = await download([WHOLE.subarray(0, -bytes), WHOLE], { headers });
		expect(result.ok).toBe(true);
		expect(asked).toBe(2);
	});

	it('fails with the bytes that came if it ends early every time', async () => {
		const { result, stored } = await download([WHOLE.subarray(0, -7)], { headers });
		expect(result).toMatchObject({
			failure: {
				kind: 'noResponse',
				message: `The download ended in the middle of the video, after ${WHOLE.length - 7} bytes`,
			},
		});
		expect(stored).toEqual([]);
	});

	it('is not read beyond the limit, even if it decompresses to more', async () => {
		let sent = 0;
		const endless = async function* () {
			yield WHOLE;
			for (; ; sent++) yield await Promise.resolve(Buffer.alloc(1024 * 1024));
		};
		const { result, asked } = await download([endless], { headers });
		expect(result).toMatchObject({
			failure: {
				kind: 'rejected',
				message: 'The video has more than 104857600 bytes; at most 104857600 are accepted',
			},
		});
		expect(sent).toBeLessThan(110);
		expect(asked).toBe(1);
	});
});

/** Sends the beginning of a video and then stalls. */
async function* stalling(): AsyncGenerator<Buffer> {
	yield VIDEO.subarray(0, 3000);
	await new Promise(() => undefined);
}

it('a video that stalls is requested again after a minute without a byte', async () => {
	const { result, asked, ms } = await download([stalling, VIDEO]);
	expect(result.ok).toBe(true);
	expect(asked).toBe(2);
	expect(ms).toBeGreaterThanOrEqual(60_000);
	expect(ms).toBeLessThan(65_000);
});

it('a video that stalls in every request fails within 5 minutes as stalled', async () => {
	const { result, ms } = await download([
		async function* () {
			await new Promise(() => undefined);
			yield VIDEO;
		},
		stalling,
	]);
	expect(result).toMatchObject({
		ok: false,
		failure: { kind: 'noResponse', message: 'The download stalled: no byte came for 60 s' },
	});
	expect(ms).toBeLessThan(5 * 60_000);
});

it('a video with 59 seconds between its pieces does not count as stalled', async () => {
	const clock = createVirtualClock();
	const slow = async function* () {
		for (let at = 0; at < VIDEO.length; at += 1000) {
			await clock.sleep(59_000);
			yield VIDEO.subarray(at, at + 1000);
		}
	};
	const { result, asked } = await download([slow], { clock });
	expect(result.ok).toBe(true);
	expect(asked).toBe(1);
});

it('a slow storage of n8n does not count as a stalled download', async () => {
	const clock = createVirtualClock();
	const long = Buffer.concat([VIDEO, Buffer.alloc(600_000, 1)]);
	const pieces = async function* () {
		for (let at = 0; at < long.length; at += 50_000) {
			yield await Promise.resolve(long.subarray(at, at + 50_000));
		}
	};
	const { result, asked } = await download([pieces], {
		clock,
		headers: { 'content-length': String(long.length) },
		storeOne: async () => await clock.sleep(40_000),
	});
	expect(result.ok).toBe(true);
	expect(asked).toBe(1);
});

it.each([1, 2, 3, 7])('stores a video whose first piece has %i bytes', async (bytes) => {
	const pieces = async function* () {
		yield VIDEO.subarray(0, bytes);
		yield await Promise.resolve(VIDEO.subarray(bytes));
	};
	const { result, stored } = await download([pieces]);
	expect(result.ok).toBe(true);
	expect(stored).toEqual([VIDEO]);
});

it.each([Buffer.alloc(0), Buffer.from('ftyp'), Buffer.from('<html>not found</html>')])(
	'rejects a body that is not a video (%s)',
	async (body) => {
		const { result, stored } = await download([body], { headers: {} });
		expect(result.ok).toBe(false);
		expect(stored).toEqual([]);
	},
);

it('downloads the whole video again after a download that was too short', async () => {
	const { result, stored } = await download([VIDEO.subarray(0, 3000), VIDEO]);
	expect(result.ok).toBe(true);
	expect(stored.at(-1)).toEqual(VIDEO);
});

describe('a link of DashScope', () => {
	const http = 'http://storage.example.com/v.mp4';
	const https = 'https://storage.example.com/v.mp4';

	it.each([
		['by https only, if https returns the video', http, [VIDEO], [https]],
		[
			'by http, if https returns no video',
			http,
			[Buffer.from('<html>none</html>'), VIDEO],
			[https, http],
		],
		['by https only, if it is an https link', https, [VIDEO], [https]],
	])('is followed %s', async (_, link, bodies, asked) => {
		const { result, stored, urls } = await download(bodies, { link });
		expect(result.ok).toBe(true);
		expect(stored).toEqual([VIDEO]);
		expect(urls).toEqual(asked);
	});

	it('to the sandbox on loopback is not tried by https', async () => {
		const link = 'http://127.0.0.1:9/v.mp4';
		const { result, urls } = await download([VIDEO], { link, allowLoopback: true });
		expect(result.ok).toBe(true);
		expect(urls).toEqual([link]);
	});
});

describe('a Content-Length of the storage host', () => {
	const MOST = 100 * 1024 * 1024;

	it.each([0, MOST + 1])('of %i bytes is rejected, and nothing is stored', async (bytes) => {
		const headers = { 'content-length': String(bytes) };
		const { result, stored, asked } = await download([VIDEO], { headers });
		expect(result).toMatchObject({
			failure: {
				kind: 'rejected',
				message: `The video has ${bytes} bytes; at most 104857600 are accepted`,
			},
		});
		expect(stored).toEqual([]);
		expect(asked).toBe(1);
	});

	it('of exactly the limit is accepted', async () => {
		const headers = { 'content-length': String(MOST) };
		const { result } = await download([VIDEO], { headers });
		expect(result).toMatchObject({
			failure: { message: `The download ended after ${VIDEO.length} of ${MOST} bytes` },
		});
	});
});

describe('a download that breaks off', () => {
	const breaking = (bytes: number) =>
		async function* () {
			if (bytes > 0) yield VIDEO.subarray(0, bytes);
			await Promise.resolve();
			throw new Error('ECONNRESET');
		};

	it.each([0, 3000])('after %i bytes is started again', async (bytes) => {
		const { result, stored, asked } = await download([breaking(bytes), VIDEO]);
		expect(result.ok).toBe(true);
		expect(stored).toEqual([VIDEO]);
		expect(asked).toBe(2);
	});

	it.each([0, 3000])('after %i bytes every time fails, and nothing is stored', async (bytes) => {
		const { result, stored } = await download([breaking(bytes)]);
		expect(result).toMatchObject({
			failure: { kind: 'noResponse', message: 'The download broke off' },
		});
		expect(stored).toEqual([]);
	});
});

it.each([
	['shorter than promised', Buffer.from('<html>not found</html>')],
	['longer than promised', Buffer.from(`<html>${'not found '.repeat(1000)}</html>`)],
])('says that a body is not a video, even if it is %s', async (_, body) => {
	const { result, stored, asked } = await download([body]);
	expect(result).toEqual({
		ok: false,
		failure: {
			kind: 'rejected',
			message: 'What the video link leads to is not an MP4 video',
			nextStep:
				'The video itself is safe: fetch it within 24 hours of its creation, with Get Status and this task ID, or from videoUrl.',
		},
	});
	expect(stored).toEqual([]);
	expect(asked).toBe(1);
});

describe('a link that leads to no file', () => {
	const EXPIRES = 4_000_000_000;
	/** A storage host that responds with these statuses, then with the video. */
	async function downloadAfter(
		statuses: number[],
		query = `Expires=${EXPIRES}`,
		stopAtMs?: number,
	) {
		const clock = createVirtualClock();
		const { stop, endBatch } = createStop();
		const startedAt = clock.now();
		const { functions: n8n, stored } = n8nWith([VIDEO], PROMISED);
		let requests = 0;
		const httpRequest = async (options: IHttpRequestOptions): Promise<unknown> => {
			const statusCode = statuses[requests];
			requests += 1;
			if (stopAtMs !== undefined && clock.now() - startedAt >= stopAtMs) endBatch();
			if (statusCode !== undefined) return { statusCode, headers: {}, body: Readable.from([]) };
			return (await n8n.helpers.httpRequest(options)) as unknown;
		};
		const helpers = { ...n8n.helpers, httpRequest };
		const functions = { helpers } as unknown as IExecuteFunctions;
		const url = `https://storage.example.com/v.mp4?${query}`;
		const tools = { functions, clock, allowLoopback: false, stop };
		const result = await clock.until(downloadVideo(url, 'v.mp4', tools));
		return { result, stored, requests, ms: clock.now() - startedAt };
	}

	it.each([404, 403])('is requested again while it is valid (HTTP %i)', async (status) => {
		const { result, stored, ms } = await downloadAfter([status, status]);
		expect(result.ok).toBe(true);
		expect(stored).toEqual([VIDEO]);
		expect(ms).toBe(4_000);
	});

	it('fails after 5 requests within 40 seconds if it stays so', async () => {
		const { result, requests, ms } = await downloadAfter(Array<number>(99).fill(404));
		expect(result).toMatchObject({
			failure: {
				kind: 'rejected',
				message:
					'The video link leads to no file (HTTP 404), although it is valid until 2096-10-02 15:06 (UTC+8)',
			},
		});
		expect([requests, ms]).toEqual([5, 40_000]);
	});

	it.each([
		['has expired', 'Expires=1500000000', 'The video link has expired (HTTP 404)'],
		['has no date', '', 'The video link leads to no file (HTTP 404)'],
	])('is requested once if it %s', async (_, query, message) => {
		const { result, requests } = await downloadAfter([404], query);
		expect(result).toMatchObject({ failure: { message } });
		expect(requests).toBe(1);
	});

	it('is not requested again after Stop', async () => {
		const { result, requests } = await downloadAfter([404, 404, 404, 404], undefined, 1_000);
		expect(result).toMatchObject({ failure: { kind: 'stopped' } });
		expect(requests).toBe(2);
	});
});
