/** What a check of a durable wait does with its order, and what it reports. */
import { Readable } from 'node:stream';
import type { AccountMemory } from '../../../../nodes/EmojiVideo/account/accountMemory';
import { openPaidTasks } from '../../../../nodes/EmojiVideo/batch/paidTasks';
import type { Task } from '../../../../nodes/EmojiVideo/dashscope/schemas';
import { runCheck } from '../../../../nodes/EmojiVideo/durable/layers/check';
import type { Entry } from '../../../../nodes/EmojiVideo/durable/plan/state';
import {
	checkRequestSchema,
	checkResultSchema,
} from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import type { CheckRequest } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import { WAIT_STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import { fail, succeed, unexpectedFailure } from '../../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { answered, START_MS } from '../../support/simulatedAccount.mts';
import { GONE_ON, made, n8nWith, orderOf, PARKED, STOPPED_BY_USER, unmade } from '../parts.mts';
import { createVirtualClock } from '../../support/virtualClock.mts';
import { createStop } from '../../../../nodes/EmojiVideo/base/stop';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };

const box = (type: string, bytes: number) => {
	const head = Buffer.from(`\0\0\0\0${type}`, 'latin1');
	head.writeUInt32BE(8 + bytes);
	return Buffer.concat([head, Buffer.alloc(bytes, 1)]);
};
const VIDEO = Buffer.concat([box('ftyp', 16), box('moov', 20), box('mdat', 50)]);

interface Surroundings {
	/** What the account says of its tasks; a failure: it cannot be asked. Others wait. */
	tasks?: Record<string, Task['status'] | Failure | Error>;
	owner?: unknown;
	/** What n8n makes of a file. */
	stored?: object;
	/** When the batch is broken off. */
	breaksOff?: 'before' | 'inQuestion' | 'inDownload';
	hasVideo?: boolean;
	/** Whether the process knows of earlier batches of the account. */
	remembers?: boolean;
}

/** A check of these entries. */
async function play(
	entries: Entry[],
	more: Partial<CheckRequest> = {},
	{
		tasks = {},
		owner = PARKED,
		stored,
		breaksOff,
		hasVideo = true,
		remembers = true,
	}: Surroundings = {},
) {
	const clock = createVirtualClock(START_MS);
	const { stop, endBatch } = createStop();
	if (breaksOff === 'before') endBatch();
	const polled: Array<string | undefined> = [];
	const names: string[] = [];
	const kept: unknown[] = [];
	let creates = 0;
	let downloads = 0;
	const httpRequest = async () => {
		downloads++;
		if (breaksOff === 'inDownload') endBatch();
		const body = hasVideo ? Readable.from([VIDEO], { objectMode: false }) : Readable.from(['?']);
		return await Promise.resolve({ statusCode: 200, headers: {}, body });
	};
	const prepareBinaryData = async (body: Readable, name: string) => {
		await body.toArray();
		names.push(name);
		return { mimeType: 'video/mp4', ...stored };
	};
	const { functions, warned } = n8nWith(
		{ user: owner },
		{ helpers: { httpRequest, prepareBinaryData } },
	);
	const getTask = async (taskId: string, attempts?: string) => {
		polled.push(`${taskId} ${attempts ?? 'patiently'}`);
		if (breaksOff === 'inQuestion') endBatch();
		const said = tasks[taskId] ?? 'PENDING';
		if (said instanceof Error) throw said;
		if (typeof said === 'object') return fail(said);
		const videoUrl = said === 'SUCCEEDED' ? `https://example.com/${taskId}.mp4` : undefined;
		const ran = { startedAt: START_MS - 50_000, finishedAt: START_MS - 10_000 };
		return await Promise.resolve(
			answered({ taskId, status: said, videoUrl, ...ran } as unknown as Task),
		);
	};
	const submitTask = async () =>
		await Promise.resolve(
			succeed({ value: { taskId: `new-${creates++}`, requestId: 'r' }, raw: {} }),
		);
	const memory: AccountMemory = {
		recall: () => ({ runs: [], width: 1 }),
		keep: ({ runs }) => void kept.push(runs),
	};
	const context = {
		client: { getTask, submitTask, cancelTask: getTask },
		clock,
		functions,
		memory: remembers ? memory : undefined,
		account: { isLoopback: false },
		stop,
		endBatch,
		recordException: unexpectedFailure,
		paidTasks: openPaidTasks({}),
	} as unknown as ExecutionContext;
	const outcomes = await clock.until(runCheck(context, orderOf(entries, more)));
	const [first] = outcomes;
	const json = first?.result.ok === true ? first.result.value.json : {};
	const checkResult = checkResultSchema.safeParse(json[WAIT_STATE_KEY]).data;
	const look = checkRequestSchema.safeParse(json[WAIT_STATE_KEY]).data;
	const progress = checkResult?.progress ?? [];
	return {
		outcomes,
		json,
		look,
		checkResult,
		progress,
		polled,
		names,
		kept,
		creates,
		downloads,
		warned,
	};
}

