/**
 * The entries of a durable wait, as items and outcomes. Rule: a entry with a task ID never becomes an
 * item or a failure without it.
 */
import { DateTime } from 'luxon';
import type { INodeExecutionData } from 'n8n-workflow';
import { WAIT_STATE_KEY } from './workflows';
import type { WaitState, WaitEntry } from './state';
import { aboutOf } from '../batch/plan';
import { STOPPED, succeed } from '../result';
import { failed } from '../execution/operation';
import type { Outcome } from '../execution/operation';

/** The one item that travels between the layers. */
export const waitStateItem = (state: WaitState): INodeExecutionData => ({
	json: { [WAIT_STATE_KEY]: state },
	pairedItem: { item: 0 },
});

const INTERRUPTED =
	'n8n was interrupted before this video was fetched. Use Get Status or Wait with this task ID within 24 hours of its creation.';

/**
 * What the parked node says in the editor: "Waiting for 3 videos, next look at 15:20".
 * @param nextLookAt ms since the epoch
 */
export const waitingMessage = (videos: number, nextLookAt: number, timezone: string): string =>
	`Waiting for ${videos} ${videos === 1 ? 'video' : 'videos'}, next look at ${DateTime.fromMillis(nextLookAt, { zone: timezone }).toFormat('HH:mm')}`;

/**
 * The item that stands for a task while, or if, nobody has looked after it to its end.
 * @param message as long as all goes well; n8n replaces these items when the wait is over
 */
export function toUnfinished(entry: WaitEntry, message = INTERRUPTED): Outcome {
	const { itemIndex, taskId, settled } = entry;
	const about = aboutOf(entry);
	if (typeof settled === 'object') return failed(itemIndex, settled, about);
	const json = {
		taskId,
		status: 'PENDING',
		unfinished: true,
		message,
		...about,
	};
	return { itemIndex, result: succeed({ json }), about };
}

/** A entry of a batch that ends before anything was waited for. */
export function toStopped(entry: WaitEntry): Outcome {
	const { itemIndex, taskId, settled } = entry;
	const failure = typeof settled === 'object' ? settled : { ...STOPPED, taskId };
	return failed(itemIndex, failure, aboutOf(entry));
}

/** What came back from a sub-workflow that did not wait, as outcomes. */
export const outcomesOf = (items: INodeExecutionData[], entries: WaitEntry[]): Outcome[] =>
	items.map(({ json, binary }, index) => ({
		itemIndex: entries[index]?.itemIndex ?? 0,
		result: succeed({ json, binary }),
	}));
