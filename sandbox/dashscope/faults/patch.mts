/**
 * An answer's JSON with some values replaced. Rule: the rest stays as the service said it, and a path
 * that leads nowhere is made, so that an order never does nothing without a word.
 */
import type { LateFault } from './kinds.mts';

type Patch = Extract<LateFault, { kind: 'patch' }>;
type Holder = Record<string, unknown>;

const isHolder = (value: unknown): value is Holder => typeof value === 'object' && value !== null;

/** The object or list that holds the last part of `path`, and that part. */
function placeOf(root: Holder, path: string): { holder: Holder; name: string } {
	const names = path.split('.');
	const name = names.pop() ?? '';
	const holder = names.reduce<Holder>((at, part) => {
		const next = at[part];
		if (isHolder(next)) return next;
		const made: Holder = {};
		at[part] = made;
		return made;
	}, root);
	return { holder, name };
}

/** `text` with the patch applied; as it is where it is not a JSON object or list. */
export function patchJson(text: string, { set, remove }: Patch): string {
	const root: unknown = JSON.parse(text);
	if (!isHolder(root)) return text;
	for (const [path, value] of Object.entries(set)) {
		const { holder, name } = placeOf(root, path);
		holder[name] = value;
	}
	for (const path of remove) {
		const { holder, name } = placeOf(root, path);
		delete holder[name];
	}
	return JSON.stringify(root);
}
