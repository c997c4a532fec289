import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { INodeExecutionData } from 'n8n-workflow';
import { templateVideo } from '../../sandbox/dashscope/index.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const videoHash = (templateId: string) => sha256(readFileSync(templateVideo(templateId)));
const binaryHash = (item: INodeExecutionData | undefined, field = 'data') =>
	sha256(Buffer.from(item?.binary?.[field]?.data ?? '', 'base64'));

describe('one portrait, one template', () => {
	test('with details, the item has all times, both areas and the request ID; with a price, its cost', async () => {
		const { outputs } = await sandbox.run({
			parameters: sandbox.createAndWait({
				fileOptions: { includeDetails: true },
				limitOptions: { pricePerSecond: 0.08 },
			}),
		});
		const json = outputs[0]?.[0]?.json;
		const [task] = sandbox.double.tasks();
		expect(json).toMatchObject({
			submittedAt: expect.stringMatching(/\+08:00$/) as string,
			startedAt: expect.stringMatching(/\+08:00$/) as string,
			requestId: expect.any(String) as string,
			faceArea: [192, 192, 448, 448],
			expressionArea: [64, 64, 576, 576],
			cost: Number(((task?.billedSeconds ?? 0) * 0.08).toFixed(6)),
		});
		expect(Date.parse(json?.['submittedAt'] as string)).toBe(task?.submittedMs);
	});

	test('the item has the task, times with a zone, and the very video the service made', async () => {
		const { outputs, error } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error).toBeUndefined();
		const item = outputs[0]?.[0];
		const [task] = sandbox.double.tasks();
		expect(item?.json).toEqual({
			taskId: task?.id,
			status: 'SUCCEEDED',
			videoUrl: task?.videoUrl,
			videoUrlExpiresAt: expect.stringMatching(
				/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+08:00$/,
			) as string,
			billedSeconds: task?.billedSeconds,
			templateId: 'mengwa_kaixin',
			templateName: 'Cute Kid: Happy',
			imageUrl: sandbox.double.portraitUrl('ada.png'),
		});
		expect(item?.pairedItem).toEqual({ item: 0 });
		expect(item?.binary?.['data']).toMatchObject({
			mimeType: 'video/mp4',
			fileName: `ada-mengwa_kaixin-${task?.id}.mp4`,
		});
		expect(binaryHash(item)).toBe(videoHash('mengwa_kaixin'));
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 1, detectsBilled: 1 });
	});

	test('the key goes to the API and never to the storage host, and stands in no item', async () => {
		const { outputs } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(sandbox.double.counts().authorizationSeenOnStorage).toBe(false);
		const api = sandbox.double.ledger().filter(({ origin }) => origin === 'api');
		expect(api.map(({ headers }) => headers['authorization'])).toEqual(
			api.map(() => `Bearer ${sandbox.double.apiKey}`),
		);
		expect(JSON.stringify(outputs)).not.toContain(sandbox.double.apiKey);
	});

	test('Simplify off gives the answer as it came; Download Video off gives no binary', async () => {
		const { outputs } = await sandbox.run({
			parameters: sandbox.createAndWait({ simplify: false, downloadVideo: false }),
		});
		expect(outputs[0]?.[0]?.json).toMatchObject({
			request_id: expect.any(String) as string,
			output: { task_status: 'SUCCEEDED', task_id: sandbox.double.tasks()[0]?.id },
			usage: { video_ratio: 'standard' },
		});
		expect(outputs[0]?.[0]?.binary).toBeUndefined();
	});

	test('the video lands in the field the user names', async () => {
		const { outputs } = await sandbox.run({
			parameters: sandbox.createAndWait({ outputField: 'sticker' }),
		});
		expect(binaryHash(outputs[0]?.[0], 'sticker')).toBe(videoHash('mengwa_kaixin'));
	});

	test('areas that are only unusual go out, with a hint on the item or in the error', async () => {
		const withAreas = (faceArea: string, expressionArea: string) =>
			sandbox.createAndWait({ faceAreas: 'manual', faceArea, expressionArea });
		const odd = await sandbox.run({
			parameters: withAreas('[10, 10, 400, 400]', '[100, 100, 500, 500]'),
		});
		expect(odd.outputs[0]?.[0]?.json['hint']).toContain('does not enclose the Face Area');
		const refused = await sandbox.run({
			parameters: withAreas('[10, 10, 400, 400]', '[0, 0, 300, 500]'),
		});
		expect(refused.error?.message).toBe('DashScope refused the face areas');
		expect(refused.error?.description).toContain('300 x 500 pixels');
	});

	test('a task of unusual areas that fails says that they may be why', async () => {
		sandbox.double.failTask(1);
		const { error } = await sandbox.run({
			parameters: sandbox.createAndWait({
				faceAreas: 'manual',
				faceArea: '[10, 10, 400, 400]',
				expressionArea: '[100, 100, 500, 500]',
			}),
		});
		expect(error?.description).toContain('does not enclose the Face Area');
	});

	test('manual areas are sent as they are and nothing is detected', async () => {
		await sandbox.run({
			items: [{ faceArea: [200, 200, 440, 440], expressionArea: [80, 80, 560, 560] }],
			parameters: sandbox.createAndWait({
				faceAreas: 'manual',
				faceArea: '={{ $json.faceArea }}',
				expressionArea: '={{ $json.expressionArea }}',
			}),
		});
		const create = sandbox.double.ledger().find(({ operation }) => operation === 'create');
		expect(create?.body).toMatchObject({
			input: { face_bbox: [200, 200, 440, 440], ext_bbox: [80, 80, 560, 560] },
		});
		expect(sandbox.double.counts().detectsBilled).toBe(0);
	});
});

