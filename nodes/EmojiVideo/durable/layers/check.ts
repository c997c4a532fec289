/**
 * One check of a durable wait: asks about the open tasks, fetches what is finished, and after its looks
 * creates the next ones. All calls to the outside are made here. Rule: what it has found out goes back as its
 * report; when it is lost, another check can do the same again.
 */
import { createLimiter } from '../../base/limiter';
import { aboutOf } from '../../batch/plan';
import { withHintAboutAreas } from '../../batch/submit';
import type { AcceptedTask } from '../../batch/submit';
import type { ApiResponse } from '../../dashscope/client';
import type { Task } from '../../dashscope/schemas';
import type { ExecutionContext } from '../../execution/context';
import type { Outcome } from '../../execution/outcome';
import { fail, succeed, unexpectedFailure } from '../../base/result';
import { deliver, DOWNLOADS_AT_ONCE, toJson } from '../../wait/deliver';
import { pollOpenTasks } from './pollOpenTasks';
import { submitGroup, NOTHING_SUBMITTED } from './submitGroup';
import { isRequestOutdated, secondsToNextPoll } from '../plan/pace';
import { toMessageOutcome } from './outcomes';
import { endOrphanedWait, endStoppedWait } from './endWait';
import { readOwnerState } from '../n8n/owner';
import { restoreSchedule, saveSchedule } from '../plan/state';
import type { EntryProgress, Entry } from '../plan/state';
import { pickProgress } from '../plan/checkMessages';
import type { CheckRequest, RequestEntry, CheckResult } from '../plan/checkMessages';

const toAccepted = (entry: Entry, taskId: string): AcceptedTask => ({
	job: { itemIndex: entry.itemIndex, ...aboutOf(entry), key: taskId },
	entry: { taskId, requestId: entry.requestId, areas: entry.areas },
});

/** Whether an item holds its files by reference, and not itself. */
const isByReference = ({ item }: EntryProgress) =>
	Object.values(item?.binary ?? {}).every(({ id }) => id !== undefined);

/** Whether an item has come, and not what stands for one whose download was broken off. */
const isWhole = ({ item }: EntryProgress) =>
	item !== undefined && item.json.downloadError === undefined;

/** The item of a task that has ended, with its video. */
async function toItemOf(
	context: ExecutionContext,
	entry: RequestEntry,
	taskId: string,
	known: ApiResponse<Task> | undefined,
): Promise<EntryProgress> {
	const answer = known ? succeed(known) : await context.client.getTask(taskId);
	if (!answer.ok) return { settled: { ...answer.failure, taskId } };
	const accepted = toAccepted(entry, taskId);
	if (entry.settled !== 'succeeded') {
		return { item: { json: toJson(accepted, answer.value, entry) } };
	}
	const { result, link } = await deliver(accepted, answer.value, entry, context);
	return result.ok ? { item: result.value } : { settled: result.failure, about: link };
}

/** What becomes of an entry that has an end to show. */
async function downloadEntry(
	context: ExecutionContext,
	entry: RequestEntry,
	answers: ReadonlyMap<string, ApiResponse<Task>>,
	isEnd: boolean,
): Promise<EntryProgress> {
	const { taskId, settled, item, downloadsAtEnd } = entry;
	if (taskId === undefined || settled === undefined || typeof settled === 'object') return {};
	if (item !== undefined || (downloadsAtEnd && !isEnd)) return {};
	// A batch that was broken off leaves the rest to the next check.
	if (context.signal.aborted) return {};
	try {
		const fetched = await toItemOf(context, entry, taskId, answers.get(taskId));
		if (context.signal.aborted && !isWhole(fetched)) return {};
		return isByReference(fetched) || isEnd ? fetched : { downloadsAtEnd: true };
	} catch (error) {
		return { settled: { ...fail(unexpectedFailure(error)).failure, taskId } };
	}
}

/** How an entry's task has ended in this check; one that failed also says what is unusual about its areas. */
function endByPoll(
	results: ReadonlyMap<string, NonNullable<Entry['settled']>>,
	{ taskId = '', areas }: Entry,
): Entry['settled'] {
	const end = results.get(taskId);
	const hasFailed = typeof end === 'object' && end.status === 'FAILED';
	return hasFailed ? withHintAboutAreas(end, areas) : end;
}

/** The order as it is after a look; `undefined` when it is outdated. */
function toNextPoll(
	request: CheckRequest,
	progress: CheckResult['progress'],
	schedule: CheckRequest['schedule'],
	now: number,
): CheckRequest | undefined {
	const known = new Map(progress.map(({ position, ...more }) => [position, more]));
	const entries = request.entries.map((entry) => ({ ...entry, ...known.get(entry.position) }));
	const pollsBeforeSubmit = request.pollsBeforeSubmit - 1;
	const next = { ...request, entries, schedule, pollsBeforeSubmit };
	if (isRequestOutdated(next, now)) return undefined;
	return { ...next, waitSeconds: secondsToNextPoll(next, now) };
}

/** Asks, creates if it is time, fetches. */
async function performCheck(context: ExecutionContext, request: CheckRequest): Promise<Outcome[]> {
	const { client, clock, memory } = context;
	const schedule = restoreSchedule(request.schedule);
	const isPollOnly = request.pollsBeforeSubmit > 0;
	const { results, answers } = await pollOpenTasks(
		{ ...request, isLastCheck: request.isLastCheck && !isPollOnly },
		schedule,
		async (taskId) => await client.getTask(taskId, 'once'),
		() => clock.now(),
	);
	memory?.keep(schedule);
	const hasFailed =
		request.stopsAtFirstFailure &&
		[...results.values()].some((settled) => typeof settled === 'object');
	const maySubmit = request.maySubmit && !hasFailed;
	const limit = createLimiter(DOWNLOADS_AT_ONCE);
	const fetch = async (before: RequestEntry) => {
		const entry = { ...before, settled: before.settled ?? endByPoll(results, before) };
		const fetched = await limit(
			async () => await downloadEntry(context, entry, answers, request.isEnd),
		);
		return { ...pickProgress(entry), ...fetched };
	};
	// At once: a group takes half a minute to create, and a finished video need not wait for it.
	const [submitted, known] = await Promise.all([
		isPollOnly ? NOTHING_SUBMITTED : submitGroup(context, { ...request, maySubmit }, schedule),
		Promise.all(request.entries.map(fetch)),
	]);
	const progress = known.map((entry) => ({ ...entry, ...submitted.progress.get(entry.position) }));
	const saved = saveSchedule(schedule);
	const next = isPollOnly ? toNextPoll(request, progress, saved, clock.now()) : undefined;
	if (next) return toMessageOutcome(next);
	const { submitting, endedBy } = submitted;
	return toMessageOutcome({
		number: request.number,
		progress,
		schedule: saved,
		submitting,
		endedBy,
	});
}

/** Does what the supervisor has ordered, if the user's execution still waits for it. */
export async function runCheck(
	context: ExecutionContext,
	request: CheckRequest,
): Promise<Outcome[]> {
	switch (await readOwnerState(context.functions, request.owner?.executionId)) {
		case 'stopped':
			return await endStoppedWait(context, request);
		case 'gone':
			return endOrphanedWait(context, request);
		default:
			return await performCheck(context, request);
	}
}
