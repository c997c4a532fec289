/** Each was a loss of money, of data or of time once; the numbers are those of the review that found them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DashScopeApi } from '../../../credentials/DashScopeApi.credentials';
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import { planJobs } from '../../../nodes/EmojiVideo/batch/plan';
import { portraitAt } from '../../../nodes/EmojiVideo/media/portrait';
import { followTasks } from '../../../nodes/EmojiVideo/batch/follow';
import { submitJobs } from '../../../nodes/EmojiVideo/batch/submit';
import type { Clock } from '../../../nodes/EmojiVideo/base/clock';
import { createClient } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Client } from '../../../nodes/EmojiVideo/dashscope/client';
import { accountOf } from '../../../nodes/EmojiVideo/dashscope/endpoint';
import { meaningOf, failureOfResponse } from '../../../nodes/EmojiVideo/dashscope/errors';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { Failure, FailureKind } from '../../../nodes/EmojiVideo/base/result';
import { isPrivate } from '../../../nodes/EmojiVideo/net/publicHosts';
import { withRetry } from '../../../nodes/EmojiVideo/dashscope/retry';
import type { FaceAreas } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { taskToJson } from '../../../nodes/EmojiVideo/output';
import { defaults, runAccount, watchAccount } from '../support/simulatedAccount.mts';
import { createVirtualClock } from '../support/virtualClock.mts';

const failureOf = (kind: FailureKind): Failure => ({ kind, message: kind, nextStep: 'x' });
const areas: FaceAreas = { face: [2, 2, 8, 8], expression: [0, 0, 9, 9] };
const order = (itemIndex: number, more = {}) => ({
	itemIndex,
	portrait: portraitAt(`https://example.com/${itemIndex}.png`),
	areas,
	templateIds: ['mengwa_kaixin'],
	...more,
});
const entry = { taskId: 'task-1', acceptedAt: 0, areas };

it('1. a task of an earlier try is in the result when the try was stopped before its turn', async () => {
	const clock = createVirtualClock();
	const stop = new AbortController();
	const context = {};
	const jobs = planJobs([order(0), order(1)], 0);
	openPaidTasks(context).write(jobs[1]?.key ?? '', entry);
	const client: Client = {
		detectFace: async () => Promise.resolve(fail(failureOf('rejected'))),
		submitTask: async () => {
			await clock.sleep(1000);
			return fail(failureOf('rejected'));
		},
		getTask: async () => Promise.resolve(fail(failureOf('stopped'))),
		listTasks: async () => Promise.resolve(fail(failureOf('stopped'))),
		aheadMs: () => 0,
		cancelTask: async () => Promise.resolve(fail(failureOf('stopped'))),
		getUploadPolicy: async () => Promise.resolve(fail(failureOf('stopped'))),
	};
	const tools = { client, paidTasks: openPaidTasks(context), clock, signal: stop.signal };
	const told: string[] = [];
	const follow = followTasks(
		tools,
		defaults,
		({ entry: { taskId } }) => told.push(taskId),
		jobs.length,
	);
	void clock.sleep(500).then(() => stop.abort());
	await clock.until(
		submitJobs(jobs, tools, (_, result) => {
			if (result.ok) follow.add(result.value);
		}),
	);
	await clock.until(follow.finish());
	expect(told).toEqual(['task-1']);
});

it('2. a create whose answer was lost is not sent again by Retry On Fail', async () => {
	const clock = createVirtualClock();
	const context = {};
	let creates = 0;
	for (let nth = 0; nth < 2; nth++) {
		const client: Client = {
			detectFace: async () => Promise.resolve(fail(failureOf('rejected'))),
			submitTask: async () => {
				creates++;
				return Promise.resolve(fail(failureOf('noResponse')));
			},
			getTask: async () => Promise.resolve(fail(failureOf('stopped'))),
			listTasks: async () => Promise.resolve(fail(failureOf('stopped'))),
			aheadMs: () => 0,
			cancelTask: async () => Promise.resolve(fail(failureOf('stopped'))),
			getUploadPolicy: async () => Promise.resolve(fail(failureOf('stopped'))),
		};
		const { signal } = new AbortController();
		await submitJobs(
			planJobs([order(0)], 0),
			{ client, paidTasks: openPaidTasks(context), clock, signal },
			() => undefined,
		);
	}
	expect(creates).toBe(1);
});

it('3. nothing is detected any more once the account has been refused', async () => {
	const clock = createVirtualClock();
	let detections = 0;
	const client: Client = {
		detectFace: async () => {
			detections++;
			await clock.sleep(1000);
			return succeed({ value: { passed: true, requestId: 'r', areas }, raw: {} });
		},
		submitTask: async () => Promise.resolve(fail(failureOf('unauthorized'))),
		getTask: async () => Promise.resolve(fail(failureOf('stopped'))),
		listTasks: async () => Promise.resolve(fail(failureOf('stopped'))),
		aheadMs: () => 0,
		cancelTask: async () => Promise.resolve(fail(failureOf('stopped'))),
		getUploadPolicy: async () => Promise.resolve(fail(failureOf('stopped'))),
	};
	const orders = Array.from({ length: 50 }, (_, index) => order(index, { areas: undefined }));
	const { signal } = new AbortController();
	await clock.until(
		submitJobs(
			planJobs(orders, 0),
			{ client, paidTasks: openPaidTasks({}), clock, signal },
			() => 0,
		),
	);
	await clock.advance(600_000);
	expect(detections).toBeLessThanOrEqual(3);
});

it.each([1, 4])('4. the trouble of one task does not delay the others (width %i)', (width) => {
	const tasks = runAccount({ jobs: 8, width, runMs: () => 60_000 });
	const log = watchAccount(tasks, {
		faultOf: (taskId) => (taskId === 'task-1' ? failureOf('unavailable') : undefined),
	});
	const delays = log.ends.filter(({ taskId }) => taskId !== 'task-1').map((end) => end.delayMs);
	expect(Math.max(...delays)).toBeLessThanOrEqual(16_000);
});

it('5. a task that starts beside a long one is noticed within the poll interval', () => {
	const tasks = runAccount({
		jobs: 20,
		width: 2,
		runMs: (index) => (index % 2 ? 60_000 : 300_000),
		foreignMs: [0, 30_000],
	});
	const delays = watchAccount(tasks).ends.map(({ delayMs }) => delayMs);
	expect(Math.max(...delays)).toBeLessThanOrEqual(16_000);
});

it('6. patience counts from the first failure of a kind in a row, as its comment says', async () => {
	const clock = createVirtualClock();
	let sent = 0;
	const result = await clock.until(
		withRetry('read', clock, async () => {
			sent++;
			if (sent <= 10) return Promise.resolve(fail(failureOf('throttled')));
			if (sent === 11) return Promise.resolve(fail(failureOf('unavailable')));
			return Promise.resolve(succeed('done'));
		}),
	);
	expect(result).toEqual(succeed('done'));
});

it.each([
	['Required body invalid, please check the request body format.', /fields/],
	[
		'The request is missing required parameters or in a wrong format, please check the parameters that you send.',
		/fields/,
	],
	['url error, please check url！', /endpoint|model/i],
])('7. "%s" does not send the user to the photo or its host', (message, words) => {
	expect(meaningOf('InvalidParameter', message)?.nextStep).toMatch(words);
});

it.each(['InvalidImageResolution', 'InvalidImageFormat', 'data_inspection_failed'])(
	'8. %s, which the table of the error page has, is known',
	(code) => {
		expect(failureOfResponse(400, { code, message: 'x' }).nextStep).not.toMatch(
			/^Check the fields/,
		);
	},
);

it('9. the schema of Get Status has code and message of a failed task', () => {
	const file = '../../../nodes/EmojiVideo/__schema__/v1.0.0/video/getStatus.json';
	const schema = JSON.parse(readFileSync(path.join(import.meta.dirname, file), 'utf8')) as {
		properties: object;
	};
	const task = { taskId: 't', status: 'FAILED', code: 'C', message: 'm' } as never;
	expect(Object.keys(schema.properties)).toEqual(
		expect.arrayContaining(Object.keys(taskToJson(task, {}))),
	);
});

it.each([
	'http://192.0.0.1/',
	'http://198.18.0.1/',
	'http://224.0.0.1/',
	'http://240.0.0.1/',
	'http://255.255.255.255/',
	'http://[::7f00:1]/',
	'http://[64:ff9b::a00:1]/',
	'http://[2002:7f00:1::]/',
	'http://[ff02::1]/',
	'http://[fec0::1]/',
])('10. %s is special-purpose (RFC 6890)', (text) => {
	expect(isPrivate(new URL(text))).toBe(true);
});

/** The URL that the credential's test asks; `undefined` if it asks nothing. */
const testedUrl = async (customUrl: string) =>
	await new DashScopeApi()
		.authenticate({ apiKey: 'k', endpoint: 'custom', customUrl }, { url: '/x' })
		.then(({ url }) => url)
		.catch(() => undefined);

