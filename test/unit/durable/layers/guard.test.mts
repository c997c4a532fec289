/** The guard of a durable wait: it replaces a lost supervisor, and does not replace a late one. */
import type { IDataObject } from 'n8n-workflow';
import { runGuard } from '../../../../nodes/EmojiVideo/durable/layers/guard';
import { pack } from '../../../../nodes/EmojiVideo/durable/plan/packing';
import {
	STATE_KEY,
	SUPERVISOR_KEY,
} from '../../../../nodes/EmojiVideo/durable/n8n/storedExecutions';
import type { WaitState } from '../../../../nodes/EmojiVideo/durable/plan/state';
import {
	DONE_NODE,
	SUPERVISOR_NODE,
	WAIT_STATE_KEY,
} from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { Outcome } from '../../../../nodes/EmojiVideo/execution/outcome';
import { START_MS } from '../../support/simulatedAccount.mts';
import { layerWith, accepted, rowWith, stateOf, unsubmitted } from '../parts.mts';
import { createVirtualClock } from '../../support/virtualClock.mts';

const MINUTE_MS = 60_000;
const MEMORY_KEY = 'emojiVideoGuard';
const COPY_KEY = 'emojiVideoCopy';

const owner = { executionId: 'user', cancelsOnStop: false };
/** The state that the guard gets, and the state that the supervisor has stored since. */
const FIRST = stateOf([unsubmitted(5), unsubmitted(6)], { owner });
const LATER = stateOf([accepted('a', 5), unsubmitted(6)], { owner, rounds: 1 });

const MARK = { [WAIT_STATE_KEY]: { number: 0 } };
const LOST_ITEM = { ...MARK, error: 'n8n has lost it' };

/** A row of the supervisor, parked until a date. */
const supervisorRow = (until: number | undefined, state: unknown = LATER) =>
	rowWith(SUPERVISOR_NODE, STATE_KEY, state, {
		waitTill: until === undefined ? null : new Date(until).toISOString(),
	});

interface Look {
	memory?: IDataObject;
	isError?: boolean;
	supervisor?: unknown;
	/** The guard's copy of the supervisor's state, and its time. */
	copy?: unknown;
	ends?: IDataObject[];
}

/** Runs the guard for a later time. */
async function look({ memory = { supervisors: 1 }, isError, supervisor, copy, ends }: Look) {
	const n8n = layerWith({
		context: {
			[MEMORY_KEY]: memory,
			[SUPERVISOR_KEY]: 'supervisor',
			[COPY_KEY]: (copy ?? { state: FIRST, at: START_MS }) as IDataObject,
		},
		json: isError ? LOST_ITEM : MARK,
		rows: { supervisor },
		ends,
	});
	const outcomes = await runGuard(n8n.functions, createVirtualClock(START_MS));
	return { ...n8n, outcomes, memory: n8n.context[MEMORY_KEY] };
}

/** Each entry's task ID, or its next step. */
const toldOf = (outcomes: Outcome[]) =>
	outcomes.map(({ itemIndex, result }) => {
		if (result.ok) return [itemIndex, 'video'];
		const { taskId, message, nextStep } = result.failure;
		const may = /A task may have been made/.test(nextStep) ? 'may be made' : 'not made';
		return [itemIndex, taskId ?? may, message];
	});

const HANDED_ON = [{ itemIndex: 0, result: { ok: true, value: { json: MARK } } }];

const sentOf = (state: WaitState) => [
	{ json: { [WAIT_STATE_KEY]: pack({ ...state, guardId: 'own' }) }, pairedItem: { item: 0 } },
];

const asleep = (until: number) => [{ until, with: [[{ json: MARK, pairedItem: { item: 0 } }]] }];

