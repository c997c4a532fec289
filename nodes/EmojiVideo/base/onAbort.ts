/**
 * What is to happen when a signal aborts. Every sleep, request and place in a queue of an execution listens to its
 * one Stop, and Node.js takes more than ten listeners on a signal for a leak and says so in n8n's log. So each
 * signal has one listener, whoever waits. (A signal of its own for each, by `AbortSignal.any`, costs ten times as
 * much, and is not collected before the one it comes from.)
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
 * @param signal that may abort; one that has aborted already reacts at once
 * @param react is called once
 * @returns forgets `react`, for when nobody needs it any more
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
