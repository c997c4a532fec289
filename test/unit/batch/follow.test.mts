/** Following tasks to their ends: when each is asked, how it ends, and who hears of it. */
import { createPollSchedule } from '../../../nodes/EmojiVideo/batch/pollSchedule';
import type { PollSettings } from '../../../nodes/EmojiVideo/batch/pollSchedule';
import type { AccountMemory, Learned } from '../../../nodes/EmojiVideo/account/accountMemory';
import { accountMemoryOf } from '../../../nodes/EmojiVideo/account/accountMemory';
import { followTasks } from '../../../nodes/EmojiVideo/batch/follow';
import type { TaskResult } from '../../../nodes/EmojiVideo/batch/follow';
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import type { AcceptedTask } from '../../../nodes/EmojiVideo/batch/submit';
import type { ApiResponse, Client } from '../../../nodes/EmojiVideo/dashscope/client';
import type { FaceAreas, Task } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { fail, STOPPED } from '../../../nodes/EmojiVideo/base/result';
import type { Failure, FailureKind, Result } from '../../../nodes/EmojiVideo/base/result';
import { answered, defaults } from '../support/simulatedAccount.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import { createStop } from '../../../nodes/EmojiVideo/base/stop';

type Reply = Result<ApiResponse<Task>>;

const areas: FaceAreas = { face: [212, 194, 460, 441], expression: [63, 30, 609, 575] };
const oblong: FaceAreas = { face: [10, 10, 20, 20], expression: [0, 0, 100, 50] };

const failure = (kind: FailureKind): Failure => ({ kind, message: 'm', nextStep: 'n' });

const is =
	(status: Task['status'], times: Partial<Task> = {}) =>
	(taskId: string): Reply =>
		answered({ taskId, status, requestId: 'r', submittedAt: 0, ...times } as Task);

const misses = (kind: FailureKind) => (): Reply => fail(failure(kind));

const never = async () => await new Promise<never>(() => undefined);

type Answerer = (taskId: string) => Reply | Promise<Reply>;

interface Given {
	/** What is answered about a task, one after the other; the last one ever after. */
	answers: Record<string, Answerer[]>;
	settings?: Partial<PollSettings>;
	videos?: number;
	memory?: AccountMemory;
}

/** A batch that follows its tasks. Moments are in ms from its start. */
function following({ answers, settings, videos = 1, memory }: Given) {
	const clock = createVirtualClock();
	const startedAt = clock.now();
	const since = () => clock.now() - startedAt;
	const { stop, endBatch } = createStop();
	const asked: string[] = [];
	const tries: unknown[] = [];
	const lines: string[] = [];
	const ends: Array<{ key: string; at: number } & TaskResult> = [];
	const left = new Map(Object.entries(answers).map(([id, all]) => [id, [...all]]));
	const getTask: Client['getTask'] = async (taskId, howOften) => {
		asked.push(`${taskId} ${since()}`);
		tries.push(howOften);
		const all = left.get(taskId) ?? [];
		const answer = all.length > 1 ? all.shift() : all[0];
		if (!answer) throw new Error(`Nobody made ${taskId}.`);
		return await answer(taskId);
	};
	const paidTasks = openPaidTasks({});
	const follow = followTasks(
		{
			client: { getTask } as Client,
			paidTasks,
			clock,
			stop,
			memory,
			tell: (line) => lines.push(line),
		},
		{ ...defaults, ...settings },
		({ job }, result) => ends.push({ key: job.key, at: since(), ...result }),
		videos,
	);
	const add = (taskId: string, more: Partial<AcceptedTask['entry']> = {}, key = taskId) =>
		follow.add({
			job: { itemIndex: 0, key, templateId: 't' },
			entry: { taskId, acceptedAt: clock.now(), areas, ...more },
		});
	const finish = async () => await clock.until(follow.finish());
	/** How each video ended: its name and "ok", or the kind of its failure and the task that it names. */
	const told = () =>
		ends.map(({ key, result }) =>
			result.ok ? `${key} ok` : `${key} ${result.failure.kind} ${result.failure.taskId}`,
		);
	return {
		clock,
		endBatch,
		asked,
		tries,
		lines,
		ends,
		paidTasks,
		follow,
		add,
		finish,
		told,
		since,
	};
}

