/** The output of finished videos: files, names, groups, and failed downloads. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { templateVideo } from '../../sandbox/dashscope/index.mts';
import type { FaultOrder } from '../../sandbox/dashscope/index.mts';
import { bytesOf, keepFilesIn } from './harness.mts';
import type { NodeResult } from './harness.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();
const TEMPLATES = ['mengwa_kaixin', 'jingdian_lei'];

const withOptions = (options: IDataObject, parameters: INodeParameters = {}) =>
	sandbox.createAndWait({ ...parameters, fileOptions: options as INodeParameters });

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const hashOf = async (item: INodeExecutionData | undefined, field = 'data') =>
	sha256(await bytesOf(item?.binary?.[field]));
const hashOfTemplate = async (id: string) => sha256(await readFile(templateVideo(id)));
const fileNames = (items: INodeExecutionData[] | undefined) =>
	items?.map(({ binary }) => binary?.['data']?.fileName);
const fromStorage = (kind: string) => ({ method: 'GET', path: kind });

describe('File Name', () => {
	test.each([
		['Happy birthday, Ada!', 'Happy birthday, Ada!.mp4'],
		['../../etc/passwd', 'passwd.mp4'],
		['C:\\temp\\me.mp4', 'me.mp4'],
		['a:b*c?d|e"f<g>\u0007h', 'a-b-c-d-e-f-g-h.mp4'],
		['CON', 'CON-video.mp4'],
		['...', 'video.mp4'],
		['生日快乐', '生日快乐.mp4'],
	])('%s becomes %s', async (fileName, expected) => {
		const { outputs } = await sandbox.run({ parameters: withOptions({ fileName }) });
		expect(fileNames(outputs[0])).toEqual([expected]);
	});

	test('several videos of one item have their template in the name', async () => {
		const { outputs } = await sandbox.run({
			parameters: withOptions({ fileName: 'ada' }, { templates: TEMPLATES }),
		});
		expect(fileNames(outputs[0])).toEqual(TEMPLATES.map((id) => `ada-${id}.mp4`));
	});
});

describe('Group Videos: One Item per Portrait', () => {
	const pack = (options: IDataObject = {}, parameters: INodeParameters = {}) =>
		withOptions({ output: 'portrait', ...options }, { templates: TEMPLATES, ...parameters });

	test.each(['memory', 'filesystem'] as const)(
		'all videos of a portrait are fields of one item, paired with its input (files in %s)',
		async (mode) => {
			const folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-'));
			await keepFilesIn(mode, folder);
			try {
				const names = ['ada.png', 'ben.jpg'];
				const { outputs, error } = await sandbox.run({
					items: names.map((name) => ({ url: sandbox.double.portraitUrl(name) })),
					parameters: pack({}, { imageUrl: '={{ $json.url }}' }),
				});
				expect(error).toBeUndefined();
				expect(outputs[0]).toHaveLength(2);
				for (const [index, item] of (outputs[0] ?? []).entries()) {
					expect(item.pairedItem).toEqual({ item: index });
					expect(Object.keys(item.binary ?? {})).toEqual(TEMPLATES.map((id) => `data_${id}`));
					for (const id of TEMPLATES) {
						expect(await hashOf(item, `data_${id}`)).toBe(await hashOfTemplate(id));
					}
					expect(item.json).toEqual({
						imageUrl: sandbox.double.portraitUrl(names[index] ?? ''),
						videos: TEMPLATES.map(
							(templateId) =>
								expect.objectContaining({
									templateId,
									status: 'SUCCEEDED',
									taskId: expect.any(String) as string,
									outputField: `data_${templateId}`,
								}) as IDataObject,
						),
					});
				}
			} finally {
				await keepFilesIn('memory');
				await rm(folder, { recursive: true, force: true });
			}
		},
	);

	test('a failed video leaves by the error output, and the others stay one item', async () => {
		sandbox.double.failTask(1);
		const { outputs } = await sandbox.run({
			parameters: pack({}, { templates: [...TEMPLATES, 'dagong_weixiao'] }),
			settings: { onError: 'continueErrorOutput' },
		});
		expect(outputs[0]?.map(({ binary }) => Object.keys(binary ?? {}))).toEqual([
			['data_jingdian_lei', 'data_dagong_weixiao'],
		]);
		expect(outputs[1]?.map(({ json }) => (json['error'] as IDataObject)['templateId'])).toEqual([
			'mengwa_kaixin',
		]);
	});

	test('an error that ends the node names every task of a group', async () => {
		sandbox.double.failTask(1);
		const { error } = await sandbox.run({ parameters: pack() });
		expect(sandbox.double.tasks()).toHaveLength(TEMPLATES.length);
		for (const { id } of sandbox.double.tasks()) expect(error?.description).toContain(id);
	});

	test('without downloads the item has only json', async () => {
		const { outputs } = await sandbox.run({ parameters: pack({}, { downloadVideo: false }) });
		expect(outputs[0]).toHaveLength(1);
		expect(outputs[0]?.[0]?.binary).toBeUndefined();
		expect(outputs[0]?.[0]?.json['videos']).toHaveLength(2);
	});
});

describe('a download that fails for good', () => {
	beforeEach(() =>
		sandbox.double.faults.add({
			match: fromStorage('/results/'),
			times: 'always',
			fault: { kind: 'status', status: 403 },
		}),
	);

	test('keeps the link, its expiry and the task ID in the item', async () => {
		const { outputs, error } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error).toBeUndefined();
		const [task] = sandbox.double.tasks();
		expect(outputs[0]?.[0]?.json).toMatchObject({
			taskId: task?.id,
			videoUrl: task?.videoUrl,
			videoUrlExpiresAt: expect.any(String) as string,
			downloadError: expect.stringContaining('although it is valid until') as string,
		});
		expect(outputs[0]?.[0]?.binary).toBeUndefined();
	});

	test('fails the item with its link if the user wants that', async () => {
		const { outputs } = await sandbox.run({
			parameters: withOptions({ failOnDownloadError: true }),
			settings: { onError: 'continueErrorOutput' },
		});
		const [task] = sandbox.double.tasks();
		expect(outputs[0]).toEqual([]);
		expect(outputs[1]?.[0]?.json['error']).toMatchObject({
			taskId: task?.id,
			status: 'SUCCEEDED',
			videoUrl: task?.videoUrl,
			videoUrlExpiresAt: expect.any(String) as string,
		});
	});

	test('is repeated by Retry On Fail without paying again', async () => {
		sandbox.double.faults.clear();
		// The first try requests the link five times.
		sandbox.double.faults.add({
			match: fromStorage('/results/'),
			times: 5,
			fault: { kind: 'status', status: 403 },
		});
		const { outputs, error } = await sandbox.run({
			parameters: withOptions({ failOnDownloadError: true }),
			settings: { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 },
		});
		expect(error).toBeUndefined();
		expect(await hashOf(outputs[0]?.[0])).toBe(await hashOfTemplate('mengwa_kaixin'));
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 1, detectsBilled: 1 });
	});
});

test.each([403, 404])(
	'a link that has no file at first becomes a video (HTTP %i)',
	async (status) => {
		sandbox.double.faults.add({
			match: fromStorage('/results/'),
			times: 2,
			fault: { kind: 'status', status },
		});
		const { outputs, error } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error).toBeUndefined();
		expect(outputs[0]?.[0]?.json['downloadError']).toBeUndefined();
		expect(await hashOf(outputs[0]?.[0])).toBe(await hashOfTemplate('mengwa_kaixin'));
	},
);

describe('Check Image First', () => {
	const check = (imageUrl: string) =>
		sandbox.createAndWait({ imageUrl, portraitOptions: { checkImage: true } });
	const portraitRequests = () =>
		sandbox.double
			.ledger()
			.filter(({ operation, headers }) => operation === 'portrait' && 'range' in headers);

	test('reads the first 64 KB once per URL and without the key', async () => {
		const url = sandbox.double.portraitUrl('ada.png');
		const { error } = await sandbox.run({ items: [{}, {}], parameters: check(url) });
		expect(error).toBeUndefined();
		expect(portraitRequests().map(({ headers }) => headers['range'])).toEqual(['bytes=0-65535']);
		expect(sandbox.double.counts().authorizationSeenOnStorage).toBe(false);
	});

	test('rejects an image that cannot be a portrait before anything is billed', async () => {
		const { error } = await sandbox.run({
			parameters: check(sandbox.double.portraitUrl('too-small.png')),
		});
		expect(error?.message).toMatch(
			/^"too-small\.png" cannot be used: it is a PNG of \d+ x \d+ pixels$/,
		);
		expect(error?.description).toContain('from 400 to 7000 pixels');
		expect(sandbox.operations()).toEqual([]);
	});

	test('rejects a URL whose host responds with 404', async () => {
		const { error } = await sandbox.run({
			parameters: check(`${sandbox.double.storageUrl}/portraits/nobody.png`),
		});
		expect(error?.message).toBe('The address of "nobody.png" leads to no file (HTTP 404)');
		expect(sandbox.operations()).toEqual([]);
	});

	test('is off by default', async () => {
		await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(portraitRequests()).toEqual([]);
	});
});

describe('a presigned URL', () => {
	const presigned = (expires: number) =>
		`${sandbox.double.portraitUrl('ada.png')}?Expires=${expires}&Signature=x`;
	const LATE = 4_000_000_000;
	const PAST = 1_500_000_000;
	const hintsOf = ({ run }: NodeResult) =>
		(run.data.resultData.runData['Emoji Video']?.at(-1)?.hints ?? []).map(({ message }) => message);

	test.each(['create', 'createAndWait'])(
		'that ends before its video may start shows a hint (%s)',
		async (operation) => {
			const parameters = sandbox.createAndWait({ operation, imageUrl: presigned(PAST) });
			const result = await sandbox.run({ parameters });
			expect(result.error).toBeUndefined();
			expect(hintsOf(result)).toContainEqual(
				expect.stringMatching(/^The image URL of "ada\.png" is valid until 2017-07-14 10:40/),
			);
		},
	);

	test('that lasts shows no hint', async () => {
		const result = await sandbox.run({
			parameters: sandbox.createAndWait({ imageUrl: presigned(LATE) }),
		});
		expect(hintsOf(result).join()).not.toContain('is valid until');
	});

	test('that DashScope cannot read fails with its end', async () => {
		sandbox.double.faults.add({
			match: fromStorage('/portraits/'),
			times: 'always',
			fault: { kind: 'status', status: 403 },
		});
		const { error } = await sandbox.run({
			parameters: sandbox.createAndWait({ imageUrl: presigned(PAST) }),
		});
		expect(error?.description).toContain('The image URL is valid until 2017-07-14 10:40 (UTC+8).');
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 0, detectsBilled: 0 });
	});
});

describe("the folder of n8n's files after a failed download", () => {
	let folder = '';
	beforeAll(async () => {
		folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-'));
		await keepFilesIn('filesystem', folder);
	});
	afterAll(async () => {
		await keepFilesIn('memory');
		await rm(folder, { recursive: true, force: true });
	});
	const files = async () =>
		(await readdir(folder, { recursive: true, withFileTypes: true }))
			.filter((entry) => entry.isFile())
			.map(({ name }) => name);

	test.each<[string, FaultOrder['fault']]>([
		['cut, noticed', { kind: 'cut', announced: true }],
		['cut, unnoticed', { kind: 'cut', announced: false }],
		['another file', { kind: 'garbage', body: 'x'.repeat(100_000) }],
		['no bytes', { kind: 'garbage', body: '' }],
	])('is empty if the body was %s', async (_, fault) => {
		sandbox.double.faults.add({ match: { operation: 'result' }, times: 'always', fault });
		const { outputs } = await sandbox.run({ parameters: withOptions({}) });
		expect(outputs[0]?.[0]?.json['downloadError']).toEqual(expect.stringMatching(/\S/));
		expect(await files()).toEqual([]);
	});

	test('has one video if a later attempt succeeds', async () => {
		const fault = { kind: 'cut' as const, announced: false };
		sandbox.double.faults.add({ match: { operation: 'result' }, times: 2, fault });
		const { outputs } = await sandbox.run({ parameters: withOptions({}) });
		expect(await hashOf(outputs[0]?.[0])).toBe(await hashOfTemplate('mengwa_kaixin'));
		// The bytes, and what n8n notes about them.
		expect(await files()).toHaveLength(2);
	});
});
