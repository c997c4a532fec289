/**
 * A response's JSON with some values replaced. Rule: the rest stays as the service wrote it, and a path
 * that leads nowhere is made, so that an order never does nothing without a word.
 */
import { isHolder, put, remove, type Holder } from '../json-paths.mts';
import type { LateFault } from './kinds.mts';

type Patch = Extract<LateFault, { kind: 'patch' }>;

/** `text` with the patch applied; as it is where it is not a JSON object or list. */
export function patchJson(text: string, patch: Patch): string {
	const root: unknown = JSON.parse(text);
	if (!isHolder(root)) return text;
	for (const [path, value] of Object.entries(patch.set)) put(root, path, value);
	for (const path of patch.remove) remove(root, path);
	return JSON.stringify(root);
}

/** A task's own response and its row in the list. */
function forget({ task_id: id }: Holder, word: string, statusName: string): Holder {
	return { task_id: id, [statusName]: word };
}

/** `text` with each of its tasks unknown: the ID stays, and the status is `word`. */
export function forgetTasks(text: string, word: string): string {
	const root: unknown = JSON.parse(text);
	if (!isHolder(root)) return text;
	if (isHolder(root.output)) {
		root.output = forget(root.output, word, 'task_status');
		delete root.usage;
	}
	if (Array.isArray(root.data)) {
		root.data = root.data.map((row: unknown) =>
			isHolder(row) ? forget(row, word, 'status') : row,
		);
	}
	return JSON.stringify(root);
}