it('asks when the schedule says so, once each time, until the video is there', async () => {
	const { add, finish, asked, tries, ends } = following({
		answers: { a: [is('PENDING'), is('RUNNING'), is('SUCCEEDED')] },
	});
	add('a');
	await finish();
	expect(asked).toEqual(['a 1000', 'a 3000', 'a 7000']);
	expect(new Set(tries)).toEqual(new Set(['once']));
	expect(ends).toEqual([{ key: 'a', at: 7000, result: is('SUCCEEDED')('a') }]);
});

it('ends as soon as the last task has, with nobody asleep', async () => {
	const { add, finish, clock, since } = following({ answers: { a: [is('SUCCEEDED')] } });
	add('a');
	await finish();
	expect([since(), clock.sleepers()]).toEqual([1000, 0]);
});

it('hands out the last answer about a task that has no video', async () => {
	const { add, finish, ends } = following({ answers: { a: [is('CANCELED')] } });
	add('a');
	await finish();
	expect(ends[0]?.lastAnswer).toEqual({
		value: { taskId: 'a', status: 'CANCELED', requestId: 'r', submittedAt: 0 },
		raw: {},
	});
});

describe('a task that several videos stand for', () => {
	it('is asked about once, and each of them hears of its end', async () => {
		const { add, finish, asked, told } = following({
			answers: { a: [is('SUCCEEDED')] },
			videos: 2,
		});
		add('a', {}, 'first');
		add('a', {}, 'second');
		await finish();
		expect(asked).toEqual(['a 1000']);
		expect(told()).toEqual(['first ok', 'second ok']);
	});
});

describe('a question', () => {
	it('without an answer for two minutes has failed', async () => {
		const { add, finish, ends } = following({
			answers: { a: [never] },
			settings: { patienceMs: 0 },
		});
		add('a');
		await finish();
		expect(ends).toEqual([
			{
				key: 'a',
				at: 121_000,
				result: fail({
					kind: 'noResponse',
					message: 'DashScope was asked about the task and gave no answer in time',
					nextStep: 'Check the network of the n8n host, then use Get Status with this task ID.',
					taskId: 'a',
					status: 'PENDING',
				}),
			},
		]);
	});

	it('under way at Stop does not hold it up: its task ends as stopped, once', async () => {
		const { add, follow, endBatch, clock, told, since } = following({
			answers: { a: [never] },
			settings: { patienceMs: 0 },
		});
		add('a');
		await clock.advance(5000);
		endBatch();
		await clock.until(follow.finish());
		expect(told()).toEqual(['a stopped a']);
		expect([since(), clock.sleepers()]).toEqual([5000, 0]);
	});
});

describe('Stop', () => {
	it('ends every task as stopped, each with its own ID, and nothing more is asked', async () => {
		const { add, follow, endBatch, clock, ends, asked } = following({
			answers: { a: [is('PENDING')], b: [is('PENDING')] },
			videos: 2,
		});
		add('a');
		add('b');
		await clock.advance(1500);
		endBatch();
		await clock.until(follow.finish());
		await clock.advance(600_000);
		expect(ends.map(({ result }) => result)).toEqual([
			fail({ ...STOPPED, taskId: 'a' }),
			fail({ ...STOPPED, taskId: 'b' }),
		]);
		expect(asked).toEqual(['a 1000']);
	});

	it('ends a task that comes later, at once', async () => {
		const { add, follow, endBatch, clock, ends, asked } = following({ answers: {} });
		endBatch();
		await clock.until(follow.finish());
		add('late');
		expect(ends.map(({ result }) => result)).toEqual([fail({ ...STOPPED, taskId: 'late' })]);
		expect(asked).toEqual([]);
	});
});