it.each(['http://localhost:x@evil.example/', 'https://user:pass@gateway.example.com'])(
	'11. the credential test refuses %s as the node does',
	async (customUrl) => {
		expect(accountOf({ apiKey: 'k', endpoint: 'custom', customUrl }).ok).toBe(false);
		expect(await testedUrl(customUrl)).toBeUndefined();
	},
);

it.each(['http://[::1]:3000', ' https://gateway.example.com ', 'http://app.localhost:3000'])(
	'12. the credential test takes "%s" as the node does',
	async (customUrl) => {
		const account = accountOf({ apiKey: 'k', endpoint: 'custom', customUrl });
		expect(await testedUrl(customUrl)).toBe(account.ok && `${account.value.baseUrl}/x`);
	},
);

it('13. the key is sent as it was checked: without the spaces around it', async () => {
	const request = await new DashScopeApi().authenticate({ apiKey: ' sk-1\n' }, { url: '/x' });
	expect(request.headers).toEqual({ Authorization: 'Bearer sk-1' });
});

const still: Clock = { now: () => 0, sleep: async () => Promise.resolve() };

it.each(['InvalidURL', 'InvalidParameter'])(
	'14. a verdict at HTTP 400 in `output` is a verdict whatever its code (%s)',
	async (code) => {
		const body = { output: { code, message: 'm' }, usage: { image_count: 1 }, request_id: 'r' };
		const client = createClient(
			async () =>
				Promise.resolve(succeed({ httpStatus: 400, headers: {}, text: JSON.stringify(body) })),
			async () => Promise.resolve(),
			still,
		);
		expect(await client.detectFace('https://example.com/a.png')).toMatchObject({ ok: true });
	},
);

it('15. a create that Stop cut off says that a task may exist', async () => {
	const client = createClient(
		async () =>
			Promise.resolve(
				fail({
					...failureOf('interrupted'),
					message: 'The execution was stopped while a request to DashScope was under way',
				}),
			),
		async () => Promise.resolve(),
		still,
	);
	const result = await client.submitTask({ imageUrl: 'x', templateId: 'y', areas });
	expect(result).toMatchObject({
		failure: { nextStep: expect.stringMatching(/may have been made/) as string },
	});
});
