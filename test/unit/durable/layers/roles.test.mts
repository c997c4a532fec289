/** The node as each layer of a durable wait. Failures are sealed below the finalizer. */
import { openPaidTasks } from '../../../../nodes/EmojiVideo/batch/paidTasks';
import { runDurableRole } from '../../../../nodes/EmojiVideo/durable/layers/roles';
import { checkResultSchema } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import { SEAL_KEY, WAIT_STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { DurableRole } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import type { Outcome } from '../../../../nodes/EmojiVideo/execution/outcome';
import { fail, STOPPED, succeed } from '../../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { layerWith, accepted, requestOf, PARKED, stateOf, unsubmitted } from '../parts.mts';
import { createVirtualClock } from '../../support/virtualClock.mts';
import { createStop } from '../../../../nodes/EmojiVideo/base/stop';

const WRONG_KEY: Failure = { kind: 'invalid', message: 'no credential', nextStep: 'x' };
const carrying = (value: unknown) => ({ [WAIT_STATE_KEY]: value });

const jsonOf = ({ result }: Outcome) => (result.ok ? result.value.json : result.failure);

/** A layer's run, with an account that knows nothing of any task. */
async function run(role: DurableRole, json: unknown, isOpen = true) {
	const n8n = layerWith({ json, rows: { user: PARKED } });
	let requests = 0;
	const lost = async () => {
		requests++;
		return await Promise.resolve(fail(STOPPED));
	};
	const context = {
		functions: n8n.functions,
		clock: createVirtualClock(),
		client: { submitTask: lost, getTask: lost },
		...createStop(),
		paidTasks: openPaidTasks({}),
	} as unknown as ExecutionContext;
	const outcomes = await runDurableRole(
		role,
		n8n.functions,
		isOpen ? succeed(context) : fail(WRONG_KEY),
	);
	return { ...n8n, outcomes, jsons: outcomes.map(jsonOf), requests };
}

const reportIn = (jsons: unknown[]) =>
	checkResultSchema.safeParse((jsons[0] as Record<string, unknown>)[WAIT_STATE_KEY]).data;

describe('the node as a check', () => {
	it.each([undefined, {}, carrying({ number: 'x' })])(
		'does nothing without a readable request (%j)',
		async (json) => {
			expect((await run('check', json)).jsons).toEqual([carrying({ number: 0 })]);
		},
	);

	it('runs the request, and returns its result', async () => {
		const request = requestOf([accepted('a', 0)], { number: 4 });
		const { jsons, requests } = await run('check', carrying(request));
		expect(reportIn(jsons)).toMatchObject({ number: 4, progress: [{ taskId: 'a' }] });
		expect(requests).toBe(1);
	});

	it.each([
		[undefined, 'done'],
		[{ since: 0, until: 0, known: [] }, 'unreadable'],
	])(
		'submits nothing without a working credential, and unconfirmed videos stay unconfirmed',
		async (unconfirmed, submitting) => {
			const seen = accepted('a', 1, { settled: 'succeeded', item: { json: { taskId: 'a' } } });
			const request = requestOf([unsubmitted(0), seen], { number: 4, unconfirmed });
			const { jsons } = await run('check', carrying(request), false);
			expect(reportIn(jsons)).toEqual({
				number: 4,
				progress: [
					{ position: 0 },
					{ position: 1, taskId: 'a', settled: 'succeeded', item: { json: { taskId: 'a' } } },
				],
				schedule: request.schedule,
				submitting,
				endedBy: WRONG_KEY,
			});
		},
	);
});

describe('a failure below the finalizer is an item', () => {
	const state = stateOf([accepted('a', 3)]);
	const sealed = (failure: Failure) => ({
		[SEAL_KEY]: { failure, about: { templateId: 'mengwa_kaixin', imageFile: '3.png' } },
	});

	it('in the supervisor: every task comes out without a working credential', async () => {
		const { outcomes, jsons } = await run('supervisor', carrying(state), false);
		expect(jsons).toEqual([sealed({ ...WRONG_KEY, taskId: 'a' })]);
		expect(outcomes.map(({ itemIndex }) => itemIndex)).toEqual([3]);
	});

	it('in the guard: every task comes out of an unreadable state', async () => {
		const { jsons } = await run('guard', carrying({ ...state, version: 99 }));
		expect(jsons).toMatchObject([{ [SEAL_KEY]: { failure: { taskId: 'a' } } }]);
	});
});

it.each([
	['supervisor', 'next look'],
	['guard', 'waits for'],
] as const)('a %s with a state starts the layer below it', async (role, name) => {
	const { started, jsons } = await run(role, carrying(stateOf([accepted('a', 0)])));
	expect(started).toMatchObject([{ name: expect.stringContaining(name) as string }]);
	expect(jsons).toEqual([carrying({ number: role === 'guard' ? 0 : 1 })]);
});