describe('several', () => {
	test('portraits x templates: one item each, in order, paired, one detection per portrait', async () => {
		const items = ['ada.png', 'ben.jpg', 'ada.png'].map((name) => ({
			url: sandbox.double.portraitUrl(name),
		}));
		const { outputs } = await sandbox.run({
			items,
			parameters: sandbox.createAndWait({
				imageUrl: '={{ $json.url }}',
				templates: ['jingdian_lei', 'mengwa_kaixin'],
			}),
		});
		const made = outputs[0]?.map(({ json, pairedItem }) => [
			json['imageUrl'],
			json['templateId'],
			pairedItem,
		]);
		expect(made).toEqual(
			items.flatMap(({ url }, item) => [
				[url, 'jingdian_lei', { item }],
				[url, 'mengwa_kaixin', { item }],
			]),
		);
		expect(outputs[0]?.map((item) => binaryHash(item))).toEqual(
			items.flatMap(() => [videoHash('jingdian_lei'), videoHash('mengwa_kaixin')]),
		);
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 6, detectsBilled: 2 });
	});

	test('every job is submitted before the first one has finished', async () => {
		sandbox.double.setTaskSeconds(0.8);
		await sandbox.run({
			parameters: sandbox.createAndWait({
				templates: ['mengwa_kaixin', 'mengwa_lei', 'jingdian_lei'].filter(
					(id) => id !== 'mengwa_lei',
				),
			}),
		});
		sandbox.double.setTaskSeconds(0.05);
		const [first, second] = sandbox.double.tasks();
		expect(second?.submittedMs).toBeLessThan(first?.endedMs ?? 0);
	});

	test.each([
		['one ID', '={{ $json.pick[0] }}', 1],
		['a list of IDs', '={{ $json.pick }}', 2],
		['IDs with commas', '={{ $json.pick.join(", ") }}', 2],
		['JSON text', '={{ JSON.stringify($json.pick) }}', 2],
		['a list with a double', '={{ [...$json.pick, $json.pick[0]] }}', 2],
	])('templates by expression: %s', async (_, templates, count) => {
		const { outputs } = await sandbox.run({
			items: [{ pick: ['mengwa_kaixin', 'dagong_wunai'] }],
			parameters: sandbox.createAndWait({ templates, downloadVideo: false }),
		});
		expect(outputs[0]?.map(({ json }) => json['templateId'])).toEqual(
			['mengwa_kaixin', 'dagong_wunai'].slice(0, count),
		);
	});

	test('an ID newer than this package goes through; the service decides', async () => {
		const { error } = await sandbox.run({
			parameters: sandbox.createAndWait({ templates: '={{ "xiaolian_2027" }}' }),
		});
		expect(error?.message).toBe('DashScope does not know this template');
		expect(error?.description).toContain('Choose another template');
		expect(sandbox.operations()).toContain('create');
	});
});

