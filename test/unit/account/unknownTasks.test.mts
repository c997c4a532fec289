/** Finding an account's unknown tasks. The list is requested in the service's time, whatever the local clock says. */
import { unknownTasks } from '../../../nodes/EmojiVideo/account/unknownTasks';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import { LIST_RANGE_MS } from '../../../nodes/EmojiVideo/dashscope/listTimeRange';
import type { Client } from '../../../nodes/EmojiVideo/dashscope/client';
import type { ListedTask } from '../../../nodes/EmojiVideo/dashscope/schemas';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const CLOSE_MS = 5 * MINUTE_MS;
const SINCE = Date.UTC(2026, 10, 25, 3);
const UNTIL = SINCE + MINUTE_MS;

const task = (taskId: string, model?: string) =>
	({ taskId, status: 'RUNNING', ...(model !== undefined && { model }) }) as ListedTask;

/** An account whose clock is ahead by this much. The first response reveals it. */
function accountOf({ aheadMs = 0, known = 0, tasks = [] as ListedTask[], fails = false } = {}) {
	const asked: Array<{ from: number; to: number } | undefined> = [];
	let told = known;
	const listTasks = async ({ submitted }: Parameters<Client['listTasks']>[0]) => {
		asked.push(submitted);
		if (fails)
			return await Promise.resolve(fail({ kind: 'unavailable', message: 'down', nextStep: '' }));
		told = aheadMs;
		const page = { tasks, rows: tasks.length, pages: 1 };
		return await Promise.resolve(succeed({ value: page, raw: {} }));
	};
	const client = { listTasks, aheadMs: () => told } as Pick<Client, 'listTasks' | 'aheadMs'>;
	const look = async (ours: string[] = []) =>
		await unknownTasks(client, { since: SINCE, until: UNTIL, known: ours });
	return { asked, look };
}

const near = { from: SINCE - CLOSE_MS, to: UNTIL + CLOSE_MS };

/** With this margin, the period is the longest that the list accepts. */
const FARTHEST_MS = LIST_RANGE_MS - (near.to - near.from);

it('unknown tasks exclude known ones and other models, but include those without a model', async () => {
	const tasks = [task('a', 'emoji-v1'), task('b', 'emoji-v1'), task('c', 'wan2.2'), task('d')];
	const found = await accountOf({ tasks }).look(['a']);
	expect(found.ok && found.value.map(({ taskId }) => taskId)).toEqual(['b', 'd']);
});

it.each([0, CLOSE_MS - 1, 1 - CLOSE_MS])(
	'the list is requested once if the clocks are close (%i ms)',
	async (aheadMs) => {
		const { asked, look } = accountOf({ aheadMs });
		await look();
		expect(asked).toEqual([near]);
	},
);

it.each([
	['ahead', HOUR_MS, { from: near.from, to: near.to + HOUR_MS }],
	['behind', -HOUR_MS, { from: near.from - HOUR_MS, to: near.to }],
	['five minutes ahead', CLOSE_MS, { from: near.from, to: near.to + CLOSE_MS }],
	['ahead by all that the list takes', FARTHEST_MS, { from: near.from, to: near.to + FARTHEST_MS }],
])("the list is requested again if the service's clock is %s", async (_, aheadMs, period) => {
	const { asked, look } = accountOf({ aheadMs });
	await look();
	expect(asked).toEqual([near, period]);
});

it("the list is requested once if an earlier response gave the service's time", async () => {
	const { asked, look } = accountOf({ aheadMs: HOUR_MS, known: HOUR_MS });
	await look();
	expect(asked).toEqual([{ from: near.from, to: near.to + HOUR_MS }]);
});

it('the list covers the last 24 hours if the exact period would be too long', async () => {
	const { asked, look } = accountOf({ aheadMs: 24 * HOUR_MS });
	await look();
	expect(asked).toEqual([near, undefined]);
});

it('an unreadable list is a failure, not an empty list', async () => {
	const { asked, look } = accountOf({ fails: true });
	expect((await look()).ok).toBe(false);
	expect(asked).toEqual([near]);
});
