/** No paid task lost, none paid for twice: faults, retries and Stop. */
import { FAST, useSandbox } from './sandbox.mts';

const sandbox = useSandbox();
const poll = { method: 'GET', path: '/api/v1/tasks/' };
const create = { method: 'POST', path: 'video-synthesis' };

test('polls answered 429, 500, a reset and garbage, then success: one create, one video', async () => {
	const { faults } = sandbox.double;
	faults.add({
		match: poll,
		fault: {
			kind: 'status',
			status: 429,
			headers: { 'retry-after': '1' },
			body: {
				code: 'Throttling.RateQuota',
				message: 'Requests rate limit exceeded, please try again later.',
			},
		},
	});
	faults.add({
		match: poll,
		fault: {
			kind: 'status',
			status: 500,
			body: { code: 'InternalError', message: 'Internal server error!' },
		},
	});
	faults.add({ match: poll, fault: { kind: 'reset' } });
	faults.add({ match: poll, fault: { kind: 'garbage' } });
	const { outputs, error } = await sandbox.run({ parameters: sandbox.createAndWait() });
	expect(error).toBeUndefined();
	expect(outputs[0]?.[0]?.binary?.['data']?.mimeType).toBe('video/mp4');
	expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 1, faulted: 4 });
}, 600_000);

test('a create is sent again only when the service did not take it', async () => {
	sandbox.double.faults.add({
		match: create,
		times: 2,
		fault: {
			kind: 'status',
			status: 429,
			body: {
				code: 'Throttling.RateQuota',
				message: 'Requests rate limit exceeded, please try again later.',
			},
		},
	});
	const { error } = await sandbox.run({ parameters: sandbox.createAndWait() });
	expect(error).toBeUndefined();
	expect(sandbox.operations().filter((operation) => operation === 'create')).toHaveLength(3);
	expect(sandbox.double.counts().createsAccepted).toBe(1);
}, 600_000);

test.each([
	['the answer is lost', { kind: 'lostAnswer' as const }],
	['the answer is cut', { kind: 'cut' as const }],
	['the answer is garbage', { kind: 'garbage' as const }],
	['the service answers 500', { kind: 'status' as const, status: 500 }],
])(
	'a create is not repeated when %s, and the error says that a task may exist',
	async (_, fault) => {
		sandbox.double.faults.add({ match: create, fault });
		const { error } = await sandbox.run({ parameters: sandbox.createAndWait() });
		expect(error?.description).toContain('A task may have been made');
		expect(sandbox.operations().filter((operation) => operation === 'create')).toHaveLength(1);
	},
);

test('Retry On Fail with 3 tries and 3 items, one of them failing: one create per good item', async () => {
	const { error } = await sandbox.run({
		items: ['ada.png', 'no-human.png', 'ben.jpg'].map((name) => ({
			url: sandbox.double.portraitUrl(name),
		})),
		parameters: sandbox.createAndWait({ imageUrl: '={{ $json.url }}' }),
		settings: { retryOnFail: true, maxTries: 3, waitBetweenTries: 0 },
	});
	expect(error?.message).toContain('no face was found');
	expect(error?.description).toContain('InvalidFile.NoHuman');
	const perPortrait = sandbox.double
		.ledger()
		.filter(({ operation }) => operation === 'create')
		.map(({ body }) => (body as { input: { image_url: string } }).input.image_url);
	expect(new Set(perPortrait).size).toBe(perPortrait.length);
});

test('Retry On Fail after a failing first item with Continue: the good items are not paid for again', async () => {
	const { outputs } = await sandbox.run({
		items: ['no-human.png', 'ada.png', 'ben.jpg'].map((name) => ({
			url: sandbox.double.portraitUrl(name),
		})),
		parameters: sandbox.createAndWait({ imageUrl: '={{ $json.url }}' }),
		settings: {
			retryOnFail: true,
			maxTries: 3,
			waitBetweenTries: 0,
			onError: 'continueErrorOutput',
		},
	});
	expect(outputs.map((items) => items.length)).toEqual([2, 1]);
	// Three tries: the portrait that does not pass is looked at again, the accepted ones are resumed.
	expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 2, detectsBilled: 5 });
});

test('a task that FAILED is made anew by the next try', async () => {
	sandbox.double.failTask(1);
	const { outputs, error } = await sandbox.run({
		parameters: sandbox.createAndWait(),
		settings: { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 },
	});
	expect(error).toBeUndefined();
	expect(outputs[0]?.[0]?.json['status']).toBe('SUCCEEDED');
	expect(sandbox.double.tasks().map(({ status }) => status)).toEqual(['FAILED', 'SUCCEEDED']);
});