describe('three items of which one fails', () => {
	const items = () =>
		['ada.png', 'tilted.png', 'ben.jpg'].map((name) => ({ url: sandbox.double.portraitUrl(name) }));
	const parameters = () => sandbox.createAndWait({ imageUrl: '={{ $json.url }}' });

	test('stop: the error names portrait, reason, remedy and every accepted task', async () => {
		const { error } = await sandbox.run({ items: items(), parameters: parameters() });
		expect(error?.message).toMatch(
			/^The portrait did not pass face detection: the head is tilted or turned$/,
		);
		expect(error?.description).toContain('head upright');
		expect(error?.context?.['itemIndex']).toBe(1);
		expect(sandbox.double.tasks()).toHaveLength(1);
		for (const { id } of sandbox.double.tasks()) expect(error?.description).toContain(id);
	});

	test('continue: the good items are videos, the bad one says why, in input order', async () => {
		const { outputs } = await sandbox.run({
			items: items(),
			parameters: parameters(),
			settings: { onError: 'continueRegularOutput' },
		});
		expect(outputs[0]?.map(({ json }) => json['status'] ?? json['message'])).toEqual([
			'SUCCEEDED',
			expect.stringContaining('did not pass face detection'),
			'SUCCEEDED',
		]);
		expect(outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 1 },
			{ item: 2 },
		]);
		expect(sandbox.double.counts().createsAccepted).toBe(2);
	});

	test('error output: the bad item leaves there, with code, request ID and its input', async () => {
		const { outputs } = await sandbox.run({
			items: items(),
			parameters: parameters(),
			settings: { onError: 'continueErrorOutput' },
		});
		expect(outputs[0]?.map(({ json }) => json['status'])).toEqual(['SUCCEEDED', 'SUCCEEDED']);
		expect(outputs[1]).toHaveLength(1);
		expect(outputs[1]?.[0]?.json).toMatchObject({
			url: sandbox.double.portraitUrl('tilted.png'),
			error: {
				code: 'InvalidFile.FacePose',
				requestId: expect.any(String) as string,
				templateId: 'mengwa_kaixin',
				imageUrl: sandbox.double.portraitUrl('tilted.png'),
			},
		});
	});

	test('a task that fails leaves by the error output with its task ID', async () => {
		sandbox.double.failTask(1, {
			code: 'InternalError.Algo',
			message: 'Inference error: Inference error.',
		});
		const { outputs } = await sandbox.run({
			parameters: sandbox.createAndWait(),
			settings: { onError: 'continueErrorOutput' },
		});
		expect(outputs[0]).toEqual([]);
		expect(outputs[1]?.[0]?.json['error']).toMatchObject({
			taskId: sandbox.double.tasks()[0]?.id,
			status: 'FAILED',
			code: 'InternalError.Algo',
		});
	});

	test('an item that fails its own check sends nothing; without Continue nobody does', async () => {
		const bad = [
			{ url: sandbox.double.portraitUrl('ada.png') },
			{ url: 'ftp://example.com/a.png' },
		];
		const stopped = await sandbox.run({ items: bad, parameters: parameters() });
		expect(stopped.error?.message).toContain(
			'Image URL "ftp://example.com/a.png" is neither http nor https',
		);
		expect(sandbox.double.ledger()).toEqual([]);

		const { outputs } = await sandbox.run({
			items: bad,
			parameters: parameters(),
			settings: { onError: 'continueErrorOutput' },
		});
		expect(outputs.map((items) => items.length)).toEqual([1, 1]);
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 1, detectsBilled: 1 });
	});
});

