/** The trigger's poll(), from the built package, in n8n's PollContext, against the double. */
import { BINARY_ENCODING } from 'n8n-workflow';
import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import { cancelByHand, makeTasks } from './account.mts';
import { createPoller } from './poller.mts';
import type { PollerOptions } from './poller.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();
const moving: PollerOptions = { during: async (work) => await sandbox.time.during(work) };

const DAY_MS = 24 * 3_600_000;

const poller = async (parameters: INodeParameters = {}) =>
	await createPoller(sandbox.credential, { downloadVideo: false, ...parameters }, moving);
const make = async (count = 1, everyMs = 0) => await makeTasks(sandbox.double, count, everyMs);
const idsOf = (items: INodeExecutionData[]) => items.map(({ json }) => json['taskId']);
const statusesOf = (items: INodeExecutionData[]) => items.map(({ json }) => json['status']);
/** All tasks that there are end. */
const finish = () => sandbox.double.advanceClock(60_000);

test('tells of a task that ends after activation, once', async () => {
	const trigger = await poller();
	await trigger.start();
	const [id] = await make();
	finish();
	expect(idsOf(await trigger.poll())).toEqual([id]);
	expect(await trigger.poll()).toEqual([]);
});

test('tells nothing of what ended before activation', async () => {
	await make(2);
	finish();
	const trigger = await poller();
	expect(await trigger.start()).toEqual([]);
	expect(await trigger.poll()).toEqual([]);
});

test('tells of a task that was submitted before activation and ends after it', async () => {
	sandbox.double.setTaskSeconds(60);
	const [id] = await make();
	const trigger = await poller();
	await trigger.start();
	finish();
	expect(idsOf(await trigger.poll())).toEqual([id]);
});

test('Include Last 24 Hours tells of what ended before, in the order of the ends, once', async () => {
	sandbox.double.setConcurrency(2);
	sandbox.double.setTaskSeconds([30, 10]);
	const [slow, quick] = await make(2);
	finish();
	const trigger = await poller({ options: { includeLast24Hours: true } });
	expect(idsOf(await trigger.start())).toEqual([quick, slow]);
	expect(await trigger.poll()).toEqual([]);
	trigger.kill();
	expect(await trigger.start()).toEqual([]);
});

test('gives the same fields as the other operations, and the video', async () => {
	const trigger = await poller({ downloadVideo: true, outputField: 'video' });
	await trigger.start();
	const [id] = await make();
	finish();
	const [item] = await trigger.poll();
	expect(item?.json).toEqual({
		taskId: id,
		status: 'SUCCEEDED',
		model: 'emoji-v1',
		videoUrl: expect.stringContaining('.mp4') as string,
		videoUrlExpiresAt: expect.stringMatching(/\+08:00$/) as string,
		billedSeconds: expect.any(Number) as number,
		submittedAt: expect.stringMatching(/\+08:00$/) as string,
		startedAt: expect.stringMatching(/\+08:00$/) as string,
		finishedAt: expect.stringMatching(/\+08:00$/) as string,
	});
	const video = item?.binary?.['video'];
	expect(video).toMatchObject({ mimeType: 'video/mp4', fileName: `${String(id)}.mp4` });
	expect(Buffer.from(video?.data ?? '', BINARY_ENCODING).toString('latin1', 4, 8)).toBe('ftyp');
});

test('Simplify off gives the answer as it came', async () => {
	const trigger = await poller({ simplify: false });
	await trigger.start();
	const [id] = await make();
	finish();
	expect(await trigger.poll()).toMatchObject([
		{
			json: {
				output: { task_id: id, task_status: 'SUCCEEDED' },
				usage: expect.anything() as object,
			},
		},
	]);
});

test('tells of failed and canceled tasks when asked to, with the reason', async () => {
	sandbox.double.setTaskSeconds(10);
	const trigger = await poller({ statuses: ['FAILED', 'CANCELED'] });
	await trigger.start();
	sandbox.double.failTask(1);
	const [failed = '', , canceled = ''] = await make(3);
	await cancelByHand(sandbox.double, canceled);
	finish();
	const items = await trigger.poll();
	expect(idsOf(items)).toEqual([canceled, failed]);
	expect(statusesOf(items)).toEqual(['CANCELED', 'FAILED']);
	expect(items[1]?.json).toMatchObject({
		code: 'InvalidParameter',
		message: expect.stringContaining('size') as string,
	});
});

test('a status that is chosen later holds from then on', async () => {
	sandbox.double.failTask(1);
	const trigger = await poller();
	await trigger.start();
	await make(2);
	finish();
	expect(statusesOf(await trigger.poll())).toEqual(['SUCCEEDED']);
});

test('one request per page and one per finished task', async () => {
	const trigger = await poller();
	await make(120);
	finish();
	await trigger.start();
	await make(3);
	finish();
	const before = sandbox.operations().length;
	expect(await trigger.poll()).toHaveLength(3);
	expect(sandbox.operations().slice(before).sort()).toEqual([
		'list',
		'list',
		'query',
		'query',
		'query',
	]);
});

test('a task that ends late, although submitted first, is told when it ends', async () => {
	sandbox.double.setConcurrency(2);
	sandbox.double.setTaskSeconds([500, 10]);
	const trigger = await poller();
	await trigger.start();
	const [slow, quick] = await make(2);
	sandbox.double.advanceClock(60_000);
	expect(idsOf(await trigger.poll())).toEqual([quick]);
	sandbox.double.advanceClock(600_000);
	expect(idsOf(await trigger.poll())).toEqual([slow]);
	sandbox.double.setConcurrency(1);
});