const withFile = { field: 'data' };
const byReference = { id: 'filesystem:1' };
const done = { tasks: { a: 'SUCCEEDED' as const } };

describe('a video that is finished', () => {
	it('is an item that says which video it is', async () => {
		const { progress } = await play([made('a', 3, { withDetails: true })], {}, done);
		expect(progress).toMatchObject([
			{
				position: 0,
				taskId: 'a',
				settled: 'succeeded',
				item: {
					json: {
						taskId: 'a',
						status: 'SUCCEEDED',
						templateId: 'mengwa_kaixin',
						imageFile: '3.png',
						faceArea: [192, 192, 448, 448],
					},
				},
			},
		]);
	});

	it('is downloaded where n8n keeps files by reference', async () => {
		const { progress, names } = await play(
			[made('a', 3, withFile)],
			{},
			{
				...done,
				stored: byReference,
			},
		);
		expect(progress[0]?.item?.binary?.data).toMatchObject(byReference);
		expect(names).toEqual(['3-mengwa_kaixin-a.mp4']);
	});

	it.each([
		['left for the end', false, { downloadsAtEnd: true }],
		['an item at the end', true, { item: { binary: { data: { mimeType: 'video/mp4' } } } }],
	])('whose file n8n keeps in its memory is %s', async (_, isEnd, found) => {
		const { progress } = await play([made('a', 0, withFile)], { isEnd }, done);
		expect(progress).toMatchObject([{ position: 0, settled: 'succeeded', ...found }]);
		expect(progress[0]?.item !== undefined).toBe(isEnd);
	});

	it('is known by the answer that told so: nobody asks twice', async () => {
		const { polled } = await play([made('a', 0)], {}, done);
		expect(polled).toEqual(['a once']);
	});

	it('of an earlier check is asked about once more, patiently', async () => {
		const { polled, progress } = await play([made('a', 0, { settled: 'succeeded' })], {}, done);
		expect(polled).toEqual(['a patiently']);
		expect(progress).toMatchObject([{ item: { json: { taskId: 'a' } } }]);
	});

	it('the same, and it cannot be asked about: a failure that names it', async () => {
		const { progress } = await play(
			[made('a', 0, { settled: 'succeeded' })],
			{},
			{
				tasks: { a: REFUSED },
			},
		);
		expect(progress).toEqual([{ position: 0, taskId: 'a', settled: { ...REFUSED, taskId: 'a' } }]);
	});

	it('that cannot be downloaded is a failure with its link, where that is wanted', async () => {
		const { progress } = await play(
			[made('a', 0, { ...withFile, failsOnDownloadError: true })],
			{},
			{ ...done, hasVideo: false },
		);
		expect(progress).toMatchObject([
			{ settled: { taskId: 'a' }, about: { videoUrl: 'https://example.com/a.mp4' } },
		]);
	});

	it('at whose fetching something throws is a failure that names it', async () => {
		const { progress } = await play(
			[made('a', 0, { settled: 'succeeded' })],
			{},
			{
				tasks: { a: new Error('Nobody expected this') },
			},
		);
		expect(progress).toMatchObject([{ settled: { kind: 'unexpected', taskId: 'a' } }]);
	});
});

describe('a batch that is broken off', () => {
	it('leaves what is finished to the next check', async () => {
		const { progress, downloads } = await play(
			[made('a', 0, withFile)],
			{},
			{
				...done,
				stored: byReference,
				breaksOff: 'before',
			},
		);
		expect(progress).toEqual([{ position: 0, taskId: 'a', settled: 'succeeded' }]);
		expect(downloads).toBe(0);
	});

	it('keeps an item that has come all the same', async () => {
		const { progress } = await play(
			[made('a', 0, { settled: 'succeeded' })],
			{},
			{
				...done,
				breaksOff: 'inQuestion',
			},
		);
		expect(progress).toMatchObject([{ item: { json: { taskId: 'a' } } }]);
	});

	it.each([true, false])(
		'leaves a download that was broken off to the next check (Fail on Download Error: %s)',
		async (failsOnDownloadError) => {
			const { progress, downloads } = await play(
				[made('a', 0, { ...withFile, failsOnDownloadError })],
				{},
				{ ...done, hasVideo: false, breaksOff: 'inDownload' },
			);
			expect(downloads).toBe(1);
			expect(progress).toEqual([{ position: 0, taskId: 'a', settled: 'succeeded' }]);
		},
	);
});

