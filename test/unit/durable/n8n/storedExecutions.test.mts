/** How the layers of a durable wait read each other's stored executions. An unreadable one proves nothing. */
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
import { accepted, n8nWith, requestOf, rowWith, scheduleOf, stateOf } from '../parts.mts';

const boom = () => {
	throw new Error('Nobody expected this');
};

/** A row of an execution whose node has these outputs, one per run. */
const rowOf = (node: string, ...runs: Array<unknown[] | null>) => ({
	resultData: { runData: { [node]: runs.map((items) => ({ data: { main: [items] } })) } },
});

const rowOutput = (message: unknown) => [{ json: { [WAIT_STATE_KEY]: message } }];

const REPORT = {
	number: 3,
	progress: [{ position: 0, taskId: 'a' }],
	schedule: saveSchedule(scheduleOf([accepted('a', 0)])),
	submitting: 'done' as const,
};

describe('a stored check', () => {
	it('has the last output of its node', async () => {
		const row = rowOf(CHECK_NODE, rowOutput({ number: 2 }), rowOutput(REPORT));
		const { functions } = n8nWith({ check: row });
		expect(await readStoredCheck(functions, 'check')).toEqual({ last: REPORT, runs: undefined });
	});

	it('has its last output even if another version wrote it', async () => {
		const { functions } = n8nWith({ check: rowOf(CHECK_NODE, rowOutput({ number: 'three' })) });
		expect((await readStoredCheck(functions, 'check')).last).toEqual({ number: 'three' });
	});

	it.each<[string, unknown[][], number]>([
		['none', [], 0],
		['a poll', [rowOutput({ number: 3 })], 1],
		['two', [rowOutput({ number: 3 }), rowOutput(REPORT)], 2],
		['a run without output', [[]], 1],
	])('has as many runs as are stored: %s', async (_, outputs, runs) => {
		const started = rowOf(START_NODE, [{ json: {} }]).resultData.runData;
		const ran = outputs.length > 0 ? rowOf(CHECK_NODE, ...outputs).resultData.runData : {};
		const row = { resultData: { runData: { ...started, ...ran } } };
		const { functions } = n8nWith({ check: row });
		expect((await readStoredCheck(functions, 'check')).runs).toBe(runs);
	});

	it.each<[string, unknown]>([
		['n8n has no row', undefined],
		['it has not ended', {}],
		['another node has an output', rowOf('Wait', rowOutput(REPORT))],
		['its node has not run', rowOf(CHECK_NODE)],
		['its node has no output', rowOf(CHECK_NODE, [])],
		['its output is empty', rowOf(CHECK_NODE, null)],
		['its run has no data', { resultData: { runData: { [CHECK_NODE]: [{}] } } }],
		['its item is no message', rowOf(CHECK_NODE, [{ binary: {} }])],
		['n8n throws', boom],
	])('has no message if %s', async (_, row) => {
		const { functions } = n8nWith({ check: row });
		expect(await readStoredCheck(functions, 'check')).toEqual({ last: undefined, runs: undefined });
	});

	it('is not read without an ID', async () => {
		const { functions, read } = n8nWith();
		expect(await readStoredCheck(functions, undefined)).toEqual({
			last: undefined,
			runs: undefined,
		});
		expect(read).toHaveLength(0);
	});

	it('is empty if n8n shows no other executions', async () => {
		const { functions } = n8nWith({}, { getExecutionDataById: undefined });
		expect(await readStoredCheck(functions, 'check')).toEqual({ last: undefined, runs: undefined });
	});
});

describe('a stored supervisor', () => {
	const state = stateOf([accepted('a', 0)]);

	it('has its date and its state', async () => {
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

	it('of another version has no readable state', async () => {
		const stored = { ...state, version: 99 };
		const { functions } = n8nWith({ supervisor: rowWith(SUPERVISOR_NODE, STATE_KEY, stored) });
		expect(await readSupervisor(functions, 'supervisor')).toEqual({
			parkedUntil: undefined,
			state: undefined,
			stored,
			items: undefined,
		});
	});

	it('that has ended has its items', async () => {
		const items = [{ json: { taskId: 'a' } }];
		const { functions } = n8nWith({ supervisor: rowOf(DONE_NODE, items) });
		expect(await readSupervisor(functions, 'supervisor')).toEqual({
			parkedUntil: undefined,
			state: undefined,
			stored: undefined,
			items,
		});
	});

	it.each([undefined, boom])('is undefined if it cannot be read (%p)', async (supervisor) => {
		const { functions } = n8nWith({ supervisor });
		expect(await readSupervisor(functions, 'supervisor')).toBeUndefined();
	});
});

const guardNaming = (supervisor: unknown) => rowWith(GUARD_NODE, SUPERVISOR_KEY, supervisor);

describe('a supervisor is replaced', () => {
	it.each<[string, unknown, string | undefined, string | undefined, boolean]>([
		['if its guard names another one', guardNaming('new'), 'guard', 'old', true],
		['not if its guard names it', guardNaming('old'), 'guard', 'old', false],
		['not if its guard names none', {}, 'guard', 'old', false],
		['not if its guard names no ID', guardNaming(7), 'guard', 'old', false],
		['not if its guard is not known', guardNaming('new'), undefined, 'old', false],
		['not if its own ID is not known', guardNaming('new'), 'guard', undefined, false],
		['not if its guard cannot be read', boom, 'guard', 'old', false],
		[
			'not by a value in another node',
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

describe('a check may submit', () => {
	const supervisorAt = (number: unknown) =>
		rowWith(SUPERVISOR_NODE, STATE_KEY, { round: { number } });

	it.each<[string, unknown, unknown, boolean]>([
		['if its supervisor has stored its round', supervisorAt(3), guardNaming('supervisor'), true],
		[
			'not if its supervisor is at another round',
			supervisorAt(4),
			guardNaming('supervisor'),
			false,
		],
		['not if its supervisor has no round', rowWith(SUPERVISOR_NODE, STATE_KEY, {}), {}, false],
		['not if its supervisor was replaced', supervisorAt(3), guardNaming('new'), false],
		['if its supervisor cannot be read', boom, boom, true],
		["if its supervisor's state cannot be read", supervisorAt('three'), {}, true],
		['not if its supervisor cannot be read and was replaced', boom, guardNaming('new'), false],
	])('%s', async (_, supervisor, guard, may) => {
		const { functions } = n8nWith({ supervisor, guard });
		const request = requestOf([], { number: 3, supervisorId: 'supervisor', guardId: 'guard' });
		expect(await isCurrentCheck(functions, request)).toBe(may);
	});
});
