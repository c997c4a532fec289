/** Entries of a durable wait as items and outcomes: what has a task never comes out without it. */
import {
	errorItem,
	failUnfinished,
	toMessageOutcome,
	toMessageItem,
	itemsToOutcomes,
	entriesToOutcomes,
	toStopped,
	toUnfinished,
	waitingMessage,
} from '../../../../nodes/EmojiVideo/durable/layers/outcomes';
import type { Entry } from '../../../../nodes/EmojiVideo/durable/plan/state';
import { WAIT_STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { Outcome } from '../../../../nodes/EmojiVideo/execution/outcome';
import { fail, STOPPED, succeed } from '../../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { START_MS } from '../../support/simulatedAccount.mts';
import { accepted, unsubmitted } from '../parts.mts';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const UNCONFIRMED: Failure = { kind: 'noResponse', message: 'lost', nextStep: 'x' };

const about = (itemIndex: number) => ({
	templateId: 'mengwa_kaixin',
	imageUrl: undefined,
	imageFile: `${itemIndex}.png`,
});

const video = (taskId: string, itemIndex: number, more: Partial<Entry> = {}) =>
	accepted(taskId, itemIndex, { settled: 'succeeded', item: { json: { taskId } }, ...more });

const jsonOf = ({ result }: Outcome) => (result.ok ? result.value.json : result.failure);

it('a message between layers is one item, linked to the first', () => {
	expect(toMessageItem({ number: 7 })).toEqual({
		json: { [WAIT_STATE_KEY]: { number: 7 } },
		pairedItem: { item: 0 },
	});
	expect(toMessageOutcome({ number: 7 })).toEqual([
		{ itemIndex: 0, result: succeed({ json: { [WAIT_STATE_KEY]: { number: 7 } } }) },
	]);
});

it.each([
	[{ error: 'lost' }, true],
	[{ error: { message: 'lost' } }, true],
	[{ error: '' }, false],
	[{}, false],
])('%j is n8n’s own error: %s', (json, is) => {
	expect(errorItem.safeParse(json).success).toBe(is);
});

it.each([
	[1, 'UTC', 'Waiting for 1 video, next look at 03:28, then every 1 to 4 minutes'],
	[3, 'Asia/Shanghai', 'Waiting for 3 videos, next look at 11:28, then every 1 to 4 minutes'],
])(
	"a node that waits for %d videos shows the time of the next poll in the workflow's time zone",
	(videos, zone, said) => {
		expect(waitingMessage(videos, START_MS, zone)).toBe(said);
	},
);

describe('the placeholder of an entry', () => {
	it('names its task', () => {
		expect(toUnfinished(accepted('a', 3), 'e')).toEqual({
			itemIndex: 3,
			result: succeed({
				json: {
					taskId: 'a',
					status: 'PENDING',
					unfinished: true,
					message: expect.stringMatching(/interrupted.*with this task ID/) as string,
					...about(3),
				},
			}),
			about: about(3),
		});
	});

	it('says where to look if the entry has no task', () => {
		expect(jsonOf(toUnfinished(unsubmitted(3), 'e-1'))).toEqual({
			status: 'UNKNOWN',
			unfinished: true,
			message: expect.stringMatching(/task ID is not known here.*execution=e-1/) as string,
			...about(3),
		});
	});

	it.each([accepted('a', 0), unsubmitted(0)])(
		'shows the waiting message while the node waits',
		(entry) => {
			expect(jsonOf(toUnfinished(entry, 'e', 'Waiting'))).toMatchObject({ message: 'Waiting' });
		},
	);

	it("is the entry's failure, if it has one", () => {
		expect(toUnfinished(accepted('a', 3, { settled: REFUSED }), 'e', 'Waiting')).toEqual({
			itemIndex: 3,
			result: fail(REFUSED),
			about: about(3),
		});
	});
});

describe('an entry of a batch that ends early', () => {
	it('is a failure with its task', () => {
		expect(toStopped(accepted('a', 3))).toEqual({
			itemIndex: 3,
			result: fail({ ...STOPPED, taskId: 'a' }),
			about: about(3),
		});
	});

	it('keeps its own failure and the link to its video', () => {
		const link = { videoUrl: 'https://example.com/a.mp4' };
		expect(toStopped(accepted('a', 3, { settled: REFUSED, about: link }))).toEqual({
			itemIndex: 3,
			result: fail(REFUSED),
			about: { ...about(3), ...link },
		});
	});
});

describe('the outcomes of a batch', () => {
	const nameTasks = (outcomes: Outcome[]) =>
		outcomes.map(({ itemIndex, result }) => [itemIndex, result.ok ? 'ok' : result.failure.message]);

	it('are one for each entry, in their order', () => {
		const outcomes = entriesToOutcomes({
			entries: [video('a', 0), accepted('b', 0, { settled: REFUSED }), video('c', 1)],
		});
		expect(outcomes[0]).toEqual({
			itemIndex: 0,
			result: succeed({ json: { taskId: 'a' } }),
			about: about(0),
		});
		expect(nameTasks(outcomes)).toEqual([
			[0, 'ok'],
			[0, 'rejected'],
			[1, 'ok'],
		]);
	});

	it("have each item's pack at the item's position, and further outcomes behind them", () => {
		const pack = { isPack: true };
		const outcomes = entriesToOutcomes({
			entries: [
				video('a', 0, pack),
				accepted('b', 0, { ...pack, settled: REFUSED }),
				video('c', 0, pack),
				accepted('d', 1, { ...pack, settled: UNCONFIRMED }),
				video('e', 1, pack),
				video('f', 2),
			],
		});
		expect(nameTasks(outcomes)).toEqual([
			[0, 'ok'],
			[1, 'lost'],
			[2, 'ok'],
			[0, 'rejected'],
			[1, 'ok'],
		]);
		expect(outcomes[0] && jsonOf(outcomes[0])).toMatchObject({
			videos: [{ taskId: 'a' }, { taskId: 'c' }],
		});
	});
});

describe('failing the unfinished entries', () => {
	const entries = [
		accepted('a', 0),
		unsubmitted(1),
		unsubmitted(2),
		unsubmitted(3),
		video('e', 4),
		accepted('f', 5, { settled: REFUSED }),
		accepted('g', 6, { settled: 'succeeded' }),
	];
	const round = {
		number: 1,
		group: [2],
		since: 0,
		submittingEndsAt: 0,
		deadlineAt: 0,
		pollsBeforeSubmit: 0,
	};
	const unconfirmed = { group: [3], since: 0, until: 0, tries: 0 };

	it('gives each the reason and its task, and keeps finished videos', () => {
		const outcomes = failUnfinished({ entries }, STOPPED, UNCONFIRMED);
		expect(outcomes.map(jsonOf)).toEqual([
			{ ...STOPPED, taskId: 'a' },
			STOPPED,
			STOPPED,
			STOPPED,
			{ taskId: 'e' },
			REFUSED,
			{ ...STOPPED, taskId: 'g' },
		]);
	});

	it('marks an entry of the current group as unconfirmed', () => {
		const outcomes = failUnfinished({ entries, round, unconfirmed }, STOPPED, UNCONFIRMED);
		const lost = outcomes.flatMap((outcome, position) =>
			!outcome.result.ok && outcome.result.failure === UNCONFIRMED ? [position] : [],
		);
		expect(lost).toEqual([2, 3]);
	});

	it('does not mark an entry with a task as unconfirmed', () => {
		const [outcome] = failUnfinished(
			{ entries: [accepted('a', 0)], round: { ...round, group: [0] } },
			STOPPED,
			UNCONFIRMED,
		);
		expect(outcome && jsonOf(outcome)).toEqual({ ...STOPPED, taskId: 'a' });
	});
});

it('the items of a layer that ends at once belong to the input items of its entries', () => {
	const binary = { data: { data: '', mimeType: 'video/mp4' } };
	const items = [{ json: { n: 1 }, binary }, { json: { n: 2 } }, { json: { n: 3 } }];
	expect(itemsToOutcomes(items, [accepted('a', 4), accepted('b', 5)])).toEqual([
		{ itemIndex: 4, result: succeed({ json: { n: 1 }, binary }) },
		{ itemIndex: 5, result: succeed({ json: { n: 2 }, binary: undefined }) },
		{ itemIndex: 0, result: succeed({ json: { n: 3 }, binary: undefined }) },
	]);
});
