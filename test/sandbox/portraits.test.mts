import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { portraitNames, portraitsFolder } from '../../sandbox/dashscope/index.mts';
import { closeMocks, detect, startMock } from './helpers.mts';

const servers: Server[] = [];

afterEach(async () => {
	await closeMocks();
	servers.splice(0).forEach((server) => {
		server.closeAllConnections();
		server.close();
	});
});

/** The address of a server that answers like this. */
async function serve(listener: RequestListener): Promise<string> {
	const server = createServer(listener);
	servers.push(server);
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/image.png`;
}

const serveBytes = (bytes: Uint8Array) => serve((_request, response) => void response.end(bytes));

/** The first bytes of a PNG of this size; enough to read its sides. */
function pngHeader(width: number, height: number): Buffer {
	const png = readFileSync(join(portraitsFolder, 'ada.png'));
	png.writeUInt32BE(width, 16);
	png.writeUInt32BE(height, 20);
	return png;
}

describe('a portrait that passes', () => {
	it.each(['ada.png', 'ben.jpg', 'kim.png'])('is billed and gets its areas: %s', async (name) => {
		const mock = await startMock();
		const { status, body } = await detect(mock, mock.portraitUrl(name));
		expect(status).toBe(200);
		expect(body.usage).toEqual({ image_count: 1 });
		const { bbox_face: face, ext_bbox_face: expression } = body.output as Record<string, number[]>;
		const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = expression ?? [];
		expect(x2 - x1).toBe(y2 - y1);
		expect(x1).toBeLessThan(face?.[0] ?? 0);
		expect([...(face ?? []), x1, y1, x2, y2].every(Number.isInteger)).toBe(true);
		expect(mock.counts().detectsBilled).toBe(1);
	});
});

describe('a portrait that does not pass', () => {
	const expected = {
		'covered.png': 'InvalidFile.FullFace',
		'far-away.png': 'InvalidFile.BodyProportion',
		'no-human.png': 'InvalidFile.NoHuman',
		'tilted.png': 'InvalidFile.FacePose',
		'too-dark.png': 'InvalidFile.Value',
		'too-small.png': 'InvalidFile.Resolution',
		'two-people.png': 'InvalidFile.MultiHuman',
	};

	it.each(Object.entries(expected))('%s: %s', async (name, code) => {
		const mock = await startMock();
		const { status, body } = await detect(mock, mock.portraitUrl(name));
		expect(status).toBe(200);
		expect(body).toMatchObject({ output: { code }, usage: { image_count: 1 } });
		expect(mock.counts().detectsBilled).toBe(1);
	});

	it('names its code in the table for every sample', () => {
		const passing = ['ada.png', 'ben.jpg', 'kim.png'];
		expect([...portraitNames]).toEqual([...passing, ...Object.keys(expected)].sort());
	});

	it('stands at the place of the verdict style, in the service’s own spelling', async () => {
		const mock = await startMock();
		const code = 'InvalidFile.FacePose';
		const message =
			'The pose of the detected face is invalid, please upload other image with the expected oriention.';
		const ask = () => detect(mock, mock.portraitUrl('tilted.png'));
		expect(await ask()).toMatchObject({ status: 200, body: { output: { code, message } } });
		mock.setVerdictStyle('output400');
		expect(await ask()).toMatchObject({ status: 400, body: { output: { code, message } } });
		mock.setVerdictStyle('top400');
		const last = await ask();
		expect(last).toMatchObject({ status: 400, body: { code, message } });
		expect(last.body.output).toBeUndefined();
		expect(mock.counts().detectsBilled).toBe(2);
	});

	it('can be ordered for the next images', async () => {
		const mock = await startMock();
		mock.failDetection(1, 'InvalidFile.MultiHuman');
		const first = await detect(mock, mock.portraitUrl('ada.png'));
		expect(first.body).toMatchObject({ output: { code: 'InvalidFile.MultiHuman' } });
		const second = await detect(mock, mock.portraitUrl('ada.png'));
		expect(second.body).toMatchObject({ output: { bbox_face: expect.any(Array) as unknown } });
	});
});

describe('the mock downloads an image', () => {
	const resolution = 'InvalidFile.Resolution';
	const url = 'InvalidURL';

	it.each<[string, () => Promise<string>, string, RegExp]>([
		['no URL at all', () => Promise.resolve('portrait.png'), url, /^The request URL is invalid/],
		['a file', () => Promise.resolve('file:///portrait.png'), url, /^The request URL is invalid/],
		[
			'a closed port',
			() => Promise.resolve('http://127.0.0.1:1/x.png'),
			'InvalidParameter',
			/^Unable to download the media resource during the data inspection process\.$/,
		],
		[
			'a missing image',
			() => serve((_request, response) => void response.writeHead(404).end()),
			'InvalidParameter.DataInspection',
			/^Failed to find the requested media resource during the data inspection process\.$/,
		],
		[
			'an image whose host is in trouble',
			() => serve((_request, response) => void response.writeHead(500).end()),
			'InvalidParameter',
			/^Unable to download the media resource/,
		],
		[
			'an expired link',
			() => serve((_request, response) => void response.writeHead(403).end()),
			'InvalidParameter',
			/^Don't have authorization to access the media resource/,
		],
		[
			'a page',
			() => serveBytes(Buffer.from('<html></html>')),
			url,
			/one of the following types: JPEG, JPG, PNG, BMP, and WEBP\.$/,
		],
		[
			'a GIF',
			() => serveBytes(Buffer.from('GIF89a\x00\x02\x00\x02\x00\x00\x00', 'latin1')),
			url,
			/image format is one of/,
		],
		[
			'half a JPEG header',
			() => serveBytes(Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 2])),
			'InvalidFile.Openerror',
			/cannot open file/,
		],
		[
			'more than 10 MB',
			() => serveBytes(Buffer.concat([pngHeader(640, 640), Buffer.alloc(10 * 1024 * 1024)])),
			'InvalidFile.Size',
			/must be less than 10MB\.$/,
		],
	])('%s', async (_name, imageUrl, code, message) => {
		const mock = await startMock();
		const reply = await detect(mock, await imageUrl());
		const said = { code: reply.body.code, message: reply.body.message };
		expect(reply.status).toBe(400);
		expect(said).toEqual({ code, message: expect.stringMatching(message) as string });
		expect(mock.counts().detectsBilled).toBe(0);
	});

	it('and names a server that refuses connections', async () => {
		const address = await serve(() => undefined);
		const { host } = new URL(address);
		const closing = servers.pop();
		await new Promise((done) => closing?.close(done));
		const mock = await startMock();
		const { body } = await detect(mock, address);
		expect(body).toMatchObject({
			code: 'InvalidURL.ConnectionRefused',
			message: `Connection to ${host} refused, please provide available URL.`,
		});
	});

	it('within a time limit', async () => {
		const address = await serve(() => undefined);
		const mock = await startMock({ imageTimeoutMs: 50 });
		const { body } = await detect(mock, address);
		expect(body).toMatchObject({
			code: 'InvalidURL.Timeout',
			message: `Download ${address} timeout, please check network connection.`,
		});
	});

	it.each([
		[399, 640, resolution],
		[640, 7001, resolution],
		[400, 7000, undefined],
	])('and measured: %i x %i', async (width, height, code) => {
		const mock = await startMock();
		const { status, body } = await detect(mock, await serveBytes(pngHeader(width, height)));
		expect(status).toBe(200);
		expect((body.output as { code?: string }).code).toBe(code);
	});
});
