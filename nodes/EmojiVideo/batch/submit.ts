/**
 * From jobs to accepted tasks: every portrait is detected once, every job submitted in order, while
 * follow.ts asks about those that were accepted before.
 *
 * Rules: an accepted task is in `paidTasks` before the next await; every job ends with exactly one
 * result; a result after acceptance carries the task ID, whatever went wrong.
 */
import type { Clock } from '../base/clock';
import { DETECTION_MODEL, UNCONFIRMED_SUBMIT, VIDEO_MODEL } from '../dashscope/client';
import type { Client } from '../dashscope/client';
import { hintAboutAreas } from '../dashscope/areas';
import { meaningOf, UNKNOWN_VERDICT, wordsOf } from '../dashscope/errors';
import { caught, fail, mayHaveActed, STOPPED, succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import type { Stop } from '../base/stop';
import type { Detection, FaceAreas } from '../dashscope/schemas';
import { afterColon } from '../base/text';
import type { AccountMemory } from '../account/accountMemory';
import type { PaidTasks, PaidTask } from './paidTasks';
import { withPortraitHint } from '../media/portrait';
import type { Portrait } from '../media/portrait';
import type { Job, VideoLabel } from './plan';

export interface BatchTools {
	client: Client;
	paidTasks: PaidTasks;
	clock: Clock;
	stop: Stop;
	/** What earlier batches of the account have learned. */
	memory?: AccountMemory;
	/** Writes an accepted task where it outlives everything: into n8n's log. */
	trace?: (video: VideoLabel, taskId: string) => void;
	/** Tells a person how far a batch is. */
	tell?: (line: string) => void;
	/** Logs an exception, and returns its failure. */
	recordException?: (error: unknown) => Failure;
	/** Asked once, before anything is paid for, with the jobs to pay for: why nothing may be. */
	beforePaying?: (jobs: Job[]) => Promise<Failure | undefined>;
}

/** A task that DashScope has accepted, and the video it is for. */
export interface AcceptedTask {
	job: VideoLabel;
	entry: Pick<PaidTask, 'taskId' | 'requestId'> & Partial<PaidTask>;
	/** The service's answer as it came; absent when the task was made by an earlier try. */
	raw?: object;
}

/** Which video, with what it is made of. */
type MadeVideo = VideoLabel & { templateId: string };

/** A task that this execution has made, now or in an earlier try. */
export interface SubmittedJob extends AcceptedTask {
	job: MadeVideo;
	entry: PaidTask;
}

/** A job that needs nothing but its create: plain JSON, so that it can wait in a database. */
export interface PreparedJob {
	job: MadeVideo;
	/** Where the service can read the portrait. */
	address: string;
	areas: FaceAreas;
}

/** No other job of this key will do better. */
export const endsBatch = (failure: Failure) => failure.kind === 'unauthorized';

/** A second try of an execution does not ask for a video that the first one may have paid for. */
const LOST_EARLIER: Failure = {
	kind: 'noResponse',
	message: 'An earlier try of this execution asked for this video, and the answer was lost',
	nextStep: UNCONFIRMED_SUBMIT,
};

/** The failure of a video whose areas may be unusual: that may be why. */
export function withHintAboutAreas(failure: Failure, areas: FaceAreas | undefined): Failure {
	const hint = areas && hintAboutAreas(areas);
	return hint === undefined ? failure : { ...failure, nextStep: `${failure.nextStep} ${hint}` };
}

/** A portrait that did not pass, as the failure of every job that uses it. */
export function portraitFailure(
	{ code, message, requestId }: Detection & { passed: false },
	hint?: string,
): Failure {
	const { title, nextStep } = meaningOf(code, message) ?? UNKNOWN_VERDICT;
	return {
		kind: 'portrait',
		message: `The portrait did not pass face detection: ${afterColon(title)}`,
		nextStep: [nextStep, hint].filter(Boolean).join(' '),
		code,
		serviceMessage: wordsOf(message),
		requestId,
	};
}

/** The failure of all jobs that are still to come, once something has ended the batch. */
interface Ending {
	failure?: Failure;
}

/** So many portraits are detected before their first video is submitted. */
const DETECTED_AHEAD = 10;

type AreasOf = (job: Job) => Promise<Result<FaceAreas>>;

/** Detects a portrait, and remembers what was found. */
async function detect(
	portrait: Portrait,
	{ client, paidTasks, stop }: BatchTools,
	ending: Ending,
): Promise<Result<FaceAreas>> {
	if (stop.batchEnd.aborted || ending.failure) return fail(ending.failure ?? STOPPED);
	const address = await portrait.addressFor(DETECTION_MODEL);
	const result = address.ok ? await client.detectFace(address.value) : address;
	if (!result.ok && endsBatch(result.failure)) ending.failure ??= result.failure;
	if (!result.ok) return fail(withPortraitHint(result.failure, portrait));
	const detection = result.value.value;
	if (!detection.passed) return fail(portraitFailure(detection, portrait.hint));
	paidTasks.writeAreas(portrait.id, detection.areas);
	// A file goes to the other model's storage while earlier jobs are being submitted.
	void portrait.addressFor(VIDEO_MODEL);
	return succeed(detection.areas);
}

/**
 * Detects every portrait once, in the order of the jobs, a few portraits ahead of their submission.
 * @returns for a job its areas, when they are known
 */
function detectAhead(jobs: Job[], tools: BatchTools, ending: Ending): AreasOf {
	const portraits = new Map<string, Portrait>();
	for (const { portrait, areas } of jobs) {
		if (!areas && !portraits.has(portrait.id)) portraits.set(portrait.id, portrait);
	}
	const waiting = [...portraits.values()];
	const found = new Map<string, Promise<Result<FaceAreas>>>();
	const reached = new Set<string>();
	let previous: Promise<unknown> = Promise.resolve();

	const start = (portrait: Portrait) => {
		const known = tools.paidTasks.findAreas(portrait.id);
		const areas = known
			? Promise.resolve(succeed(known))
			: previous.then(
					async () =>
						await caught(async () => await detect(portrait, tools, ending), tools.recordException),
				);
		found.set(portrait.id, areas);
		previous = areas;
	};

	return async ({ portrait, areas }) => {
		if (areas) return succeed(areas);
		reached.add(portrait.id);
		while (waiting.length > 0 && found.size < reached.size + DETECTED_AHEAD) {
			const next = waiting.shift();
			if (next) start(next);
		}
		return (await found.get(portrait.id)) ?? fail(STOPPED);
	};
}

/** Does all that a job needs before its create. Nothing is paid for but its portrait's detection. */
async function prepare(
	job: Job,
	areasOf: AreasOf,
	{ paidTasks }: Pick<BatchTools, 'paidTasks'>,
): Promise<Result<PreparedJob>> {
	const areas = await areasOf(job);
	if (!areas.ok) return areas;
	if (paidTasks.isInFlight(job.key)) return fail(LOST_EARLIER);
	const address = await job.portrait.addressFor(VIDEO_MODEL);
	if (!address.ok) return address;
	const { itemIndex, key, templateId } = job;
	const label = { ...job.portrait.about, itemIndex, key, templateId };
	return succeed({ job: label, address: address.value, areas: areas.value });
}

/** Makes the task of a job that is prepared: the one request that is paid for. */
export async function submitTask(
	{ job, address, areas }: PreparedJob,
	{
		client,
		paidTasks,
		clock,
		stop,
		trace,
	}: Pick<BatchTools, 'client' | 'paidTasks' | 'clock' | 'stop' | 'trace'>,
): Promise<Result<SubmittedJob>> {
	if (stop.batchEnd.aborted) return fail(STOPPED);
	paidTasks.markInFlight(job.key);
	const created = await client.submitTask({
		imageUrl: address,
		templateId: job.templateId,
		areas,
	});
	if (!created.ok) {
		if (mayHaveActed(created.failure)) return created;
		paidTasks.remove(job.key);
		return fail(withHintAboutAreas(created.failure, areas));
	}
	const { taskId, requestId } = created.value.value;
	const entry = { taskId, requestId, acceptedAt: clock.now(), areas };
	paidTasks.write(job.key, entry);
	trace?.(job, taskId);
	return succeed({ job, entry, raw: created.value.raw });
}

/** Resolves when the service's queue may have one more task of the batch. */
export type UntilRoom = () => Promise<void>;

/**
 * Submits every job in order; first of all come those that an earlier try has submitted.
 * @param onResult hears of every job once: its accepted task, or why there is none
 * @param untilRoom holds a job back; absent: each is submitted at once
 * @param handOver takes the jobs that are prepared, to create them elsewhere; `onResult` does not hear of
 * them
 */
export async function submitJobs(
	jobs: Job[],
	tools: BatchTools,
	onResult: (job: Job, result: Result<SubmittedJob>) => void,
	untilRoom: UntilRoom = async () => await Promise.resolve(),
	handOver?: (prepared: PreparedJob) => void,
): Promise<void> {
	const { paidTasks, stop, beforePaying } = tools;
	const ending: Ending = {};
	const open: Job[] = [];
	for (const job of jobs) {
		const resumed = paidTasks.find(job.key);
		if (resumed) onResult(job, succeed({ job, entry: resumed }));
		else open.push(job);
	}
	if (open.some(({ key }) => !paidTasks.isInFlight(key)))
		ending.failure = await beforePaying?.(open);
	const areasOf = detectAhead(open, tools, ending);
	for (const job of open) {
		if (stop.batchEnd.aborted) ending.failure ??= STOPPED;
		const prepared = ending.failure
			? fail(ending.failure)
			: await caught(async () => await prepare(job, areasOf, tools), tools.recordException);
		if (prepared.ok && handOver) {
			handOver(prepared.value);
			continue;
		}
		const result = prepared.ok
			? await caught(async () => {
					await untilRoom();
					return await submitTask(prepared.value, tools);
				}, tools.recordException)
			: prepared;
		if (!result.ok && endsBatch(result.failure)) ending.failure ??= result.failure;
		onResult(job, result);
	}
}

/**
 * Creates jobs that are prepared, in order.
 * @param onResult as for `submitJobs`
 */
export async function submitPrepared(
	prepared: PreparedJob[],
	tools: BatchTools,
	onResult: (job: VideoLabel, result: Result<SubmittedJob>) => void,
	untilRoom: UntilRoom,
): Promise<void> {
	let ended: Failure | undefined;
	for (const each of prepared) {
		const result = ended
			? fail(ended)
			: await caught(async () => {
					await untilRoom();
					return await submitTask(each, tools);
				}, tools.recordException);
		if (!result.ok && endsBatch(result.failure)) ended ??= result.failure;
		onResult(each.job, result);
	}
}
