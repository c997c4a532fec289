/** A video is whole or it is not stored, whatever the HTTP client thinks of how its stream ended. */
import { Readable } from 'node:stream';
import type { IExecuteFunctions } from 'n8n-workflow';
import { downloadVideo } from '../../nodes/EmojiVideo/media/downloadVideo';
import { createVirtualClock } from './virtualClock.mts';

const VIDEO = Buffer.concat([Buffer.from('\0\0\0\x20ftypisom', 'latin1'), Buffer.alloc(5000, 1)]);

/** n8n, with a storage host that sends these bodies, one after the other, and promises a whole video. */
function n8nWith(bodies: Buffer[]) {
	const stored: Buffer[] = [];
	let asked = 0;
	const helpers = {
		httpRequest: async () =>
			Promise.resolve({
				statusCode: 200,
				headers: { 'content-length': String(VIDEO.length) },
				body: Readable.from([bodies[asked++] ?? bodies.at(-1)], { objectMode: false }),
			}),
		prepareBinaryData: async (body: Readable) => {
			const bytes = Buffer.concat((await body.toArray()) as Buffer[]);
			stored.push(bytes);
			return { data: 'stored', mimeType: 'video/mp4', bytes: bytes.length };
		},
	};
	return { functions: { helpers } as unknown as IExecuteFunctions, stored };
}

async function download(bodies: Buffer[]) {
	const clock = createVirtualClock();
	const { functions, stored } = n8nWith(bodies);
	const result = await clock.until(
		downloadVideo('https://storage.example.com/v.mp4', 'v.mp4', {
			functions,
			clock,
			allowLoopback: false,
		}),
	);
	return { result, stored };
}

it('stores a video of the promised length', async () => {
	const { result, stored } = await download([VIDEO]);
	expect(result).toMatchObject({ ok: true, value: { bytes: VIDEO.length } });
	expect(stored).toEqual([VIDEO]);
});

it.each([
	['shorter', VIDEO.subarray(0, 3000)],
	['longer', Buffer.concat([VIDEO, VIDEO])],
])('refuses one that is %s, and says how much came', async (_, body) => {
	const { result } = await download([body]);
	expect(result).toMatchObject({
		ok: false,
		failure: {
			kind: 'noAnswer',
			message: `The download ended after ${body.length} of ${VIDEO.length} bytes`,
		},
	});
});

it('begins again, from the start, when a download was too short', async () => {
	const { result, stored } = await download([VIDEO.subarray(0, 3000), VIDEO]);
	expect(result.ok).toBe(true);
	expect(stored.at(-1)).toEqual(VIDEO);
});
