/** The guard of a durable wait: a supervisor that is lost is replaced, one that is merely late is not. */
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
import { layerWith, made, rowWith, stateOf, unmade } from '../parts.mts';
import { createVirtualClock } from '../../support/virtualClock.mts';

const MINUTE_MS = 60_000;
const MEMORY_KEY = 'emojiVideoGuard';
const COPY_KEY = 'emojiVideoCopy';

const owner = { executionId: 'user', cancelsOnStop: false };
/** As it is sent; and as the supervisor has written it down since. */
const FIRST = stateOf([unmade(5), unmade(6)], { owner });
const LATER = stateOf([made('a', 5), unmade(6)], { owner, rounds: 1 });

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
	/** What it has kept of the supervisor's state, and when. */
	copy?: unknown;
	ends?: IDataObject[];
}

/** What the guard does at a later look. */
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

/** What is told of each entry: its task, or what may have become of it. */
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

describe('in its first run', () => {
	const startCheck = async (json?: unknown, ends?: IDataObject[]) => {
		const n8n = layerWith({ json, ends });
		return { ...n8n, outcomes: await runGuard(n8n.functions, createVirtualClock(START_MS)) };
	};

	it('it starts the supervisor with the state, and parks on it', async () => {
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

	it('what the supervisor brings at once is handed on, each to its item', async () => {
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

	it('a state that it cannot read starts nothing: every task comes out', async () => {
		const { outcomes, started } = await startCheck({ [WAIT_STATE_KEY]: { ...LATER, version: 99 } });
		expect(started).toEqual([]);
		expect(toldOf(outcomes)).toEqual([
			[5, 'a', expect.stringContaining('The package was changed')],
			[6, 'not made', expect.stringContaining('The package was changed')],
		]);
	});

	it.each([undefined, {}])('without a state it says so (%p)', async (json) => {
		const { outcomes } = await startCheck(json);
		expect(toldOf(outcomes)).toEqual([[0, 'not made', expect.stringContaining('changed')]]);
	});
});

describe('a supervisor that is parked', () => {
	it('is let be for half an hour, and counts as punctual again', async () => {
		const { parked, memory, outcomes, started } = await look({
			memory: { supervisors: 3, lateSince: START_MS - 1, lateUntil: 7 },
			supervisor: supervisorRow(START_MS + 1),
		});
		expect(parked).toEqual(asleep(START_MS + 30 * MINUTE_MS));
		expect([memory, outcomes, started]).toEqual([{ supervisors: 3 }, HANDED_ON, []]);
	});

	it('and cannot be read is let be: nothing is known of it', async () => {
		const memory = { supervisors: 3, lateSince: START_MS - 1, lateUntil: 7 };
		const found = await look({ memory, supervisor: undefined });
		expect(found.parked).toEqual(asleep(START_MS + 30 * MINUTE_MS));
		expect([found.memory, found.started]).toEqual([memory, []]);
	});
});

describe('a supervisor that is late', () => {
	const LATE_MS = 10 * MINUTE_MS;

	it.each<[string, number | undefined, IDataObject, number, IDataObject]>([
		['for the first time is looked at again soon', START_MS, {}, START_MS, { lateUntil: START_MS }],
		['because it runs is as well', undefined, {}, START_MS, { lateUntil: 0 }],
		[
			'is looked at again ten minutes after it was seen to be',
			START_MS - 5,
			{ lateSince: START_MS - LATE_MS + 1, lateUntil: START_MS - 5 },
			START_MS - LATE_MS + 1,
			{ lateUntil: START_MS - 5 },
		],
		[
			'by another date than last time has moved meanwhile',
			START_MS - 5,
			{ lateSince: START_MS - LATE_MS, lateUntil: START_MS - 6 },
			START_MS,
			{ lateUntil: START_MS - 5 },
		],
		[
			'and of which nobody knows since when is late from now on',
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

	it('for ten minutes is replaced: the new one has its state', async () => {
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

	it('of a wait that knows no execution is replaced all the same', async () => {
		const found = await look({
			memory: { supervisors: 1, ...tooLate },
			supervisor: supervisorRow(START_MS - 5, { ...LATER, owner: undefined }),
		});
		expect(found.started).toMatchObject([{ name: 'Emoji Video: waits for execution' }]);
		expect(found.warned[0]).toContain('for execution ;');
	});

	it('for the tenth time is not: every task comes out', async () => {
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

	it('and whose state another version has written is not: every task comes out', async () => {
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
	it('is replaced at once, whatever its date', async () => {
		const found = await look({ isError: true, supervisor: supervisorRow(START_MS + 1) });
		expect(found.started).toMatchObject([{ sent: sentOf(LATER) }]);
	});

	it.each([
		['its row', undefined],
		['what it had stored', { resultData: {} }],
	])(
		'with %s: it is replaced by its copy, and what was not made then is in doubt',
		async (_, supervisor) => {
			const at = START_MS - 10 * MINUTE_MS;
			const state = stateOf([unmade(5), made('b', 6), unmade(7)], { owner });
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

	it('for the tenth time: it is given up, with every task', async () => {
		const { started, outcomes } = await look({ isError: true, memory: { supervisors: 10 } });
		expect(started).toEqual([]);
		expect(toldOf(outcomes)).toHaveLength(2);
	});

	it('and of which there is no copy that can be read: it says where to look', async () => {
		const found = await look({ isError: true, copy: { state: { version: 99 }, at: 1 } });
		expect(found.started).toEqual([]);
		expect(toldOf(found.outcomes)).toHaveLength(1);
	});
});

describe('a supervisor that is well', () => {
	it('leaves its state with its guard, and when that was', async () => {
		const { context } = await look({ supervisor: supervisorRow(START_MS + 1) });
		expect(context[COPY_KEY]).toEqual({ state: pack(LATER), at: START_MS });
	});
});

describe('a supervisor that has ended without handing on what it has', () => {
	const ended = (more: object = {}) => ({
		...more,
		resultData: {
			runData: { [DONE_NODE]: [{ data: { main: [[{ json: { taskId: 'a' } }]] } }] },
		},
	});

	it.each([
		['each comes out as its item', supervisorRow(undefined), 5],
		['also where its state cannot be read', {}, 0],
	])('%s', async (_, row, itemIndex) => {
		const found = await look({ isError: true, supervisor: ended(row) });
		expect(found.outcomes).toMatchObject([
			{ itemIndex, result: { value: { json: { taskId: 'a' } } } },
		]);
		expect([found.started, found.parked]).toEqual([[], []]);
	});
});

describe('a guard of another version', () => {
	it('still looks after its supervisor', async () => {
		const found = await look({
			memory: { supervisors: 'two' },
			supervisor: supervisorRow(START_MS + 1),
		});
		expect([found.memory, found.started]).toEqual([{ supervisors: 1 }, []]);
	});

	it('that does not say which one it has lets it be', async () => {
		const n8n = layerWith({ context: { [MEMORY_KEY]: {}, [SUPERVISOR_KEY]: 7 }, json: MARK });
		expect(await runGuard(n8n.functions, createVirtualClock(START_MS))).toEqual(HANDED_ON);
		expect(n8n.read).toHaveLength(0);
		expect(n8n.started).toHaveLength(0);
	});
});
