/**
 * Nothing below the nodes throws; and what does all the same is one video's failure, with its task ID
 * where there is one. Nothing waits for ever, and nobody else is concerned.
 */
import { followTasks } from '../../../nodes/EmojiVideo/batch/follow';
import type { TaskResult } from '../../../nodes/EmojiVideo/batch/follow';
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import { planJobs } from '../../../nodes/EmojiVideo/batch/plan';
import { submitJobs } from '../../../nodes/EmojiVideo/batch/submit';
import type { BatchTools } from '../../../nodes/EmojiVideo/batch/submit';
import type { Client } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Task } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { portraitAt } from '../../../nodes/EmojiVideo/media/portrait';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { Result } from '../../../nodes/EmojiVideo/base/result';
import { answered, defaults } from '../support/simulatedAccount.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import { neverStops } from '../../../nodes/EmojiVideo/base/stop';

const clock = createVirtualClock();

const toolsWith = (client: Partial<Client>): BatchTools => ({
	client: client as Client,
	paidTasks: openPaidTasks({}),
	clock,
	stop: neverStops(),
});

const areas = {
	face: [212, 194, 460, 441] as [number, number, number, number],
	expression: [63, 30, 609, 575] as [number, number, number, number],
};

const thrown = () => {
	throw new Error('Nobody expected this');
};

it('one task whose answer throws ends with its ID; the others go on', async () => {
	const ends: TaskResult[] = [];
	const tools = toolsWith({
		getTask: async (taskId: string) =>
			await Promise.resolve(
				taskId === 'bad' ? thrown() : answered({ taskId, status: 'SUCCEEDED' } as Task),
			),
	});
	const following = followTasks(tools, defaults, (_, end) => ends.push(end), 2);
	for (const taskId of ['bad', 'good']) {
		following.add({
			job: { itemIndex: 0, key: taskId },
			entry: { taskId, acceptedAt: clock.now() },
		});
	}
	await clock.until(following.finish());
	expect(ends.map(({ result }) => result.ok)).toEqual([false, true]);
	expect(ends[0]?.result).toMatchObject({
		failure: {
			kind: 'unexpected',
			taskId: 'bad',
			message: expect.stringContaining('Nobody expected this') as string,
		},
	});
});

it.each(['detectFace', 'submitTask'] as const)(
	'one job whose %s throws fails; the others are submitted, and it is not asked for again',
	async (method) => {
		let asked = 0;
		const good: Partial<Client> = {
			detectFace: async () =>
				await Promise.resolve(
					succeed({ raw: {}, value: { passed: true as const, areas, requestId: 'r' } }),
				),
			submitTask: async () =>
				await Promise.resolve(
					succeed({
						raw: {},
						value: { taskId: `task-${asked}`, status: 'PENDING', requestId: 'r' },
					}),
				),
		};
		const first = () => (asked++ === 0 ? thrown() : undefined);
		const tools = toolsWith({
			...good,
			[method]: async () => first() ?? (await (good[method] as () => Promise<unknown>)()),
		});
		const specs = [0, 1, 2].map((itemIndex) => ({
			itemIndex,
			portrait: portraitAt(`https://example.com/${itemIndex}.png`),
			areas: undefined,
			templateIds: ['mengwa_kaixin'],
		}));
		const jobs = planJobs(specs, 0);
		const results: Array<Result<unknown>> = [];
		await clock.until(submitJobs(jobs, tools, (_, result) => void results.push(result)));
		expect(results.map(({ ok }) => ok)).toEqual([false, true, true]);
		expect(results[0]).toEqual(fail(expect.objectContaining({ kind: 'unexpected' }) as never));
		const [job] = jobs;
		expect(tools.paidTasks.isInFlight(job?.key ?? '')).toBe(method === 'submitTask');
	},
);
