/** How a durable wait ends if its user's execution was stopped or no longer waits. */
import {
	endOrphanedWait,
	endStoppedWait,
} from '../../../../nodes/EmojiVideo/durable/layers/endWait';
import type { Entry } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import type { Outcome } from '../../../../nodes/EmojiVideo/execution/outcome';
import { fail, succeed } from '../../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { answered } from '../../support/simulatedAccount.mts';
import { accepted, n8nWith, unsubmitted } from '../parts.mts';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };

const ENTRIES: Entry[] = [
	accepted('queued', 0),
	accepted('running', 1),
	accepted('finished', 2, { settled: 'succeeded' }),
	unsubmitted(3),
	accepted('forgotten', 4),
];

const jsonOf = ({ result }: Outcome) => (result.ok ? result.value.json : result.failure);

/** Ends a wait on an account that cancels queued tasks and rejects a forgotten one. */
async function stop(entries: Entry[], cancelsOnStop?: boolean) {
	const canceled: string[] = [];
	const cancelTask = async (taskId: string) => {
		canceled.push(taskId);
		if (taskId === 'queued') {
			return await Promise.resolve(succeed({ value: { requestId: 'r' }, raw: {} }));
		}
		return fail({ ...REFUSED, code: taskId === 'running' ? 'UnsupportedOperation' : 'Other' });
	};
	const getTask = async (taskId: string) =>
		await Promise.resolve(answered({ taskId, status: 'RUNNING' } as never));
	const { functions, warned } = n8nWith();
	const context = { functions, client: { cancelTask, getTask } } as unknown as ExecutionContext;
	const owner = cancelsOnStop === undefined ? undefined : { executionId: 'user', cancelsOnStop };
	const outcomes = await endStoppedWait(context, { entries, owner });
	return { outcomes, jsons: outcomes.map(jsonOf), canceled, warned };
}

describe('ending a wait that the user has stopped', () => {
	it("cancels queued tasks, and reports each entry's end", async () => {
		const { outcomes, jsons, canceled } = await stop(ENTRIES, true);
		expect(canceled).toEqual(['queued', 'running', 'forgotten']);
		expect(outcomes.map(({ itemIndex }) => itemIndex)).toEqual([0, 1, 2, 3, 4]);
		const about = (itemIndex: number, taskId: string | undefined) => ({
			taskId,
			stopped: true,
			templateId: 'mengwa_kaixin',
			imageFile: `${itemIndex}.png`,
		});
		expect(jsons).toEqual([
			{
				...about(0, 'queued'),
				status: 'CANCELED',
				message: 'The task was canceled in the queue. Nothing was billed.',
			},
			{
				...about(1, 'running'),
				status: 'RUNNING',
				message: expect.stringContaining('already running') as string,
			},
			{ ...about(2, 'finished'), status: 'ENDED', message: 'It had ended before.' },
			{ ...about(3, undefined), status: 'ENDED', message: 'No task is known for it.' },
			{ ...about(4, 'forgotten'), status: 'UNKNOWN', message: 'rejected' },
		]);
	});

	it('names the tasks that continue in n8n’s log', async () => {
		expect((await stop(ENTRIES, true)).warned).toEqual([
			'Emoji Video: execution user was stopped, and its wait has ended. Tasks that go on at DashScope: running, forgotten. Get Many lists them for 24 hours, Wait fetches their videos.',
		]);
	});

	it('logs that all open tasks were canceled', async () => {
		expect((await stop([accepted('queued', 0)], true)).warned).toEqual([
			'Emoji Video: execution user was stopped, and its wait has ended. All open tasks were canceled.',
		]);
	});

	it.each([false, undefined])(
		'cancels nothing without Cancel Queued Tasks on Stop (%s)',
		async (cancels) => {
			const { jsons, canceled, warned } = await stop([accepted('queued', 0)], cancels);
			expect(canceled).toEqual([]);
			expect(jsons).toMatchObject([
				{ taskId: 'queued', status: 'PENDING', message: 'The task goes on at DashScope.' },
			]);
			expect(warned[0]).toContain('go on at DashScope: queued.');
			expect(warned[0]).toContain(`execution ${cancels === undefined ? '' : 'user'} was stopped`);
		},
	);
});

describe('ending a wait whose execution no longer waits', () => {
	it('names its open tasks in n8n’s log', () => {
		const { functions, warned } = n8nWith();
		const owner = { executionId: 'user', cancelsOnStop: false };
		const message =
			'Execution user does not wait for its videos any more, and nothing more is created for it.';
		expect(endOrphanedWait({ functions }, { entries: ENTRIES, owner })).toEqual([
			{ itemIndex: 0, result: succeed({ json: { stopped: true, message } }) },
		]);
		expect(warned).toEqual([
			`Emoji Video: ${message} Tasks that go on at DashScope: queued, running, forgotten.`,
		]);
	});

	it('names no task in the log if none is open', () => {
		const { functions, warned } = n8nWith();
		endOrphanedWait({ functions }, { entries: [unsubmitted(0)], owner: undefined });
		expect(warned).toEqual([expect.stringMatching(/^Emoji Video: Execution {2}does .* for it\.$/)]);
	});
});