it('a key that is refused ends every task, each with its own ID', async () => {
	const { add, finish, told, asked } = following({
		answers: { a: [misses('unauthorized')], b: [is('SUCCEEDED')] },
		videos: 2,
	});
	add('a');
	add('b');
	await finish();
	expect(told()).toEqual(['a unauthorized a', 'b unauthorized b']);
	expect(asked).toEqual(['a 1000']);
});

it('another refusal ends the one task that it is about', async () => {
	const { add, finish, told } = following({
		answers: { a: [misses('rejected')], b: [is('SUCCEEDED')] },
		videos: 2,
	});
	add('a');
	add('b');
	await finish();
	expect(told()).toEqual(['a rejected a', 'b ok']);
});

describe('what was paid for', () => {
	it.each([
		['FAILED', false],
		['CANCELED', true],
		['UNKNOWN', true],
		['SUCCEEDED', true],
	] as const)('a task that ended as %s is kept for the next try: %j', async (status, isKept) => {
		const { add, finish, paidTasks } = following({ answers: { a: [is(status)] } });
		paidTasks.write('key', { taskId: 'a', acceptedAt: 0, areas });
		paidTasks.write('other', { taskId: 'b', acceptedAt: 0, areas });
		add('a', {}, 'key');
		await finish();
		expect(paidTasks.taskIds()).toEqual(isKept ? ['a', 'b'] : ['b']);
	});
});

describe('what is odd about the areas of a video', () => {
	const nextStepOf = async (status: Task['status'], given?: FaceAreas) => {
		const { add, finish, ends } = following({ answers: { a: [is(status)] } });
		add('a', { areas: given });
		await finish();
		const [end] = ends;
		return end && !end.result.ok ? end.result.failure.nextStep : undefined;
	};

	it('is told where the video failed', async () => {
		const plain = await nextStepOf('FAILED', areas);
		expect(await nextStepOf('FAILED', undefined)).toBe(plain);
		expect(await nextStepOf('FAILED', oblong)).toBe(
			`${plain} The Expression Area is 100 x 50 pixels; DashScope asks for about square. If the video fails or looks wrong, set Face Areas to Detect Automatically.`,
		);
	});

	it('is not told of a video that did not run', async () => {
		expect(await nextStepOf('CANCELED', oblong)).toBe(
			'Nothing was billed. Create the video again if you still want it.',
		);
	});
});

describe('room for one more task', () => {
	/** Whether there is room by and by; asks for it now. */
	function ask(follow: ReturnType<typeof followTasks>, ahead: number | undefined) {
		const seen = { isThere: false };
		void follow.untilRoom(ahead).then(() => {
			seen.isThere = true;
		});
		return seen;
	}

	it('is there at once where fewer are at the service than may be', async () => {
		const { add, follow, clock } = following({ answers: { a: [is('PENDING')] }, videos: 3 });
		add('a');
		const room = [ask(follow, 2), ask(follow, undefined)];
		await clock.advance(0);
		expect(room).toEqual([{ isThere: true }, { isThere: true }]);
	});

	it('is there when one has ended, and not before', async () => {
		const { add, follow, clock } = following({
			answers: { a: [is('RUNNING'), is('RUNNING'), is('SUCCEEDED')] },
			videos: 2,
		});
		add('a');
		const room = ask(follow, 1);
		await clock.advance(6999);
		expect(room.isThere).toBe(false);
		await clock.advance(1);
		expect(room.isThere).toBe(true);
	});

	it('is there when the question about one threw', async () => {
		const { add, follow, clock, told } = following({ answers: {}, videos: 2 });
		add('a');
		const room = ask(follow, 1);
		await clock.advance(1000);
		expect(told()).toEqual(['a unexpected a']);
		expect(room.isThere).toBe(true);
	});

	it('is not waited for after Stop', async () => {
		const { add, follow, clock, endBatch } = following({
			answers: { a: [is('RUNNING')] },
			videos: 2,
		});
		add('a');
		const room = ask(follow, 1);
		await clock.advance(2000);
		expect(room.isThere).toBe(false);
		endBatch();
		await clock.advance(0);
		expect(room.isThere).toBe(true);
		const late = ask(follow, 0);
		await clock.advance(0);
		expect(late.isThere).toBe(true);
	});

	it('is not waited for once all have ended', async () => {
		const { add, finish, follow, clock } = following({ answers: { a: [is('SUCCEEDED')] } });
		add('a');
		await finish();
		const room = ask(follow, 0);
		await clock.advance(0);
		expect(room.isThere).toBe(true);
	});
});

