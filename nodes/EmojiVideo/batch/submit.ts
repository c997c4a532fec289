/**
 * The one loop that acts: detect, submit, schedule, deliver. Three lanes run side by side, each paced at
 * the account's limit: every portrait is detected once, every job submitted in order, and accepted
 * tasks are watched while later ones are still being submitted.
 *
 * Rules: an accepted task is in the paidTasks before the next await; every job ends with exactly one
 * result; a result after acceptance carries the task ID, whatever went wrong.
 */
import type { Clock } from '../clock';
import { DETECTION_MODEL, LOST_CREATE, MAY_HAVE_ACTED, VIDEO_MODEL } from '../dashscope/client';
import type { Answer, Client } from '../dashscope/client';
import { nextStepFor } from '../dashscope/errors';
import { fail, STOPPED, succeed } from '../result';
import type { Failure, Result } from '../result';
import type { Detection, FaceAreas, Task } from '../dashscope/schemas';
import { createAsyncEvent } from './asyncEvent';
import type { PaidTasks, PaidTask } from './paidTasks';
import type { Job, Portrait, VideoLabel } from './plan';
import { createPollSchedule, enqueue, recordAnswer, nextPolls } from './pollSchedule';
import type { PollSettings } from './pollSchedule';

export interface BatchTools {
	client: Client;
	paidTasks: PaidTasks;
	clock: Clock;
	/** Aborted when the user stops the execution, or when a failure ends it: nothing more is started. */
	signal: AbortSignal;
}

/** A task that DashScope has accepted, and the video it is for. */
export interface AcceptedTask {
	job: VideoLabel;
	entry: Pick<PaidTask, 'taskId' | 'requestId'> & Partial<PaidTask>;
	/** The service's answer as it came; absent when the task was made by an earlier try. */
	raw?: object;
}

/** A task that this execution has made, now or in an earlier try. */
export interface SubmittedJob extends AcceptedTask {
	job: Job;
	entry: PaidTask;
}

/** No other job of this key will do better. */
const concernsAll = (failure: Failure) => failure.kind === 'unauthorized';

/** A second try of an execution does not ask for a video that the first one may have paid for. */
const LOST_EARLIER: Failure = {
	kind: 'noAnswer',
	message: 'An earlier try of this execution asked for this video, and the answer was lost',
	nextStep: LOST_CREATE,
};

/** A portrait that did not pass, as the failure of every job that uses it. */
export function portraitFailure(
	{ code, message, requestId }: Detection & { passed: false },
	hint?: string,
): Failure {
	const nextStep = nextStepFor(code, message) ?? 'Use another portrait.';
	return {
		kind: 'portrait',
		message: `The portrait did not pass face detection: ${message} (${code})`,
		nextStep: [nextStep, hint].filter(Boolean).join(' '),
		code,
		requestId,
	};
}

/** What ends a batch for all jobs, once something has. */
interface BatchStop {
	failure?: Failure;
}

/** Detects every portrait of the jobs once, in order; gives each job its areas when they are known. */
function detectAll(jobs: Job[], { client, paidTasks, signal }: BatchTools, stop: BatchStop) {
	const found = new Map<string, Promise<Result<FaceAreas>>>();
	let previous: Promise<unknown> = Promise.resolve();

	const detect = async (portrait: Portrait): Promise<Result<FaceAreas>> => {
		if (signal.aborted || stop.failure) return fail(stop.failure ?? STOPPED);
		const address = await portrait.addressFor(DETECTION_MODEL);
		const result = address.ok ? await client.detectFace(address.value) : address;
		if (!result.ok && concernsAll(result.failure)) stop.failure ??= result.failure;
		if (!result.ok) return result;
		const detection = result.value.value;
		if (!detection.passed) return fail(portraitFailure(detection, portrait.hint));
		paidTasks.writeAreas(portrait.id, detection.areas);
		// A file goes to the other model's storage while earlier jobs are being submitted.
		void portrait.addressFor(VIDEO_MODEL);
		return succeed(detection.areas);
	};

	for (const { portrait, areas, key } of jobs) {
		if (areas || found.has(portrait.id) || paidTasks.find(key)) continue;
		const known = paidTasks.findAreas(portrait.id);
		const areasOfPortrait = known
			? Promise.resolve(succeed(known))
			: previous.then(async () => await detect(portrait));
		found.set(portrait.id, areasOfPortrait);
		previous = areasOfPortrait;
	}

	return async ({ portrait, areas }: Job): Promise<Result<FaceAreas>> =>
		areas ? succeed(areas) : ((await found.get(portrait.id)) ?? fail(STOPPED));
}

