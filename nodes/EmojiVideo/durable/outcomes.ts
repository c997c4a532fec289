/**
 * The pieces of a surviving wait, as items and outcomes. Rule: a piece with a task ID never becomes an
 * item or a failure without it.
 */
import type { INodeExecutionData } from 'n8n-workflow';
import { PARCEL_KEY } from './workflows';
import type { Parcel, Piece } from './state';
import { aboutOf } from '../batch/plan';
import { STOPPED, succeed } from '../result';
import { failed } from '../execution/operation';
import type { Outcome } from '../execution/operation';

/** The one item that travels between the layers. */
export const parcelItem = (parcel: Parcel): INodeExecutionData => ({
	json: { [PARCEL_KEY]: parcel },
	pairedItem: { item: 0 },
});

/** The item that stands for a task while, or if, nobody has looked after it to its end. */
export function toUnfinished(piece: Piece): Outcome {
	const { itemIndex, taskId, end } = piece;
	const about = aboutOf(piece);
	if (typeof end === 'object') return failed(itemIndex, end, about);
	const json = {
		taskId,
		status: 'PENDING',
		unfinished: true,
		message:
			'n8n was interrupted before this video was fetched. Use Get Status or Wait with this task ID within 24 hours.',
		...about,
	};
	return { itemIndex, result: succeed({ json }), about };
}

/** A piece of a batch that ends before anything was waited for. */
export function toStopped(piece: Piece): Outcome {
	const { itemIndex, taskId, end } = piece;
	const failure = typeof end === 'object' ? end : { ...STOPPED, taskId };
	return failed(itemIndex, failure, aboutOf(piece));
}

/** What came back from a sub-workflow that did not wait, as outcomes. */
export const outcomesOf = (items: INodeExecutionData[], pieces: Piece[]): Outcome[] =>
	items.map(({ json, binary }, index) => ({
		itemIndex: pieces[index]?.itemIndex ?? 0,
		result: succeed({ json, binary }),
	}));
