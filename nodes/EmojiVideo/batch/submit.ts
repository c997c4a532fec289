/**
 * From jobs to accepted tasks: every portrait is detected once, every job submitted in order, while
 * follow.ts asks about those that were accepted before.
 *
 * Rules: an accepted task is in `paidTasks` before the next await; every job ends with exactly one
 * result; a result after acceptance carries the task ID, whatever went wrong.
 */
import type { Clock } from '../clock';
import { DETECTION_MODEL, LOST_CREATE, VIDEO_MODEL } from '../dashscope/client';
import type { Client } from '../dashscope/client';
import { nextStepFor } from '../dashscope/errors';
import { fail, mayHaveActed, STOPPED, succeed } from '../result';
import type { Failure, Result } from '../result';
import type { Detection, FaceAreas } from '../dashscope/schemas';
import type { PaidTasks, PaidTask } from './paidTasks';
import type { Portrait } from '../media/portrait';
import type { Job, VideoLabel } from './plan';

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
export const concernsAll = (failure: Failure) => failure.kind === 'unauthorized';

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
		if (!mayHaveActed(created.failure)) paidTasks.remove(job.key);
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
