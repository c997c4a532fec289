/** Canceling a task. The task's own status decides the result. */
import { cancelTask } from '../../../nodes/EmojiVideo/account/cancelTask';
import type { Client } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Task } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { Failure, Result } from '../../../nodes/EmojiVideo/base/result';
import { answered } from '../support/simulatedAccount.mts';

const refusal = (more: Partial<Failure>): Failure => ({
	kind: 'rejected',
	message: 'm',
	nextStep: 'n',
	...more,
});
const TOO_LATE = refusal({ code: 'UnsupportedOperation' });

/** Cancels a task: the service gives this response, and the task then has these statuses. */
async function cancel(
	answer: Failure | { requestId?: string },
	...states: Array<Task['status'] | Failure>
) {
	const calls: string[] = [];
	const client = {
		cancelTask: async () => {
			calls.push('cancel');
			const isFailure = 'kind' in answer;
			return await Promise.resolve(isFailure ? fail(answer) : succeed({ value: answer, raw: {} }));
		},
		getTask: async (taskId: string) => {
			calls.push('look');
			const state = states.length > 1 ? states.shift() : states[0];
			const known = { taskId, status: state, requestId: 'looked' } as Task;
			return await Promise.resolve(typeof state === 'object' ? fail(state) : answered(known));
		},
	} as unknown as Pick<Client, 'cancelTask' | 'getTask'>;
	const result: Result<unknown> = await cancelTask(client, 't');
	return { result, calls: calls.join(' ') };
}

it('a cancellation with a request ID is trusted without a query', async () => {
	const { result, calls } = await cancel({ requestId: 'r' }, 'RUNNING');
	expect(calls).toBe('cancel');
	expect(result).toEqual(
		succeed({ taskId: 't', canceled: true, status: 'CANCELED', requestId: 'r' }),
	);
});

it.each([
	[
		'RUNNING',
		'The task is already running. Only tasks that are still PENDING can be canceled. It ends by itself and is billed.',
	],
	[
		'SUCCEEDED',
		'The task has already finished. Only tasks that are still PENDING can be canceled. Fetch its video within 24 hours of its creation.',
	],
	[
		'FAILED',
		'The task has already failed. Only tasks that are still PENDING can be canceled. Nothing was billed.',
	],
	[
		'UNKNOWN',
		'DashScope does not know this task: it was forgotten after 24 hours, or it was never made by this account.',
	],
	['CANCELED', undefined],
] as const)('a rejected cancellation of a %s task says why', async (status, reason) => {
	const { result, calls } = await cancel(TOO_LATE, status);
	expect(calls).toBe('cancel look');
	const canceled = status === 'CANCELED';
	expect(result).toEqual(succeed({ taskId: 't', canceled, status, reason, requestId: 'looked' }));
});

it('a cancellation is sent three times for a task that stays PENDING', async () => {
	const { result, calls } = await cancel({}, 'PENDING');
	expect(calls).toBe('cancel look cancel look cancel look');
	expect(result).toMatchObject({
		value: {
			canceled: false,
			status: 'PENDING',
			reason: 'The task is still PENDING, but DashScope did not cancel it. Try again.',
		},
	});
});

it('a cancellation is repeated only while the task is PENDING', async () => {
	const { result, calls } = await cancel(refusal({ kind: 'noResponse' }), 'PENDING', 'CANCELED');
	expect(calls).toBe('cancel look cancel look');
	expect(result).toMatchObject({ value: { canceled: true, status: 'CANCELED' } });
});

it.each(['rejected', 'unauthorized', 'unreachable', 'throttled', 'stopped'] as const)(
	'a cancellation that ended as %s had no effect, so the task is not queried',
	async (kind) => {
		const { result, calls } = await cancel(refusal({ kind }), 'CANCELED');
		expect([calls, result]).toEqual(['cancel', fail(refusal({ kind, taskId: 't' }))]);
	},
);

it.each(['noResponse', 'unavailable', 'unreadable', 'interrupted'] as const)(
	'a cancellation that ended as %s may have worked, so the task is queried',
	async (kind) => {
		const { result, calls } = await cancel(refusal({ kind }), 'CANCELED');
		expect(calls).toBe('cancel look');
		expect(result).toMatchObject({ value: { canceled: true } });
	},
);

it('a failed cancellation names the task if its status cannot be read', async () => {
	const { result } = await cancel(TOO_LATE, refusal({ kind: 'unavailable' }));
	expect(result).toEqual(fail(refusal({ kind: 'unavailable', taskId: 't' })));
});
