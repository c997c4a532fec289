/**
 * One check of a durable wait: asks about the open tasks, creates the next ones, fetches what is finished.
 * All calls to the outside are made here. Rule: what it has found out goes back as its report; when it is
 * lost, another check can do the same again.
 */
import { createLimiter } from '../limiter';
import { aboutOf } from '../batch/plan';
import { withHintAboutAreas } from '../batch/submit';
import type { AcceptedTask } from '../batch/submit';
import type { Answer } from '../dashscope/client';
import type { Task } from '../dashscope/schemas';
import type { ExecutionContext } from '../execution/context';
import type { Outcome } from '../execution/operation';
import { fail, succeed, unexpectedFailure } from '../result';
import { deliver, DOWNLOADS_AT_ONCE, toJson } from '../wait/deliver';
import { askOpenTasks } from './ask';
import { createGroup } from './creates';
import { handOn } from './outcomes';
import { endStopped, endOrphaned, ownerOf } from './owner';
import { restoreSchedule, saveSchedule } from './state';
import type { EntryProgress, WaitEntry } from './state';
import type { Order, OrderEntry } from './turns';

const toAccepted = (entry: WaitEntry, taskId: string): AcceptedTask => ({
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
	known: Answer<Task> | undefined,
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
	answers: ReadonlyMap<string, Answer<Task>>,
	isEnd: boolean,
): Promise<EntryProgress> {
	const { taskId, settled } = entry;
	if (taskId === undefined || settled === undefined || typeof settled === 'object') return {};
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
	results: ReadonlyMap<string, NonNullable<WaitEntry['settled']>>,
	{ taskId = '', areas }: WaitEntry,
): WaitEntry['settled'] {
	const end = results.get(taskId);
	const hasFailed = typeof end === 'object' && end.status === 'FAILED';
	return hasFailed ? withHintAboutAreas(end, areas) : end;
}

/** Asks, creates, fetches. */
async function work(context: ExecutionContext, order: Order): Promise<Outcome[]> {
	const { client, clock, memory } = context;
	const schedule = restoreSchedule(order.schedule);
	const { results, answers } = await askOpenTasks(
		order,
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
		const { place, taskId } = before;
		const settled = before.settled ?? endIn(results, before);
		const fetched = await limit(
			async () => await fetchEntry(context, { ...before, settled }, answers, order.isEnd),
		);
		return { place, taskId, settled, ...fetched };
	};
	// At once: a group takes half a minute to create, and a finished video need not wait for it.
	const [created, known] = await Promise.all([
		createGroup(context, { ...order, mayCreate }, schedule),
		Promise.all(order.entries.map(fetch)),
	]);
	const progress = known.map((entry) => ({ ...entry, ...created.progress.get(entry.place) }));
	const { creating, endedBy } = created;
	return handOn({
		number: order.number,
		progress,
		schedule: saveSchedule(schedule),
		creating,
		endedBy,
	});
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