test('a task that waits in the queue for longer than the list reaches back is not missed', async () => {
	const trigger = await poller();
	await trigger.start();
	sandbox.double.setConcurrency(0);
	const ids = await make(3);
	await trigger.poll();
	sandbox.double.advanceClock(DAY_MS + 3_600_000);
	expect(await trigger.poll()).toEqual([]);
	sandbox.double.setConcurrency(1);
	finish();
	expect(idsOf(await trigger.poll()).sort()).toEqual([...ids].sort());
	expect(await trigger.poll()).toEqual([]);
	sandbox.double.advanceClock(2 * DAY_MS);
	expect(await trigger.poll()).toEqual([]);
	const before = sandbox.operations().length;
	await trigger.poll();
	expect(sandbox.operations().length - before).toBe(1);
});

test('a day without polling: everything that ended meanwhile is told, once', async () => {
	const trigger = await poller();
	await trigger.start();
	const ids = await make(150, 300_000);
	trigger.kill();
	sandbox.double.advanceClock(DAY_MS - 150 * 300_000);
	expect(idsOf(await trigger.start())).toEqual(ids);
	trigger.kill();
	expect(await trigger.start()).toEqual([]);
});

test('n8n is killed before it hears of the result: the task is told after the restart', async () => {
	const trigger = await poller();
	await trigger.start();
	const [id] = await make();
	finish();
	await trigger.pollAndDie();
	expect(idsOf(await trigger.start())).toEqual([id]);
	trigger.kill();
	expect(await trigger.start()).toEqual([]);
});

test('polls that overlap tell once', async () => {
	const trigger = await poller();
	await trigger.start();
	const ids = await make(20);
	finish();
	const [first, second, third] = await Promise.all([
		trigger.poll(),
		trigger.poll(),
		trigger.poll(),
	]);
	expect(idsOf(first)).toEqual(ids);
	expect([second, third]).toEqual([[], []]);
	expect(await trigger.poll()).toEqual([]);
});

test.each([-30, 30])('a service clock that is off by %i hours does no harm', async (hours) => {
	const double = await startDashScopeMock({
		taskSeconds: 0.05,
		clock: { now: () => Date.now() + hours * 3_600_000 },
	});
	try {
		const { apiKey, url: customUrl } = double;
		const trigger = await createPoller(
			{ apiKey, endpoint: 'custom', customUrl },
			{ downloadVideo: false },
			moving,
		);
		await makeTasks(double, 1);
		double.advanceClock(10_000);
		expect(await trigger.start()).toEqual([]);
		const [id] = await makeTasks(double, 1);
		double.advanceClock(10_000);
		expect(idsOf(await trigger.poll())).toEqual([id]);
		expect(await trigger.poll()).toEqual([]);
	} finally {
		await double.close();
	}
});

test('a poll that fails changes nothing, and says why', async () => {
	const trigger = await poller();
	await trigger.start();
	const [id] = await make();
	finish();
	sandbox.double.faults.add({
		match: { path: '/api/v1/tasks/?' },
		times: 'always',
		fault: { kind: 'status', status: 400 },
	});
	await expect(trigger.poll()).rejects.toThrow('DashScope refused a value of the request');
	sandbox.double.faults.clear();
	expect(idsOf(await trigger.poll())).toEqual([id]);
});

test('a second page that fails is no reason to take the first for all', async () => {
	const trigger = await poller();
	await trigger.start();
	const ids = await make(130);
	finish();
	sandbox.double.faults.add({
		match: { path: 'page_no=2' },
		times: 'always',
		fault: { kind: 'status', status: 400 },
	});
	await expect(trigger.poll()).rejects.toThrow('DashScope refused a value of the request');
	sandbox.double.faults.clear();
	expect(idsOf(await trigger.poll())).toEqual(ids);
});

test('a video that cannot be downloaded is told with its link and the reason', async () => {
	const trigger = await poller({ downloadVideo: true });
	await trigger.start();
	await make();
	finish();
	sandbox.double.faults.add({
		match: { path: '.mp4' },
		times: 'always',
		fault: { kind: 'status', status: 403 },
	});
	const [item] = await trigger.poll();
	expect(item?.binary).toBeUndefined();
	expect(item?.json).toMatchObject({
		videoUrl: expect.any(String) as string,
		downloadError: expect.stringContaining('HTTP 403') as string,
	});
});

describe('Fetch test event', () => {
	test('gives the newest finished task, and leaves the memory alone', async () => {
		const trigger = await poller();
		await trigger.start();
		const ids = await make(3, 1000);
		finish();
		expect(idsOf(await trigger.fetchTestEvent())).toEqual([ids[2]]);
		expect(idsOf(await trigger.poll())).toEqual(ids);
	});

	test('says so when there is none', async () => {
		const trigger = await poller({ statuses: ['FAILED'] });
		await make();
		finish();
		await expect(trigger.fetchTestEvent()).rejects.toThrow(
			'No task has ended as FAILED within the last 24 hours',
		);
	});
});

test.each<[string, INodeParameters, RegExp]>([
	['no status', { statuses: [] }, /^Status is empty|required/],
	['a status that is no end', { statuses: ['RUNNING'] }, /^Status "RUNNING" contains one/],
	[
		'a field name with spaces',
		{ downloadVideo: true, outputField: 'my video' },
		/^Output Data Field Name "my video"/,
	],
])('refuses %s before any call', async (_, parameters, message) => {
	const trigger = await poller(parameters);
	await expect(trigger.start()).rejects.toThrow(message);
	expect(sandbox.double.ledger()).toEqual([]);
});

test('names the remedy for a wrong key, at activation', async () => {
	const trigger = await createPoller({ ...sandbox.credential, apiKey: 'sk-wrong' }, {}, moving);
	await expect(trigger.start()).rejects.toMatchObject({
		description: expect.stringContaining('China (Beijing)') as string,
	});
});
