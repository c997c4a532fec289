/** The supervisor of a durable wait: one check after the other; what is lost is in doubt, and nothing is forgotten. */
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
import { layerWith, made, rowWith, scheduleOf, stateOf, unmade } from '../parts.mts';
import { createVirtualClock } from '../../support/virtualClock.mts';
import { NOT_POLLED } from '../../../../nodes/EmojiVideo/durable/plan/failures';

const LOST_CHECKS_KEY = 'emojiVideoLostChecks';
const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const item = { json: { taskId: 'a' } };
const owner = { executionId: 'user', cancelsOnStop: false };

const FIRST = stateOf([made('a', 0), unmade(1)], { owner, guardId: 'guard' });

/** The same with its first check under way. */
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
	schedule: saveSchedule(scheduleOf([made('b', 1)])),
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

/** A row of a check that has ended with this. */
const ended = (checkResult: unknown) => ({
	resultData: {
		runData: { [CHECK_NODE]: [{ data: { main: [[{ json: carrying(checkResult) }]] } }] },
	},
});

interface Run {
	/** What the run before has left; absent: this is the first one. */
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

describe('its first run', () => {
	it('writes its first turn down, and parks on its check', async () => {
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

	it('of a wait that knows no execution begins all the same', async () => {
		const { started } = await play({ json: carrying({ ...FIRST, owner: undefined }) });
		expect(started).toMatchObject([{ name: 'Emoji Video: next look for execution' }]);
	});

	it('does not ask whether it was replaced: its guard has not written it down', async () => {
		const rows = { guard: rowWith(GUARD_NODE, SUPERVISOR_KEY, 'another') };
		const { read, started } = await play({ json: carrying(FIRST), rows });
		expect(read).toEqual([]);
		expect(started).toHaveLength(1);
	});

	it('whose check ends at once brings what that has brought', async () => {
		const found = await play({ json: carrying(FIRST), ends: [{ n: 1 }, { n: 2 }] });
		expect(endsOf(found.outcomes)).toEqual([{ n: 1 }, { n: 2 }]);
		expect(found.parked).toEqual([]);
	});

	it.each([undefined, {}])('without a state creates nothing, and says so (%p)', async (json) => {
		const found = await play({ json });
		expect(found.started).toEqual([]);
		expect(endsOf(found.outcomes)).toMatchObject([{ kind: 'interrupted' }]);
	});
});

describe('one that was replaced', () => {
	const rows = { guard: rowWith(GUARD_NODE, SUPERVISOR_KEY, 'another') };

	it.each<[string, Partial<Run>]>([
		[
			'whose check is late',
			{ json: carrying(readableMessage({ submitting: 'late' })), now: deadlineAt - 1 },
		],
		['whose check reports after its time', { json: carrying(DONE), now: deadlineAt }],
		['whose check n8n has lost', { json: { error: 'lost' }, now: deadlineAt - 1 }],
		['that wakes before its time', { json: markOf(1), now: deadlineAt - 1 }],
		['that has no check', { state: { ...UNDER_WAY, round: undefined }, json: carrying(DONE) }],
		['of another version', { state: { ...UNDER_WAY, version: 99 }, json: carrying(DONE) }],
	])('%s: makes nothing more, and says so to its guard', async (_, run) => {
		const state = run.state ?? UNDER_WAY;
		const found = await play({ ...run, state, rows });
		expect(endsOf(found.outcomes)).toEqual([{ [REPLACED_KEY]: true }]);
		expect([found.started, found.parked]).toEqual([[], []]);
		expect(found.context[STATE_KEY]).toBe(state);
	});

	it('whose check reports in time does not ask, which would read a whole batch: its checks do', async () => {
		const run = { state: UNDER_WAY, json: carrying(readableMessage()), rows, now: deadlineAt - 1 };
		const { read, started } = await play(run);
		expect(read).toEqual([]);
		expect(started).toHaveLength(1);
	});
});

it('a state of another version: every task comes out, also that of the report', async () => {
	const state = { ...UNDER_WAY, version: 99 };
	const found = await play({ state, json: carrying(readableMessage()) });
	expect(endsOf(found.outcomes)).toEqual([
		item.json,
		expect.objectContaining({ kind: 'interrupted', taskId: 'b' }),
	]);
	expect(found.started).toEqual([]);
});

it('a run into which nothing came sleeps on', async () => {
	const found = await play({ state: UNDER_WAY, json: undefined, now: deadlineAt - 1 });
	expect(found.outcomes).toEqual(handedOn(1));
});

describe('a report', () => {
	it('is taken in, and the next check begins', async () => {
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

	it('that ends the batch ends it: each entry has its outcome', async () => {
		const found = await play({ state: UNDER_WAY, json: carrying(DONE) });
		expect(endsOf(found.outcomes)).toEqual([item.json, REFUSED]);
		expect([found.started, found.parked]).toEqual([[], []]);
		expect(found.kept).toMatchObject({ entries: [{ settled: 'succeeded' }, { settled: REFUSED }] });
	});

	it('of a failure ends the batch where the node stops at it: the others are named', async () => {
		const state = { ...UNDER_WAY, stopsAtFirstFailure: true };
		const progress = [{ position: 1, settled: REFUSED }];
		const found = await play({ state, json: carrying(readableMessage({ progress })) });
		expect(endsOf(found.outcomes)).toEqual([{ ...STOPPED, taskId: 'a' }, REFUSED]);
	});

	it('after which there is no time for what is left: that says so', async () => {
		const state = { ...UNDER_WAY, lastCheckAt: START_MS };
		const progress = [{ position: 0, taskId: 'a', settled: 'succeeded' as const, item }];
		const found = await play({ state, json: carrying(readableMessage({ progress })) });
		expect(endsOf(found.outcomes)).toMatchObject([
			item.json,
			{ message: 'There was no time left to create this video' },
		]);
	});

	it('of an older check is taken in, and it sleeps on until its own is lost', async () => {
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

describe('woken by a date', () => {
	it('that is not its check’s, it sleeps on', async () => {
		const found = await play({ state: UNDER_WAY, json: markOf(1), now: deadlineAt - 1 });
		expect(found.parked).toMatchObject([{ until: deadlineAt }]);
		expect(found.kept).toEqual(UNDER_WAY);
		expect([found.started, found.read]).toEqual([[], ['guard']]);
	});

	it('its check is lost: what that may have created is looked for first', async () => {
		const { request, kept } = await play({ state: UNDER_WAY, json: markOf(1), now: deadlineAt });
		const { since } = planned.state.round;
		expect(request).toMatchObject({
			number: 2,
			group: [1],
			unconfirmed: { since, until: submittingEndsAt, known: ['a'] },
		});
		expect(kept?.unconfirmed).toEqual({ group: [1], since, until: submittingEndsAt, tries: 0 });
	});

	it('its check has left its report: that counts, and nothing is in doubt', async () => {
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

	it('an older check has left a report: it counts, and its own is in doubt', async () => {
		const progress = [{ position: 0, taskId: 'a', settled: 'succeeded' as const, item }];
		const rows = { check: ended(readableMessage({ number: 0, progress })) };
		const { kept } = await play({ state: UNDER_WAY, json: markOf(1), now: deadlineAt, rows });
		expect(kept?.unconfirmed?.group).toEqual([1]);
		expect(kept?.entries[0]).toMatchObject({ settled: 'succeeded', item });
	});

	describe('its check is lost on the way to its creates', () => {
		const state = {
			...UNDER_WAY,
			round: { ...planned.state.round, executionId: 'check', pollsBeforeSubmit: 2 },
		};
		const seen = { ...planned.request.entries[0], settled: 'succeeded' as const, item };
		const started = { [START_NODE]: [{ data: { main: [[{ json: {} }]] } }] };
		/** Its row, after so many looks. */
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
			'after %i of two looks: %p is in doubt, and what was fetched counts',
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

		it('as n8n says, and long before them: nothing is in doubt', async () => {
			const json = { ...markOf(1), error: 'a worker has died' };
			const early = { ...state, round: { ...state.round, since: START_MS + 600_000 } };
			const { kept } = await play({ state: early, json });
			expect([kept?.round?.number, kept?.unconfirmed]).toEqual([2, undefined]);
		});

		it('as n8n says, and it may be in them: its group is in doubt', async () => {
			const json = { ...markOf(1), error: 'a worker has died' };
			const { kept } = await play({ state, json, now: state.round.since, rows: after(1) });
			expect(kept?.unconfirmed?.group).toEqual([1]);
		});
	});

	it('its last check is lost: it gives up, and each entry says what it is', async () => {
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
	])('is taken again at once, %p times before', async (before, count) => {
		const found = await play({ state: UNDER_WAY, json: lost, lostChecks: before });
		expect(found.lostChecks).toBe(count);
		expect(found.request).toMatchObject({ number: 2, unconfirmed: { until: submittingEndsAt } });
	});

	it('has left its report all the same: that counts', async () => {
		const found = await play({ state: UNDER_WAY, json: lost, rows: { check: ended(DONE) } });
		expect(endsOf(found.outcomes)).toEqual([item.json, REFUSED]);
	});

	it('beside its report: what n8n has put there is not read as one', async () => {
		const found = await play({ state: UNDER_WAY, json: { ...carrying(DONE), error: 'x' } });
		expect(found.kept?.unconfirmed?.group).toEqual([1]);
	});

	it('six times in a row is not taken again: every task comes out', async () => {
		const found = await play({ state: UNDER_WAY, json: lost, lostChecks: 5 });
		expect(found.started).toEqual([]);
		expect(endsOf(found.outcomes)).toMatchObject([
			{ kind: 'timeLimit', taskId: 'a' },
			{ kind: 'noResponse', nextStep: expect.stringContaining('lost again and again') as string },
		]);
	});

	it('six times in a row, and created nothing: what is left was not made', async () => {
		const state = { ...UNDER_WAY, round: { ...planned.state.round, group: [] } };
		const found = await play({ state, json: lost, lostChecks: 5 });
		expect(endsOf(found.outcomes)).toEqual([{ ...NOT_POLLED, taskId: 'a' }, NOT_POLLED]);
	});

	it('is counted anew after one that was heard', async () => {
		const found = await play({
			state: UNDER_WAY,
			json: carrying(readableMessage()),
			lostChecks: 5,
		});
		expect([found.lostChecks, found.started.length]).toEqual([0, 1]);
	});
});

describe('where the account cannot be opened any more', () => {
	const failUnfinished = async (run: Run) => {
		const n8n = layerOf(run);
		return { ...n8n, ends: endsOf(await abandonBatch(n8n.functions, STOPPED)) };
	};

	it('every task comes out with the reason, also that of the report', async () => {
		const { ends } = await failUnfinished({ state: UNDER_WAY, json: carrying(readableMessage()) });
		expect(ends).toEqual([item.json, { ...STOPPED, taskId: 'b' }]);
	});

	it('what its check may have created says so', async () => {
		const { ends } = await failUnfinished({ state: UNDER_WAY, json: markOf(1) });
		expect(ends).toMatchObject([{ ...STOPPED, taskId: 'a' }, { kind: 'noResponse' }]);
	});

	it('the same in the first run, where nothing was created', async () => {
		const { ends } = await failUnfinished({ json: carrying(FIRST) });
		expect(ends).toEqual([{ ...STOPPED, taskId: 'a' }, STOPPED]);
	});

	it('the same where no check is under way', async () => {
		const checkResult = carrying(readableMessage({ number: 0 }));
		const { ends } = await failUnfinished({ state: FIRST, json: checkResult });
		expect(ends).toEqual([item.json, { ...STOPPED, taskId: 'b' }]);
	});

	it('and the state is of another version: every task comes out', async () => {
		const state = { ...UNDER_WAY, version: 99 };
		const { ends } = await failUnfinished({ state, json: carrying(readableMessage()) });
		expect(ends).toMatchObject([item.json, { kind: 'interrupted', taskId: 'b' }]);
	});
});
