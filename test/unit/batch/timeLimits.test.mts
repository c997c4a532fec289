/**
 * Whatever becomes of the questions about a task, its own limits end the wait for it: one that is never
 * answered, one that waits for its turn for ever, one that always fails.
 */
import { followTasks } from '../../../nodes/EmojiVideo/batch/follow';
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import type { TaskResult } from '../../../nodes/EmojiVideo/batch/follow';
import type { ApiResponse, Client } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Task } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { fail } from '../../../nodes/EmojiVideo/base/result';
import type { Result } from '../../../nodes/EmojiVideo/base/result';
import { answered, defaults } from '../support/simulatedAccount.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import { neverStops } from '../../../nodes/EmojiVideo/base/stop';

const running = (taskId: string): Result<ApiResponse<Task>> =>
	answered({ taskId, status: 'RUNNING', requestId: 'r' } as Task);

/** Follows one task, whose nth question (from 0) is answered like this; how and when it ended. */
async function follow(answerOf: (nth: number) => Promise<Result<ApiResponse<Task>>>) {
	const clock = createVirtualClock();
	const startedAt = clock.now();
	let asked = 0;
	const client = { getTask: async () => await answerOf(asked++) } as unknown as Client;
	const ends: TaskResult[] = [];
	const following = followTasks(
		{ client, paidTasks: openPaidTasks({}), clock, stop: neverStops() },
		{ ...defaults, runTimeoutMs: 120_000, queueTimeoutMs: 240_000 },
		(_, end) => ends.push(end),
		1,
	);
	following.add({
		job: { itemIndex: 0, key: 'k' },
		entry: { taskId: 'task-1', acceptedAt: clock.now() },
	});
	await clock.until(following.finish());
	return { ends, asked, tookMs: clock.now() - startedAt };
}

const never = async () => await new Promise<never>(() => undefined);
const broken = async () =>
	await Promise.resolve(fail({ kind: 'noResponse' as const, message: 'Broke off', nextStep: 'x' }));

it.each([
	['is never answered', () => never()],
	['always breaks off', () => broken()],
	['is never answered again', async (nth: number) => (nth < 2 ? running('task-1') : await never())],
	['breaks off ever after', async (nth: number) => (nth < 2 ? running('task-1') : await broken())],
])('a task whose question %s ends soon after its limit, with its ID', async (_, answerOf) => {
	const { ends, tookMs } = await follow(answerOf);
	expect(ends).toMatchObject([
		{ result: { ok: false, failure: { kind: 'timeLimit', taskId: 'task-1' } } },
	]);
	expect(tookMs).toBeGreaterThan(120_000);
	expect(tookMs).toBeLessThan(240_000 + 3 * 60_000);
});

it('says why nobody knows how far the task is', async () => {
	const { ends } = await follow(broken);
	expect(ends[0]?.result).toMatchObject({
		failure: { message: expect.stringContaining('Broke off') as string },
	});
});
