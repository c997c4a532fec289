/** Opening a portrait: its ID, its hint, and the address for DashScope: the URL itself, or the uploaded file. */
import { createHash } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';
import type { Model } from '../../../nodes/EmojiVideo/dashscope/client';
import { openPortrait } from '../../../nodes/EmojiVideo/media/portrait';
import type { PortraitSource } from '../../../nodes/EmojiVideo/media/portrait';
import type { PortraitFile } from '../../../nodes/EmojiVideo/media/portraitFile';
import { createRemoteChecks } from '../../../nodes/EmojiVideo/media/remotePortrait';
import type { Uploads } from '../../../nodes/EmojiVideo/media/upload';
import { succeed } from '../../../nodes/EmojiVideo/base/result';
import { jpeg, png } from '../../images.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import { neverStops } from '../../../nodes/EmojiVideo/base/stop';

const URL = 'https://example.com/ada.jpg';
const TURNED = jpeg(640, 480, { orientation: { value: 6, order: 'II' } });
const HINT =
	'The file is stored turned (EXIF orientation 6): if the face looks tilted to the service, save the photo upright.';

/** A host with one image, and a storage that accepts files. */
function createTools(image: Buffer) {
	const clock = createVirtualClock();
	const asked: string[] = [];
	const uploaded: Array<[PortraitFile, Model]> = [];
	const httpRequest = async ({ url }: { url: string }) => {
		asked.push(url);
		const headers = { 'content-length': String(image.length) };
		return await Promise.resolve({ statusCode: 200, headers, body: [image] });
	};
	const functions = { helpers: { httpRequest } } as unknown as IExecuteFunctions;
	const checkRemote = createRemoteChecks({
		functions,
		clock,
		stop: neverStops(),
		allowLoopback: false,
	});
	const uploads: Uploads = {
		addressOf: async (file, model) => {
			uploaded.push([file, model]);
			return await Promise.resolve(succeed(`oss://${file.hash}`));
		},
	};
	const open = async (source: PortraitSource) =>
		await clock.until(openPortrait(source, { functions, uploads, checkRemote }));
	return { open, asked, uploaded };
}

const fileOf = (bytes: Buffer): PortraitSource => ({
	kind: 'file',
	file: { data: bytes.toString('base64'), mimeType: 'image/jpeg', fileName: 'ada.jpg' },
	fallbackName: 'Item 1',
});

describe('a portrait on the internet', () => {
	it('keeps its URL for every model and is not requested', async () => {
		const { open, asked } = createTools(TURNED);
		const portrait = await open({ kind: 'url', imageUrl: URL, checkFirst: false });
		if (!portrait.ok) throw new Error('rejected');
		expect(portrait.value).toMatchObject({ id: URL, about: { imageUrl: URL }, hint: undefined });
		expect(await portrait.value.addressFor('emoji-v1')).toEqual(succeed(URL));
		expect(asked).toEqual([]);
	});

	it('is requested once for all items with Check Image First', async () => {
		const { open, asked } = createTools(TURNED);
		const source: PortraitSource = { kind: 'url', imageUrl: URL, checkFirst: true };
		const found = { ok: true, value: { id: URL, hint: HINT } };
		expect(await open(source)).toMatchObject(found);
		expect(await open(source)).toMatchObject(found);
		expect(asked).toEqual([URL]);
	});

	it('has a hint with the end of a presigned URL', async () => {
		const { open } = createTools(TURNED);
		const imageUrl = `${URL}?X-Amz-Date=20261201T120000Z&X-Amz-Expires=3600`;
		expect(await open({ kind: 'url', imageUrl, checkFirst: false })).toMatchObject({
			value: {
				hint: 'The image URL is valid until 2026-12-01 21:00 (UTC+8). If the video starts later, DashScope cannot read the image: use a URL that is valid longer, or set Image Source to Binary File.',
			},
		});
	});

	it('is rejected if the check finds another format', async () => {
		const { open } = createTools(Buffer.from('GIF89a'));
		expect(await open({ kind: 'url', imageUrl: URL, checkFirst: true })).toMatchObject({
			ok: false,
			failure: { message: '"ada.jpg" cannot be used: it is a GIF image' },
		});
	});
});

describe('a portrait that is a file', () => {
	it('has the hash of its bytes as ID and is uploaded for the model', async () => {
		const { open, asked, uploaded } = createTools(TURNED);
		const portrait = await open(fileOf(TURNED));
		if (!portrait.ok) throw new Error('rejected');
		expect(portrait.value).toMatchObject({ about: { imageFile: 'ada.jpg' }, hint: HINT });
		const hash = createHash('sha256').update(TURNED).digest('hex');
		expect(portrait.value.id).toBe(`sha256:${hash}`);
		expect(await portrait.value.addressFor('emoji-detect-v1')).toEqual(succeed(`oss://${hash}`));
		expect(uploaded).toMatchObject([[{ hash, name: 'ada.jpg' }, 'emoji-detect-v1']]);
		expect(asked).toEqual([]);
	});

	it('has no hint if it is stored upright', async () => {
		const { open } = createTools(TURNED);
		expect(await open(fileOf(png(640, 480)))).toMatchObject({
			ok: true,
			value: { hint: undefined },
		});
	});

	it('is rejected before any upload if it is a text file', async () => {
		const { open, uploaded } = createTools(TURNED);
		expect(await open(fileOf(Buffer.from('notes')))).toMatchObject({
			ok: false,
			failure: { message: '"ada.jpg" cannot be used: it is a text file' },
		});
		expect(uploaded).toEqual([]);
	});
});
