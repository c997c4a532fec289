/**
 * Follows accepted tasks to their ends: asks when the poll schedule says so, and tells each end once.
 * Rule: a task that was added ends with exactly one result, which carries the task ID.
 */
import type { Answer } from '../dashscope/client';
import type { Task } from '../dashscope/schemas';
import { fail, STOPPED, succeed, unexpectedFailure } from '../result';
import type { Failure, Result } from '../result';
import { createAsyncEvent } from './asyncEvent';
import { recordAnswer } from './pollAnswers';
import { createProgress } from './progress';
import { createPollSchedule, enqueue, nextPolls } from './pollSchedule';
import type { PollSettings } from './pollSchedule';
import { roomFor } from './queueAhead';
import { concernsAll } from './submit';
import type { AcceptedTask, BatchTools } from './submit';

/**
 * A question that has no answer by then has failed, whatever holds it up: the request has a limit of 20 s
 * of its own, before it the account's pace may let others go first.
 */
const QUESTION_MS = 120_000;

const UNANSWERED: Failure = {
	kind: 'noAnswer',
	message: 'DashScope was asked about the task and gave no answer in time',
	nextStep: 'Check the network of the n8n host, then use Get Status with this task ID.',
};

/** How a followed task ended. */
export interface TaskResult {
	result: Result<Answer<Task>>;
	/** The last answer about a task that has no video, where there was one. */
	lastAnswer?: Answer<Task>;
}

/**
 * Follows accepted tasks to their ends. Tasks may be added while it runs; a task that several videos
 * stand for is asked about once.
 * @param onEnd hears once of every task that was added
 */
export function followTasks(
	{ client, paidTasks, clock, signal, memory, tell }: BatchTools,
	settings: PollSettings,
	onEnd: (accepted: AcceptedTask, taskResult: TaskResult) => void,
) {
	const schedule = createPollSchedule(settings, memory?.recall());
	const hasRoom = createAsyncEvent();
	const followed = new Map<string, AcceptedTask[]>();
	const changed = createAsyncEvent();
	const progress = createProgress(tell ?? (() => undefined));
	let noMore = false;
	let ended = false;
	const stop = () => {
		changed.set();
		hasRoom.set();
	};
	signal.addEventListener('abort', stop, { once: true });

	const finish = (taskId: string, taskResult: TaskResult) => {
		const all = followed.get(taskId) ?? [];
		followed.delete(taskId);
		progress.end(taskResult.result.ok);
		for (const accepted of all) {
			if (!taskResult.result.ok && taskResult.result.failure.status === 'FAILED')
				paidTasks.remove(accepted.job.key);
			onEnd(accepted, taskResult);
		}
	};

	const finishAll = (failure: Failure) => {
		schedule.open.clear();
		for (const taskId of [...followed.keys()])
			finish(taskId, { result: fail({ ...failure, taskId }) });
	};

	const getTask = async (taskId: string): Promise<Result<Answer<Task>>> => {
		const isAnswered = new AbortController();
		const limit = clock.sleep(QUESTION_MS, AbortSignal.any([signal, isAnswered.signal]));
		const unanswered = limit.then(() => fail(signal.aborted ? STOPPED : UNANSWERED));
		try {
			return await Promise.race([client.getTask(taskId, 'once'), unanswered]);
		} finally {
			isAnswered.abort();
		}
	};

	const hear = (taskId: string, result: Result<Answer<Task>>) => {
		if (!result.ok && concernsAll(result.failure)) {
			finishAll(result.failure);
		} else {
			const polled = recordAnswer(schedule, taskId, result, clock.now(), Math.random());
			if (polled.kind === 'done') finish(taskId, { result: succeed(polled.answer) });
			if (polled.kind === 'failed') {
				finish(taskId, { result: fail(polled.failure), lastAnswer: polled.answer });
			}
		}
	};

	const ask = async (taskId: string) => {
		try {
			hear(taskId, await getTask(taskId));
		} catch (error) {
			schedule.open.delete(taskId);
			finish(taskId, { result: fail({ ...unexpectedFailure(error), taskId }) });
		}
		memory?.keep(schedule);
		progress.update(schedule, clock.now());
		changed.set();
		hasRoom.set();
	};

	const done = (async () => {
		while (!signal.aborted && !(noMore && followed.size === 0)) {
			const { ask: due, wakeAt } = nextPolls(schedule, clock.now());
			for (const taskId of due) void ask(taskId);
			await changed.waitUpTo(wakeAt - clock.now(), clock);
		}
		ended = true;
		finishAll(STOPPED);
	})();

	return {
		add(accepted: AcceptedTask) {
			const { entry, job } = accepted;
			if (ended) return onEnd(accepted, { result: fail({ ...STOPPED, taskId: entry.taskId }) });
			const same = followed.get(entry.taskId);
			if (same) return void same.push(accepted);
			followed.set(entry.taskId, [accepted]);
			enqueue(schedule, { ...entry, templateId: job.templateId }, clock.now());
			changed.set();
		},
		/**
		 * Resolves when the batch may submit one more task, or is to end.
		 * @param queueAhead how many it keeps at the service; `undefined`: as many as make sense
		 */
		async untilRoom(queueAhead: number | undefined): Promise<void> {
			while (!ended && !signal.aborted && roomFor(schedule, queueAhead) === 0)
				await hasRoom.waitUpTo(Number.POSITIVE_INFINITY, clock);
		},
		/** No task will be added any more; resolves when the last one has ended. */
		async finish(): Promise<void> {
			noMore = true;
			changed.set();
			await done;
		},
	};
}
