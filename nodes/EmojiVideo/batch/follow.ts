/**
 * Follows accepted tasks to their ends: asks when the poll schedule says so, and tells each end once.
 * Rule: a task that was added ends with exactly one result, which carries the task ID.
 */
import { runAfter } from '../base/clock';
import { onAbort } from '../base/onAbort';
import type { ApiResponse } from '../dashscope/client';
import type { Task } from '../dashscope/schemas';
import { fail, STOPPED, succeed, unexpectedFailure } from '../base/result';
import type { Failure, Result } from '../base/result';
import { createAsyncEvent } from '../base/asyncEvent';
import { recordResponse } from './pollResponses';
import { createProgress } from './progress';
import { createPollSchedule, enqueue, nextPolls } from './pollSchedule';
import type { PollSettings } from './pollSchedule';
import { roomFor } from './queueAhead';
import { endsBatch, withHintAboutAreas } from './submit';
import type { AcceptedTask, BatchTools } from './submit';

/**
 * A question that has no answer by then has failed, whatever holds it up: the request has a limit of 20 s
 * of its own, before it the account's pace may let others go first.
 */
const QUESTION_MS = 120_000;

const UNANSWERED: Failure = {
	kind: 'noResponse',
	message: 'DashScope was asked about the task and gave no answer in time',
	nextStep: 'Check the network of the n8n host, then use Get Status with this task ID.',
};

/** How a followed task ended. */
export interface TaskResult {
	result: Result<ApiResponse<Task>>;
	/** The last answer about a task that has no video, where there was one. */
	lastAnswer?: ApiResponse<Task>;
}

type Tools = Pick<BatchTools, 'client' | 'clock' | 'stop'>;

/** Asks about a task once. @returns an answer or a failure, in `QUESTION_MS` at most */
async function askOnce(
	taskId: string,
	{ client, clock, stop }: Tools,
): Promise<Result<ApiResponse<Task>>> {
	return await new Promise((resolve, reject) => {
		const callOff = runAfter(clock, QUESTION_MS, () => resolve(fail(UNANSWERED)));
		const forget = onAbort(stop.batchEnd, () => {
			callOff();
			resolve(fail(STOPPED));
		});
		void client
			.getTask(taskId, 'once')
			.then(resolve, reject)
			.finally(() => {
				callOff();
				forget();
			});
	});
}

type OnEnd = (accepted: AcceptedTask, taskResult: TaskResult) => void;

/** Whether the service has tried to make the video and failed; nothing was billed. */
const hasFailed = ({ result }: TaskResult) => !result.ok && result.failure.status === 'FAILED';

/** A video that failed, with what is unusual about its areas: that may be why. */
function aboutAreas({ entry }: AcceptedTask, taskResult: TaskResult): TaskResult {
	const { result } = taskResult;
	if (result.ok || !hasFailed(taskResult)) return taskResult;
	return { ...taskResult, result: fail(withHintAboutAreas(result.failure, entry.areas)) };
}

/** The tasks that are followed: what the schedule knows of each, and the videos it stands for. */
function createFollowed(tools: BatchTools, settings: PollSettings, onEnd: OnEnd, all: number) {
	const { paidTasks, clock, memory, tell, recordException = unexpectedFailure } = tools;
	const schedule = createPollSchedule(settings, memory?.recall());
	const videos = new Map<string, AcceptedTask[]>();
	const progress = createProgress(tell ?? (() => undefined), all);

	const end = (taskId: string, taskResult: TaskResult) => {
		const all = videos.get(taskId) ?? [];
		videos.delete(taskId);
		progress.end(taskResult.result.ok);
		for (const accepted of all) {
			if (hasFailed(taskResult)) paidTasks.remove(accepted.job.key);
			onEnd(accepted, aboutAreas(accepted, taskResult));
		}
	};

	const endAll = (failure: Failure) => {
		schedule.open.clear();
		for (const taskId of [...videos.keys()]) end(taskId, { result: fail({ ...failure, taskId }) });
	};

	const hear = (taskId: string, result: Result<ApiResponse<Task>>) => {
		if (!result.ok && endsBatch(result.failure)) return endAll(result.failure);
		const polled = recordResponse(schedule, taskId, result, clock.now(), Math.random());
		if (polled.kind === 'done') end(taskId, { result: succeed(polled.answer) });
		if (polled.kind === 'failed')
			end(taskId, { result: fail(polled.failure), lastAnswer: polled.answer });
	};

	return {
		endAll,
		isEmpty: () => videos.size === 0,
		hasRoom: (queueAhead: number | undefined) => roomFor(schedule, queueAhead) > 0,
		due: () => nextPolls(schedule, clock.now()),
		/** A video has ended without a task. */
		miss(isOk: boolean): void {
			progress.miss(isOk);
			progress.update(schedule, clock.now());
		},
		add(accepted: AcceptedTask): void {
			const { entry, job } = accepted;
			progress.come();
			const same = videos.get(entry.taskId);
			if (same) return void same.push(accepted);
			videos.set(entry.taskId, [accepted]);
			enqueue(schedule, { ...entry, templateId: job.templateId }, clock.now());
		},
		/** Asks about a task, and takes in what comes back. */
		async ask(taskId: string): Promise<void> {
			try {
				hear(taskId, await askOnce(taskId, tools));
			} catch (error) {
				schedule.open.delete(taskId);
				end(taskId, { result: fail({ ...recordException(error), taskId }) });
			}
			memory?.keep(schedule);
			progress.update(schedule, clock.now());
		},
	};
}

/**
 * Follows accepted tasks to their ends. Tasks may be added while it runs; a task that several videos
 * stand for is asked about once.
 * @param onEnd hears once of every task that was added
 * @param videos how many are to come in all
 */
export function followTasks(
	tools: BatchTools,
	settings: PollSettings,
	onEnd: OnEnd,
	videos: number,
) {
	const { clock, stop } = tools;
	const { batchEnd } = stop;
	const followed = createFollowed(tools, settings, onEnd, videos);
	const changed = createAsyncEvent();
	const answered = createAsyncEvent();
	let noMore = false;
	let ended = false;
	const wake = () => {
		changed.set();
		answered.set();
	};
	batchEnd.addEventListener('abort', wake, { once: true });

	const done = (async () => {
		while (!batchEnd.aborted && !(noMore && followed.isEmpty())) {
			const { ask, wakeAt } = followed.due();
			for (const taskId of ask) void followed.ask(taskId).then(wake);
			await changed.waitUpTo(wakeAt - clock.now(), clock);
		}
		ended = true;
		followed.endAll(STOPPED);
	})();

	return {
		miss: followed.miss,
		add(accepted: AcceptedTask) {
			const { taskId } = accepted.entry;
			if (ended) return onEnd(accepted, { result: fail({ ...STOPPED, taskId }) });
			followed.add(accepted);
			changed.set();
		},
		/**
		 * Resolves when the batch may submit one more task, or is to end.
		 * @param queueAhead how many it keeps at the service; `undefined`: as many as make sense
		 */
		async untilRoom(queueAhead: number | undefined): Promise<void> {
			while (!ended && !batchEnd.aborted && !followed.hasRoom(queueAhead))
				await answered.waitUpTo(Number.POSITIVE_INFINITY, clock);
		},
		/** No task will be added any more; resolves when the last one has ended. */
		async finish(): Promise<void> {
			noMore = true;
			changed.set();
			await done;
		},
	};
}