describe("the guard's first run", () => {
	const startCheck = async (json?: unknown, ends?: IDataObject[]) => {
		const n8n = layerWith({ json, ends });
		return { ...n8n, outcomes: await runGuard(n8n.functions, createVirtualClock(START_MS)) };
	};

	it('starts the supervisor with the state, and parks on it', async () => {
		const { outcomes, started, parked, context } = await startCheck({ [WAIT_STATE_KEY]: FIRST });
		expect(started).toMatchObject([
			{ name: 'Emoji Video: waits for execution user', sent: sentOf(FIRST) },
		]);
		expect(parked).toEqual(asleep(START_MS + 30 * MINUTE_MS));
		expect(outcomes).toEqual(HANDED_ON);
		expect(context).toEqual({
			[MEMORY_KEY]: { supervisors: 1 },
			[SUPERVISOR_KEY]: 'sub-1',
			[COPY_KEY]: { state: pack(FIRST), at: START_MS },
		});
	});

	it('passes the items of a supervisor that ends at once on', async () => {
		const { outcomes, parked, context } = await startCheck({ [WAIT_STATE_KEY]: FIRST }, [
			{ taskId: 'a' },
			{ taskId: 'b' },
		]);
		expect(outcomes).toMatchObject([
			{ itemIndex: 5, result: { value: { json: { taskId: 'a' } } } },
			{ itemIndex: 6, result: { value: { json: { taskId: 'b' } } } },
		]);
		expect(parked).toEqual([]);
		expect(context).not.toHaveProperty(SUPERVISOR_KEY);
	});

	it('starts nothing with an unreadable state, and every task comes out', async () => {
		const { outcomes, started } = await startCheck({ [WAIT_STATE_KEY]: { ...LATER, version: 99 } });
		expect(started).toEqual([]);
		expect(toldOf(outcomes)).toEqual([
			[5, 'a', expect.stringContaining('The package was changed')],
			[6, 'not made', expect.stringContaining('The package was changed')],
		]);
	});

	it.each([undefined, {}])('returns an error without a state (%p)', async (json) => {
		const { outcomes } = await startCheck(json);
		expect(toldOf(outcomes)).toEqual([[0, 'not made', expect.stringContaining('changed')]]);
	});
});

describe('a guard of a parked supervisor', () => {
	it('parks for 30 minutes, and forgets any delay', async () => {
		const { parked, memory, outcomes, started } = await look({
			memory: { supervisors: 3, lateSince: START_MS - 1, lateUntil: 7 },
			supervisor: supervisorRow(START_MS + 1),
		});
		expect(parked).toEqual(asleep(START_MS + 30 * MINUTE_MS));
		expect([memory, outcomes, started]).toEqual([{ supervisors: 3 }, HANDED_ON, []]);
	});

	it('parks again if it cannot read the supervisor', async () => {
		const memory = { supervisors: 3, lateSince: START_MS - 1, lateUntil: 7 };
		const found = await look({ memory, supervisor: undefined });
		expect(found.parked).toEqual(asleep(START_MS + 30 * MINUTE_MS));
		expect([found.memory, found.started]).toEqual([memory, []]);
	});
});

describe('a guard of a late supervisor:', () => {
	const LATE_MS = 10 * MINUTE_MS;

	it.each<[string, number | undefined, IDataObject, number, IDataObject]>([
		[
			'late for the first time, it is read again soon',
			START_MS,
			{},
			START_MS,
			{ lateUntil: START_MS },
		],
		['running, it is read again soon', undefined, {}, START_MS, { lateUntil: 0 }],
		[
			'still late, it is read again ten minutes after the first time',
			START_MS - 5,
			{ lateSince: START_MS - LATE_MS + 1, lateUntil: START_MS - 5 },
			START_MS - LATE_MS + 1,
			{ lateUntil: START_MS - 5 },
		],
		[
			'late by another date than before, it has run meanwhile',
			START_MS - 5,
			{ lateSince: START_MS - LATE_MS, lateUntil: START_MS - 6 },
			START_MS,
			{ lateUntil: START_MS - 5 },
		],
		[
			'late since an unknown time, it counts as late from now on',
			START_MS - 5,
			{ lateUntil: START_MS - 5 },
			START_MS,
			{ lateUntil: START_MS - 5 },
		],
	])('%s', async (_, until, memory, lateSince, kept) => {
		const found = await look({
			memory: { supervisors: 2, ...memory },
			supervisor: supervisorRow(until),
		});
		expect(found.parked).toEqual(asleep(lateSince + LATE_MS));
		expect(found.memory).toEqual({ supervisors: 2, lateSince, ...kept });
		expect([found.outcomes, found.started]).toEqual([HANDED_ON, []]);
	});

	const tooLate = { lateSince: START_MS - LATE_MS, lateUntil: START_MS - 5 };

	it('replaces it after ten minutes, with its state', async () => {
		const found = await look({
			memory: { supervisors: 9, ...tooLate },
			supervisor: supervisorRow(START_MS - 5),
		});
		expect(found.started).toMatchObject([{ sent: sentOf(LATER) }]);
		expect(found.parked).toEqual(asleep(START_MS + 30 * MINUTE_MS));
		expect(found.context).toEqual({
			[MEMORY_KEY]: { supervisors: 10 },
			[SUPERVISOR_KEY]: 'sub-1',
			[COPY_KEY]: { state: pack(LATER), at: START_MS },
		});
		expect(found.warned).toEqual([
			'Emoji Video: n8n has lost what waited for execution user; it is taken up again.',
		]);
	});

	it('replaces it in a wait without an owner', async () => {
		const found = await look({
			memory: { supervisors: 1, ...tooLate },
			supervisor: supervisorRow(START_MS - 5, { ...LATER, owner: undefined }),
		});
		expect(found.started).toMatchObject([{ name: 'Emoji Video: waits for execution' }]);
		expect(found.warned[0]).toContain('for execution ;');
	});

	it('gives up at the tenth supervisor, and every task comes out', async () => {
		const found = await look({
			memory: { supervisors: 10, ...tooLate },
			supervisor: supervisorRow(START_MS - 5),
		});
		expect(found.started).toEqual([]);
		expect(toldOf(found.outcomes)).toEqual([
			[5, 'a', expect.stringContaining('again and again')],
			[6, 'not made', expect.stringContaining('again and again')],
		]);
	});

	it('does not replace one whose state another version wrote, and every task comes out', async () => {
		const found = await look({
			memory: { supervisors: 1, ...tooLate },
			supervisor: supervisorRow(START_MS - 5, { ...LATER, version: 99 }),
		});
		expect(found.started).toEqual([]);
		expect(toldOf(found.outcomes)).toEqual([
			[5, 'a', expect.stringContaining('The package was changed')],
			[6, 'not made', expect.stringContaining('The package was changed')],
		]);
	});
});

