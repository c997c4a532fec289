/** Create, Get Status and Detect Face. */
import { FAST_RATES, useSandbox } from './sandbox.mts';

const sandbox = useSandbox();

describe('Create', () => {
	test('returns the accepted tasks at once, one item per portrait and template', async () => {
		sandbox.double.setTaskSeconds(60);
		const { outputs } = await sandbox.run({
			parameters: {
				resource: 'video',
				operation: 'create',
				imageUrl: sandbox.double.portraitUrl('ada.png'),
				templates: ['mengwa_kaixin', 'jingdian_lei'],
				limitOptions: FAST_RATES,
			},
		});
		sandbox.double.setTaskSeconds(0.05);
		expect(outputs[0]?.map(({ json }) => json)).toEqual(
			sandbox.double.tasks().map(({ id, drivenId }) => ({
				taskId: id,
				status: 'PENDING',
				templateId: drivenId,
				templateName: expect.any(String) as string,
				imageUrl: sandbox.double.portraitUrl('ada.png'),
				faceArea: [192, 192, 448, 448],
				expressionArea: [64, 64, 576, 576],
				submittedAt: expect.stringMatching(/\+08:00$/) as string,
				requestId: expect.any(String) as string,
			})),
		);
		expect(sandbox.operations()).not.toContain('query');
	});

	test('Simplify off gives the answer as it came', async () => {
		const { outputs } = await sandbox.run({
			parameters: {
				resource: 'video',
				operation: 'create',
				imageUrl: sandbox.double.portraitUrl('ada.png'),
				templates: ['mengwa_kaixin'],
				simplify: false,
			},
		});
		expect(outputs[0]?.[0]?.json).toEqual({
			output: { task_status: 'PENDING', task_id: sandbox.double.tasks()[0]?.id },
			request_id: expect.any(String) as string,
		});
	});
});

describe('Get Status', () => {
	const getStatus = { resource: 'video', operation: 'getStatus', taskId: '={{ $json.taskId }}' };

	test('tells where a task is, asks once per distinct ID, and takes UNKNOWN as an answer', async () => {
		sandbox.double.setTaskSeconds(60);
		const created = await sandbox.run({
			parameters: {
				resource: 'video',
				operation: 'create',
				imageUrl: sandbox.double.portraitUrl('ada.png'),
				templates: ['mengwa_kaixin', 'jingdian_lei'],
				limitOptions: FAST_RATES,
			},
		});
		sandbox.double.setTaskSeconds(0.05);
		const [first, second] = created.outputs[0]?.map(({ json }) => json['taskId']) ?? [];
		const items = [first, second, first, '00000000-dead-beef'].map((taskId) => ({
			taskId: taskId as string,
		}));
		const { outputs } = await sandbox.run({ items, parameters: getStatus });
		expect(outputs[0]?.map(({ json }) => json['status'])).toEqual([
			'RUNNING',
			'PENDING',
			'RUNNING',
			'UNKNOWN',
		]);
		expect(sandbox.operations().filter((operation) => operation === 'query')).toHaveLength(3);

		sandbox.double.advanceClock(200_000);
		const later = await sandbox.run({ items: items.slice(0, 1), parameters: getStatus });
		expect(later.outputs[0]?.[0]?.json).toMatchObject({
			status: 'SUCCEEDED',
			videoUrl: expect.stringContaining('.mp4') as string,
			billedSeconds: expect.any(Number) as number,
		});
	});

	test.each(['a b', 'a/b', '../models', ''])(
		'refuses the task ID "%s" before any call',
		async (taskId) => {
			const { error } = await sandbox.run({ items: [{ taskId }], parameters: getStatus });
			expect(error?.message).toMatch(
				taskId ? /^Task IDs: ".+" is not a task ID/ : /^Task IDs is empty/,
			);
			expect(sandbox.double.ledger()).toEqual([]);
		},
	);
});

describe('Detect Face', () => {
	const detectFace = {
		resource: 'image',
		operation: 'detectFace',
		imageUrl: '={{ $json.url }}',
		limitOptions: { detectionsPerSecond: 20 },
	};

	test('gives both areas of a portrait that passed', async () => {
		const { outputs } = await sandbox.run({
			items: [{ url: sandbox.double.portraitUrl('ada.png') }],
			parameters: detectFace,
		});
		expect(outputs[0]?.[0]).toMatchObject({
			json: { passed: true, faceArea: [192, 192, 448, 448], expressionArea: [64, 64, 576, 576] },
			pairedItem: { item: 0 },
		});
	});

	test.each(['output200', 'output400', 'top400'] as const)(
		'gives a verdict as data wherever the service puts it: %s',
		async (style) => {
			sandbox.double.setVerdictStyle(style);
			const { outputs, error } = await sandbox.run({
				items: ['ada.png', 'no-human.png', 'tilted.png'].map((name) => ({
					url: sandbox.double.portraitUrl(name),
				})),
				parameters: detectFace,
			});
			sandbox.double.setVerdictStyle('output200');
			expect(error).toBeUndefined();
			expect(outputs[0]?.map(({ json }) => [json['passed'], json['code']])).toEqual([
				[true, undefined],
				[false, 'InvalidFile.NoHuman'],
				[false, 'InvalidFile.FacePose'],
			]);
			expect(outputs[0]?.[1]?.json).toEqual({
				passed: false,
				code: 'InvalidFile.NoHuman',
				message: 'The input image has no human body. Please upload other image with single person.',
				advice: expect.stringContaining('No face was found') as string,
				imageUrl: sandbox.double.portraitUrl('no-human.png'),
				requestId: expect.any(String) as string,
			});
		},
	);

	test("an image the service cannot use is a failure with the service's words and a remedy", async () => {
		const { error } = await sandbox.run({
			items: [{ url: `${sandbox.double.storageUrl}/portraits/nobody.png` }],
			parameters: detectFace,
		});
		expect(error?.message).toBe('DashScope found no image at the address');
		expect(error?.description).toMatch(
			/^The image is not at this address any more.* DashScope says: ".*" \(InvalidParameter/,
		);
	});
});
