/**
 * One check of a durable wait: polls the open tasks, downloads finished videos, and after its polls submits the
 * next group. Only a check calls DashScope. Rule: everything a check found out is in its result; if the check is
 * lost, another one can repeat its polls and downloads.
 */
import { createLimiter } from '../../base/limiter';
import { aboutOf } from '../../batch/plan';
import { withHintAboutAreas } from '../../batch/submit';
import type { AcceptedTask } from '../../batch/submit';
import type { ApiResponse } from '../../dashscope/client';
import { withoutLasting } from '../../dashscope/keyTrust';
import type { Task } from '../../dashscope/schemas';
import type { ExecutionContext } from '../../execution/context';
import type { Outcome } from '../../execution/outcome';
import { succeed } from '../../base/result';
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

/** Whether an item refers to its files rather than holding them. */
const isByReference = ({ item }: EntryProgress) =>
	Object.values(item?.binary ?? {}).every(({ id }) => id !== undefined);

/** Whether an item is there and its download did not fail. */
const isWhole = ({ item }: EntryProgress) =>
	item !== undefined && item.json.downloadError === undefined;

/** Builds the item of a task that has ended, with its video. */
async function buildItem(
	context: ExecutionContext,
	entry: RequestEntry,
	taskId: string,
	known: ApiResponse<Task> | undefined,
): Promise<EntryProgress> {
	const response = known ? succeed(known) : await context.client.getTask(taskId);
	if (!response.ok) return { settled: { ...response.failure, taskId } };
	const accepted = toAccepted(entry, taskId);
	if (entry.settled !== 'succeeded') {
		return { item: { json: toJson(accepted, response.value, entry) } };
	}
	const { result, link } = await deliver(accepted, response.value, entry, context);
	return result.ok ? { item: result.value } : { settled: result.failure, about: link };
}

/** Builds the item of an entry that has ended without one. */
async function downloadEntry(
	context: ExecutionContext,
	entry: RequestEntry,
	responses: ReadonlyMap<string, ApiResponse<Task>>,
	isEnd: boolean,
): Promise<EntryProgress> {
	const { taskId, settled, item, downloadsAtEnd } = entry;
	if (taskId === undefined || settled === undefined || typeof settled === 'object') return {};
	if (item !== undefined || (downloadsAtEnd && !isEnd)) return {};
	// After an abort, the next check downloads the rest.
	if (context.stop.batchEnd.aborted) return {};
	try {
		const built = await buildItem(context, entry, taskId, responses.get(taskId));
		if (context.stop.batchEnd.aborted && !isWhole(built)) return {};
		return isByReference(built) || isEnd ? built : { downloadsAtEnd: true };
	} catch (error) {
		return { settled: { ...context.recordException(error), taskId } };
	}
}

/** The end that this check found for an entry. A failed task also says what is unusual about its areas. */
function endByPoll(
	results: ReadonlyMap<string, NonNullable<Entry['settled']>>,
	{ taskId = '', areas }: Entry,
): Entry['settled'] {
	const end = results.get(taskId);
	const hasFailed = typeof end === 'object' && end.status === 'FAILED';
	return hasFailed ? withHintAboutAreas(end, areas) : end;
}

/** The request for the next poll; `undefined` if the supervisor should plan anew. */
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

/** Polls, downloads, and submits if no poll is left. */
async function performCheck(context: ExecutionContext, request: CheckRequest): Promise<Outcome[]> {
	const { client, clock, memory } = context;
	const schedule = restoreSchedule(request.schedule);
	const isPollOnly = request.pollsBeforeSubmit > 0;
	const { results, responses } = await pollOpenTasks(
		{ ...request, isLastCheck: request.isLastCheck && !isPollOnly },
		schedule,
		// The settings worked when the tasks were submitted, so their faults pass.
		async (taskId) => withoutLasting(await client.getTask(taskId, 'once')),
		() => clock.now(),
	);
	memory?.keep(schedule);
	const hasFailed =
		request.stopsAtFirstFailure &&
		[...results.values()].some((settled) => typeof settled === 'object');
	const maySubmit = request.maySubmit && !hasFailed;
	const limit = createLimiter(DOWNLOADS_AT_ONCE);
	const download = async (before: RequestEntry) => {
		const entry = { ...before, settled: before.settled ?? endByPoll(results, before) };
		const downloaded = await limit(
			async () => await downloadEntry(context, entry, responses, request.isEnd),
		);
		return { ...pickProgress(entry), ...downloaded };
	};
	// Downloads run beside the submits, because a group takes about half a minute to submit.
	const [submitted, known] = await Promise.all([
		isPollOnly ? NOTHING_SUBMITTED : submitGroup(context, { ...request, maySubmit }, schedule),
		Promise.all(request.entries.map(download)),
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

/** Runs a check, if the user's execution still waits. */
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