it('a task may come while others are followed, and is not kept waiting', async () => {
	const { add, finish, clock, asked } = following({
		answers: { a: [is('SUCCEEDED')], b: [is('SUCCEEDED')] },
		videos: 2,
	});
	add('a');
	await clock.advance(60_000);
	add('b');
	await clock.advance(60_000);
	await finish();
	expect(asked).toEqual(['a 1000', 'b 61000']);
});

describe('a person', () => {
	it('hears how far the batch is, with every change', async () => {
		const { add, finish, follow, lines, clock } = following({
			answers: { a: [is('RUNNING'), is('SUCCEEDED')], b: [is('FAILED')] },
			videos: 4,
		});
		add('a');
		add('b');
		follow.miss(false);
		follow.miss(true);
		await clock.advance(0);
		await finish();
		expect(lines).toEqual([
			'0 of 4 finished, 1 failed, 2 queued, 1 to come, about 3 minutes left',
			'1 of 4 finished, 1 failed, 2 queued, about 2 minutes left',
			'1 of 4 finished, 1 failed, 1 running, 1 queued, about 2 minutes left',
			'1 of 4 finished, 2 failed, 1 running, about a minute left',
			'2 of 4 finished, 2 failed',
		]);
	});
});

describe('what a batch has learned of the account', () => {
	let accounts = 0;
	const fresh = () => accountMemoryOf(`follow-${accounts++}`);

	it('is there for the next one, which asks when the end is due', async () => {
		const memory = fresh();
		const run = { startedAt: 0, finishedAt: 30_000 };
		const first = following({ answers: { a: [is('SUCCEEDED', run)] }, memory });
		first.add('a');
		await first.finish();
		expect(memory.recall()).toEqual({ runs: [{ templateId: 't', ms: 30_000 }], width: 1 });
		const second = following({
			answers: { b: [is('RUNNING', { startedAt: 0 }), is('SUCCEEDED')] },
			memory,
		});
		second.add('b');
		await second.finish();
		expect(second.asked).toEqual(['b 15000', 'b 30500']);
	});

	it('is kept after each answer, and not only at the end', async () => {
		const kept: Learned[] = [];
		const memory = {
			recall: () => ({ runs: [], width: 1 }),
			keep: ({ runs, width }: Learned) => void kept.push({ runs: [...runs], width }),
		};
		const { add, clock } = following({ answers: { a: [is('RUNNING')] }, memory });
		add('a');
		await clock.advance(3000);
		expect(kept).toEqual([
			{ runs: [], width: 1 },
			{ runs: [], width: 1 },
		]);
	});

	it('is a copy, of each account its own', () => {
		const [one, other] = [fresh(), fresh()];
		const schedule = createPollSchedule(defaults, { runs: [{ ms: 5 }], width: 2 });
		one.keep(schedule);
		schedule.runs.push({ ms: 6 });
		expect(one.recall()).toEqual({ runs: [{ ms: 5 }], width: 2 });
		expect(other.recall()).toEqual({ runs: [], width: 1 });
	});

	it('is not lost to a batch that has learned nothing', () => {
		const memory = fresh();
		memory.keep({ runs: [{ ms: 5 }], width: 2 });
		memory.keep({ runs: [], width: 1 });
		expect(memory.recall()).toEqual({ runs: [{ ms: 5 }], width: 2 });
	});
});
