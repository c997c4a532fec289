/**
 * What an operation is: its fields, and what it makes of all input items together. An operation sees
 * the whole batch, because the account's limits and the queue concern the batch and not the item.
 */
import type { IBinaryKeyData, IDataObject, INodeProperties } from 'n8n-workflow';
import type { Failure, Result } from '../result';
import type { ExecutionContext } from './context';

export interface OutputItem {
	json: IDataObject;
	binary?: IBinaryKeyData;
}

/** One output item to be, in the order of output. */
export interface Outcome {
	/** The input item it comes from. */
	itemIndex: number;
	result: Result<OutputItem>;
	/** Which of the item's videos this is, for error items. */
	about?: {
		templateId?: string;
		imageUrl?: string;
		imageFile?: string;
		/** Of a finished video that could not be downloaded. */
		videoUrl?: string;
		videoUrlExpiresAt?: string;
	};
}

export interface Operation {
	fields: INodeProperties[];
	/** Never throws and never rejects: what goes wrong is in the outcomes. */
	run(context: ExecutionContext): Promise<Outcome[]>;
}

/** The outcome of an item that failed. */
export const failed = (itemIndex: number, failure: Failure, about?: Outcome['about']): Outcome => ({
	itemIndex,
	result: { ok: false, failure },
	about,
});
