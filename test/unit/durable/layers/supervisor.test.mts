/** The supervisor of a durable wait: one check after the other. Videos of a lost check are unconfirmed, and no task is forgotten. */
import type { IDataObject } from 'n8n-workflow';
import {
	STATE_KEY,
	SUPERVISOR_KEY,
} from '../../../../nodes/EmojiVideo/durable/n8n/storedExecutions';
import { saveSchedule, waitStateSchema } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { WaitState } from '../../../../nodes/EmojiVideo/durable/plan/state';
import {
	abandonBatch,
	runSupervisor,
} from '../../../../nodes/EmojiVideo/durable/layers/supervisor';
import { planRound } from '../../../../nodes/EmojiVideo/durable/plan/rounds';
import type {
	CheckRequest,
	CheckResult,
} from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import {
	CHECK_NODE,
	GUARD_NODE,
	REPLACED_KEY,
	START_NODE,
	WAIT_STATE_KEY,
} from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import type { Outcome } from '../../../../nodes/EmojiVideo/execution/outcome';
import { STOPPED } from '../../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { START_MS } from '../../support/simulatedAccount.mts';
import { layerWith, accepted, rowWith, scheduleOf, stateOf, unsubmitted } from '../parts.mts';
import { createVirtualClock } from '../../support/virtualClock.mts';
import { NOT_POLLED } from '../../../../nodes/EmojiVideo/durable/plan/failures';

const LOST_CHECKS_KEY = 'emojiVideoLostChecks';
const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const item = { json: { taskId: 'a' } };
const owner = { executionId: 'user', cancelsOnStop: false };

const FIRST = stateOf([accepted('a', 0), unsubmitted(1)], { owner, guardId: 'guard' });

/** The same state during its first check. */
const planned = planRound(FIRST, START_MS - 600_000);
if (planned.kind !== 'check') throw new Error('A batch that has begun has a check.');
const UNDER_WAY: WaitState = {
	...planned.state,
	round: { ...planned.state.round, executionId: 'check' },
};
const { deadlineAt, submittingEndsAt } = planned.state.round;

const readableMessage = (more: Partial<CheckResult> = {}): CheckResult => ({
	number: 1,
	progress: [
		{ position: 0, taskId: 'a', settled: 'succeeded', item },
		{ position: 1, taskId: 'b', acceptedAt: START_MS },
	],
	schedule: saveSchedule(scheduleOf([accepted('b', 1)])),
	submitting: 'done',
	...more,
});

const DONE = readableMessage({
	progress: [
		{ position: 0, taskId: 'a', settled: 'succeeded', item },
		{ position: 1, settled: REFUSED },
	],
});

const markOf = (number: number) => ({ [WAIT_STATE_KEY]: { number } });
const carrying = (value: unknown) => ({ [WAIT_STATE_KEY]: value });
const handedOn = (number: number) => [
	{ itemIndex: 0, result: { ok: true, value: { json: markOf(number) } } },
];

/** The row of a check that has ended with this message. */
const ended = (checkResult: unknown) => ({
	resultData: {
		runData: { [CHECK_NODE]: [{ data: { main: [[{ json: carrying(checkResult) }]] } }] },
	},
});

interface Run {
	/** The state that the last run has stored; absent: this is the first run. */
	state?: unknown;
	lostChecks?: unknown;
	json?: unknown;
	rows?: Record<string, unknown>;
	now?: number;
	ends?: IDataObject[];
}

const layerOf = ({ state, lostChecks, json, rows, ends }: Run) =>
	layerWith({
		context: {
			...(state !== undefined && { [STATE_KEY]: state as IDataObject }),
			...(lostChecks !== undefined && { [LOST_CHECKS_KEY]: lostChecks as number }),
		},
		json,
		rows,
		ends,
	});

