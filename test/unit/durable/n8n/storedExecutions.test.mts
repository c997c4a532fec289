/** What the layers of a durable wait read of each other in n8n's table: what cannot be read proves nothing. */
import {
	isCurrentCheck,
	isSupervisorReplaced,
	readSupervisor,
	readStoredCheck,
	STATE_KEY,
	SUPERVISOR_KEY,
} from '../../../../nodes/EmojiVideo/durable/n8n/storedExecutions';
import { saveSchedule } from '../../../../nodes/EmojiVideo/durable/plan/state';
import {
	CHECK_NODE,
	DONE_NODE,
	GUARD_NODE,
	START_NODE,
	SUPERVISOR_NODE,
	WAIT_STATE_KEY,
} from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import { START_MS } from '../../support/simulatedAccount.mts';
import { made, n8nWith, orderOf, rowWith, scheduleOf, stateOf } from '../parts.mts';

const boom = () => {
	throw new Error('Nobody expected this');
};

/** A row of an execution whose node has put out these, in its runs one after the other. */
const rowOf = (node: string, ...runs: Array<unknown[] | null>) => ({
	resultData: { runData: { [node]: runs.map((items) => ({ data: { main: [items] } })) } },
});

const handedOn = (message: unknown) => [{ json: { [WAIT_STATE_KEY]: message } }];

const REPORT = {
	number: 3,
	progress: [{ position: 0, taskId: 'a' }],
	schedule: saveSchedule(scheduleOf([made('a', 0)])),
	submitting: 'done' as const,
};

describe('what is left of a check', () => {
	it('is what its node has put out at last', async () => {
		const row = rowOf(CHECK_NODE, handedOn({ number: 2 }), handedOn(REPORT));
		const { functions } = n8nWith({ check: row });
		expect(await readStoredCheck(functions, 'check')).toEqual({ last: REPORT, runs: undefined });
	});

	it('is there also where another version has written it', async () => {
		const { functions } = n8nWith({ check: rowOf(CHECK_NODE, handedOn({ number: 'three' })) });
		expect((await readStoredCheck(functions, 'check')).last).toEqual({ number: 'three' });
	});

	it.each<[string, unknown[][], number]>([
		['none', [], 0],
		['a look', [handedOn({ number: 3 })], 1],
		['two', [handedOn({ number: 3 }), handedOn(REPORT)], 2],
		['one that brought nothing', [[]], 1],
	])('are its runs, as far as it has written them down: %s', async (_, outputs, runs) => {
		const started = rowOf(START_NODE, [{ json: {} }]).resultData.runData;
		const ran = outputs.length > 0 ? rowOf(CHECK_NODE, ...outputs).resultData.runData : {};
		const row = { resultData: { runData: { ...started, ...ran } } };
		const { functions } = n8nWith({ check: row });
		expect((await readStoredCheck(functions, 'check')).runs).toBe(runs);
	});

	it.each<[string, unknown]>([
		['n8n has no row', undefined],
		['it has not ended', {}],
		['another node has put something out', rowOf('Wait', handedOn(REPORT))],
		['its node has not run', rowOf(CHECK_NODE)],
		['its node has put out nothing', rowOf(CHECK_NODE, [])],
		['its output is empty', rowOf(CHECK_NODE, null)],
		['its run has no data', { resultData: { runData: { [CHECK_NODE]: [{}] } } }],
		['its item is something else', rowOf(CHECK_NODE, [{ binary: {} }])],
		['n8n throws', boom],
	])('is none where %s', async (_, row) => {
		const { functions } = n8nWith({ check: row });
		expect(await readStoredCheck(functions, 'check')).toEqual({ last: undefined, runs: undefined });
	});

	it('is not looked for where the check is not known', async () => {
		const { functions, read } = n8nWith();
		expect(await readStoredCheck(functions, undefined)).toEqual({
			last: undefined,
			runs: undefined,
		});
		expect(read).toHaveLength(0);
	});

	it('is none in an n8n that does not show other executions', async () => {
		const { functions } = n8nWith({}, { getExecutionDataById: undefined });
		expect(await readStoredCheck(functions, 'check')).toEqual({ last: undefined, runs: undefined });
	});
});

