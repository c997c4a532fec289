/** Which tasks a check of a durable wait polls, and which ends it finds. */
import type { ApiResponse } from '../../../../nodes/EmojiVideo/dashscope/client';
import type { Task } from '../../../../nodes/EmojiVideo/dashscope/schemas';
import { pollOpenTasks } from '../../../../nodes/EmojiVideo/durable/layers/pollOpenTasks';
import { fail } from '../../../../nodes/EmojiVideo/base/result';
import type { Failure, Result } from '../../../../nodes/EmojiVideo/base/result';
import { answered, defaults, START_MS } from '../../support/simulatedAccount.mts';
import { accepted, scheduleOf } from '../parts.mts';
import { NOT_POLLED } from '../../../../nodes/EmojiVideo/durable/plan/failures';

const NO_ANSWER: Failure = { kind: 'noResponse', message: 'no answer', nextStep: 'x' };
const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };

const WAITS = 'PENDING';
const RUNS = 'RUNNING';

type Said = Task['status'] | Failure;

const hear = (taskId: string, said: Said = WAITS): Result<ApiResponse<Task>> =>
	typeof said === 'string' ? answered({ taskId, status: said } as Task) : fail(said);

/** Asks about tasks of which this is said, in the order of the queue. */
async function poll(
	tasks: Record<string, Said>,
	{ isLastCheck = false, returnsUnfinished = false, now = START_MS, external = [''] } = {},
) {
	const polled: string[] = [];
	const entries = Object.keys(tasks).map((taskId, position) =>
		accepted(taskId, position, external.includes(taskId) ? { acceptedAt: undefined } : {}),
	);
	const schedule = scheduleOf(entries);
	const { results, responses } = await pollOpenTasks(
		{ isLastCheck, returnsUnfinished },
		schedule,
		async (taskId) => {
			polled.push(taskId);
			return await Promise.resolve(hear(taskId, tasks[taskId]));
		},
		() => now,
	);
	return {
		polled,
		results: Object.fromEntries(results),
		answered: [...responses.keys()],
		open: [...schedule.open.keys()],
	};
}

/** When the time limit in the queue has ended. */
const QUEUE_IS_OVER = START_MS - 60_000 + defaults.queueTimeoutMs;

describe('a check polls', () => {
	it.each<[string, Record<string, Said>, string[]]>([
		['the first queued task, and none behind it', { a: WAITS, b: RUNS }, ['a']],
		['the tasks behind running ones', { a: RUNS, b: RUNS, c: WAITS, d: WAITS }, ['a', 'b', 'c']],
		['the tasks behind ended ones', { a: 'SUCCEEDED', b: 'FAILED', c: RUNS }, ['a', 'b', 'c']],
		['no task behind one whose poll fails', { a: NO_ANSWER, b: RUNS }, ['a']],
		['the tasks behind one whose poll is rejected', { a: REFUSED, b: RUNS }, ['a', 'b']],
	])('%s', async (_, tasks, polled) => {
		expect((await poll(tasks)).polled).toEqual(polled);
	});

	it('tasks of other executions in any case', async () => {
		const { polled } = await poll({ a: WAITS, b: RUNS, c: WAITS }, { external: ['c'] });
		expect(polled).toEqual(['a', 'c']);
	});

	it('every task if it is the last check', async () => {
		const { polled } = await poll({ a: WAITS, b: NO_ANSWER, c: WAITS }, { isLastCheck: true });
		expect(polled).toEqual(['a', 'b', 'c']);
	});
});

describe('a polled task', () => {
	it('stays open if it has no end', async () => {
		const { results, answered: shown, open } = await poll({ a: RUNS, b: WAITS });
		expect({ results, shown, open }).toEqual({ results: {}, shown: [], open: ['a', 'b'] });
	});

	it('has its response and leaves the schedule if it is finished', async () => {
		const { results, answered: shown, open } = await poll({ a: 'SUCCEEDED', b: WAITS });
		expect({ results, shown, open }).toEqual({
			results: { a: 'succeeded' },
			shown: ['a'],
			open: ['b'],
		});
	});

	it.each([true, false])(
		'becomes a failure if it has failed (Return Unfinished: %s)',
		async (returnsUnfinished) => {
			const { results, answered: shown } = await poll({ a: 'FAILED' }, { returnsUnfinished });
			expect(results).toEqual({
				a: expect.objectContaining({ kind: 'task', taskId: 'a', status: 'FAILED' }) as Failure,
			});
			expect(shown).toEqual(['a']);
		},
	);

	it('becomes a failure without a response if its poll is rejected', async () => {
		const { results, answered: shown } = await poll({ a: REFUSED }, { returnsUnfinished: true });
		expect(results).toEqual({ a: { ...REFUSED, taskId: 'a', status: 'PENDING' } });
		expect(shown).toEqual([]);
	});

	it('becomes a failure if it is queued beyond its time limit', async () => {
		const { results } = await poll({ a: WAITS }, { now: QUEUE_IS_OVER });
		expect(results).toMatchObject({ a: { kind: 'timeLimit', taskId: 'a' } });
	});

	it('becomes an item with its response beyond its time limit, if unfinished tasks are returned', async () => {
		const { results, answered: shown } = await poll(
			{ a: WAITS },
			{ now: QUEUE_IS_OVER, returnsUnfinished: true },
		);
		expect([results, shown]).toEqual([{ a: 'outOfTime' }, ['a']]);
	});
});

describe('the last check leaves no task open', () => {
	it('and each open task becomes a failure with its ID', async () => {
		const {
			results,
			open,
			answered: shown,
		} = await poll({ a: WAITS, b: NO_ANSWER, c: 'SUCCEEDED' }, { isLastCheck: true });
		expect(results).toEqual({
			a: { ...NOT_POLLED, taskId: 'a' },
			b: { ...NOT_POLLED, taskId: 'b' },
			c: 'succeeded',
		});
		expect(open).toEqual([]);
		expect(shown).toEqual(['a', 'c']);
	});

	it('and each open task becomes an item, if unfinished tasks are returned', async () => {
		const { results, open } = await poll(
			{ a: RUNS, b: NO_ANSWER },
			{ isLastCheck: true, returnsUnfinished: true },
		);
		expect([results, open]).toEqual([{ a: 'outOfTime', b: 'outOfTime' }, []]);
	});
});

it('a check sorts tasks of other executions into the queue', async () => {
	const entries = [accepted('young', 0, { acceptedAt: undefined }), accepted('old', 1)];
	const schedule = scheduleOf(entries);
	await pollOpenTasks(
		{ isLastCheck: false, returnsUnfinished: false },
		schedule,
		async (taskId) => await Promise.resolve(hear(taskId)),
		() => START_MS,
	);
	expect([...schedule.open.keys()]).toEqual(['old', 'young']);
});