async function play(run: Run) {
	const n8n = layerOf(run);
	const clock = createVirtualClock(run.now ?? START_MS);
	const context = { functions: n8n.functions, clock } as unknown as ExecutionContext;
	const outcomes = await runSupervisor(context);
	const [first] = n8n.started;
	const sent = first?.sent as Array<{ json: Record<string, CheckRequest> }> | undefined;
	return {
		...n8n,
		outcomes,
		request: sent?.[0]?.json[WAIT_STATE_KEY],
		kept: waitStateSchema.safeParse(n8n.context[STATE_KEY]).data,
		lostChecks: n8n.context[LOST_CHECKS_KEY],
	};
}

const endsOf = (outcomes: Outcome[]) =>
	outcomes.map(({ result }) => (result.ok ? result.value.json : result.failure));

describe("the supervisor's first run", () => {
	it('stores its first round, and parks on its check', async () => {
		const found = await play({ json: carrying(FIRST) });
		expect(found.started).toMatchObject([{ name: 'Emoji Video: next look for execution user' }]);
		expect(found.request).toMatchObject({ number: 1, group: [1], supervisorId: 'own' });
		const round = found.kept?.round;
		expect(round).toMatchObject({ number: 1, group: [1], executionId: 'sub-1' });
		const fallback = [[{ json: markOf(1), pairedItem: { item: 0 } }]];
		expect(found.parked).toEqual([{ until: round?.deadlineAt, with: fallback }]);
		expect(found.outcomes).toEqual(handedOn(1));
		expect(found.kept?.entries).toEqual(FIRST.entries);
	});

	it('starts a check without an owner', async () => {
		const { started } = await play({ json: carrying({ ...FIRST, owner: undefined }) });
		expect(started).toMatchObject([{ name: 'Emoji Video: next look for execution' }]);
	});

	it('does not read whether it was replaced, because its guard has not stored it yet', async () => {
		const rows = { guard: rowWith(GUARD_NODE, SUPERVISOR_KEY, 'another') };
		const { read, started } = await play({ json: carrying(FIRST), rows });
		expect(read).toEqual([]);
		expect(started).toHaveLength(1);
	});

	it('returns the items of a check that ends at once', async () => {
		const found = await play({ json: carrying(FIRST), ends: [{ n: 1 }, { n: 2 }] });
		expect(endsOf(found.outcomes)).toEqual([{ n: 1 }, { n: 2 }]);
		expect(found.parked).toEqual([]);
	});

	it.each([undefined, {}])('returns an error without a state (%p)', async (json) => {
		const found = await play({ json });
		expect(found.started).toEqual([]);
		expect(endsOf(found.outcomes)).toMatchObject([{ kind: 'interrupted' }]);
	});
});

describe('a replaced supervisor', () => {
	const rows = { guard: rowWith(GUARD_NODE, SUPERVISOR_KEY, 'another') };

	it.each<[string, Partial<Run>]>([
		[
			'after a late check',
			{ json: carrying(readableMessage({ submitting: 'late' })), now: deadlineAt - 1 },
		],
		['after a result past the deadline', { json: carrying(DONE), now: deadlineAt }],
		['after a lost check', { json: { error: 'lost' }, now: deadlineAt - 1 }],
		['awake before its time', { json: markOf(1), now: deadlineAt - 1 }],
		['without a round', { state: { ...UNDER_WAY, round: undefined }, json: carrying(DONE) }],
		[
			'with a state of another version',
			{ state: { ...UNDER_WAY, version: 99 }, json: carrying(DONE) },
		],
	])('%s starts nothing, and tells its guard', async (_, run) => {
		const state = run.state ?? UNDER_WAY;
		const found = await play({ ...run, state, rows });
		expect(endsOf(found.outcomes)).toEqual([{ [REPLACED_KEY]: true }]);
		expect([found.started, found.parked]).toEqual([[], []]);
		expect(found.context[STATE_KEY]).toBe(state);
	});

	it('does not read its guard after a result in time', async () => {
		const run = { state: UNDER_WAY, json: carrying(readableMessage()), rows, now: deadlineAt - 1 };
		const { read, started } = await play(run);
		expect(read).toEqual([]);
		expect(started).toHaveLength(1);
	});
});

