/** What comes of a wait that cannot be taken up: what is legible, each with its own task; see also salvage.property. */
import { pack } from '../../../../nodes/EmojiVideo/durable/plan/packing';
import {
	CHANGED,
	toReadableFailure,
	LOST_TOO_OFTEN,
	recoverOutcomes,
	recoverBatch,
} from '../../../../nodes/EmojiVideo/durable/layers/recovery';
import { CHECK_NODE, WAIT_STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { Outcome } from '../../../../nodes/EmojiVideo/execution/outcome';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { made, n8nWith, stateOf, unmade } from '../parts.mts';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const NOT_MADE = /^No task was made for this video/;
const MAY_BE_MADE = /^The package was changed.*A task may have been made/;

const item = { json: { taskId: 'c' } };

const mergeEnd = ({ result }: Outcome) => (result.ok ? result.value : result.failure);
const nextStepsOf = (outcomes: Outcome[]) =>
	outcomes.map(({ result }) => (result.ok ? '' : result.failure.nextStep));

describe('an entry', () => {
	const entries = [
		made('a', 4),
		made('b', 5, { settled: REFUSED }),
		made('c', 6, { settled: 'succeeded', item }),
		made('d', 7, { settled: 'succeeded' }),
	];

	it('comes out with its task, its own failure, or its video', () => {
		const outcomes = recoverOutcomes({ entries }, [], LOST_TOO_OFTEN);
		expect(outcomes.map(mergeEnd)).toEqual([
			{ ...LOST_TOO_OFTEN, taskId: 'a' },
			REFUSED,
			item,
			{ ...LOST_TOO_OFTEN, taskId: 'd' },
		]);
		expect(outcomes.map(({ itemIndex }) => itemIndex)).toEqual([4, 5, 6, 7]);
	});

	it('of which a field cannot be read still has the others', () => {
		const odd = { ...made('a', 4), templateId: 7, simplify: 'yes', areas: [] };
		const [outcome] = recoverOutcomes({ entries: [odd] }, [], CHANGED);
		expect(outcome).toMatchObject({ itemIndex: 4, result: { failure: { taskId: 'a' } } });
		expect(outcome?.about).toEqual({ imageFile: '4.png' });
	});

	it('without a task, that had failed, has its own failure', () => {
		const outcomes = recoverOutcomes({ entries: [unmade(0, { settled: REFUSED })] }, [], CHANGED);
		expect(outcomes.map(mergeEnd)).toEqual([REFUSED]);
	});

	it('whose video does not name its task is named by the others', () => {
		const changed = { json: { title: 'Ada' } };
		const stored = [made('a', 0), made('c', 1, { settled: 'succeeded', item: changed })];
		const outcomes = recoverOutcomes({ entries: stored }, [], CHANGED);
		expect(outcomes.map(mergeEnd)[1]).toEqual(changed);
		expect(nextStepsOf(outcomes)[0]).toBe(
			`${CHANGED.nextStep} Accepted tasks of which nothing else can be read: c.`,
		);
	});

	it('that is no object has the item of its place', () => {
		const outcomes = recoverOutcomes({ entries: [made('a', 4), 'odd'] }, [], CHANGED);
		expect(outcomes.map(({ itemIndex }) => itemIndex)).toEqual([4, 1]);
	});

	it('that a look has fetched is a video, also where its check was lost', () => {
		const request = { entries: [{ ...made('c', 5, { settled: 'succeeded', item }), position: 1 }] };
		const outcomes = recoverOutcomes({ entries: [made('a', 4), made('c', 5)] }, [request], CHANGED);
		expect(outcomes.map(mergeEnd)).toEqual([{ ...CHANGED, taskId: 'a' }, item]);
	});

	it('has what all reports say of its place, and of no other', () => {
		const checkResults = [
			{
				progress: [
					{ position: 1, taskId: 'b', acceptedAt: 'odd' },
					{ position: 'odd', taskId: 'x' },
				],
			},
			{ progress: [{ position: 1, taskId: 'b', settled: REFUSED }] },
			{ progress: 'none' },
			undefined,
		];
		const outcomes = recoverOutcomes({ entries: [made('a', 0), unmade(1)] }, checkResults, CHANGED);
		expect(outcomes.map(mergeEnd)).toMatchObject([{ taskId: 'a' }, { message: 'rejected' }]);
		expect(nextStepsOf(outcomes)[0]).toBe(
			`${CHANGED.nextStep} Accepted tasks of which nothing else can be read: x.`,
		);
	});
});

describe('an entry without a task', () => {
	const entries = [unmade(0), unmade(1), unmade(2)];

	it.each<[string, object, RegExp[]]>([
		['was not made, where nothing was under way', {}, [NOT_MADE, NOT_MADE, NOT_MADE]],
		[
			'may have been made by the check under way, or by one that was lost',
			{ round: { group: [1] }, unconfirmed: { group: [2] } },
			[NOT_MADE, MAY_BE_MADE, MAY_BE_MADE],
		],
		[
			'may have been made, where that cannot be read',
			{ round: 7 },
			[MAY_BE_MADE, MAY_BE_MADE, MAY_BE_MADE],
		],
	])('%s', (_, more, steps) => {
		const outcomes = recoverOutcomes({ entries, ...more }, [], CHANGED);
		for (const [position, step] of steps.entries()) {
			expect(nextStepsOf(outcomes)[position]).toMatch(step);
		}
	});

	it('names the tasks that belong to no video, each once, and none of the others’', () => {
		const state = {
			entries: [unmade(0), made('a', 1)],
			schedule: { open: [{ taskId: 'a' }, { taskId: 'x' }, { taskId: 'x' }, { taskId: 7 }] },
			round: { group: [0] },
		};
		const others = / Accepted tasks of which nothing else can be read: x\.$/;
		const [may, known] = nextStepsOf(recoverOutcomes(state, [], CHANGED));
		expect(may).toMatch(others);
		expect(known).toMatch(others);
		const [not] = nextStepsOf(recoverOutcomes({ ...state, round: undefined }, [], CHANGED));
		expect(not).toMatch(others);
	});

	it('without such tasks nothing is said of them', () => {
		expect(nextStepsOf(recoverOutcomes({ entries: [unmade(0)] }, [], CHANGED))).toEqual([
			'No task was made for this video: create it in a new execution.',
		]);
	});
});

it('something in which no video can be found names every task, and where to look', () => {
	const json = [{ moved: { taskId: 'a' } }, { taskId: 'b' }];
	expect(toReadableFailure(json, CHANGED)).toEqual({
		...CHANGED,
		nextStep: expect.stringMatching(/creation\. Accepted .* read: a, b\. n8n's log/) as string,
	});
	expect(recoverOutcomes({ entries: [] }, json, CHANGED)).toMatchObject([
		{ itemIndex: 0, result: { failure: { message: CHANGED.message } } },
	]);
	expect(toReadableFailure(null, CHANGED).nextStep).toBe(
		`${CHANGED.nextStep} n8n's log names each task that was accepted ("task accepted"), and Get Many lists the account's tasks of the last 24 hours.`,
	);
});

it('the videos of a portrait come out as one pack, also of a state that was packed', () => {
	const videoOf = (taskId: string) => ({
		settled: 'succeeded' as const,
		item: { json: { taskId, templateId: taskId } },
		isPack: true,
	});
	const packed = pack(stateOf([made('a', 4, videoOf('a')), made('b', 4, videoOf('b'))]));
	const outcomes = recoverOutcomes({ ...packed, version: 99 }, [], CHANGED);
	expect(outcomes).toHaveLength(1);
	expect(outcomes).toMatchObject([{ itemIndex: 4, result: { ok: true } }]);
});

describe('a wait is ended', () => {
	const state = { entries: [unmade(0), unmade(1)], round: { executionId: 'check', group: [0, 1] } };
	const checkResult = { progress: [{ position: 0, taskId: 'a' }] };
	const check = {
		resultData: {
			runData: {
				[CHECK_NODE]: [{ data: { main: [[{ json: { [WAIT_STATE_KEY]: checkResult } }]] } }],
			},
		},
	};

	it('with what its last check has left, and what was just heard', async () => {
		const { functions, warned } = n8nWith({ check });
		const known = { progress: [{ position: 1, taskId: 'b' }] };
		const outcomes = await recoverBatch(functions, state, known);
		expect(outcomes.map(mergeEnd)).toEqual([
			{ ...CHANGED, taskId: 'a' },
			{ ...CHANGED, taskId: 'b' },
		]);
		expect(warned).toEqual([
			`Emoji Video: ${CHANGED.message}. It ends with all task IDs that can be read.`,
		]);
	});

	it('for the reason that is given, also where no check can be read', async () => {
		const { functions, read } = n8nWith();
		const outcomes = await recoverBatch(
			functions,
			{ entries: [made('a', 0)] },
			undefined,
			LOST_TOO_OFTEN,
		);
		expect(outcomes.map(mergeEnd)).toEqual([{ ...LOST_TOO_OFTEN, taskId: 'a' }]);
		expect(read).toHaveLength(0);
	});
});
