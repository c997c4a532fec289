/**
 * Odd responses with the same meaning: the node makes the same video from them, and pays once.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { oddityNames, portraitsFolder, templateVideo } from '../../sandbox/dashscope/index.mts';
import { makeTasks } from './account.mts';
import { createPoller } from './poller.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const video = sha256(readFileSync(templateVideo('mengwa_kaixin')));

/** All oddities in turn, and each alone. */
const wishes = [
	['all in turn', [...oddityNames]] as const,
	...oddityNames.map((name) => [name, [name]] as const),
];

describe.each(wishes)('with odd responses (%s)', (_name, names) => {
	test('a portrait by URL becomes the same video, detected and paid for once', async () => {
		sandbox.double.setOddities(names);
		const { outputs, error } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error).toBeUndefined();
		const [task] = sandbox.double.tasks();
		const [item] = outputs[0] ?? [];
		expect(item?.json).toMatchObject({
			taskId: task?.id,
			status: 'SUCCEEDED',
			videoUrl: task?.videoUrl,
		});
		expect(sha256(Buffer.from(item?.binary?.['data']?.data ?? '', 'base64'))).toBe(video);
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 1, detectsBilled: 1 });
	});

	test('a portrait by file becomes the same video', async () => {
		sandbox.double.setOddities(names);
		const bytes = readFileSync(path.join(portraitsFolder, 'ada.png'));
		const { outputs, error } = await sandbox.run({
			files: [{ data: { bytes, fileName: 'ada.png' } }],
			parameters: sandbox.createAndWait({
				imageSource: 'binary',
				inputField: 'data',
				imageUrl: '',
			}),
		});
		expect(error).toBeUndefined();
		expect(outputs[0]?.[0]?.json).toMatchObject({ status: 'SUCCEEDED' });
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 1, detectsBilled: 1 });
	});

	test('a portrait that does not pass fails with its code after one detection', async () => {
		sandbox.double.setOddities(names);
		const { error } = await sandbox.run({
			parameters: sandbox.createAndWait({ imageUrl: sandbox.double.portraitUrl('no-human.png') }),
		});
		expect(`${error?.message} ${error?.description}`).toContain('InvalidFile.NoHuman');
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 0, detectsBilled: 1 });
	});

	test('a failed task fails with its code and ID', async () => {
		sandbox.double.setOddities(names);
		sandbox.double.failTask(1, { code: 'InternalError.Algo', message: 'Inference error.' });
		const { error } = await sandbox.run({ parameters: sandbox.createAndWait() });
		const told = `${error?.message} ${error?.description}`;
		expect(told).toContain('InternalError.Algo');
		expect(told).toContain(sandbox.double.tasks()[0]?.id);
	});

	test('Get Many returns every task', async () => {
		const ids = await makeTasks(sandbox.double, 3);
		sandbox.double.setOddities(names);
		const { outputs, error } = await sandbox.run({
			parameters: { resource: 'video', operation: 'getMany' },
		});
		expect(error).toBeUndefined();
		expect(outputs[0]?.map(({ json }) => json['taskId'])).toEqual([...ids].reverse());
	});

	test('the trigger returns every video once', async () => {
		sandbox.double.setOddities(names);
		const trigger = await createPoller(
			sandbox.credential,
			{ downloadVideo: true },
			{ during: async (work) => await sandbox.time.during(work) },
		);
		await trigger.start();
		const ids = await makeTasks(sandbox.double, 3);
		sandbox.double.advanceClock(60_000);
		const items = await trigger.poll();
		expect(items.map(({ json }) => json['taskId']).sort()).toEqual([...ids].sort());
		expect(items.map(({ binary }) => binary?.['data']?.mimeType)).toEqual(
			ids.map(() => 'video/mp4'),
		);
		expect(await trigger.poll()).toEqual([]);
	});

	test('Cancel cancels a pending task', async () => {
		sandbox.double.setConcurrency(0);
		const [id] = await makeTasks(sandbox.double, 1);
		sandbox.double.setOddities(names);
		const { outputs, error } = await sandbox.run({
			parameters: { resource: 'video', operation: 'cancel', taskId: id ?? '' },
		});
		expect(error).toBeUndefined();
		expect(outputs[0]?.[0]?.json).toMatchObject({ taskId: id });
		expect(sandbox.double.tasks()[0]?.status).toBe('CANCELED');
	});
});