describe('tasks that end without a video', () => {
	test('FAILED says why in our words, then in the service’s, and carries the task ID', async () => {
		sandbox.double.failTask(1);
		const { error } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error?.message).toBe('The task failed: the image has a wrong format or size');
		expect(error?.description).toContain(
			`DashScope says: "The size is not match xxxxxx" (InvalidParameter). Task ID: ${sandbox.double.tasks()[0]?.id}.`,
		);
		// The details that n8n shows beside it.
		expect(error).toMatchObject({ messages: ['InvalidParameter: The size is not match xxxxxx'] });
	});

	test.each(['UNKNOWN', 'unknown'])(
		'a single %s costs no video',
		async (status) => {
			const body = { request_id: 'r', output: { task_id: 't', task_status: status } };
			sandbox.double.faults.add({
				match: { method: 'GET', path: '/api/v1/tasks/' },
				times: 1,
				fault: { kind: 'status', status: 200, body },
			});
			const { error, outputs } = await sandbox.run({ parameters: sandbox.createAndWait() });
			expect(error).toBeUndefined();
			expect(outputs[0]?.map(({ json }) => json['status'])).toEqual(['SUCCEEDED']);
			expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 1 });
		},
		30_000,
	);

	test('a task that stays UNKNOWN ends at its time limit, with its ID', async () => {
		const body = { request_id: 'r', output: { task_id: 't', task_status: 'UNKNOWN' } };
		sandbox.double.faults.add({
			match: { method: 'GET', path: '/api/v1/tasks/' },
			times: 'always',
			fault: { kind: 'status', status: 200, body },
		});
		const parameters = sandbox.createAndWait({ options: { queueTimeout: 2 } });
		const { error } = await sandbox.run({ parameters });
		expect(error?.message).toMatch(/reports the task as UNKNOWN at the end of "Queue Timeout/);
		expect(error?.description).toContain(`Task ID: ${sandbox.double.tasks()[0]?.id}`);
		expect(error?.description).not.toMatch(/again/);
	}, 30_000);

	test('CANCELED ends the wait at once', async () => {
		const message = 'The task was taken out of the queue before it ran';
		const nextStep = 'Nothing was billed';
		const body = { request_id: 'r', output: { task_id: 't', task_status: 'CANCELED' } };
		sandbox.double.faults.add({
			match: { method: 'GET', path: '/api/v1/tasks/' },
			times: 'always',
			fault: { kind: 'status', status: 200, body },
		});
		const { error, run } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error?.message).toBe(message);
		expect(error?.description).toContain(nextStep);
		// An execution that counts as canceled starts no error workflow.
		expect(run.status).toBe('error');
		expect(sandbox.operations().filter((operation) => operation === 'query')).toHaveLength(1);
	});

	test('FAILED with "canceled" in the words of the service is an error all the same', async () => {
		sandbox.double.failTask(1, { code: 'InternalError', message: 'Job was canceled by host.' });
		const { error, run } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error?.message).toBe('The task failed');
		expect(error?.description).toContain('"Job was canceled by host." (InternalError)');
		expect(run.status).toBe('error');
	});

	test('a model that does not exist ends the whole batch once DashScope has said so twice', async () => {
		sandbox.double.faults.add({
			match: { operation: 'create' },
			times: 'always',
			fault: {
				kind: 'status',
				status: 404,
				body: { code: 'InvalidParameter', message: 'Model not exist.', request_id: 'r' },
			},
		});
		const { outputs } = await sandbox.run({
			items: Array.from({ length: 4 }, () => ({})),
			parameters: sandbox.createAndWait(),
			settings: { onError: 'continueErrorOutput' },
		});
		expect(outputs[1]).toHaveLength(4);
		expect(outputs[1]?.[3]?.json['error']).toMatchObject({
			message: 'The emoji models do not exist at this endpoint',
			serviceMessage: 'Model not exist.',
			code: 'InvalidParameter',
			description: expect.stringMatching(/region.*endpoint.*activated/) as string,
		});
		expect(sandbox.operations().filter((operation) => operation === 'create')).toHaveLength(2);
	});

	test('SUCCEEDED without a link is an item that says so', async () => {
		const output = { task_id: 't', task_status: 'SUCCEEDED' };
		sandbox.double.faults.add({
			match: { method: 'GET', path: '/api/v1/tasks/' },
			times: 'always',
			fault: { kind: 'status', status: 200, body: { request_id: 'r', output } },
		});
		const { outputs, error } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error).toBeUndefined();
		const json = outputs[0]?.[0]?.json;
		expect(json).toMatchObject({
			status: 'SUCCEEDED',
			taskId: sandbox.double.tasks()[0]?.id,
			downloadError: expect.stringMatching(/gave no link/) as string,
		});
		expect(json?.['downloadError']).not.toMatch(/videoUrl/);
	});

	test('a failed download costs no paid video: the item has the link and says what happened', async () => {
		sandbox.double.faults.add({
			match: { path: '/results/' },
			times: 'always',
			fault: { kind: 'status', status: 403 },
		});
		const { outputs, error } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error).toBeUndefined();
		expect(outputs[0]?.[0]?.json).toMatchObject({
			taskId: sandbox.double.tasks()[0]?.id,
			videoUrl: expect.any(String) as string,
			downloadError: expect.stringContaining('(HTTP 403), although it is valid until') as string,
		});
		expect(outputs[0]?.[0]?.binary).toBeUndefined();
	});

	test('a video cut in the middle is downloaded again from the start', async () => {
		sandbox.double.faults.add({ match: { path: '/results/' }, fault: { kind: 'cut' } });
		const { outputs } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(binaryHash(outputs[0]?.[0])).toBe(videoHash('mengwa_kaixin'));
	});

	test('what is no MP4 is not stored as a video', async () => {
		sandbox.double.faults.add({
			match: { path: '/results/' },
			times: 'always',
			fault: { kind: 'garbage', body: 'an error page of a proxy, as long as it likes' },
		});
		const { outputs } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(outputs[0]?.[0]?.json['downloadError']).toContain('not an MP4 video');
	});
});
