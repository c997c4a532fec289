/**
 * First in, first out, a fixed number running at once (dashscope-facts section 2, rate limits). Rule:
 * a task's times are a pure function of submit order, running time and concurrency; the queue is
 * brought up to date when somebody looks (`advance`), and no timer exists.
 */

/** What the queue needs to know of a task; it writes `startedMs` and `endedMs` (epoch ms). */
export interface QueuedTask {
	readonly submittedMs: number;
	startedMs?: number;
	endedMs?: number;
	canceledMs?: number;
}

export interface TaskQueue<T extends QueuedTask> {
	submit(task: T): void;
	/** Starts everything that was due by `nowMs`. */
	advance(nowMs: number): void;
	/** From `nowMs` on, `count` tasks run at once; 0 holds every waiting task back. */
	setConcurrency(count: number, nowMs: number): void;
}

/** A queue for one account. `runningMs` is asked once per task, at its start. */
export function createQueue<T extends QueuedTask>(
	initialConcurrency: number,
	runningMs: (task: T) => number,
): TaskQueue<T> {
	const waiting: T[] = [];
	const endsMs: number[] = []; // of running tasks, ascending
	let head = 0;
	let concurrency = initialConcurrency;
	let notBeforeMs = 0; // the last start or change: nobody overtakes, nothing happens in the past

	/** When `task` can start: once it is there, a slot is free, and those before it have started. */
	const startOf = (task: T): number => {
		const inTheWay = endsMs.length - concurrency;
		const slotMs = inTheWay < 0 ? 0 : (endsMs[inTheWay] ?? Infinity);
		return Math.max(task.submittedMs, slotMs, notBeforeMs);
	};

	const start = (task: T, startMs: number): void => {
		while (endsMs[0] !== undefined && endsMs[0] <= startMs) endsMs.shift();
		const endMs = startMs + Math.round(runningMs(task));
		notBeforeMs = startMs;
		task.startedMs = startMs;
		task.endedMs = endMs;
		const place = endsMs.findLastIndex((other) => other <= endMs);
		endsMs.splice(place + 1, 0, endMs);
	};

	const advance = (nowMs: number): void => {
		for (let task = waiting[head]; task !== undefined; task = waiting[head]) {
			if (task.canceledMs === undefined) {
				const startMs = startOf(task);
				if (startMs > nowMs) return;
				start(task, startMs);
			}
			head += 1;
		}
	};

	return {
		submit: (task) => void waiting.push(task),
		advance,
		setConcurrency(count, nowMs) {
			advance(nowMs);
			concurrency = count;
			notBeforeMs = nowMs;
		},
	};
}
