/** What a check of a durable wait does with its request, and what its result says. */
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
import {
	GONE_ON,
	accepted,
	n8nWith,
	requestOf,
	PARKED,
	STOPPED_BY_USER,
	unsubmitted,
} from '../parts.mts';
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
	/** The account's tasks; a failure: the poll fails. Other tasks are queued. */
	tasks?: Record<string, Task['status'] | Failure | Error>;
	owner?: unknown;
	/** How n8n stores a file. */
	stored?: object;
	/** When the batch is aborted. */
	breaksOff?: 'before' | 'inQuestion' | 'inDownload';
	hasVideo?: boolean;
	/** Whether the process remembers earlier batches of the account. */
	remembers?: boolean;
}

/** Runs a check of these entries. */
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
	const outcomes = await clock.until(runCheck(context, requestOf(entries, more)));
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

describe('a check of a finished video', () => {
	it('returns an item that names the video', async () => {
		const { progress } = await play([accepted('a', 3, { withDetails: true })], {}, done);
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

	it('downloads the file if n8n keeps files by reference', async () => {
		const { progress, names } = await play(
			[accepted('a', 3, withFile)],
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
		['nothing before the end', false, { downloadsAtEnd: true }],
		['an item at the end', true, { item: { binary: { data: { mimeType: 'video/mp4' } } } }],
	])('returns %s if n8n keeps files in its memory', async (_, isEnd, found) => {
		const { progress } = await play([accepted('a', 0, withFile)], { isEnd }, done);
		expect(progress).toMatchObject([{ position: 0, settled: 'succeeded', ...found }]);
		expect(progress[0]?.item !== undefined).toBe(isEnd);
	});

	it('polls it once', async () => {
		const { polled } = await play([accepted('a', 0)], {}, done);
		expect(polled).toEqual(['a once']);
	});

	it('polls it again with all retries if an earlier check found it finished', async () => {
		const { polled, progress } = await play([accepted('a', 0, { settled: 'succeeded' })], {}, done);
		expect(polled).toEqual(['a patiently']);
		expect(progress).toMatchObject([{ item: { json: { taskId: 'a' } } }]);
	});

	it('returns a failure with its task ID if that poll fails', async () => {
		const { progress } = await play(
			[accepted('a', 0, { settled: 'succeeded' })],
			{},
			{
				tasks: { a: REFUSED },
			},
		);
		expect(progress).toEqual([{ position: 0, taskId: 'a', settled: { ...REFUSED, taskId: 'a' } }]);
	});

	it('returns a failure with its link if Fail on Download Error is on', async () => {
		const { progress } = await play(
			[accepted('a', 0, { ...withFile, failsOnDownloadError: true })],
			{},
			{ ...done, hasVideo: false },
		);
		expect(progress).toMatchObject([
			{ settled: { taskId: 'a' }, about: { videoUrl: 'https://example.com/a.mp4' } },
		]);
	});

	it('returns a failure with its task ID if the download throws', async () => {
		const { progress } = await play(
			[accepted('a', 0, { settled: 'succeeded' })],
			{},
			{
				tasks: { a: new Error('Nobody expected this') },
			},
		);
		expect(progress).toMatchObject([{ settled: { kind: 'unexpected', taskId: 'a' } }]);
	});
});

describe('a check that is aborted', () => {
	it('leaves finished videos to the next check', async () => {
		const { progress, downloads } = await play(
			[accepted('a', 0, withFile)],
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

	it('keeps an item whose download has finished', async () => {
		const { progress } = await play(
			[accepted('a', 0, { settled: 'succeeded' })],
			{},
			{
				...done,
				breaksOff: 'inQuestion',
			},
		);
		expect(progress).toMatchObject([{ item: { json: { taskId: 'a' } } }]);
	});

	it.each([true, false])(
		'leaves an aborted download to the next check (Fail on Download Error: %s)',
		async (failsOnDownloadError) => {
			const { progress, downloads } = await play(
				[accepted('a', 0, { ...withFile, failsOnDownloadError })],
				{},
				{ ...done, hasVideo: false, breaksOff: 'inDownload' },
			);
			expect(downloads).toBe(1);
			expect(progress).toEqual([{ position: 0, taskId: 'a', settled: 'succeeded' }]);
		},
	);
});

it('a task that is out of time becomes an item without a file', async () => {
	const { progress, downloads } = await play(
		[accepted('a', 0, { ...withFile, failsOnDownloadError: true })],
		{ isLastCheck: true, returnsUnfinished: true },
		{ tasks: { a: 'RUNNING' } },
	);
	expect(progress).toMatchObject([
		{ settled: 'outOfTime', item: { json: { taskId: 'a', status: 'RUNNING' } } },
	]);
	expect(downloads).toBe(0);
});

describe('a check downloads nothing for', () => {
	it.each<[string, Entry, object]>([
		['an open task', accepted('a', 0), { taskId: 'a', settled: undefined }],
		['a failed task', accepted('a', 0, { settled: REFUSED }), { taskId: 'a', settled: REFUSED }],
		[
			'an entry without a task',
			accepted('', 0, { taskId: undefined, settled: 'succeeded' }),
			{ taskId: undefined, settled: 'succeeded' },
		],
	])('%s', async (_, entry, found) => {
		const { progress } = await play([entry]);
		expect(progress).toEqual([{ position: 0, ...found }]);
	});
});

describe('a task with unusual areas', () => {
	const areas = { face: [0, 0, 10, 10], expression: [0, 0, 90, 10] } as Entry['areas'];
	const hint = /Detect Automatically/;

	it('gets a hint about its areas if it fails', async () => {
		const { progress } = await play([accepted('a', 0, { areas })], {}, { tasks: { a: 'FAILED' } });
		expect(progress).toMatchObject([
			{ settled: { status: 'FAILED', nextStep: expect.stringMatching(hint) as string } },
		]);
	});

	it('gets no hint about its areas if it does not fail', async () => {
		const { progress } = await play(
			[accepted('a', 0, { areas })],
			{},
			{ tasks: { a: 'CANCELED' } },
		);
		expect(progress).toMatchObject([
			{ settled: { status: 'CANCELED', nextStep: expect.not.stringMatching(hint) as string } },
		]);
	});
});

describe('a check submits', () => {
	const entries = [accepted('a', 0), unsubmitted(1)];

	it('and its result has the new tasks beside the polled ones', async () => {
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
		['its group after a failure, if the other videos continue', 'FAILED', {}, 1],
		[
			'its group after a finished video, if the node stops at the first failure',
			'SUCCEEDED',
			{ stopsAtFirstFailure: true },
			1,
		],
		[
			'nothing after a failure, if the node stops at the first failure',
			'FAILED',
			{ stopsAtFirstFailure: true },
			0,
		],
		['nothing if its request forbids it', 'SUCCEEDED', { maySubmit: false }, 0],
	])('%s', async (_, status, request, count) => {
		const { creates } = await play(entries, request, { tasks: { a: status } });
		expect(creates).toBe(count);
	});
});

it('a check submits nothing after one failure among videos, if the node stops at the first failure', async () => {
	const { creates } = await play(
		[accepted('a', 0), accepted('b', 1), unsubmitted(2)],
		{ stopsAtFirstFailure: true },
		{ tasks: { a: 'SUCCEEDED', b: 'FAILED' } },
	);
	expect(creates).toBe(0);
});

it('a check without an owner and without a memory runs', async () => {
	const { checkResult, creates } = await play(
		[unsubmitted(0)],
		{ owner: undefined },
		{ remembers: false },
	);
	expect([checkResult?.submitting, creates]).toEqual(['done', 1]);
});

it('a check keeps what it learns about the queue for later batches', async () => {
	const { kept } = await play([accepted('a', 0)], {}, done);
	expect(kept).toEqual([[{ templateId: 'mengwa_kaixin', ms: 40_000 }]]);
});

describe("a check whose user's execution no longer waits", () => {
	it("reports each entry's end and submits nothing after Stop", async () => {
		const { outcomes, creates, warned } = await play(
			[accepted('a', 0), unsubmitted(1)],
			{},
			{
				owner: STOPPED_BY_USER,
			},
		);
		expect(outcomes).toHaveLength(2);
		expect(creates).toBe(0);
		expect(warned).toEqual([expect.stringContaining('was stopped')]);
	});

	it('sends no request if the execution continued without it', async () => {
		const { json, creates, polled } = await play(
			[accepted('a', 0), unsubmitted(1)],
			{},
			{ owner: GONE_ON },
		);
		expect(json).toMatchObject({ stopped: true });
		expect([creates, polled]).toEqual([0, []]);
	});
});

describe('a poll before the submits', () => {
	const SOON = { dueAt: START_MS + 130_000, pollsBeforeSubmit: 1 };
	const IN_TEN_MINUTES = { dueAt: START_MS + 600_000, pollsBeforeSubmit: 2 };
	const entries = [accepted('a', 0, withFile), accepted('b', 1), unsubmitted(2)];

	it('polls and downloads, submits nothing, and returns the next request', async () => {
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

	it('downloads no video twice, and the result has it', async () => {
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

	it('leaves a video that waits for the end to the last check', async () => {
		const { look, downloads } = await play(entries, SOON, done);
		expect([downloads, look?.entries[0]]).toMatchObject([1, { downloadsAtEnd: true }]);
		const last = { ...SOON, pollsBeforeSubmit: 0, schedule: look?.schedule };
		const found = await play(look?.entries ?? [], last);
		expect([found.polled, found.downloads]).toEqual([['b once'], 0]);
		expect(found.progress[0]).toMatchObject({ settled: 'succeeded', downloadsAtEnd: true });
	});

	it('names a video that could not be downloaded in the result', async () => {
		const { look } = await play(
			[accepted('a', 0, { ...withFile, failsOnDownloadError: true }), accepted('b', 1)],
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

	it('does not download a file again that n8n would keep in its memory', async () => {
		const { look } = await play([accepted('a', 0, withFile), accepted('b', 1)], SOON, done);
		expect(look?.entries[0]).toMatchObject({ downloadsAtEnd: true });
		const again = await play(look?.entries ?? [], { ...SOON, schedule: look?.schedule });
		expect([again.downloads, again.look?.entries[0]?.downloadsAtEnd]).toEqual([0, true]);
	});

	it('leaves open tasks open, even in the last check', async () => {
		const { look } = await play([accepted('a', 0)], { ...SOON, isLastCheck: true });
		expect(look?.schedule.open).toHaveLength(1);
	});

	it('ends the check if nothing is left to wait for', async () => {
		const found = await play([accepted('a', 0)], IN_TEN_MINUTES, done);
		expect([found.look, found.checkResult?.submitting]).toEqual([undefined, 'done']);
		expect(found.progress).toMatchObject([{ settled: 'succeeded' }]);
	});

	it('ends the check if the queue moves much faster than planned', async () => {
		const all = { tasks: { a: 'SUCCEEDED', b: 'SUCCEEDED' } } as const;
		const found = await play(entries, IN_TEN_MINUTES, { ...all, stored: byReference });
		expect([found.creates, found.checkResult?.submitting, found.look]).toEqual([
			0,
			'done',
			undefined,
		]);
	});

	it('ends the wait after Stop', async () => {
		const found = await play(entries, IN_TEN_MINUTES, { owner: STOPPED_BY_USER });
		expect([found.look, found.checkResult, found.warned.length]).toEqual([undefined, undefined, 1]);
	});
});
