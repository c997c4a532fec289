/** A batch as n8n stores it: the same comes out, and what is the same stands there once. */
import fc from 'fast-check';
import { stringify } from 'flatted';
import { pack, unpack } from '../../../../nodes/EmojiVideo/durable/plan/packing';
import { waitStateSchema } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { Entry } from '../../../../nodes/EmojiVideo/durable/plan/state';
import { UNSAFE_KEY } from '../../../../nodes/EmojiVideo/base/json';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { PROPERTY_LIMITS, PROPERTY_TIMEOUT_MS } from '../../../properties.mts';
import { AREAS, made, stateOf, unmade } from '../parts.mts';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };

/** Any key but the one that no item has (base/json.ts). */
const keyOf = fc.string().filter((key) => key !== UNSAFE_KEY);

/** Each field that an entry can have, or has not. */
const entryOf = fc.record(
	{
		itemIndex: fc.nat(),
		simplify: fc.boolean(),
		taskId: fc.string(),
		requestId: fc.string(),
		acceptedAt: fc.nat(),
		settled: fc.constantFrom<Entry['settled'][]>('succeeded', 'outOfTime', REFUSED),
		item: fc.record({ json: fc.dictionary(keyOf, fc.string()) }),
		about: fc.record({ templateId: fc.string() }),
		downloadsAtEnd: fc.boolean(),
		templateId: fc.string(),
		imageUrl: fc.string(),
		imageFile: fc.string(),
		address: fc.string(),
		areas: fc.constantFrom(AREAS, { face: AREAS.expression, expression: AREAS.expression }),
		field: fc.string(),
		fileName: fc.string(),
		failsOnDownloadError: fc.boolean(),
		isPack: fc.boolean(),
		isOneOfSeveral: fc.boolean(),
		withDetails: fc.boolean(),
		pricePerSecond: fc.double({ noNaN: true, noDefaultInfinity: true }),
	},
	{ requiredKeys: ['itemIndex', 'simplify'] },
);

/** As a database gives it back. */
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

it(
	'comes out as it went in',
	() => {
		fc.assert(
			fc.property(fc.array(entryOf), (entries) => {
				const state = stateOf([]);
				expect(waitStateSchema.parse(stored(pack({ ...state, entries })))).toEqual(
					stored({ ...state, entries }),
				);
			}),
			{ numRuns: 300, ...PROPERTY_LIMITS },
		);
	},
	PROPERTY_TIMEOUT_MS,
);

it('an unsafe key in a stored item is dropped, and changes no prototype', () => {
	const state = pack(stateOf([made('a', 0, { item: { json: { taskId: 'a' } } })]));
	const text = JSON.stringify(state).replace(
		'"taskId":"a"}}',
		'"taskId":"a","__proto__":{"x":1}}}',
	);
	expect(text).toContain('__proto__');
	const { json = {} } = waitStateSchema.parse(JSON.parse(text)).entries[0]?.item ?? {};
	expect([Object.entries(json), json['x']]).toEqual([[['taskId', 'a']], undefined]);
});

it('what is not packed is read as it stands', () => {
	const state = stateOf([made('a', 0), unmade(1)]);
	expect(waitStateSchema.parse(state)).toEqual(state);
	for (const odd of [undefined, null, 7, 'odd', [], {}, { common: 'odd', entries: [] }])
		expect(unpack(odd)).toEqual(odd);
});

it('an entry that has lost what it has in common keeps its own', () => {
	const { common, entries, ...state } = pack(stateOf([made('a', 4)]));
	expect(common).toHaveLength(1);
	const [own] = entries;
	const { areas, simplify, ...left } = made('a', 4);
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

it('the twenty videos of a portrait cost n8n one object each', () => {
	const videosOf = (portraits: number) =>
		Array.from({ length: 20 * portraits }, (_, video) => {
			const portrait = Math.floor(video / 20);
			return unmade(portrait, { areas: { face: [portrait, 0, 9, 9], expression: [0, 0, 9, 9] } });
		});
	// n8n's text is a list with a place for each object and each string (flatted).
	const objectsIn = (portraits: number) =>
		(JSON.parse(stringify(pack(stateOf(videosOf(portraits))))) as unknown[]).filter(
			(value) => typeof value === 'object',
		).length;
	const perPortrait = (objectsIn(11) - objectsIn(1)) / 10;
	// And its own areas: what is common, and three for them.
	expect(perPortrait).toBe(20 + 4);
});
