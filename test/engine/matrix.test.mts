/** A sample of the matrix: each flow and each fault, half of them once, half always. `npm run matrix` plays all. */
import 'reflect-metadata';
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock, Operation } from '../../sandbox/dashscope/index.mts';
import { OPERATIONS } from '../../nodes/EmojiVideo/actions/router';
import { faultsOf, FLOWS, playCell } from '../../lab/matrix/cell.mts';
import { FAULTS } from '../../lab/matrix/faults.mts';

let mock: DashScopeMock;
beforeAll(async () => {
	mock = await startDashScopeMock({ clock: { now: () => 1_760_412_484_000 }, taskSeconds: 60 });
});
afterAll(async () => await mock.close());

const CELLS = 60;
const flows = Object.keys(FLOWS) as Operation[];
const names = Object.keys(FAULTS);

/** A step that has no divisor in common with the number of flows visits all pairs in turn. */
const sample = Array.from({ length: CELLS }, (_, index) => ({
	flow: flows[index % flows.length] ?? 'query',
	name: names[(index * 7) % names.length] ?? 'reset',
	times: index % 2 === 0 ? ('always' as const) : (1 as const),
}));

test.each(sample)(
	'$flow with the fault $name ($times) pays once, says what to do, and ends in time',
	async ({ flow, name, times }) => {
		const fault = FAULTS[name];
		if (!fault) throw new Error(`There is no fault ${name}.`);
		const cell = { flow, fault, times };
		const result = await playCell(mock, cell);
		expect({ result, wrong: faultsOf(cell, result) }).toMatchObject({ wrong: [] });
	},
);

test('a cell is wrong if it takes longer than the documents say', () => {
	const result = {
		end: 'error' as const,
		message: 'm',
		nextStep: 'n',
		created: [],
		isKnown: false,
	};
	const wrong = (flow: Operation, name: string, times: 1 | 'always', minutes: number) =>
		faultsOf(
			{ flow, fault: FAULTS[name] ?? { kind: 'reset' }, times },
			{ ...result, minutes, keyLeaked: false },
		);
	expect(wrong('list', '400', 'always', 0.2)).toEqual([]);
	expect(wrong('list', '400', 'always', 0.3)).toEqual(['took 0.3 minutes, 0.3 are documented']);
	expect(wrong('detect', 'reset', 'always', 5.1)).toHaveLength(1);
	expect(wrong('result', 'reset', 'always', 5.1)).toHaveLength(1);
	expect(wrong('result', 'silence', 'always', 6.9)).toEqual([]);
	expect(wrong('result', 'silence', 'always', 7.1)).toHaveLength(1);
	expect(wrong('result', 'silence', 'always', 51)).toHaveLength(1);
	expect(wrong('create', '429', 'always', 51)).toHaveLength(1);
});

test('every field that a flow sets is in its form', () => {
	for (const { resource, operation, parameters } of Object.values(FLOWS)) {
		const fields = OPERATIONS[resource]?.[operation]?.fields ?? [];
		const names = fields.flatMap(({ name, options = [] }) => [
			name,
			...options.map((option) => `${name}.${option.name}`),
		]);
		expect(names).toEqual(expect.arrayContaining(Object.keys(parameters)));
	}
});