it('a task that is out of time is an item as it is, without a file', async () => {
	const { progress, downloads } = await play(
		[made('a', 0, { ...withFile, failsOnDownloadError: true })],
		{ isLastCheck: true, returnsUnfinished: true },
		{ tasks: { a: 'RUNNING' } },
	);
	expect(progress).toMatchObject([
		{ settled: 'outOfTime', item: { json: { taskId: 'a', status: 'RUNNING' } } },
	]);
	expect(downloads).toBe(0);
});

describe('nothing is fetched of', () => {
	it.each<[string, Entry, object]>([
		['a task that goes on', made('a', 0), { taskId: 'a', settled: undefined }],
		['one that has failed', made('a', 0, { settled: REFUSED }), { taskId: 'a', settled: REFUSED }],
		[
			'an entry without a task',
			made('', 0, { taskId: undefined, settled: 'succeeded' }),
			{ taskId: undefined, settled: 'succeeded' },
		],
	])('%s', async (_, entry, found) => {
		const { progress } = await play([entry]);
		expect(progress).toEqual([{ position: 0, ...found }]);
	});
});

describe('a task of unusual areas', () => {
	const areas = { face: [0, 0, 10, 10], expression: [0, 0, 90, 10] } as Entry['areas'];
	const hint = /Detect Automatically/;

	it('that fails at the service may have failed by them', async () => {
		const { progress } = await play([made('a', 0, { areas })], {}, { tasks: { a: 'FAILED' } });
		expect(progress).toMatchObject([
			{ settled: { status: 'FAILED', nextStep: expect.stringMatching(hint) as string } },
		]);
	});

	it('that ends otherwise has not', async () => {
		const { progress } = await play([made('a', 0, { areas })], {}, { tasks: { a: 'CANCELED' } });
		expect(progress).toMatchObject([
			{ settled: { status: 'CANCELED', nextStep: expect.not.stringMatching(hint) as string } },
		]);
	});
});

describe('it creates', () => {
	const entries = [made('a', 0), unmade(1)];

	it('and reports what it has made beside what it has heard', async () => {
		const { checkResult } = await play(entries, { number: 7 }, done);
		expect(checkResult).toMatchObject({
			number: 7,
			progress: [
				{ position: 0, taskId: 'a', settled: 'succeeded' },
				{ position: 1, taskId: 'new-0', requestId: 'r', acceptedAt: START_MS },
			],
			submitting: 'done',
			schedule: { open: [{ taskId: 'new-0' }], runs: [{ ms: 40_000 }] },
		});
	});

	it.each<[string, Task['status'], Partial<CheckRequest>, number]>([
		['after a failure, where the others go on', 'FAILED', {}, 1],
		[
			'after a video, where the node stops at a failure',
			'SUCCEEDED',
			{ stopsAtFirstFailure: true },
			1,
		],
		[
			'nothing after a failure, where the node stops at it',
			'FAILED',
			{ stopsAtFirstFailure: true },
			0,
		],
		['nothing that it may not', 'SUCCEEDED', { maySubmit: false }, 0],
	])('%s', async (_, status, request, count) => {
		const { creates } = await play(entries, request, { tasks: { a: status } });
		expect(creates).toBe(count);
	});
});

it('one failure among videos is enough for a node that stops at it', async () => {
	const { creates } = await play(
		[made('a', 0), made('b', 1), unmade(2)],
		{ stopsAtFirstFailure: true },
		{ tasks: { a: 'SUCCEEDED', b: 'FAILED' } },
	);
	expect(creates).toBe(0);
});

it('a check that knows neither whose it is nor what was learned before does its work', async () => {
	const { checkResult, creates } = await play(
		[unmade(0)],
		{ owner: undefined },
		{ remembers: false },
	);
	expect([checkResult?.submitting, creates]).toEqual(['done', 1]);
});

it('what it learns of the queue is kept for later batches', async () => {
	const { kept } = await play([made('a', 0)], {}, done);
	expect(kept).toEqual([[{ templateId: 'mengwa_kaixin', ms: 40_000 }]]);
});

describe('whose execution does not wait any more', () => {
	it('was stopped: each entry says what became of it, and nothing is created', async () => {
		const { outcomes, creates, warned } = await play(
			[made('a', 0), unmade(1)],
			{},
			{
				owner: STOPPED_BY_USER,
			},
		);
		expect(outcomes).toHaveLength(2);
		expect(creates).toBe(0);
		expect(warned).toEqual([expect.stringContaining('was stopped')]);
	});

	it('has gone on: it says so, and asks nobody', async () => {
		const { json, creates, polled } = await play([made('a', 0), unmade(1)], {}, { owner: GONE_ON });
		expect(json).toMatchObject({ stopped: true });
		expect([creates, polled]).toEqual([0, []]);
	});
});