it('a supervisor with a state of another version brings out every task, also those of the result', async () => {
	const state = { ...UNDER_WAY, version: 99 };
	const found = await play({ state, json: carrying(readableMessage()) });
	expect(endsOf(found.outcomes)).toEqual([
		item.json,
		expect.objectContaining({ kind: 'interrupted', taskId: 'b' }),
	]);
	expect(found.started).toEqual([]);
});

it('a supervisor without input parks again', async () => {
	const found = await play({ state: UNDER_WAY, json: undefined, now: deadlineAt - 1 });
	expect(found.outcomes).toEqual(handedOn(1));
});

describe('the result of a check', () => {
	it('is applied, and the next check starts', async () => {
		const { request, kept, outcomes } = await play({
			state: UNDER_WAY,
			json: carrying(readableMessage()),
			lostChecks: 3,
		});
		expect(request).toMatchObject({
			number: 2,
			group: [],
			entries: [{ taskId: 'b', position: 1 }],
		});
		expect(request?.unconfirmed).toBeUndefined();
		expect(kept?.entries).toMatchObject([{ settled: 'succeeded', item }, { taskId: 'b' }]);
		expect(outcomes).toEqual(handedOn(2));
	});

	it('ends the batch after the last video', async () => {
		const found = await play({ state: UNDER_WAY, json: carrying(DONE) });
		expect(endsOf(found.outcomes)).toEqual([item.json, REFUSED]);
		expect([found.started, found.parked]).toEqual([[], []]);
		expect(found.kept).toMatchObject({ entries: [{ settled: 'succeeded' }, { settled: REFUSED }] });
	});

	it('ends the batch at a failure if the node stops at the first, and names the other tasks', async () => {
		const state = { ...UNDER_WAY, stopsAtFirstFailure: true };
		const progress = [{ position: 1, settled: REFUSED }];
		const found = await play({ state, json: carrying(readableMessage({ progress })) });
		expect(endsOf(found.outcomes)).toEqual([{ ...STOPPED, taskId: 'a' }, REFUSED]);
	});

	it('fails the videos that have no time left', async () => {
		const state = { ...UNDER_WAY, lastCheckAt: START_MS };
		const progress = [{ position: 0, taskId: 'a', settled: 'succeeded' as const, item }];
		const found = await play({ state, json: carrying(readableMessage({ progress })) });
		expect(endsOf(found.outcomes)).toMatchObject([
			item.json,
			{ message: 'There was no time left to create this video' },
		]);
	});

	it('of an older check is applied, and the supervisor parks until its own deadline', async () => {
		const progress = [{ position: 1, taskId: 'old', acceptedAt: START_MS }];
		const found = await play({
			state: UNDER_WAY,
			json: carrying(readableMessage({ number: 0, progress })),
			now: deadlineAt - 1,
		});
		const fallback = [[{ json: markOf(1), pairedItem: { item: 0 } }]];
		expect(found.parked).toEqual([{ until: deadlineAt, with: fallback }]);
		expect(found.outcomes).toEqual(handedOn(1));
		expect(found.kept?.entries[1]?.taskId).toBe('old');
		expect(found.started).toEqual([]);
	});
});

