/**
 * The entries of a durable wait, as items and outcomes. Rule: an entry with a task ID never becomes an
 * item or a failure without it.
 */
import { DateTime } from 'luxon';
import type { INodeExecutionData } from 'n8n-workflow';
import { z } from 'zod';
import { WAIT_STATE_KEY } from '../n8n/workflows';
import { isToSubmit } from '../plan/state';
import type { PackedState } from '../plan/packing';
import type { WaitState, Entry } from '../plan/state';
import type { CheckRequest, CheckResult } from '../plan/checkMessages';
import { aboutOf } from '../../batch/plan';
import type { Failure } from '../../base/result';
import { STOPPED, succeed } from '../../base/result';
import { failed } from '../../execution/outcome';
import type { Outcome } from '../../execution/outcome';
import { packUp } from '../../wait/deliver';

/** The one item that travels between the layers: the whole state, once; then orders and reports. */
export const toMessageItem = (
	message: PackedState | CheckRequest | CheckResult | { number: number },
): INodeExecutionData => ({
	json: { [WAIT_STATE_KEY]: message as never },
	pairedItem: { item: 0 },
});

/** What a layer hands on to the next, as the outcome of its run. */
export const toMessageOutcome = (
	message: CheckResult | CheckRequest | { number: number },
): Outcome[] => [
	{ itemIndex: 0, result: succeed({ json: { [WAIT_STATE_KEY]: message as never } }) },
];

/** What n8n puts beside a layer's own mark when the layer below ended in an error of n8n's own. */
export const errorItem = z.object({ error: z.unknown().refine(Boolean) });

const INTERRUPTED =
	'n8n was interrupted before this video was fetched. Use Get Status or Wait with this task ID within 24 hours of its creation.';

const INTERRUPTED_UNKNOWN = (executionId: string) =>
	`n8n was interrupted before this video was fetched, and its task ID is not known here. It may have been made and paid for: n8n's log names each task that was accepted ("task accepted", execution=${executionId}), and Get Many lists the account's tasks of the last 24 hours. Look there before you create it in a new execution.`;

/**
 * What the parked node says in the editor: "Waiting for 3 videos, next look at 15:20 ...". It is written
 * once, so it also says what comes after that look.
 * @param nextLookAt ms since the epoch
 */
export const waitingMessage = (videos: number, nextPollAt: number, timezone: string): string =>
	`Waiting for ${videos} ${videos === 1 ? 'video' : 'videos'}, next look at ${DateTime.fromMillis(nextPollAt, { zone: timezone }).toFormat('HH:mm')}, then every 1 to 4 minutes`;

/**
 * The item that stands for a video while, or if, nobody has looked after it to its end.
 * @param executionId the user's, for who looks into n8n's log
 * @param message as long as all goes well; n8n replaces these items when the wait is over
 */
export function toUnfinished(entry: Entry, executionId: string, message?: string): Outcome {
	const { itemIndex, taskId, settled } = entry;
	const about = aboutOf(entry);
	if (typeof settled === 'object') return failed(itemIndex, settled, about);
	const withTasks =
		taskId === undefined
			? {
					status: 'UNKNOWN',
					unfinished: true,
					message: message ?? INTERRUPTED_UNKNOWN(executionId),
				}
			: { taskId, status: 'PENDING', unfinished: true, message: message ?? INTERRUPTED };
	return { itemIndex, result: succeed({ json: { ...withTasks, ...about } }), about };
}

/** An entry of a batch that ends before it was waited for to its end. */
export function toStopped(entry: Entry): Outcome {
	const { itemIndex, taskId, settled } = entry;
	const failure = typeof settled === 'object' ? settled : { ...STOPPED, taskId };
	return failed(itemIndex, failure, { ...aboutOf(entry), ...entry.about });
}

/** An entry at the end of the batch. */
const toOutcome = (entry: Entry): Outcome =>
	entry.item
		? { itemIndex: entry.itemIndex, result: succeed(entry.item), about: aboutOf(entry) }
		: toStopped(entry);

/**
 * n8n links what comes out by its place: where items have one pack each, the first outcome of each item
 * comes first, in the order of the items, and what else there is to tell of it behind all of them.
 */
function orderForLinks(outcomes: Outcome[]): Outcome[] {
	const seen = new Set<number>();
	const isFirst = outcomes.map(({ itemIndex }) => {
		const first = !seen.has(itemIndex);
		seen.add(itemIndex);
		return first;
	});
	return [
		...outcomes.filter((_, index) => isFirst[index]),
		...outcomes.filter((_, index) => !isFirst[index]),
	];
}

/** All that came of a batch, in the order of its items. */
export function entriesToOutcomes({ entries }: Pick<WaitState, 'entries'>): Outcome[] {
	const deliveries = new Map(entries.map((entry) => [entry.itemIndex, entry]));
	const packed = packUp(entries.map(toOutcome), deliveries);
	return entries.some(({ isPack }) => isPack) ? orderForLinks(packed) : packed;
}

/** Every entry that has no end of its own fails for this reason, with its task ID if there is one. */
export const failUnfinished = (
	{ entries, unconfirmed, round }: Pick<WaitState, 'entries' | 'unconfirmed' | 'round'>,
	reason: Failure,
	lost: Failure,
): Outcome[] =>
	entriesToOutcomes({
		entries: entries.map((entry, position) => {
			const { taskId, settled, item } = entry;
			if (typeof settled === 'object' || item) return entry;
			const mayExist = [unconfirmed, round].some((which) => which?.group.includes(position));
			if (isToSubmit(entry)) return { ...entry, settled: mayExist ? lost : { ...reason } };
			return { ...entry, settled: { ...reason, taskId } };
		}),
	});

/** What came back from a sub-workflow that did not wait, as outcomes. */
export const itemsToOutcomes = (items: INodeExecutionData[], entries: Entry[]): Outcome[] =>
	items.map(({ json, binary }, index) => ({
		itemIndex: entries[index]?.itemIndex ?? 0,
		result: succeed({ json, binary }),
	}));
