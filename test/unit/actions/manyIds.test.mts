/** Get Status of a thousand task IDs in one item, on a virtual clock: at 20 a second it takes a minute. */
import { getStatus } from '../../../nodes/EmojiVideo/actions/video/getStatus.operation';
import type { ExecutionContext } from '../../../nodes/EmojiVideo/execution/context';
import {
	accountIdOf,
	DOCUMENTED_RATES,
	rateLimiterOf,
} from '../../../nodes/EmojiVideo/account/rateLimiter';
import { createClient } from '../../../nodes/EmojiVideo/dashscope/client';
import { succeed } from '../../../nodes/EmojiVideo/base/result';
import type { Send } from '../../../nodes/EmojiVideo/dashscope/transport';
import { createVirtualClock } from '../support/virtualClock.mts';

const idOf = (index: number) => `task-${index}`;

it('a thousand IDs with doubles, blanks and wrong ones: each good one is asked once, under the limit', async () => {
	const clock = createVirtualClock();
	const startedAt = clock.now();
	const asked: Array<{ taskId: string; at: number }> = [];
	const send: Send = async ({ path }) => {
		const taskId = path.split('/').at(-1) ?? '';
		asked.push({ taskId, at: clock.now() - startedAt });
		const output = { task_id: taskId, task_status: 'RUNNING' };
		const text = JSON.stringify({ request_id: 'r', output });
		return await Promise.resolve(succeed({ httpStatus: 200, headers: {}, text }));
	};
	const good = Array.from({ length: 1000 }, (_, index) => idOf(index));
	const list = [...good, '', ...good.slice(0, 200), 'a/b', ' ', '../models', ...good.slice(500)];
	const fields: Record<string, unknown> = { taskId: list, simplify: true };
	const pace = rateLimiterOf(
		accountIdOf('sk-many', 'https://many.example'),
		DOCUMENTED_RATES,
		clock,
	);
	const context = {
		functions: {
			getInputData: () => [{ json: {} }],
			getNodeParameter: (name: string) => fields[name],
			getNode: () => ({ type: 'n8n-nodes-emoji-video.emojiVideo' }),
			getTimezone: () => 'UTC',
		},
		account: { isLoopback: false },
		client: createClient(send, pace, clock),
		clock,
		stopsAtFirstFailure: false,
	} as unknown as ExecutionContext;

	const outcomes = await clock.until(getStatus.run(context));

	const found = outcomes.flatMap(({ result }) => (result.ok ? [result.value.json['taskId']] : []));
	expect(new Set(found)).toEqual(new Set(good));
	const refused = outcomes.flatMap(({ result }) => (result.ok ? [] : [result.failure.message]));
	expect(refused).toEqual([
		'Task IDs: "a/b" is not a task ID: only letters, digits and hyphens',
		'Task IDs: "../models" is not a task ID: only letters, digits and hyphens',
	]);
	expect(asked.map(({ taskId }) => taskId).sort()).toEqual([...good].sort());
	const within = (from: number) => asked.filter(({ at }) => at >= from && at < from + 1000).length;
	expect(Math.max(...asked.map(({ at }) => within(at)))).toBeLessThanOrEqual(20);
});
