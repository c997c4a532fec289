/** Check Image First: it requests the first 64 KB of a portrait, and reads no more if the host sends more. */
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { HEAD_BYTES } from '../../../nodes/EmojiVideo/media/portraitCheck';
import { checkRemotePortrait } from '../../../nodes/EmojiVideo/media/remotePortrait';
import { jpeg, padded, png, pngWithExif, webp } from '../../images.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import { neverStops } from '../../../nodes/EmojiVideo/base/stop';

const PIECE_BYTES = HEAD_BYTES / 4;
const NEXT_STEP =
	'Use a public http or https address of a JPEG, PNG, BMP or WEBP image. If only n8n cannot reach it, switch off Check Image First.';

type Pieces = () => AsyncIterable<Buffer>;

const inPieces = (file: Buffer): Pieces =>
	async function* () {
		for (let at = 0; at < file.length; at += PIECE_BYTES) {
			yield await Promise.resolve(file.subarray(at, at + PIECE_BYTES));
		}
	};

/** Checks a portrait whose host responds like this. */
async function check(pieces: Pieces, headers: IDataObject = {}, statusCode = 206) {
	const clock = createVirtualClock();
	const asked: IDataObject[] = [];
	const httpRequest = async (request: { headers: IDataObject }) => {
		asked.push(request.headers);
		return await Promise.resolve({ statusCode, headers, body: pieces() });
	};
	const functions = { helpers: { httpRequest } } as unknown as IExecuteFunctions;
	const tools = { functions, clock, stop: neverStops(), allowLoopback: false };
	const result = await clock.until(checkRemotePortrait('https://example.com/ada.png', tools));
	return { result, asked };
}

it('requests an image, and only the bytes that the check reads', async () => {
	const { result, asked } = await check(inPieces(png(640, 480)));
	expect(result).toEqual({ ok: true, value: {} });
	expect(asked).toEqual([
		{ Accept: 'image/*, */*;q=0.5', Range: 'bytes=0-65535', 'Accept-Encoding': 'identity' },
	]);
});

it('stops after 64 KB if the host sends more', async () => {
	const piece = padded(png(640, 480), PIECE_BYTES);
	let sent = 0;
	const { result } = await check(async function* () {
		while (sent < 100) {
			sent += 1;
			yield await Promise.resolve(piece);
		}
	});
	expect(result.ok).toBe(true);
	expect(sent).toBe(4);
});

it('checks all of the first 64 KB if they come in several pieces', async () => {
	const camera = jpeg(300, 480, { commentBytes: 3 * PIECE_BYTES });
	const { result } = await check(inPieces(camera));
	expect(result).toMatchObject({
		failure: { message: '"ada.png" cannot be used: it is a JPEG of 300 x 480 pixels' },
	});
});

describe('the size of the file', () => {
	const whole = webp.lossy(640, 480);
	const messageOf = async (headers: IDataObject) => {
		const { result } = await check(inPieces(whole), headers);
		return result.ok ? 'accepted' : result.failure.message;
	};

	it.each([
		[
			'the total of its Content-Range',
			{ 'content-range': 'bytes 0-65535/10485761', 'content-length': '65536' },
		],
		['its Content-Length without a range', { 'content-length': '10485761' }],
	])('is %s', async (_, headers) => {
		expect(await messageOf(headers)).toBe(
			'"ada.png" cannot be used: it has 10,485,761 bytes, more than 10 MB',
		);
	});

	it.each([
		['the host sends neither', {}],
		[
			'its Content-Range has no total, whatever its Content-Length',
			{ 'content-range': 'bytes 0-49/*', 'content-length': '50' },
		],
		[
			'its Content-Range is invalid',
			{ 'content-range': 'bytes 0-49/10485761 MB', 'content-length': '50' },
		],
		['its Content-Length is invalid', { 'content-length': 'much' }],
	])('is unknown if %s', async (_, headers) => {
		expect(await messageOf(headers)).toBe('accepted');
	});
});

it('fails with advice if the host breaks off', async () => {
	const { result } = await check(async function* () {
		yield png(640, 480).subarray(0, 20);
		await Promise.resolve();
		throw new Error('ECONNRESET');
	});
	expect(result).toEqual({
		ok: false,
		failure: {
			kind: 'noResponse',
			message: 'The address of "ada.png" was answered by half a file',
			nextStep: NEXT_STEP,
		},
	});
});

it('rejects a redirect to a private host and names the file', async () => {
	const { result } = await check(inPieces(png(640, 480)), { location: 'https://10.0.0.1/' }, 302);
	expect(result).toMatchObject({
		ok: false,
		failure: { message: expect.stringContaining('The address of "ada.png"') as string },
	});
});

describe('the end of a file', () => {
	const sizeOf = (file: Buffer) => ({ 'content-length': String(file.length) });

	it('gives a hint if a whole JPEG lacks its end marker', async () => {
		const cut = jpeg(640, 480, { cut: true });
		expect((await check(inPieces(cut), sizeOf(cut))).result).toEqual({
			ok: true,
			value: { hint: expect.stringContaining('has no end marker') as string },
		});
	});

	it('must be there in a whole PNG', async () => {
		const cut = png(640, 480).subarray(0, 200);
		expect((await check(inPieces(cut), sizeOf(cut))).result).toMatchObject({
			failure: { message: '"ada.png" cannot be used: it is a truncated PNG: its end is missing' },
		});
	});

	it.each([
		['longer than 64 KB', padded(jpeg(640, 480, { cut: true }), 2 * HEAD_BYTES), true],
		['of unknown size', jpeg(640, 480, { cut: true }), false],
	])('is not checked in a file %s', async (_, file, isSized) => {
		const { result } = await check(inPieces(file), isSized ? sizeOf(file) : {});
		expect(result).toEqual({ ok: true, value: {} });
	});
});

it('the EXIF orientation of a PNG gives a hint', async () => {
	const { result } = await check(inPieces(pngWithExif(640, 480, 6)));
	expect(result).toMatchObject({
		value: { hint: expect.stringContaining('EXIF orientation 6') as string },
	});
});

it('a portrait whose address a proxy hides passes with a hint, and is not requested', async () => {
	const clock = createVirtualClock();
	const httpRequest = jest.fn();
	const error = Object.assign(new Error('restricted'), { ip: '198.18.0.7' });
	const getSecureEgressFilter = () => ({
		validateUrl: async () => await Promise.resolve({ ok: false, error }),
		createSecureLookup:
			() => (_name: string, _options: object, onResult: (error: null, found: string) => void) =>
				onResult(null, '198.18.0.7'),
	});
	const helpers = { httpRequest, getSecureEgressFilter };
	const functions = { helpers } as unknown as IExecuteFunctions;
	const tools = { functions, clock, stop: neverStops(), allowLoopback: false };
	expect(await checkRemotePortrait('https://photos.example.com/ada.png', tools)).toEqual({
		ok: true,
		value: {
			hint: 'Check Image First could not read the image, so its format and size are unknown: the address of "ada.png" leads to photos.example.com, whose address a proxy hides from n8n.',
		},
	});
	expect(httpRequest).not.toHaveBeenCalled();
});
