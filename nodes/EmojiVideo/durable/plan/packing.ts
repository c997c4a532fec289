/**
 * A batch as n8n stores it: what several of its videos have in common stands there once. n8n reads and writes
 * the whole of it at each turn, and what that costs grows with the number of objects, four of which were the
 * same for each video of a portrait. Rule: what is not packed is read as it stands.
 */
import { z } from 'zod';
import type { Entry, WaitState } from './state';

/** What the videos of a portrait, and often those of all portraits, have in common. */
type Common = Pick<
	Entry,
	| 'areas'
	| 'simplify'
	| 'field'
	| 'fileName'
	| 'failsOnDownloadError'
	| 'isPack'
	| 'isOneOfSeveral'
	| 'withDetails'
	| 'pricePerSecond'
>;

/** As it is stored. */
export interface PackedState extends Omit<WaitState, 'entries'> {
	common: Common[];
	/** Each with the place of what it has in common with others. */
	entries: Array<Omit<Entry, keyof Common> & { common: number }>;
}

/** @returns the same, as it is to be stored */
export function pack(state: WaitState): PackedState {
	const common: Common[] = [];
	const positions = new Map<string, number>();
	const entries = state.entries.map(
		({
			areas,
			simplify,
			field,
			fileName,
			failsOnDownloadError,
			isPack,
			isOneOfSeveral,
			withDetails,
			pricePerSecond,
			...own
		}) => {
			const shared: Common = {
				areas,
				simplify,
				field,
				fileName,
				failsOnDownloadError,
				isPack,
				isOneOfSeveral,
				withDetails,
				pricePerSecond,
			};
			const name = JSON.stringify(shared);
			const position = positions.get(name) ?? common.push(shared) - 1;
			positions.set(name, position);
			return { ...own, common: position };
		},
	);
	return { ...state, common, entries };
}

const packedSchema = z
	.object({ common: z.array(z.unknown()), entries: z.array(z.unknown()) })
	.passthrough();
const commonSchema = z.object({}).passthrough().catch({});
const packedEntrySchema = z
	.object({ common: z.number().catch(-1) })
	.passthrough()
	.catch({ common: -1 });

/** @returns a state as it was before it was packed; anything else as it is */
export function unpack(stored: unknown): unknown {
	const packed = packedSchema.safeParse(stored).data;
	if (!packed) return stored;
	const { common, entries, ...state } = packed;
	const unpacked = entries.map((entry) => {
		const { common: position, ...own } = packedEntrySchema.parse(entry);
		return { ...commonSchema.parse(common[position]), ...own };
	});
	return { ...state, entries: unpacked };
}
