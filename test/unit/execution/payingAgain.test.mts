/** "Check Before Paying Again": what a Retry knows, and what it says. The whole of it: test/engine/payingAgain. */
import type { IDataObject } from 'n8n-workflow';
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import type { Job } from '../../../nodes/EmojiVideo/batch/plan';
import type { ExecutionContext } from '../../../nodes/EmojiVideo/execution/context';
import { payingTools } from '../../../nodes/EmojiVideo/execution/payingAgain';
import { succeed } from '../../../nodes/EmojiVideo/base/result';

const NOW = Date.UTC(2026, 10, 25, 3);

/** A Retry on an account that has so many tasks; what is asked of the list is kept. */
function retryOf(tasks: number, more: IDataObject & { stored?: unknown } = {}) {
	const asked: Array<{ from: number; to: number } | undefined> = [];
	const warned: string[] = [];
	const listTasks = async ({ submitted }: { submitted?: { from: number; to: number } }) => {
		asked.push(submitted);
		const all = Array.from({ length: tasks }, (_, index) => ({
			taskId: `task-${index}-x`,
			status: 'RUNNING',
			model: 'emoji-v1',
		}));
		return await Promise.resolve(succeed({ value: { tasks: all, rows: tasks, pages: 1 } }));
	};
	const flow: IDataObject = {};
	const context = {
		client: { listTasks, aheadMs: () => 0 },
		clock: { now: () => NOW },
		paidTasks: openPaidTasks({}),
		functions: {
			getMode: () => more['mode'] ?? 'retry',
			getExecutionId: () => '7',
			getExecutionContext: () => more['beginning'],
			getExecutionDataById: async () => await Promise.resolve(more.stored),
			getContext: () => flow,
			getTimezone: () => 'UTC',
			logger: { warn: (line: string) => warned.push(line) },
		},
	} as unknown as ExecutionContext;
	const { beforePaying } = payingTools(context, { checksAgain: true, maximumVideos: 100 });
	return { look: async () => await beforePaying?.([]), context, asked, warned };
}

const beginning = { establishedAt: NOW - 600_000, source: 'trigger' };
const MARGIN_MS = 300_000;

it.each(['trigger', 'manual'])('an execution of mode "%s" asks for no list', async (mode) => {
	const { look, asked } = retryOf(1, { mode });
	expect(await look()).toBeUndefined();
	expect(asked).toEqual([]);
});

it('a Retry asks for no list while "Check Before Paying Again" is off', async () => {
	const { context, asked } = retryOf(1);
	const tools = payingTools(context, { checksAgain: false, maximumVideos: 100 });
	expect(await tools.beforePaying?.([])).toBeUndefined();
	expect(asked).toEqual([]);
});

it('a batch above "Maximum Videos" is rejected, the videos that the execution has count, too', async () => {
	const { context } = retryOf(0);
	// As a wait that survives restarts leaves it: other executions create the task.
	context.paidTasks.markInFlight('earlier');
	const { beforePaying } = payingTools(context, { checksAgain: false, maximumVideos: 2 });
	const jobOf = (key: string) => ({ key }) as Job;
	expect(await beforePaying?.([jobOf('a')])).toBeUndefined();
	expect(await beforePaying?.([jobOf('a'), jobOf('b')])).toMatchObject({
		kind: 'invalid',
		message:
			"This execution wants 2 videos, beside the 1 that it created before, and 'Maximum Videos' is 2",
	});
});

it('once nothing is found it does not look again in this execution: what comes later is its own', async () => {
	const { look, asked } = retryOf(0, { beginning });
	expect(await look()).toBeUndefined();
	expect(await look()).toBeUndefined();
	expect(asked).toEqual([{ from: NOW - 600_000 - MARGIN_MS, to: NOW + MARGIN_MS }]);
});

it('what it has found it looks for again', async () => {
	const { look, asked } = retryOf(1, { beginning });
	expect((await look())?.message).toContain('has 1 task since the first try began');
	expect((await look())?.kind).toBe('invalid');
	expect(asked).toHaveLength(2);
});

it("a task that is stored with the execution, by another node's record or items, is known; files are not looked through", async () => {
	const stored = {
		executionData: { contextData: { 'node:Other': { emojiVideo: { tasks: { a: 'task-0-x' } } } } },
		resultData: { runData: { Other: [{ startTime: 1, data: ['task-1-x'], binary: 'task-2-x' }] } },
	};
	const failure = await retryOf(3, { beginning, stored }).look();
	expect(failure?.nextStep).toContain('Task IDs: task-2-x.');
});

it('what cannot be written as text proves nothing', async () => {
	const circle: IDataObject = { taskId: 'task-0-x' };
	circle['self'] = circle;
	expect(await retryOf(1, { beginning, stored: circle }).look()).toBeDefined();
});

it('a Retry that begins anew, and has no runs, looks as far back as the list reaches', async () => {
	const { look, asked } = retryOf(1, { beginning: { ...beginning, source: 'retry' } });
	expect((await look())?.message).toContain('n8n does not tell when the first try began');
	expect(asked).toEqual([undefined]);
});

it('names a hundred, and all in the log', async () => {
	const { look, warned } = retryOf(150, { beginning });
	const failure = await look();
	expect(failure?.message).toContain('has 150 tasks');
	expect(failure?.nextStep).toContain("task-99-x and 50 more, which n8n's log and Get Many tell");
	expect(failure?.nextStep).not.toContain('task-100-x');
	expect(warned[0]).toContain('task-149-x');
});
