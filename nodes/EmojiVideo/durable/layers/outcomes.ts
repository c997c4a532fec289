/**
 * Turns the entries of a durable wait into items and outcomes. Rule: an entry's task ID is in its item or failure.
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

/** Wraps a message in the one item that the layers exchange: a state, a request, a result or a mark. */
export const toMessageItem = (
	message: PackedState | CheckRequest | CheckResult | { number: number },
): INodeExecutionData => ({
	json: { [WAIT_STATE_KEY]: message as never },
	pairedItem: { item: 0 },
});

/** Wraps a message in the outcome of a layer's run. */
export const toMessageOutcome = (
	message: CheckResult | CheckRequest | { number: number },
): Outcome[] => [
	{ itemIndex: 0, result: succeed({ json: { [WAIT_STATE_KEY]: message as never } }) },
];

/** The item that a layer gets if the layer below ended in n8n's own error: the layer's mark with that error. */
export const errorItem = z.object({ error: z.unknown().refine(Boolean) });

const INTERRUPTED =
	'n8n was interrupted before this video was fetched. Use Get Status or Wait with this task ID within 24 hours of its creation.';

const INTERRUPTED_UNKNOWN = (executionId: string) =>
	`n8n was interrupted before this video was fetched, and its task ID is not known here. It may have been made and paid for: n8n's log names each task that was accepted ("task accepted", execution=${executionId}), and Get Many lists the account's tasks of the last 24 hours. Look there before you create it in a new execution.`;

/**
 * The parked node's text in the editor. n8n shows the first text until the end, so it also covers later polls.
 * @example 'Waiting for 3 videos, next look at 15:20, then every 1 to 4 minutes'
 * @param nextPollAt ms since the epoch
 */
export const waitingMessage = (videos: number, nextPollAt: number, timezone: string): string =>
	`Waiting for ${videos} ${videos === 1 ? 'video' : 'videos'}, next look at ${DateTime.fromMillis(nextPollAt, { zone: timezone }).toFormat('HH:mm')}, then every 1 to 4 minutes`;

/**
 * The placeholder item of a video. n8n replaces it at the end of the wait, and keeps it if the wait is lost.
 * @param executionId the user's execution, which n8n's log names
 * @param message the text while the node waits; absent: the text for a lost wait
 */
export function toUnfinished(entry: Entry, executionId: string, message?: string): Outcome {
	const { itemIndex, taskId, settled } = entry;
	const about = aboutOf(entry);
	if (typeof settled === 'object') return failed(itemIndex, settled, about);
	const placeholder =
		taskId === undefined
			? {
					status: 'UNKNOWN',
					unfinished: true,
					message: message ?? INTERRUPTED_UNKNOWN(executionId),
				}
			: { taskId, status: 'PENDING', unfinished: true, message: message ?? INTERRUPTED };
	return { itemIndex, result: succeed({ json: { ...placeholder, ...about } }), about };
}

/** The failure of an entry whose batch ends early. */
export function toStopped(entry: Entry): Outcome {
	const { itemIndex, taskId, settled } = entry;
	const failure = typeof settled === 'object' ? settled : { ...STOPPED, taskId };
	return failed(itemIndex, failure, { ...aboutOf(entry), ...entry.about });
}

/** The outcome of an entry at the end of the batch. */
const toOutcome = (entry: Entry): Outcome =>
	entry.item
		? { itemIndex: entry.itemIndex, result: succeed(entry.item), about: aboutOf(entry) }
		: toStopped(entry);

/**
 * Orders the outcomes of packs. n8n links output items to input items by position, so the first outcome of each
 * input item comes first, and all further outcomes follow.
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

/** The outcomes of a batch, in the order of its items. */
export function entriesToOutcomes({ entries }: Pick<WaitState, 'entries'>): Outcome[] {
	const deliveries = new Map(entries.map((entry) => [entry.itemIndex, entry]));
	const packed = packUp(entries.map(toOutcome), deliveries);
	return entries.some(({ isPack }) => isPack) ? orderForLinks(packed) : packed;
}

/**
 * Ends a batch early: every entry without an end fails.
 * @param reason the failure of an entry that has a task or was never submitted
 * @param unconfirmedReason the failure of an entry that may have been submitted
 */
export const failUnfinished = (
	{ entries, unconfirmed, round }: Pick<WaitState, 'entries' | 'unconfirmed' | 'round'>,
	reason: Failure,
	unconfirmedReason: Failure,
): Outcome[] =>
	entriesToOutcomes({
		entries: entries.map((entry, position) => {
			const { taskId, settled, item } = entry;
			if (typeof settled === 'object' || item) return entry;
			const mayExist = [unconfirmed, round].some((which) => which?.group.includes(position));
			if (isToSubmit(entry))
				return { ...entry, settled: mayExist ? unconfirmedReason : { ...reason } };
			return { ...entry, settled: { ...reason, taskId } };
		}),
	});

/** Turns the items of a sub-workflow that ended at once into outcomes. */
export const itemsToOutcomes = (items: INodeExecutionData[], entries: Entry[]): Outcome[] =>
	items.map(({ json, binary }, index) => ({
		itemIndex: entries[index]?.itemIndex ?? 0,
		result: succeed({ json, binary }),
	}));