describe('a supervisor', () => {
	const state = stateOf([made('a', 0)]);

	it('is parked until its date, with its state', async () => {
		const supervisor = rowWith(SUPERVISOR_NODE, STATE_KEY, state, {
			waitTill: new Date(START_MS).toISOString(),
		});
		const { functions } = n8nWith({ supervisor });
		expect(await readSupervisor(functions, 'supervisor')).toEqual({
			parkedUntil: START_MS,
			state,
			stored: state,
			items: undefined,
		});
	});

	it('of another version has something stored, and no state', async () => {
		const stored = { ...state, version: 99 };
		const { functions } = n8nWith({ supervisor: rowWith(SUPERVISOR_NODE, STATE_KEY, stored) });
		expect(await readSupervisor(functions, 'supervisor')).toEqual({
			parkedUntil: undefined,
			state: undefined,
			stored,
			items: undefined,
		});
	});

	it('that has ended has brought its items', async () => {
		const items = [{ json: { taskId: 'a' } }];
		const { functions } = n8nWith({ supervisor: rowOf(DONE_NODE, items) });
		expect(await readSupervisor(functions, 'supervisor')).toEqual({
			parkedUntil: undefined,
			state: undefined,
			stored: undefined,
			items,
		});
	});

	it.each([undefined, boom])('that cannot be read is none (%p)', async (supervisor) => {
		const { functions } = n8nWith({ supervisor });
		expect(await readSupervisor(functions, 'supervisor')).toBeUndefined();
	});
});

const guardIdSchema = (supervisor: unknown) => rowWith(GUARD_NODE, SUPERVISOR_KEY, supervisor);

describe('a supervisor is replaced', () => {
	it.each<[string, unknown, string | undefined, string | undefined, boolean]>([
		['if its guard names another one', guardIdSchema('new'), 'guard', 'old', true],
		['not if its guard names it', guardIdSchema('old'), 'guard', 'old', false],
		['not if its guard names none', {}, 'guard', 'old', false],
		['not if its guard names something that is none', guardIdSchema(7), 'guard', 'old', false],
		['not if its guard is not known', guardIdSchema('new'), undefined, 'old', false],
		['not if it is not known itself', guardIdSchema('new'), 'guard', undefined, false],
		['not if its guard cannot be read', boom, 'guard', 'old', false],
		[
			'not by what is in another node',
			rowWith('Other', SUPERVISOR_KEY, 'new'),
			'guard',
			'old',
			false,
		],
	])('%s', async (_, guard, guardId, supervisorId, is) => {
		const { functions } = n8nWith({ guard });
		expect(await isSupervisorReplaced(functions, guardId, supervisorId)).toBe(is);
	});
});

describe('a check may create', () => {
	const supervisorAt = (number: unknown) =>
		rowWith(SUPERVISOR_NODE, STATE_KEY, { round: { number } });

	it.each<[string, unknown, unknown, boolean]>([
		[
			'if its supervisor has written its turn down',
			supervisorAt(3),
			guardIdSchema('supervisor'),
			true,
		],
		[
			'not if its supervisor is at another turn',
			supervisorAt(4),
			guardIdSchema('supervisor'),
			false,
		],
		['not if its supervisor has no turn', rowWith(SUPERVISOR_NODE, STATE_KEY, {}), {}, false],
		['not if its supervisor was replaced', supervisorAt(3), guardIdSchema('new'), false],
		['if its supervisor cannot be read', boom, boom, true],
		['if its supervisor cannot be understood', supervisorAt('three'), {}, true],
		['not if its supervisor cannot be read and was replaced', boom, guardIdSchema('new'), false],
	])('%s', async (_, supervisor, guard, may) => {
		const { functions } = n8nWith({ supervisor, guard });
		const request = orderOf([], { number: 3, supervisorId: 'supervisor', guardId: 'guard' });
		expect(await isCurrentCheck(functions, request)).toBe(may);
	});
});
