/**
 * The stored form of a batch. Videos of one portrait share their areas and their delivery, so the stored form has
 * those once. n8n reads and writes the whole batch in each round, and the cost grows with the number of objects.
 *
 * Rules: the shared part is `commonSchema`, and no list repeats its fields. A state that is not packed is read as
 * it is.
 */
import { z } from 'zod';
import { areaSchema } from '../../dashscope/schemas';
import { deliverySchema } from '../../wait/deliver';
import type { Entry, WaitState } from './state';

/** The part of an entry that several videos share. */
export const commonSchema = deliverySchema.extend({
	areas: z.object({ face: areaSchema, expression: areaSchema }).optional(),
});
type Common = z.infer<typeof commonSchema>;

/** A state as n8n stores it. */
export interface PackedState extends Omit<WaitState, 'entries'> {
	common: Common[];
	/** Each entry with the position of its common part. */
	entries: Array<Partial<Entry> & { common: number }>;
}

const withoutCommon = (entry: Entry): Partial<Entry> =>
	Object.fromEntries(
		Object.entries(entry).filter(([name]) => !Object.hasOwn(commonSchema.shape, name)),
	);

/** Packs a state for n8n. */
export function pack(state: WaitState): PackedState {
	const common: Common[] = [];
	const positions = new Map<string, number>();
	const entries = state.entries.map((entry) => {
		const shared = commonSchema.parse(entry);
		const name = JSON.stringify(shared);
		const position = positions.get(name) ?? common.push(shared) - 1;
		positions.set(name, position);
		return { ...withoutCommon(entry), common: position };
	});
	return { ...state, common, entries };
}

const packedSchema = z
	.object({ common: z.array(z.unknown()), entries: z.array(z.unknown()) })
	.passthrough();
const packedCommonSchema = z.object({}).passthrough().catch({});
const packedEntrySchema = z
	.object({ common: z.number().catch(-1) })
	.passthrough()
	.catch({ common: -1 });

/** Unpacks a stored state. Returns anything else as it is. */
export function unpack(stored: unknown): unknown {
	const packed = packedSchema.safeParse(stored).data;
	if (!packed) return stored;
	const { common, entries, ...state } = packed;
	const unpacked = entries.map((entry) => {
		const { common: position, ...own } = packedEntrySchema.parse(entry);
		return { ...packedCommonSchema.parse(common[position]), ...own };
	});
	return { ...state, entries: unpacked };
}
