/**
 * Recovery of a state that another version has stored, with any damage. Rules: every task ID in it comes out, and no
 * unfinished video comes out as finished.
 */
import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { CHANGED, recoverOutcomes } from '../../../../nodes/EmojiVideo/durable/layers/recovery';
import type { Outcome } from '../../../../nodes/EmojiVideo/execution/outcome';
import { expectProperty, PROPERTY_TIMEOUT_MS } from '../../../properties.mts';

const TASKS = ['task-a', 'task-b', 'task-c'];

const entryOf = (taskId: string, itemIndex: number) => ({
	taskId,
	itemIndex,
	templateId: 'mengwa_kaixin',
	imageFile: `${itemIndex}.png`,
	simplify: true,
	requestId: `request-${itemIndex}`,
	acceptedAt: 1,
	areas: { face: [1, 2, 3, 4], expression: [1, 2, 3, 4] },
});

const finished = (taskId: string, itemIndex: number) => ({
	...entryOf(taskId, itemIndex),
	settled: 'succeeded',
	item: { json: { taskId }, binary: { data: { id: 'database:1', mimeType: 'video/mp4' } } },
});

const stored = () => ({
	state: {
		version: 99,
		entries: [
			entryOf('task-a', 0),
			finished('task-b', 1),
			{ ...entryOf('', 2), taskId: undefined, address: 'oss://2.png' },
			{ ...entryOf('', 3), taskId: undefined, address: 'oss://3.png' },
		],
		schedule: { open: [{ taskId: 'task-a', status: 'PENDING' }] },
		round: {
			number: 2,
			group: [2],
			since: 1,
			submittingEndsAt: 2,
			deadlineAt: 3,
			pollsBeforeSubmit: 0,
		},
	},
	checkResult: { number: 2, progress: [{ position: 2, taskId: 'task-c', acceptedAt: 2 }] },
});

/** The paths to all values except task IDs. */
function positions(value: unknown, way: string[] = []): string[][] {
	if (typeof value !== 'object' || value === null) return way.at(-1) === 'taskId' ? [] : [way];
	const inner = Object.entries(value).flatMap(([name, each]) => positions(each, [...way, name]));
	return way.length === 0 ? inner : [way, ...inner];
}

/** Replaces the value at a path, or moves it; its content stays in the state. */
function spoil(root: IDataObject, way: string[], how: 'wrap' | 'drop' | 'word') {
	const name = way.at(-1) ?? '';
	const holder = way
		.slice(0, -1)
		.reduce<
			IDataObject | undefined
		>((value, step) => value?.[step] as IDataObject | undefined, root);
	if (typeof holder !== 'object' || holder === null) return;
	if (how === 'wrap') holder[name] = { moved: holder[name] };
	else if (typeof holder[name] !== 'object') holder[name] = how === 'word' ? 'odd' : undefined;
}

const nextStepOf = (result: Outcome['result'] | undefined) =>
	result && !result.ok ? result.failure.nextStep : undefined;

const WAYS = positions(stored());

it('recovery returns readable entries unchanged', () => {
	const { state, checkResult } = stored();
	const outcomes = recoverOutcomes(state, [checkResult], CHANGED);
	expect(outcomes.map(({ itemIndex }) => itemIndex)).toEqual([0, 1, 2, 3]);
	const [open, video, reported, unsubmitted] = outcomes.map(({ result }) => result);
	expect(open).toEqual({ ok: false, failure: { ...CHANGED, taskId: 'task-a' } });
	expect(video).toEqual({ ok: true, value: finished('task-b', 1).item });
	expect(reported).toEqual({ ok: false, failure: { ...CHANGED, taskId: 'task-c' } });
	expect(nextStepOf(unsubmitted)).toContain('No task was made');
	expect(outcomes[3]?.about?.imageFile).toBe('3.png');
});

it('recovery names the task ID that an item has lost in the other failures', () => {
	const { state, checkResult } = stored();
	const item = { json: {}, moved: { taskId: 'task-b' } };
	const entries = state.entries.map((entry, position) =>
		position === 1 ? { ...entry, item } : entry,
	);
	const outcomes = recoverOutcomes({ ...state, entries }, [checkResult], CHANGED);
	expect(nextStepOf(outcomes[0]?.result)).toContain('nothing else can be read: task-b');
});

it(
	'recovery of any damaged state names every task ID, and no unfinished video succeeds',
	() => {
		const changes = fc.array(
			fc.tuple(
				fc.constantFrom(...WAYS),
				fc.constantFrom('wrap' as const, 'drop' as const, 'word' as const),
			),
			{ maxLength: 6 },
		);
		expectProperty(
			fc.property(changes, (spoils) => {
				const json = stored() as unknown as IDataObject;
				for (const [way, how] of spoils) spoil(json, way, how);
				const { state, checkResult } = JSON.parse(JSON.stringify(json)) as IDataObject;
				const outcomes = recoverOutcomes(state, [checkResult], CHANGED);
				const text = JSON.stringify(outcomes);
				for (const id of TASKS) expect(text).toContain(id);
				const videos = outcomes.filter(({ result }) => result.ok);
				expect(videos.length).toBeLessThanOrEqual(1);
			}),
			100,
		);
	},
	PROPERTY_TIMEOUT_MS,
);

it.each([undefined, null, 7, 'word', [], {}, { entries: 'none' }, { entries: [] }])(
	'recovery of %j is an error that says where to look',
	(state) => {
		const [outcome, ...more] = recoverOutcomes(state, [undefined], CHANGED);
		expect(more).toEqual([]);
		expect(nextStepOf(outcome?.result)).toContain("n8n's log");
	},
);