describe('a supervisor woken by a date', () => {
	it('that is outdated parks again', async () => {
		const found = await play({ state: UNDER_WAY, json: markOf(1), now: deadlineAt - 1 });
		expect(found.parked).toMatchObject([{ until: deadlineAt }]);
		expect(found.kept).toEqual(UNDER_WAY);
		expect([found.started, found.read]).toEqual([[], ['guard']]);
	});

	it('after its check is lost, lets the next check search for the group first', async () => {
		const { request, kept } = await play({ state: UNDER_WAY, json: markOf(1), now: deadlineAt });
		const { since } = planned.state.round;
		expect(request).toMatchObject({
			number: 2,
			group: [1],
			unconfirmed: { since, until: submittingEndsAt, known: ['a'] },
		});
		expect(kept?.unconfirmed).toEqual({ group: [1], since, until: submittingEndsAt, tries: 0 });
	});

	it('applies the stored result of a lost check, and nothing is unconfirmed', async () => {
		const rows = { check: ended(readableMessage()) };
		const { request, kept } = await play({
			state: UNDER_WAY,
			json: markOf(1),
			now: deadlineAt,
			rows,
		});
		expect([request?.number, request?.unconfirmed, kept?.unconfirmed]).toEqual([
			2,
			undefined,
			undefined,
		]);
		expect(kept?.entries[1]?.taskId).toBe('b');
	});

	it("applies an older check's stored result, and its own group is unconfirmed", async () => {
		const progress = [{ position: 0, taskId: 'a', settled: 'succeeded' as const, item }];
		const rows = { check: ended(readableMessage({ number: 0, progress })) };
		const { kept } = await play({ state: UNDER_WAY, json: markOf(1), now: deadlineAt, rows });
		expect(kept?.unconfirmed?.group).toEqual([1]);
		expect(kept?.entries[0]).toMatchObject({ settled: 'succeeded', item });
	});

	describe('after its check is lost before its submits', () => {
		const state = {
			...UNDER_WAY,
			round: { ...planned.state.round, executionId: 'check', pollsBeforeSubmit: 2 },
		};
		const seen = { ...planned.request.entries[0], settled: 'succeeded' as const, item };
		const started = { [START_NODE]: [{ data: { main: [[{ json: {} }]] } }] };
		/** Its row, after this many polls. */
		const after = (pollsBeforeSubmit: number) => {
			const look = {
				data: { main: [[{ json: carrying({ ...planned.request, entries: [seen] }) }]] },
			};
			const ran = { [CHECK_NODE]: Array.from({ length: pollsBeforeSubmit }, () => look) };
			return { check: { resultData: { runData: { ...started, ...ran } } } };
		};

		it.each([
			[1, undefined],
			[2, [1]],
		])(
			'marks after %i of two polls as unconfirmed: %p, and keeps the downloads',
			async (pollsBeforeSubmit, doubted) => {
				const { kept } = await play({
					state,
					json: markOf(1),
					now: deadlineAt,
					rows: after(pollsBeforeSubmit),
				});
				expect(kept?.unconfirmed?.group).toEqual(doubted);
				expect(kept?.round).toMatchObject({ number: 2, group: [1] });
				expect(kept?.entries[0]).toMatchObject({ settled: 'succeeded', item });
			},
		);

		it('marks nothing as unconfirmed if n8n reports the loss long before the submits', async () => {
			const json = { ...markOf(1), error: 'a worker has died' };
			const early = { ...state, round: { ...state.round, since: START_MS + 600_000 } };
			const { kept } = await play({ state: early, json });
			expect([kept?.round?.number, kept?.unconfirmed]).toEqual([2, undefined]);
		});

		it('marks the group as unconfirmed if n8n reports the loss during the submits', async () => {
			const json = { ...markOf(1), error: 'a worker has died' };
			const { kept } = await play({ state, json, now: state.round.since, rows: after(1) });
			expect(kept?.unconfirmed?.group).toEqual([1]);
		});
	});

	it('ends the batch if its last check is lost', async () => {
		const state: WaitState = { ...UNDER_WAY, isLastCheck: true, lastCheckAt: deadlineAt - 1 };
		const found = await play({ state, json: markOf(1), now: deadlineAt });
		expect(endsOf(found.outcomes)).toMatchObject([
			{ kind: 'timeLimit', taskId: 'a' },
			{ kind: 'noResponse', nextStep: expect.stringContaining('lost again and again') as string },
		]);
		expect(found.kept?.round).toBeUndefined();
	});
});

