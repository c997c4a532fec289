/**
 * What an operation is: its fields, and what it makes of all input items together. An operation sees
 * the whole batch, because the account's limits and the queue concern the batch and not the item.
 */
import type { IBinaryKeyData, IDataObject, INodeProperties } from 'n8n-workflow';
import { z } from 'zod';
import type { Failure, Result } from '../base/result';
import type { BilledVideo } from '../output';
import type { ExecutionContext } from './context';

export interface OutputItem {
	json: IDataObject;
	binary?: IBinaryKeyData;
	/** The finished videos in it, for the hint after a run. No part of n8n's item. */
	billed?: BilledVideo[];
}

/** Which video an outcome is about, beside the task's ID. */
export const aboutSchema = z.object({
	templateId: z.string().optional(),
	imageUrl: z.string().optional(),
	imageFile: z.string().optional(),
	/** Of a finished video that could not be downloaded. */
	videoUrl: z.string().optional(),
	videoUrlExpiresAt: z.string().optional(),
});

/** One output item to be, in the order of output. */
export interface Outcome {
	/** The input item it comes from. */
	itemIndex: number;
	result: Result<OutputItem>;
	/** Which of the item's videos this is, for error items. */
	about?: z.infer<typeof aboutSchema>;
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

/** The outcomes of a node whose failure concerns every item. */
export const failAll = (items: readonly unknown[], failure: Failure): Outcome[] =>
	items.map((_, itemIndex) => failed(itemIndex, failure));

/** Outcomes in the order of the input items; several of one item keep their order. */
export const inInputOrder = (outcomes: Outcome[]): Outcome[] =>
	[...outcomes].sort((a, b) => a.itemIndex - b.itemIndex);
