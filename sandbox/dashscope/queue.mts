/**
 * First in, first out, a fixed number running at once (docs/service.md, "Limits"). Rule:
 * a task's times are a pure function of submit order, running time and concurrency; the queue is
 * brought up to date by `advance`, and no timer exists.
 */

/** The queue's view of a task; it writes `startedMs`, `endedMs` (epoch ms) and `timedOut`. */
export interface QueuedTask {
	readonly submittedMs: number;
	startedMs?: number;
	endedMs?: number;
	canceledMs?: number;
	/** True when it was given up without a result. */
	timedOut?: boolean;
}

export interface TaskQueue<T extends QueuedTask> {
	submit(task: T): void;
	/** Starts everything that was due by `nowMs`. */
	advance(nowMs: number): void;
	/** From `nowMs` on, `count` tasks run at once; 0 holds every waiting task back. */
	setConcurrency(count: number, nowMs: number): void;
}

/** The rules of a queue. */
export interface QueueRules<T> {
	/** Tasks that run at once. */
	concurrency: number;
	/** How long a task runs; asked once, at its start. */
	runningMs: (task: T) => number;
	/** How long after its submission a task without a result is given up. Default: never. */
	resultTimeoutMs?: number;
}

/** A queue for one account. */
export function createQueue<T extends QueuedTask>({
	concurrency: initialConcurrency,
	runningMs,
	resultTimeoutMs = Infinity,
}: QueueRules<T>): TaskQueue<T> {
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
		const wantedMs = startMs + Math.round(runningMs(task));
		const limitMs = task.submittedMs + resultTimeoutMs;
		const endMs = Math.min(wantedMs, limitMs);
		notBeforeMs = startMs;
		task.startedMs = startMs;
		task.endedMs = endMs;
		task.timedOut = wantedMs > limitMs;
		const place = endsMs.findLastIndex((other) => other <= endMs);
		endsMs.splice(place + 1, 0, endMs);
	};

	/** A task whose turn never came. It held no slot, so the queue is as it was. */
	const giveUp = (task: T, limitMs: number): void => {
		task.endedMs = limitMs;
		task.timedOut = true;
	};

	const advance = (nowMs: number): void => {
		for (let task = waiting[head]; task !== undefined; task = waiting[head]) {
			if (task.canceledMs === undefined) {
				const startMs = startOf(task);
				const limitMs = task.submittedMs + resultTimeoutMs;
				if (Math.min(startMs, limitMs) > nowMs) return;
				if (startMs < limitMs) start(task, startMs);
				else giveUp(task, limitMs);
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