describe('a look, on the way to the creates', () => {
	const SOON = { dueAt: START_MS + 130_000, pollsBeforeSubmit: 1 };
	const IN_TEN_MINUTES = { dueAt: START_MS + 600_000, pollsBeforeSubmit: 2 };
	const entries = [made('a', 0, withFile), made('b', 1), unmade(2)];

	it('asks and downloads, creates nothing, and hands its order on', async () => {
		const found = await play(entries, SOON, { ...done, stored: byReference });
		expect([found.polled, found.downloads, found.creates]).toEqual([['a once', 'b once'], 1, 0]);
		expect(found.checkResult).toBeUndefined();
		expect(found.look).toMatchObject({
			number: 1,
			group: [2],
			pollsBeforeSubmit: 0,
			waitSeconds: 130,
		});
		expect(found.look?.entries).toMatchObject([
			{ position: 0, taskId: 'a', settled: 'succeeded', item: { binary: { data: byReference } } },
			{ position: 1, taskId: 'b' },
			{ position: 2, address: 'oss://2.png' },
		]);
		expect(found.look?.schedule.open.map(({ taskId }) => taskId)).toEqual(['b']);
		expect(found.kept).toHaveLength(1);
	});

	it('what it has fetched is not fetched again, and is in the report', async () => {
		const { look } = await play(entries, SOON, { ...done, stored: byReference });
		const last = { ...SOON, pollsBeforeSubmit: 0, schedule: look?.schedule };
		const found = await play(look?.entries ?? [], last, { tasks: { b: 'SUCCEEDED' } });
		expect([found.polled, found.downloads, found.creates]).toEqual([['b once'], 0, 1]);
		expect(found.progress).toMatchObject([
			{ position: 0, settled: 'succeeded', item: { binary: { data: byReference } } },
			{ position: 1, settled: 'succeeded', item: { json: { taskId: 'b' } } },
			{ position: 2, taskId: 'new-0' },
		]);
	});

	it('what is left for the end is not fetched by the next one', async () => {
		const { look, downloads } = await play(entries, SOON, done);
		expect([downloads, look?.entries[0]]).toMatchObject([1, { downloadsAtEnd: true }]);
		const last = { ...SOON, pollsBeforeSubmit: 0, schedule: look?.schedule };
		const found = await play(look?.entries ?? [], last);
		expect([found.polled, found.downloads]).toEqual([['b once'], 0]);
		expect(found.progress[0]).toMatchObject({ settled: 'succeeded', downloadsAtEnd: true });
	});

	it('of a video that could not be downloaded, the report says which one it was', async () => {
		const { look } = await play(
			[made('a', 0, { ...withFile, failsOnDownloadError: true }), made('b', 1)],
			SOON,
			{
				...done,
				hasVideo: false,
			},
		);
		const last = { pollsBeforeSubmit: 0, schedule: look?.schedule };
		const { progress } = await play(look?.entries ?? [], last);
		expect(look?.entries[0]?.about).toBeDefined();
		expect(progress[0]).toMatchObject({ settled: look?.entries[0]?.settled });
		expect(progress[0]?.about).toEqual(look?.entries[0]?.about);
	});

	it('a file that n8n keeps in its memory is not fetched at every look', async () => {
		const { look } = await play([made('a', 0, withFile), made('b', 1)], SOON, done);
		expect(look?.entries[0]).toMatchObject({ downloadsAtEnd: true });
		const again = await play(look?.entries ?? [], { ...SOON, schedule: look?.schedule });
		expect([again.downloads, again.look?.entries[0]?.downloadsAtEnd]).toEqual([0, true]);
	});

	it('is not the last one of a batch: an open task stays open', async () => {
		const { look } = await play([made('a', 0)], { ...SOON, isLastCheck: true });
		expect(look?.schedule.open).toHaveLength(1);
	});

	it('after which there is nothing to wait for, is the end of the check', async () => {
		const found = await play([made('a', 0)], IN_TEN_MINUTES, done);
		expect([found.look, found.checkResult?.submitting]).toEqual([undefined, 'done']);
		expect(found.progress).toMatchObject([{ settled: 'succeeded' }]);
	});

	it('that finds the queue much faster than it was known to be, leaves the creates to another check', async () => {
		const all = { tasks: { a: 'SUCCEEDED', b: 'SUCCEEDED' } } as const;
		const found = await play(entries, IN_TEN_MINUTES, { ...all, stored: byReference });
		expect([found.creates, found.checkResult?.submitting, found.look]).toEqual([
			0,
			'done',
			undefined,
		]);
	});

	it('of a wait that was stopped, ends it', async () => {
		const found = await play(entries, IN_TEN_MINUTES, { owner: STOPPED_BY_USER });
		expect([found.look, found.checkResult, found.warned.length]).toEqual([undefined, undefined, 1]);
	});
});
