/** The recovery of a wait that cannot continue: every readable entry with its own task. See also recovery.property. */
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
import { accepted, n8nWith, stateOf, unsubmitted } from '../parts.mts';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const NOT_MADE = /^No task was made for this video/;
const MAY_BE_MADE = /^The package was changed.*A task may have been made/;

const item = { json: { taskId: 'c' } };

const mergeEnd = ({ result }: Outcome) => (result.ok ? result.value : result.failure);
const nextStepsOf = (outcomes: Outcome[]) =>
	outcomes.map(({ result }) => (result.ok ? '' : result.failure.nextStep));

describe('recovery of an entry', () => {
	const entries = [
		accepted('a', 4),
		accepted('b', 5, { settled: REFUSED }),
		accepted('c', 6, { settled: 'succeeded', item }),
		accepted('d', 7, { settled: 'succeeded' }),
	];

	it('returns its task, its own failure, or its video', () => {
		const outcomes = recoverOutcomes({ entries }, [], LOST_TOO_OFTEN);
		expect(outcomes.map(mergeEnd)).toEqual([
			{ ...LOST_TOO_OFTEN, taskId: 'a' },
			REFUSED,
			item,
			{ ...LOST_TOO_OFTEN, taskId: 'd' },
		]);
		expect(outcomes.map(({ itemIndex }) => itemIndex)).toEqual([4, 5, 6, 7]);
	});

	it('keeps the readable fields beside an unreadable one', () => {
		const odd = { ...accepted('a', 4), templateId: 7, simplify: 'yes', areas: [] };
		const [outcome] = recoverOutcomes({ entries: [odd] }, [], CHANGED);
		expect(outcome).toMatchObject({ itemIndex: 4, result: { failure: { taskId: 'a' } } });
		expect(outcome?.about).toEqual({ imageFile: '4.png' });
	});

	it('keeps the own failure of an entry without a task', () => {
		const outcomes = recoverOutcomes(
			{ entries: [unsubmitted(0, { settled: REFUSED })] },
			[],
			CHANGED,
		);
		expect(outcomes.map(mergeEnd)).toEqual([REFUSED]);
	});

	it('names the task of an item without its ID in the other failures', () => {
		const changed = { json: { title: 'Ada' } };
		const stored = [accepted('a', 0), accepted('c', 1, { settled: 'succeeded', item: changed })];
		const outcomes = recoverOutcomes({ entries: stored }, [], CHANGED);
		expect(outcomes.map(mergeEnd)[1]).toEqual(changed);
		expect(nextStepsOf(outcomes)[0]).toBe(
			`${CHANGED.nextStep} Accepted tasks of which nothing else can be read: c.`,
		);
	});

	it('gives an unreadable entry the item index of its position', () => {
		const outcomes = recoverOutcomes({ entries: [accepted('a', 4), 'odd'] }, [], CHANGED);
		expect(outcomes.map(({ itemIndex }) => itemIndex)).toEqual([4, 1]);
	});

	it('returns a video that a poll of a lost check has downloaded', () => {
		const request = {
			entries: [{ ...accepted('c', 5, { settled: 'succeeded', item }), position: 1 }],
		};
		const outcomes = recoverOutcomes(
			{ entries: [accepted('a', 4), accepted('c', 5)] },
			[request],
			CHANGED,
		);
		expect(outcomes.map(mergeEnd)).toEqual([{ ...CHANGED, taskId: 'a' }, item]);
	});

	it('applies every message to the entry at its position only', () => {
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
		const outcomes = recoverOutcomes(
			{ entries: [accepted('a', 0), unsubmitted(1)] },
			checkResults,
			CHANGED,
		);
		expect(outcomes.map(mergeEnd)).toMatchObject([{ taskId: 'a' }, { message: 'rejected' }]);
		expect(nextStepsOf(outcomes)[0]).toBe(
			`${CHANGED.nextStep} Accepted tasks of which nothing else can be read: x.`,
		);
	});
});

describe('recovery of an entry without a task', () => {
	const entries = [unsubmitted(0), unsubmitted(1), unsubmitted(2)];

	it.each<[string, object, RegExp[]]>([
		['says that no task was made if no check was running', {}, [NOT_MADE, NOT_MADE, NOT_MADE]],
		[
			'says that a task may exist if a running or a lost check had it in its group',
			{ round: { group: [1] }, unconfirmed: { group: [2] } },
			[NOT_MADE, MAY_BE_MADE, MAY_BE_MADE],
		],
		[
			'says that a task may exist if the groups cannot be read',
			{ round: 7 },
			[MAY_BE_MADE, MAY_BE_MADE, MAY_BE_MADE],
		],
	])('%s', (_, more, steps) => {
		const outcomes = recoverOutcomes({ entries, ...more }, [], CHANGED);
		for (const [position, step] of steps.entries()) {
			expect(nextStepsOf(outcomes)[position]).toMatch(step);
		}
	});

	it('names each task without an entry once, and no other', () => {
		const state = {
			entries: [unsubmitted(0), accepted('a', 1)],
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

	it('says nothing about such tasks if there are none', () => {
		expect(nextStepsOf(recoverOutcomes({ entries: [unsubmitted(0)] }, [], CHANGED))).toEqual([
			'No task was made for this video: create it in a new execution.',
		]);
	});
});

it('recovery of JSON without an entry names every task and says where to look', () => {
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

it('recovery returns the videos of a portrait as one pack', () => {
	const videoOf = (taskId: string) => ({
		settled: 'succeeded' as const,
		item: { json: { taskId, templateId: taskId } },
		isPack: true,
	});
	const packed = pack(stateOf([accepted('a', 4, videoOf('a')), accepted('b', 4, videoOf('b'))]));
	const outcomes = recoverOutcomes({ ...packed, version: 99 }, [], CHANGED);
	expect(outcomes).toHaveLength(1);
	expect(outcomes).toMatchObject([{ itemIndex: 4, result: { ok: true } }]);
});

describe('recovering a batch', () => {
	const state = {
		entries: [unsubmitted(0), unsubmitted(1)],
		round: { executionId: 'check', group: [0, 1] },
	};
	const checkResult = { progress: [{ position: 0, taskId: 'a' }] };
	const check = {
		resultData: {
			runData: {
				[CHECK_NODE]: [{ data: { main: [[{ json: { [WAIT_STATE_KEY]: checkResult } }]] } }],
			},
		},
	};

	it("applies its last check's stored message and this run's input", async () => {
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

	it('gives the reason even if no check can be read', async () => {
		const { functions, read } = n8nWith();
		const outcomes = await recoverBatch(
			functions,
			{ entries: [accepted('a', 0)] },
			undefined,
			LOST_TOO_OFTEN,
		);
		expect(outcomes.map(mergeEnd)).toEqual([{ ...LOST_TOO_OFTEN, taskId: 'a' }]);
		expect(read).toHaveLength(0);
	});
});