test('a key that is refused ends the batch with one call', async () => {
	const { error } = await sandbox.run({
		items: [{}, {}, {}],
		parameters: sandbox.createAndWait(),
	});
	expect(error).toBeUndefined();

	sandbox.double.reset();
	sandbox.double.faults.add({
		times: 'always',
		fault: {
			kind: 'status',
			status: 401,
			body: { code: 'InvalidApiKey', message: 'Invalid API-key provided.', request_id: 'r-1' },
		},
	});
	const refused = await sandbox.run({
		items: [{}, {}, {}],
		parameters: sandbox.createAndWait(),
		settings: { onError: 'continueErrorOutput' },
	});
	expect(refused.outputs[1]?.map(({ json }) => json['message'])).toEqual(
		[1, 2, 3].map(() => 'The API key was not accepted'),
	);
	expect(sandbox.double.ledger()).toHaveLength(1);
});

test('Stop in the middle of 10 tasks returns within a second, and no further request leaves', async () => {
	sandbox.double.setTaskSeconds(30);
	const running = await sandbox.start({
		parameters: sandbox.createAndWait({
			templates: [
				'mengwa_kaixin',
				'mengwa_dengyan',
				'mengwa_gandong',
				'mengwa_renzhen_1',
				'mengwa_jidong',
				'mengwa_kun_1',
				'mengwa_jiaoxie',
				'dagong_kaixin',
				'dagong_yangwang',
				'dagong_kunhuo',
			],
		}),
	});
	await sandbox.time.until(
		() => sandbox.double.counts().createsAccepted === 10 && sandbox.operations().includes('query'),
	);
	const stoppedAt = Date.now();
	running.stop();
	await sandbox.time.during(running.result).catch(() => undefined);
	expect(Date.now() - stoppedAt).toBeLessThan(1000);
	const requests = sandbox.double.ledger().length;
	await sandbox.time.advance(600_000);
	expect(sandbox.double.ledger()).toHaveLength(requests);
	sandbox.double.setTaskSeconds(0.05);
});

test('Cancel Queued Tasks on Stop takes what is still PENDING out of the queue', async () => {
	sandbox.double.setTaskSeconds(30);
	const running = await sandbox.start({
		parameters: sandbox.createAndWait({
			templates: ['mengwa_kaixin', 'mengwa_dengyan', 'mengwa_gandong'],
			options: { ...FAST, cancelOnStop: true },
		}),
	});
	await sandbox.time.until(
		() => sandbox.double.counts().createsAccepted === 3 && sandbox.operations().includes('query'),
	);
	const stoppedAt = Date.now();
	running.stop();
	await sandbox.time.during(running.result).catch(() => undefined);
	expect(Date.now() - stoppedAt).toBeLessThan(1000);
	await sandbox.time.until(
		() => !sandbox.double.tasks().some(({ status }) => status === 'PENDING'),
	);
	expect(sandbox.double.tasks().map(({ status }) => status)).toEqual([
		'RUNNING',
		'CANCELED',
		'CANCELED',
	]);
	sandbox.double.setTaskSeconds(0.05);
});

test('Timeout counts from the moment the task runs, and the error says where the video will be', async () => {
	sandbox.double.setTaskSeconds(30);
	const { error } = await sandbox.run({
		parameters: sandbox.createAndWait({ options: { ...FAST, timeout: 2 } }),
	});
	sandbox.double.setTaskSeconds(0.05);
	expect(error?.message).toBe('The task is still running at the end of "Timeout (Seconds)"');
	expect(error?.description).toContain(sandbox.double.tasks()[0]?.id);
});

test('Retry On Fail does not pay again for a detection, when only the create has failed', async () => {
	const body = { code: 'InvalidParameter', message: 'Field required: xxx', request_id: 'r' };
	sandbox.double.faults.add({ match: create, fault: { kind: 'status', status: 400, body } });
	const { outputs, error } = await sandbox.run({
		parameters: sandbox.createAndWait(),
		settings: { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 },
	});
	expect(error).toBeUndefined();
	expect(outputs[0]?.[0]?.json['status']).toBe('SUCCEEDED');
	expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 1, detectsBilled: 1 });
});

describe('"Maximum Videos"', () => {
	const wanting = (maximumVideos: number) =>
		sandbox.createAndWait({
			templates: ['mengwa_kaixin', 'mengwa_dengyan'],
			options: FAST,
			limitOptions: { maximumVideos },
		});

	test('rejects a run that wants more before anything is sent', async () => {
		const { error } = await sandbox.run({ items: [{}, {}], parameters: wanting(3) });
		expect(error?.message).toBe("This execution wants 4 videos, and 'Maximum Videos' is 3");
		expect(error?.description).toContain('Nothing was paid for.');
		expect(sandbox.operations()).toEqual([]);
	});

	test('lets a run of exactly that many pass', async () => {
		const { error } = await sandbox.run({ items: [{}, {}], parameters: wanting(4) });
		expect(error).toBeUndefined();
		expect(sandbox.double.counts().createsAccepted).toBe(4);
	});
});