describe('a supervisor that n8n reports as lost', () => {
	it('is replaced at once, before its date', async () => {
		const found = await look({ isError: true, supervisor: supervisorRow(START_MS + 1) });
		expect(found.started).toMatchObject([{ sent: sentOf(LATER) }]);
	});

	it.each([
		['its row', undefined],
		['its stored state', { resultData: {} }],
	])(
		"without %s is replaced from the guard's copy, and its unsubmitted videos are unconfirmed",
		async (_, supervisor) => {
			const at = START_MS - 10 * MINUTE_MS;
			const state = stateOf([unsubmitted(5), accepted('b', 6), unsubmitted(7)], { owner });
			const { started, outcomes } = await look({ isError: true, supervisor, copy: { state, at } });
			expect(outcomes).toEqual(HANDED_ON);
			const unconfirmed = {
				group: [0, 2],
				since: at,
				until: expect.any(Number) as number,
				tries: 0,
			};
			expect(started).toMatchObject([{ sent: sentOf({ ...state, unconfirmed }) }]);
		},
	);

	it('ends the batch at the tenth supervisor, and every task comes out', async () => {
		const { started, outcomes } = await look({ isError: true, memory: { supervisors: 10 } });
		expect(started).toEqual([]);
		expect(toldOf(outcomes)).toHaveLength(2);
	});

	it('without a readable copy ends in an error that says where to look', async () => {
		const found = await look({ isError: true, copy: { state: { version: 99 }, at: 1 } });
		expect(found.started).toEqual([]);
		expect(toldOf(found.outcomes)).toHaveLength(1);
	});
});

describe('a guard of a running wait', () => {
	it("keeps a copy of the supervisor's state, and its time", async () => {
		const { context } = await look({ supervisor: supervisorRow(START_MS + 1) });
		expect(context[COPY_KEY]).toEqual({ state: pack(LATER), at: START_MS });
	});
});

describe('a supervisor that has ended unnoticed', () => {
	const ended = (more: object = {}) => ({
		...more,
		resultData: {
			runData: { [DONE_NODE]: [{ data: { main: [[{ json: { taskId: 'a' } }]] } }] },
		},
	});

	it.each([
		['returns its items through the guard', supervisorRow(undefined), 5],
		['returns its items even if its state cannot be read', {}, 0],
	])('%s', async (_, row, itemIndex) => {
		const found = await look({ isError: true, supervisor: ended(row) });
		expect(found.outcomes).toMatchObject([
			{ itemIndex, result: { value: { json: { taskId: 'a' } } } },
		]);
		expect([found.started, found.parked]).toEqual([[], []]);
	});
});

describe('a guard that another version has started', () => {
	it('still replaces its supervisor', async () => {
		const found = await look({
			memory: { supervisors: 'two' },
			supervisor: supervisorRow(START_MS + 1),
		});
		expect([found.memory, found.started]).toEqual([{ supervisors: 1 }, []]);
	});

	it('parks again if it does not name its supervisor', async () => {
		const n8n = layerWith({ context: { [MEMORY_KEY]: {}, [SUPERVISOR_KEY]: 7 }, json: MARK });
		expect(await runGuard(n8n.functions, createVirtualClock(START_MS))).toEqual(HANDED_ON);
		expect(n8n.read).toHaveLength(0);
		expect(n8n.started).toHaveLength(0);
	});
});
