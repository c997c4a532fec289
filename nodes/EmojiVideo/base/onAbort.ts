/**
 * Reactions to the abort of a signal. Every sleep and request of an execution waits for the same signal. Node.js
 * logs a leak warning above ten listeners per signal, so this module registers one and fans out.
 * (`AbortSignal.any` costs ten times as much, and its signals live as long as their source.)
 */
const reactions = new WeakMap<AbortSignal, Set<() => void>>();

function listen(signal: AbortSignal): Set<() => void> {
	const fresh = new Set<() => void>();
	reactions.set(signal, fresh);
	const run = () => {
		for (const react of fresh) react();
		fresh.clear();
	};
	signal.addEventListener('abort', run, { once: true });
	return fresh;
}

/**
 * Calls `react` once, when the signal aborts. If it has aborted already, the call happens at once.
 * @returns removes the reaction
 */
export function onAbort(signal: AbortSignal, react: () => void): () => void {
	if (signal.aborted) {
		react();
		return () => undefined;
	}
	const all = reactions.get(signal) ?? listen(signal);
	all.add(react);
	return () => void all.delete(react);
}
