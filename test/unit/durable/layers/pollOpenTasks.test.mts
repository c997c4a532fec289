/** Which tasks a check of a durable wait asks about, and how they have ended by what it hears. */
import type { ApiResponse } from '../../../../nodes/EmojiVideo/dashscope/client';
import type { Task } from '../../../../nodes/EmojiVideo/dashscope/schemas';
import { pollOpenTasks } from '../../../../nodes/EmojiVideo/durable/layers/pollOpenTasks';
import { fail } from '../../../../nodes/EmojiVideo/base/result';
import type { Failure, Result } from '../../../../nodes/EmojiVideo/base/result';
import { answered, defaults, START_MS } from '../../support/simulatedAccount.mts';
import { made, scheduleOf } from '../parts.mts';
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
		made(taskId, position, external.includes(taskId) ? { acceptedAt: undefined } : {}),
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

describe('it asks', () => {
	it.each<[string, Record<string, Said>, string[]]>([
		['about the first one that waits, and none behind it', { a: WAITS, b: RUNS }, ['a']],
		['on behind those that run', { a: RUNS, b: RUNS, c: WAITS, d: WAITS }, ['a', 'b', 'c']],
		['on behind those that have ended', { a: 'SUCCEEDED', b: 'FAILED', c: RUNS }, ['a', 'b', 'c']],
		['none behind one that cannot be asked about', { a: NO_ANSWER, b: RUNS }, ['a']],
		['on behind one that is refused for good', { a: REFUSED, b: RUNS }, ['a', 'b']],
	])('%s', async (_, tasks, polled) => {
		expect((await poll(tasks)).polled).toEqual(polled);
	});

	it('about tasks that were made elsewhere in any case', async () => {
		const { polled } = await poll({ a: WAITS, b: RUNS, c: WAITS }, { external: ['c'] });
		expect(polled).toEqual(['a', 'c']);
	});

	it('about all in its last check', async () => {
		const { polled } = await poll({ a: WAITS, b: NO_ANSWER, c: WAITS }, { isLastCheck: true });
		expect(polled).toEqual(['a', 'b', 'c']);
	});
});

describe('a task', () => {
	it('that goes on has no end, and is asked about again', async () => {
		const { results, answered: withTasks, open } = await poll({ a: RUNS, b: WAITS });
		expect({ results, withTasks, open }).toEqual({ results: {}, withTasks: [], open: ['a', 'b'] });
	});

	it('that is finished has its answer, and is asked about no more', async () => {
		const { results, answered: withTasks, open } = await poll({ a: 'SUCCEEDED', b: WAITS });
		expect({ results, withTasks, open }).toEqual({
			results: { a: 'succeeded' },
			withTasks: ['a'],
			open: ['b'],
		});
	});

	it.each([true, false])(
		'that has failed is a failure, also where unfinished tasks are returned (%s)',
		async (returnsUnfinished) => {
			const { results, answered: withTasks } = await poll({ a: 'FAILED' }, { returnsUnfinished });
			expect(results).toEqual({
				a: expect.objectContaining({ kind: 'task', taskId: 'a', status: 'FAILED' }) as Failure,
			});
			expect(withTasks).toEqual(['a']);
		},
	);

	it('that cannot be asked about for good is a failure, without an answer to show', async () => {
		const { results, answered: withTasks } = await poll(
			{ a: REFUSED },
			{ returnsUnfinished: true },
		);
		expect(results).toEqual({ a: { ...REFUSED, taskId: 'a', status: 'PENDING' } });
		expect(withTasks).toEqual([]);
	});

	it('that waits beyond its time limit is a failure', async () => {
		const { results } = await poll({ a: WAITS }, { now: QUEUE_IS_OVER });
		expect(results).toMatchObject({ a: { kind: 'timeLimit', taskId: 'a' } });
	});

	it('the same, as an item with its answer, where unfinished tasks are returned', async () => {
		const { results, answered: withTasks } = await poll(
			{ a: WAITS },
			{ now: QUEUE_IS_OVER, returnsUnfinished: true },
		);
		expect([results, withTasks]).toEqual([{ a: 'outOfTime' }, ['a']]);
	});
});

describe('the last check leaves no task open', () => {
	it('each that goes on ends in an error that names it', async () => {
		const {
			results,
			open,
			answered: withTasks,
		} = await poll({ a: WAITS, b: NO_ANSWER, c: 'SUCCEEDED' }, { isLastCheck: true });
		expect(results).toEqual({
			a: { ...NOT_POLLED, taskId: 'a' },
			b: { ...NOT_POLLED, taskId: 'b' },
			c: 'succeeded',
		});
		expect(open).toEqual([]);
		expect(withTasks).toEqual(['a', 'c']);
	});

	it('or is an item, where unfinished tasks are returned', async () => {
		const { results, open } = await poll(
			{ a: RUNS, b: NO_ANSWER },
			{ isLastCheck: true, returnsUnfinished: true },
		);
		expect([results, open]).toEqual([{ a: 'outOfTime', b: 'outOfTime' }, []]);
	});
});

it('tasks that were made elsewhere are put where they belong in the queue', async () => {
	const entries = [made('young', 0, { acceptedAt: undefined }), made('old', 1)];
	const schedule = scheduleOf(entries);
	await pollOpenTasks(
		{ isLastCheck: false, returnsUnfinished: false },
		schedule,
		async (taskId) => await Promise.resolve(hear(taskId)),
		() => START_MS,
	);
	expect([...schedule.open.keys()]).toEqual(['old', 'young']);
});
