/** The task list and the cancellation: their requests, and the documented responses. */
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import { fail, succeed } from '../../nodes/EmojiVideo/base/result';
import { taskListSchema } from '../../nodes/EmojiVideo/dashscope/schemas';
import { LIST_RANGE_MS, listStamps } from '../../nodes/EmojiVideo/dashscope/listTimeRange';
import type { ApiRequest, Send } from '../../nodes/EmojiVideo/dashscope/transport';
import { example } from './examples.mts';

/** A clock on which every sleep is over at once, and has taken its time. */
function quickClock(): Clock {
	let now = 0;
	return {
		now: () => now,
		sleep: async (ms) => {
			now += ms;
			return Promise.resolve();
		},
	};
}

/** A client that gets these answers one after the other, the last one again and again. */
function clientOf(...answers: Array<ReturnType<typeof answer> | ReturnType<typeof fail>>) {
	const sent: ApiRequest[] = [];
	const lanes: string[] = [];
	const send: Send = async (request) => {
		const next = answers[Math.min(sent.length, answers.length - 1)];
		sent.push(request);
		return Promise.resolve(next ?? answer({}));
	};
	const acquire = async (bucket: string) => {
		lanes.push(bucket);
		return Promise.resolve();
	};
	return { client: createClient(send, acquire, quickClock()), sent, lanes };
}

const answer = (body: object, httpStatus = 200) =>
	succeed({ httpStatus, headers: {}, text: JSON.stringify(body) });

describe('the task list', () => {
	it('is requested with the documented parameters, times in UTC+8, in the query bucket', async () => {
		const { client, sent, lanes } = clientOf(answer(example('task-list')));
		await client.listTasks({
			page: 2,
			pageSize: 100,
			model: 'emoji-v1',
			status: 'SUCCEEDED',
			submitted: {
				from: Date.UTC(2025, 9, 14, 3, 28, 4, 372),
				to: Date.UTC(2025, 9, 14, 4, 0, 0, 1),
			},
		});
		expect(sent[0]).toMatchObject({
			method: 'GET',
			path: '/api/v1/tasks/',
			query: {
				page_no: 2,
				page_size: 100,
				model_name: 'emoji-v1',
				status: 'SUCCEEDED',
				start_time: '20251014112804',
				end_time: '20251014120001',
			},
		});
		expect(lanes).toEqual(['query']);
	});

	it('is requested without a time range by default', async () => {
		const { client, sent } = clientOf(answer(example('task-list')));
		await client.listTasks({ page: 1, pageSize: 10 });
		expect(sent[0]?.query).toEqual({ page_no: 1, page_size: 10 });
	});

	it('is requested for at most 24 hours after rounding', () => {
		const from = Date.UTC(2025, 9, 14, 3, 28, 4, 372);
		expect(listStamps({ from, to: from + LIST_RANGE_MS })).toEqual({
			start_time: '20251014112805',
			end_time: '20251015112805',
		});
	});

	it('is read as documented: status, epoch milliseconds, any model', async () => {
		const { client } = clientOf(answer(example('task-list')));
		const listed = await client.listTasks({ page: 1, pageSize: 10 });
		const [row] = (example('task-list').data as object[]) ?? [];
		expect(listed).toMatchObject({ ok: true, value: { raw: example('task-list') } });
		expect(listed.ok && listed.value.value).toStrictEqual({
			pages: 1,
			rows: 2,
			tasks: [
				{
					taskId: '50e2ccea-…',
					status: 'RUNNING',
					model: 'wanx2.1-kf2v-plus',
					submittedAt: 1745568428109,
					startedAt: 1745568428138,
					finishedAt: undefined,
					requestId: '1abfc3c8-…',
					raw: row,
				},
			],
		});
	});

	it('keeps its readable rows, also those with an unreadable time', () => {
		const { tasks } = taskListSchema.parse({
			data: [null, { task_id: '' }, { task_id: 'a', status: 'PAUSED', gmt_create: 'today' }],
		});
		expect(tasks).toMatchObject([{ taskId: 'a', status: 'RUNNING', submittedAt: undefined }]);
	});

	it('is empty for an account without tasks', () => {
		expect(taskListSchema.parse({ total: 0 }).tasks).toEqual([]);
	});

	it('is not read as empty from another response', async () => {
		const { client } = clientOf(answer({ code: 'Success' }));
		expect(await client.listTasks({ page: 1, pageSize: 10 })).toMatchObject({
			ok: false,
			failure: { kind: 'unreadable' },
		});
	});

	it('is requested again after throttling', async () => {
		const { client, sent } = clientOf(
			answer(example('task-list-throttled'), 429),
			answer(example('task-list')),
		);
		expect(await client.listTasks({ page: 1, pageSize: 10 })).toMatchObject({ ok: true });
		expect(sent).toHaveLength(2);
	});
});

describe('a cancellation', () => {
	it('is sent as documented, without a body, in the query bucket', async () => {
		const { client, sent, lanes } = clientOf(answer(example('task-cancel-accepted')));
		expect(await client.cancelTask('a b/c')).toMatchObject({
			ok: true,
			value: { value: { requestId: 'f1a2b3c4-xxxx-xxxx-xxxx-e03c35068d83' } },
		});
		expect(sent[0]).toMatchObject({ method: 'POST', path: '/api/v1/tasks/a%20b%2Fc/cancel' });
		expect(sent[0]?.body).toBeUndefined();
		expect(lanes).toEqual(['query']);
	});

	it('of a task that is not PENDING is rejected with DashScope’s code', async () => {
		const { client, sent } = clientOf(answer(example('task-cancel-refused'), 400));
		expect(await client.cancelTask('a')).toMatchObject({
			ok: false,
			failure: { kind: 'rejected', code: 'UnsupportedOperation' },
		});
		expect(sent).toHaveLength(1);
	});

	it.each(['noResponse', 'unavailable', 'unreadable'] as const)(
		'is not sent again after %s',
		async (kind) => {
			const { client, sent } = clientOf(fail({ kind, message: '', nextStep: '' }));
			expect(await client.cancelTask('a')).toMatchObject({ ok: false, failure: { kind } });
			expect(sent).toHaveLength(1);
		},
	);

	it.each(['throttled', 'unreachable'] as const)('is sent again after %s', async (kind) => {
		const { client, sent } = clientOf(
			fail({ kind, message: '', nextStep: '' }),
			answer(example('task-cancel-accepted')),
		);
		expect(await client.cancelTask('a')).toMatchObject({ ok: true });
		expect(sent).toHaveLength(2);
	});
});
