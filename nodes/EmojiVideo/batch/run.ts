/**
 * The one loop that acts: detect, submit, watch, deliver. Three lanes run side by side, each paced at
 * the account's limit: every portrait is detected once, every job submitted in order, and accepted
 * tasks are watched while later ones are still being submitted.
 *
 * Rules: an accepted task is in the ledger before the next await; every job ends with exactly one
 * result; a result after acceptance carries the task ID, whatever went wrong.
 */
import type { Clock } from '../clock';
import type { Answer, Client } from '../dashscope/client';
import { nextStepFor } from '../dashscope/errors';
import { fail, STOPPED, succeed } from '../dashscope/failure';
import type { Failure, Result } from '../dashscope/failure';
import type { Detection, FaceAreas, Task } from '../dashscope/schemas';
import { createBell } from './bell';
import type { Ledger, LedgerEntry } from './ledger';
import type { Job } from './plan';
import { createWatch, enqueue, learn, nextMoves } from './watch';
import type { WatchSettings } from './watch';

export interface BatchTools {
	client: Client;
	ledger: Ledger;
	clock: Clock;
	/** Aborted when the user stops the execution, or when a failure ends it: nothing more is started. */
	signal: AbortSignal;
}

/** A task that DashScope has accepted, and the job it is for. */
export interface Accepted {
	job: Job;
	entry: LedgerEntry;
	/** The service's answer as it came; absent when the task was made by an earlier try. */
	raw?: object;
}

/** A portrait that did not pass, as the failure of every job that uses it. */
export function portraitFailure({
	code,
	message,
	requestId,
}: Detection & { passed: false }): Failure {
	return {
		kind: 'portrait',
		message: `The portrait did not pass face detection: ${message} (${code})`,
		nextStep: nextStepFor(code, message) ?? 'Use another portrait.',
		code,
		requestId,
	};
}

/** Detects every portrait of the jobs once, in order; gives each job its areas when they are known. */
function detectAll(jobs: Job[], { client, ledger, signal }: BatchTools) {
	const found = new Map<string, Promise<Result<FaceAreas>>>();
	let previous: Promise<unknown> = Promise.resolve();

	const detect = async (imageUrl: string): Promise<Result<FaceAreas>> => {
		if (signal.aborted) return fail(STOPPED);
		const result = await client.detectFace(imageUrl);
		if (!result.ok) return result;
		const detection = result.value.value;
		if (!detection.passed) return fail(portraitFailure(detection));
		ledger.writeAreas(imageUrl, detection.areas);
		return succeed(detection.areas);
	};

	for (const { imageUrl, areas, key } of jobs) {
		if (areas || found.has(imageUrl) || ledger.find(key)) continue;
		const known = ledger.findAreas(imageUrl);
		const areasOfPortrait = known
			? Promise.resolve(succeed(known))
			: previous.then(async () => await detect(imageUrl));
		found.set(imageUrl, areasOfPortrait);
		previous = areasOfPortrait;
	}

	return async ({ imageUrl, areas }: Job): Promise<Result<FaceAreas>> =>
		areas ? succeed(areas) : ((await found.get(imageUrl)) ?? fail(STOPPED));
}

async function submit(
	job: Job,
	areasOf: (job: Job) => Promise<Result<FaceAreas>>,
	{ client, ledger, clock, signal }: BatchTools,
): Promise<Result<Accepted>> {
	const resumed = ledger.find(job.key);
	if (resumed) return succeed({ job, entry: resumed });
	const areas = await areasOf(job);
	if (!areas.ok) return areas;
	if (signal.aborted) return fail(STOPPED);
	const { imageUrl, templateId } = job;
	const created = await client.createTask({ imageUrl, templateId, areas: areas.value });
	if (!created.ok) return created;
	const { taskId, requestId } = created.value.value;
	const entry = { taskId, requestId, acceptedAt: clock.now(), areas: areas.value };
	ledger.write(job.key, entry);
	return succeed({ job, entry, raw: created.value.raw });
}

/** No other job of this key will do better. */
const concernsAll = (failure: Failure) => failure.kind === 'unauthorized';

/**
 * Submits every job in order.
 * @param onResult hears of every job once: its accepted task, or why there is none
 */
export async function submitJobs(
	jobs: Job[],
	tools: BatchTools,
	onResult: (job: Job, result: Result<Accepted>) => void,
): Promise<void> {
	const areasOf = detectAll(jobs, tools);
	let end: Failure | undefined;
	for (const job of jobs) {
		if (tools.signal.aborted) end ??= STOPPED;
		const result =
			end && !tools.ledger.find(job.key) ? fail(end) : await submit(job, areasOf, tools);
		if (!result.ok && concernsAll(result.failure)) end ??= result.failure;
		onResult(job, result);
	}
}

/**
 * Follows accepted tasks to their ends. Tasks may be added while it runs.
 * @param onEnd hears of every task once: its video, or why there is none
 */
export function followTasks(
	{ client, ledger, clock, signal }: BatchTools,
	settings: WatchSettings,
	onEnd: (accepted: Accepted, result: Result<Answer<Task>>) => void,
) {
	const watch = createWatch(settings);
	const followed = new Map<string, Accepted>();
	const bell = createBell();
	let noMore = false;
	signal.addEventListener('abort', () => bell.ring(), { once: true });

	const finish = (taskId: string, result: Result<Answer<Task>>) => {
		const accepted = followed.get(taskId);
		if (!accepted) return;
		followed.delete(taskId);
		onEnd(accepted, result);
	};

	const ask = async (taskId: string) => {
		const result = await client.getTask(taskId, 'once');
		if (!result.ok && concernsAll(result.failure)) {
			const { failure } = result;
			for (const id of [...followed.keys()]) finish(id, fail({ ...failure, taskId: id }));
			watch.open.clear();
		} else {
			const verdict = learn(watch, taskId, result, clock.now(), Math.random());
			if (verdict.kind === 'done') finish(taskId, succeed(verdict.answer));
			if (verdict.kind === 'failed') {
				const job = followed.get(taskId)?.job;
				if (job && verdict.failure.status === 'FAILED') ledger.strike(job.key);
				finish(taskId, fail(verdict.failure));
			}
		}
		bell.ring();
	};

	const done = (async () => {
		while (!signal.aborted && !(noMore && followed.size === 0)) {
			const { ask: due, wakeAt } = nextMoves(watch, clock.now());
			for (const taskId of due) void ask(taskId);
			await bell.heardWithin(wakeAt - clock.now(), clock);
		}
		for (const id of [...followed.keys()]) finish(id, fail({ ...STOPPED, taskId: id }));
	})();

	return {
		add(accepted: Accepted) {
			const { entry, job } = accepted;
			followed.set(entry.taskId, accepted);
			enqueue(watch, { ...entry, templateId: job.templateId });
			bell.ring();
		},
		/** No task will be added any more; resolves when the last one has ended. */
		async finish(): Promise<void> {
			noMore = true;
			bell.ring();
			await done;
		},
	};
}
