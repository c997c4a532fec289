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
import { askOpenTasks } from './pollOpenTasks';
import { createGroup, NOTHING_CREATED } from './submitGroup';
import { isOutdated, secondsToNextLook } from '../plan/looks';
import { handOn } from './outcomes';
import { endStopped, endOrphaned, ownerOf } from '../n8n/owner';
import { restoreSchedule, saveSchedule } from '../plan/state';
import type { EntryProgress, Entry } from '../plan/state';
import { progressOf } from '../plan/checkMessages';
import type { Order, OrderEntry, Report } from '../plan/checkMessages';

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
async function fetchItem(
	context: ExecutionContext,
	entry: OrderEntry,
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
async function fetchEntry(
	context: ExecutionContext,
	entry: OrderEntry,
	answers: ReadonlyMap<string, ApiResponse<Task>>,
	isEnd: boolean,
): Promise<EntryProgress> {
	const { taskId, settled, item, fetchedAtEnd } = entry;
	if (taskId === undefined || settled === undefined || typeof settled === 'object') return {};
	if (item !== undefined || (fetchedAtEnd && !isEnd)) return {};
	// A batch that was broken off leaves the rest to the next check.
	if (context.signal.aborted) return {};
	try {
		const fetched = await fetchItem(context, entry, taskId, answers.get(taskId));
		if (context.signal.aborted && !isWhole(fetched)) return {};
		return isByReference(fetched) || isEnd ? fetched : { fetchedAtEnd: true };
	} catch (error) {
		return { settled: { ...fail(unexpectedFailure(error)).failure, taskId } };
	}
}

/** How an entry's task has ended in this check; one that failed also says what is unusual about its areas. */
function endIn(
	results: ReadonlyMap<string, NonNullable<Entry['settled']>>,
	{ taskId = '', areas }: Entry,
): Entry['settled'] {
	const end = results.get(taskId);
	const hasFailed = typeof end === 'object' && end.status === 'FAILED';
	return hasFailed ? withHintAboutAreas(end, areas) : end;
}

/** The order as it is after a look; `undefined` when it is outdated. */
function lookAgain(
	order: Order,
	progress: Report['progress'],
	schedule: Order['schedule'],
	now: number,
): Order | undefined {
	const known = new Map(progress.map(({ place, ...more }) => [place, more]));
	const entries = order.entries.map((entry) => ({ ...entry, ...known.get(entry.place) }));
	const looks = order.looks - 1;
	const next = { ...order, entries, schedule, looks };
	if (isOutdated(next, now)) return undefined;
	return { ...next, waitSeconds: secondsToNextLook(next, now) };
}

/** Asks, creates if it is time, fetches. */
async function work(context: ExecutionContext, order: Order): Promise<Outcome[]> {
	const { client, clock, memory } = context;
	const schedule = restoreSchedule(order.schedule);
	const isLook = order.looks > 0;
	const { results, answers } = await askOpenTasks(
		{ ...order, isLastCheck: order.isLastCheck && !isLook },
		schedule,
		async (taskId) => await client.getTask(taskId, 'once'),
		() => clock.now(),
	);
	memory?.keep(schedule);
	const hasFailed =
		order.stopsAtFirstFailure &&
		[...results.values()].some((settled) => typeof settled === 'object');
	const mayCreate = order.mayCreate && !hasFailed;
	const limit = createLimiter(DOWNLOADS_AT_ONCE);
	const fetch = async (before: OrderEntry) => {
		const entry = { ...before, settled: before.settled ?? endIn(results, before) };
		const fetched = await limit(async () => await fetchEntry(context, entry, answers, order.isEnd));
		return { ...progressOf(entry), ...fetched };
	};
	// At once: a group takes half a minute to create, and a finished video need not wait for it.
	const [created, known] = await Promise.all([
		isLook ? NOTHING_CREATED : createGroup(context, { ...order, mayCreate }, schedule),
		Promise.all(order.entries.map(fetch)),
	]);
	const progress = known.map((entry) => ({ ...entry, ...created.progress.get(entry.place) }));
	const saved = saveSchedule(schedule);
	const next = isLook ? lookAgain(order, progress, saved, clock.now()) : undefined;
	if (next) return handOn(next);
	const { creating, endedBy } = created;
	return handOn({ number: order.number, progress, schedule: saved, creating, endedBy });
}

/** Does what the supervisor has ordered, if the user's execution still waits for it. */
export async function runOrder(context: ExecutionContext, order: Order): Promise<Outcome[]> {
	switch (await ownerOf(context.functions, order.owner?.executionId)) {
		case 'stopped':
			return await endStopped(context, order);
		case 'gone':
			return endOrphaned(context, order);
		default:
			return await work(context, order);
	}
}
