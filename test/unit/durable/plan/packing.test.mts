/** The stored form of a batch: it unpacks to the same state, and has shared fields once. */
import fc from 'fast-check';
import { stringify } from 'flatted';
import { z } from 'zod';
import { pack, unpack } from '../../../../nodes/EmojiVideo/durable/plan/packing';
import { entrySchema, waitStateSchema } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { Entry } from '../../../../nodes/EmojiVideo/durable/plan/state';
import { UNSAFE_KEY } from '../../../../nodes/EmojiVideo/base/json';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { expectProperty, PROPERTY_TIMEOUT_MS } from '../../../properties.mts';
import { AREAS, accepted, stateOf, unsubmitted } from '../parts.mts';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };

/** Any key except the unsafe one (base/json.ts). */
const keyOf = fc.string().filter((key) => key !== UNSAFE_KEY);

/** Values of the fields that are neither text, number nor boolean. */
const SPECIAL: Record<string, fc.Arbitrary<unknown>> = {
	settled: fc.constantFrom<Entry['settled'][]>('succeeded', 'outOfTime', REFUSED),
	item: fc.record({ json: fc.dictionary(keyOf, fc.string()) }),
	about: fc.record({ templateId: fc.string() }),
	areas: fc.constantFrom(AREAS, { face: AREAS.expression, expression: AREAS.expression }),
};

function valueOf(name: string, schema: z.ZodTypeAny): fc.Arbitrary<unknown> {
	const special = SPECIAL[name];
	if (special) return special;
	if (schema instanceof z.ZodOptional) return valueOf(name, schema.unwrap() as z.ZodTypeAny);
	if (schema instanceof z.ZodString) return fc.string();
	if (schema instanceof z.ZodBoolean) return fc.boolean();
	if (schema instanceof z.ZodNumber) return fc.nat();
	throw new Error(`No values for the field ${name}`);
}

const fields: Array<[string, z.ZodTypeAny]> = Object.entries(entrySchema.shape);

/** Entries with any of the schema's fields, so that a new field is covered without a change here. */
const entryOf = fc.record(
	Object.fromEntries(fields.map(([name, schema]) => [name, valueOf(name, schema)])),
	{ requiredKeys: fields.flatMap(([name, schema]) => (schema.isOptional() ? [] : [name])) },
) as fc.Arbitrary<Entry>;

/** As n8n's database returns it. */
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

it(
	'a packed state unpacks to the same state',
	() => {
		expectProperty(
			fc.property(fc.array(entryOf), (entries) => {
				const state = stateOf([]);
				expect(waitStateSchema.parse(stored(pack({ ...state, entries })))).toEqual(
					stored({ ...state, entries }),
				);
			}),
			300,
		);
	},
	PROPERTY_TIMEOUT_MS,
);

it('unpacking drops an unsafe key of a stored item, and changes no prototype', () => {
	const state = pack(stateOf([accepted('a', 0, { item: { json: { taskId: 'a' } } })]));
	const text = JSON.stringify(state).replace(
		'"taskId":"a"}}',
		'"taskId":"a","__proto__":{"x":1}}}',
	);
	expect(text).toContain('__proto__');
	const { json = {} } = waitStateSchema.parse(JSON.parse(text)).entries[0]?.item ?? {};
	expect([Object.entries(json), json['x']]).toEqual([[['taskId', 'a']], undefined]);
});

it('unpacking returns anything that is not packed as it is', () => {
	const state = stateOf([accepted('a', 0), unsubmitted(1)]);
	expect(waitStateSchema.parse(state)).toEqual(state);
	for (const odd of [undefined, null, 7, 'odd', [], {}, { common: 'odd', entries: [] }])
		expect(unpack(odd)).toEqual(odd);
});

it('an entry without its shared part keeps its own fields', () => {
	const { common, entries, ...state } = pack(stateOf([accepted('a', 4)]));
	expect(common).toHaveLength(1);
	const [own] = entries;
	const { areas, simplify, ...left } = accepted('a', 4);
	expect([areas, simplify]).toEqual([AREAS, true]);
	for (const odd of [
		{ ...own, common: 1 },
		{ ...own, common: 'odd' },
		{ ...own, common: undefined },
	])
		expect(unpack({ ...state, common, entries: [odd, 'odd'] })).toMatchObject({
			entries: [left, {}],
		});
	expect(unpack({ ...state, common: ['odd'], entries })).toMatchObject({ entries: [left] });
});

it('each of a portrait’s 20 videos is one object in n8n’s stored text, beside four for the portrait', () => {
	const videosOf = (portraits: number) =>
		Array.from({ length: 20 * portraits }, (_, video) => {
			const portrait = Math.floor(video / 20);
			return unsubmitted(portrait, {
				areas: { face: [portrait, 0, 9, 9], expression: [0, 0, 9, 9] },
			});
		});
	// flatted, n8n's format, lists each object and each string once.
	const objectsIn = (portraits: number) =>
		(JSON.parse(stringify(pack(stateOf(videosOf(portraits))))) as unknown[]).filter(
			(value) => typeof value === 'object',
		).length;
	const perPortrait = (objectsIn(11) - objectsIn(1)) / 10;
	// 20 entries, the shared part, and three objects for its areas.
	expect(perPortrait).toBe(20 + 4);
});
