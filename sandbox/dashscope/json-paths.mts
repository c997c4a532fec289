/**
 * Values inside JSON, by path: `output.task_id`, `data.0.status`, `data.*.status`. Rule: only `make`
 * creates objects on the way; everything else finds existing values, or none.
 */

/** A JSON object or list. */
export type Holder = Record<string, unknown>;

/** Where a value is, or would be. */
export interface Place {
	holder: Holder;
	name: string;
}

/** True for a JSON object or list. */
export function isHolder(value: unknown): value is Holder {
	return typeof value === 'object' && value !== null;
}

/** The names that one part of a path stands for in `holder`. */
const namesFor = (holder: Holder, part: string): string[] =>
	part === '*' ? Object.keys(holder) : [part];

function into({ holder, name }: Place, make: boolean): Holder[] {
	const next = holder[name];
	if (isHolder(next)) return [next];
	if (!make) return [];
	const made: Holder = {};
	holder[name] = made;
	return [made];
}

/** Every place that `path` leads to; with `make`, objects that are missing on the way are made. */
export function placesOf(root: Holder, path: string, { make = false } = {}): Place[] {
	const parts = path.split('.');
	const last = parts.pop() ?? '';
	let holders = [root];
	for (const part of parts) {
		holders = holders.flatMap((holder) =>
			namesFor(holder, part).flatMap((name) => into({ holder, name }, make)),
		);
	}
	return holders.flatMap((holder) => namesFor(holder, last).map((name) => ({ holder, name })));
}

/** Puts `value` at every place of `path`. */
export function put(root: Holder, path: string, value: unknown): void {
	for (const { holder, name } of placesOf(root, path, { make: true })) holder[name] = value;
}

/** Removes the values at `path`. */
export function remove(root: Holder, path: string): void {
	for (const { holder, name } of placesOf(root, path)) delete holder[name];
}

/** Replaces every value that stands at `path`. */
export function change(root: Holder, path: string, to: (value: unknown) => unknown): void {
	for (const { holder, name } of placesOf(root, path)) {
		if (holder[name] !== undefined) holder[name] = to(holder[name]);
	}
}