async function submit(
	job: Job,
	areasOf: (job: Job) => Promise<Result<FaceAreas>>,
	{ client, paidTasks, clock, signal }: BatchTools,
): Promise<Result<SubmittedJob>> {
	const resumed = paidTasks.find(job.key);
	if (resumed) return succeed({ job, entry: resumed });
	const areas = await areasOf(job);
	if (!areas.ok) return areas;
	if (paidTasks.isInFlight(job.key)) return fail(LOST_EARLIER);
	const address = await job.portrait.addressFor(VIDEO_MODEL);
	if (!address.ok) return address;
	if (signal.aborted) return fail(STOPPED);
	const { templateId } = job;
	paidTasks.markInFlight(job.key);
	const created = await client.createTask({
		imageUrl: address.value,
		templateId,
		areas: areas.value,
	});
	if (!created.ok) {
		if (!MAY_HAVE_ACTED.includes(created.failure.kind)) paidTasks.remove(job.key);
		return created;
	}
	const { taskId, requestId } = created.value.value;
	const entry = { taskId, requestId, acceptedAt: clock.now(), areas: areas.value };
	paidTasks.write(job.key, entry);
	return succeed({ job, entry, raw: created.value.raw });
}

/**
 * Submits every job in order.
 * @param onResult hears of every job once: its accepted task, or why there is none
 */
export async function submitJobs(
	jobs: Job[],
	tools: BatchTools,
	onResult: (job: Job, result: Result<SubmittedJob>) => void,
): Promise<void> {
	const stop: BatchStop = {};
	const areasOf = detectAll(jobs, tools, stop);
	for (const job of jobs) {
		if (tools.signal.aborted) stop.failure ??= STOPPED;
		const result =
			stop.failure && !tools.paidTasks.find(job.key)
				? fail(stop.failure)
				: await submit(job, areasOf, tools);
		if (!result.ok && concernsAll(result.failure)) stop.failure ??= result.failure;
		onResult(job, result);
	}
}

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
	{ client, paidTasks, clock, signal }: BatchTools,
	settings: PollSettings,
	onEnd: (accepted: AcceptedTask, taskResult: TaskResult) => void,
) {
	const schedule = createPollSchedule(settings);
	const followed = new Map<string, AcceptedTask[]>();
	const changed = createAsyncEvent();
	let noMore = false;
	let ended = false;
	signal.addEventListener('abort', () => changed.set(), { once: true });

	const finish = (taskId: string, taskResult: TaskResult) => {
		const all = followed.get(taskId) ?? [];
		followed.delete(taskId);
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

	const ask = async (taskId: string) => {
		const result = await client.getTask(taskId, 'once');
		if (!result.ok && concernsAll(result.failure)) {
			finishAll(result.failure);
		} else {
			const polled = recordAnswer(schedule, taskId, result, clock.now(), Math.random());
			if (polled.kind === 'done') finish(taskId, { result: succeed(polled.answer) });
			if (polled.kind === 'failed') {
				finish(taskId, { result: fail(polled.failure), lastAnswer: polled.answer });
			}
		}
		changed.set();
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
		/** No task will be added any more; resolves when the last one has ended. */
		async finish(): Promise<void> {
			noMore = true;
			changed.set();
			await done;
		},
	};
}
