/** Portraits that are files: checked before any request, uploaded once per model and without the API key. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import type { INodeParameters } from 'n8n-workflow';
import { portraitsFolder } from '../../sandbox/dashscope/index.mts';
import { bmp, jpeg, padded, png, webp } from '../images.mts';
import { keepFilesIn } from './harness.mts';
import type { InputFile } from './harness.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();
const RESOLVE = 'x-dashscope-ossresourceresolve';

const portrait = (name: string): InputFile => ({
	bytes: readFileSync(path.join(portraitsFolder, name)),
	fileName: name,
	mimeType: 'image/png',
});
const file = (bytes: Buffer, fileName = 'me.png'): InputFile => ({ bytes, fileName });

const fromFile = (parameters: INodeParameters = {}) =>
	sandbox.createAndWait({ imageSource: 'binary', inputField: 'data', imageUrl: '', ...parameters });

const requestsTo = (operation: string) =>
	sandbox.double.ledger().filter((entry) => entry.operation === operation);
const imageUrls = (operation: string) =>
	requestsTo(operation).map(
		({ body }) => (body as { input: { image_url: string } }).input.image_url,
	);
const modelsAsked = () =>
	requestsTo('policy').map(({ url }) => new URL(url, 'http://x').searchParams.get('model'));

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

describe.each(['memory', 'filesystem'] as const)('with files in %s', (mode) => {
	beforeAll(async () => await keepFilesIn(mode, folder));
	afterAll(async () => await keepFilesIn('memory'));

	test('a file becomes a video: it is uploaded for both models and names the video', async () => {
		const { outputs, error } = await sandbox.run({
			files: [{ data: portrait('ada.png') }],
			parameters: fromFile(),
		});
		expect(error).toBeUndefined();
		const [item] = outputs[0] ?? [];
		expect(item?.json).toMatchObject({
			status: 'SUCCEEDED',
			templateId: 'mengwa_kaixin',
			imageFile: 'ada.png',
		});
		expect(item?.json).not.toHaveProperty('imageUrl');
		expect(item?.binary?.['data']?.fileName).toMatch(/^ada-mengwa_kaixin-.+\.mp4$/);
		expect(item?.pairedItem).toEqual({ item: 0 });
		expect(modelsAsked()).toEqual(['emoji-detect-v1', 'emoji-v1']);
		expect(requestsTo('upload').map(({ status }) => status)).toEqual([200, 200]);
	});

	test('a file of 9 MB becomes a video', async () => {
		const { error } = await sandbox.run({
			files: [{ data: file(padded(png(640, 640), 9 * 1024 * 1024)) }],
			parameters: fromFile(),
		});
		expect(error).toBeUndefined();
		expect(sandbox.double.counts().createsAccepted).toBe(1);
	});
});

test('models get oss:// addresses with the resolve header, and the storage host gets no API key', async () => {
	await sandbox.run({ files: [{ data: portrait('ada.png') }], parameters: fromFile() });
	for (const operation of ['detect', 'create']) {
		expect(imageUrls(operation)).toEqual([
			expect.stringMatching(/^oss:\/\/dashscope-instant\/.+\.png$/),
		]);
		expect(requestsTo(operation).map(({ headers }) => headers[RESOLVE])).toEqual(['enable']);
	}
	expect(sandbox.double.counts().authorizationSeenOnStorage).toBe(false);
	const onStorage = sandbox.double.ledger().filter(({ origin }) => origin === 'storage');
	expect(JSON.stringify(onStorage)).not.toContain(sandbox.double.apiKey);
});

test('an Image URL is sent unchanged and without the resolve header', async () => {
	await sandbox.run({ parameters: sandbox.createAndWait() });
	for (const operation of ['detect', 'create']) {
		expect(requestsTo(operation).map(({ headers }) => headers[RESOLVE])).toEqual([undefined]);
	}
	expect(requestsTo('policy')).toEqual([]);
});

test('equal files with different names are detected once and uploaded once per model', async () => {
	const { outputs } = await sandbox.run({
		files: ['a.png', 'b.png', 'c.png'].map((fileName) => ({
			data: { ...portrait('ada.png'), fileName },
		})),
		parameters: fromFile({ templates: ['mengwa_kaixin', 'jingdian_lei'] }),
	});
	expect(outputs[0]?.map(({ json }) => json['imageFile'])).toEqual(
		['a.png', 'b.png', 'c.png'].flatMap((name) => [name, name]),
	);
	expect(requestsTo('upload')).toHaveLength(2);
	expect(requestsTo('detect')).toHaveLength(1);
	expect(requestsTo('create')).toHaveLength(6);
});

test('one policy per model serves many files', async () => {
	await sandbox.run({
		files: ['ada.png', 'ben.jpg', 'kim.png'].map((name) => ({ data: portrait(name) })),
		parameters: fromFile(),
	});
	expect(modelsAsked().sort()).toEqual(['emoji-detect-v1', 'emoji-v1']);
	expect(requestsTo('upload')).toHaveLength(6);
});

test('the second try of Retry On Fail pays for no file twice', async () => {
	sandbox.double.faults.add({
		match: { method: 'GET', path: '/api/v1/tasks/' },
		fault: { kind: 'status', status: 401 },
	});
	const { outputs, error } = await sandbox.run({
		files: [{ data: portrait('ada.png') }],
		parameters: fromFile(),
		settings: { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 },
	});
	expect(error).toBeUndefined();
	expect(outputs[0]).toHaveLength(1);
	expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 1, detectsBilled: 1 });
	expect(requestsTo('upload')).toHaveLength(2);
});

test.each<[string, Parameters<typeof sandbox.double.faults.add>[0]['fault']]>([
	[
		'an expired policy',
		{
			kind: 'status',
			status: 403,
			body: '<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>',
		},
	],
	['a broken connection', { kind: 'reset' }],
	['a lost response', { kind: 'lostAnswer' }],
	['an HTTP 503 of the storage host', { kind: 'status', status: 503 }],
])('an upload is repeated under a new name after %s', async (_, fault) => {
	sandbox.double.faults.add({ match: { method: 'POST', path: '/^\\/$/' }, fault });
	const { outputs, error } = await sandbox.run({
		files: [{ data: portrait('ada.png') }],
		parameters: fromFile(),
	});
	expect(error).toBeUndefined();
	expect(outputs[0]?.[0]?.json['status']).toBe('SUCCEEDED');
	expect(requestsTo('upload')).toHaveLength(3);
});

test('an upload that the storage host rejects fails with its message, and nothing is billed', async () => {
	sandbox.double.faults.add({
		match: { method: 'POST', path: '/^\\/$/' },
		times: 'always',
		fault: {
			kind: 'status',
			status: 400,
			body: '<Error><Code>EntityTooLarge</Code><Message>Your proposed upload exceeds the maximum allowed size.</Message></Error>',
		},
	});
	const { error } = await sandbox.run({
		files: [{ data: portrait('ada.png') }],
		parameters: fromFile(),
	});
	expect(error?.message).toBe("DashScope's storage did not take the portrait");
	expect(error?.description).toContain(
		'"Your proposed upload exceeds the maximum allowed size." (EntityTooLarge)',
	);
	expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 0, detectsBilled: 0 });
});

test('Detect Face accepts a file and hints at its EXIF orientation', async () => {
	const turned = jpeg(640, 640, { orientation: { value: 6, order: 'II' } });
	sandbox.double.failDetection(1, 'InvalidFile.FacePose');
	const { outputs, error } = await sandbox.run({
		files: [{ data: file(turned, 'ada.jpg') }, { data: portrait('ben.jpg') }],
		parameters: {
			resource: 'image',
			operation: 'detectFace',
			imageSource: 'binary',
			inputField: 'data',
			limitOptions: { detectionsPerSecond: 20 },
		},
	});
	expect(error).toBeUndefined();
	expect(outputs[0]?.map(({ json }) => [json['passed'], json['imageFile']])).toEqual([
		[false, 'ada.jpg'],
		[true, 'ben.jpg'],
	]);
	expect(outputs[0]?.[0]?.json['advice']).toContain('EXIF orientation 6');
	expect(modelsAsked()).toEqual(['emoji-detect-v1']);
});

const ALLOWED =
	'Use a JPEG, PNG, BMP or WEBP image, at most 10 MB, with width and height from 400 to 7000 pixels.';

describe('a file is rejected by name before any request', () => {
	test.each<[string, Buffer, string]>([
		[
			'a text file named .png',
			Buffer.from('not an image'),
			'"me.png" cannot be used: it is a text file',
		],
		[
			'a JPEG cut in its header',
			jpeg(640, 480).subarray(0, 22),
			'"me.png" cannot be used: it is a truncated JPEG: it ends inside its header',
		],
		[
			'a PNG cut in its image data',
			png(640, 480).subarray(0, 200),
			'"me.png" cannot be used: it is a truncated PNG: its end is missing',
		],
		['399 pixels wide', png(399, 640), '"me.png" cannot be used: it is a PNG of 399 x 640 pixels'],
		[
			'7001 pixels high',
			webp.lossless(640, 7001),
			'"me.png" cannot be used: it is a WEBP of 640 x 7001 pixels',
		],
		[
			'one byte more than 10 MB',
			padded(bmp(640, 480), 10 * 1024 * 1024 + 1),
			'"me.png" cannot be used: it has 10,485,761 bytes, more than 10 MB',
		],
		['an empty file', Buffer.alloc(0), '"me.png" cannot be used: it is empty'],
		[
			'an animated WEBP',
			webp.extended(640, 480, true),
			'"me.png" cannot be used: it is an animated WEBP, not a still image',
		],
		[
			'a PDF that is a JPEG too',
			Buffer.concat([Buffer.from('%PDF-1.4\n'), jpeg(640, 480)]),
			'"me.png" cannot be used: it is a PDF document',
		],
	])('if it is %s', async (_, bytes, message) => {
		const { error } = await sandbox.run({
			files: [{ data: file(bytes) }],
			parameters: fromFile(),
		});
		expect(error?.message).toBe(message);
		expect(error?.description).toContain(ALLOWED);
		expect(sandbox.double.ledger()).toEqual([]);
	});

	test.each<[string, string, string]>([
		[
			'a wrong field name',
			'photo',
			'Input Data Field Name "photo": the item has no such binary field',
		],
		['no field name by expression', '={{ "" }}', 'Input Data Field Name is empty'],
	])('with the fields of the item, if there is %s', async (_, inputField, message) => {
		const { error } = await sandbox.run({
			files: [{ data: portrait('ada.png'), passport: portrait('ben.jpg') }],
			parameters: fromFile({ inputField }),
		});
		expect(error?.message).toBe(message);
		expect(error?.description).toContain('Use a binary field of this item: data, passport.');
		expect(sandbox.double.ledger()).toEqual([]);
	});

	test('with advice, if the item has no files', async () => {
		const { error } = await sandbox.run({ items: [{}], parameters: fromFile() });
		expect(error?.message).toContain('"data": the item has no such binary field');
		expect(error?.description).toContain('The item has no binary data');
		expect(sandbox.double.ledger()).toEqual([]);
	});
});

test('a bad file leaves by the error output, and the others become videos', async () => {
	const { outputs } = await sandbox.run({
		files: [{ data: file(Buffer.from('notes')) }, { data: portrait('ada.png') }],
		parameters: fromFile(),
		settings: { onError: 'continueErrorOutput' },
	});
	expect(outputs[0]?.map(({ json }) => json['imageFile'])).toEqual(['ada.png']);
	expect(outputs[1]?.map(({ json }) => json['message'])).toEqual([
		'"me.png" cannot be used: it is a text file',
	]);
});

describe('a file is accepted and left to DashScope to judge', () => {
	test.each<[string, Buffer, string]>([
		['a CMYK JPEG', jpeg(640, 640, { components: 4 }), 'jpg'],
		['a JPEG without its end marker', jpeg(640, 640, { cut: true }), 'jpg'],
		['a 16-bit PNG', png(640, 640, 16), 'png'],
		[
			'a PNG with a ZIP after its end',
			Buffer.concat([png(640, 640), Buffer.from('PK\x03\x04')]),
			'png',
		],
	])('if it is %s', async (_, bytes, extension) => {
		const { error } = await sandbox.run({
			files: [{ data: file(bytes, '../../evil".html') }],
			parameters: fromFile(),
		});
		expect(error).toBeUndefined();
		expect(imageUrls('create')[0]).toMatch(
			new RegExp(`/[0-9a-f]{16}-[0-9a-f-]{36}\\.${extension}$`),
		);
	});
});