describe('a check that n8n reports as lost', () => {
	const lost = { ...markOf(1), error: 'a worker has died' };

	it.each<[unknown, number]>([
		[undefined, 1],
		['odd', 1],
		[4, 5],
	])('is repeated at once after %p losses', async (before, count) => {
		const found = await play({ state: UNDER_WAY, json: lost, lostChecks: before });
		expect(found.lostChecks).toBe(count);
		expect(found.request).toMatchObject({ number: 2, unconfirmed: { until: submittingEndsAt } });
	});

	it('has its stored result applied', async () => {
		const found = await play({ state: UNDER_WAY, json: lost, rows: { check: ended(DONE) } });
		expect(endsOf(found.outcomes)).toEqual([item.json, REFUSED]);
	});

	it("does not have n8n's error item read as its result", async () => {
		const found = await play({ state: UNDER_WAY, json: { ...carrying(DONE), error: 'x' } });
		expect(found.kept?.unconfirmed?.group).toEqual([1]);
	});

	it('ends the batch after six in a row, and every task comes out', async () => {
		const found = await play({ state: UNDER_WAY, json: lost, lostChecks: 5 });
		expect(found.started).toEqual([]);
		expect(endsOf(found.outcomes)).toMatchObject([
			{ kind: 'timeLimit', taskId: 'a' },
			{ kind: 'noResponse', nextStep: expect.stringContaining('lost again and again') as string },
		]);
	});

	it('says after six in a row that unsubmitted videos were not made', async () => {
		const state = { ...UNDER_WAY, round: { ...planned.state.round, group: [] } };
		const found = await play({ state, json: lost, lostChecks: 5 });
		expect(endsOf(found.outcomes)).toEqual([{ ...NOT_POLLED, taskId: 'a' }, NOT_POLLED]);
	});

	it('is counted anew after a result', async () => {
		const found = await play({
			state: UNDER_WAY,
			json: carrying(readableMessage()),
			lostChecks: 5,
		});
		expect([found.lostChecks, found.started.length]).toEqual([0, 1]);
	});
});

describe('without a working credential', () => {
	const failUnfinished = async (run: Run) => {
		const n8n = layerOf(run);
		return { ...n8n, ends: endsOf(await abandonBatch(n8n.functions, STOPPED)) };
	};

	it('the supervisor brings out every task with the reason, also those of the result', async () => {
		const { ends } = await failUnfinished({ state: UNDER_WAY, json: carrying(readableMessage()) });
		expect(ends).toEqual([item.json, { ...STOPPED, taskId: 'b' }]);
	});

	it("the supervisor marks its check's group as unconfirmed", async () => {
		const { ends } = await failUnfinished({ state: UNDER_WAY, json: markOf(1) });
		expect(ends).toMatchObject([{ ...STOPPED, taskId: 'a' }, { kind: 'noResponse' }]);
	});

	it("the supervisor's first run marks nothing as unconfirmed", async () => {
		const { ends } = await failUnfinished({ json: carrying(FIRST) });
		expect(ends).toEqual([{ ...STOPPED, taskId: 'a' }, STOPPED]);
	});

	it('a supervisor without a round marks nothing as unconfirmed', async () => {
		const checkResult = carrying(readableMessage({ number: 0 }));
		const { ends } = await failUnfinished({ state: FIRST, json: checkResult });
		expect(ends).toEqual([item.json, { ...STOPPED, taskId: 'b' }]);
	});

	it('a supervisor with a state of another version brings out every task', async () => {
		const state = { ...UNDER_WAY, version: 99 };
		const { ends } = await failUnfinished({ state, json: carrying(readableMessage()) });
		expect(ends).toMatchObject([item.json, { kind: 'interrupted', taskId: 'b' }]);
	});
});
