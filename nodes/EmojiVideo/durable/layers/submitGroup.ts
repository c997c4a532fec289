/**
 * Where a durable batch pays: the creates of one check. Rules: it sends nothing after its time, because
 * then another check may; and what an earlier check may have created is looked for in the account's list
 * first, and not created again where the list has a task that nobody knows.
 */
import { aboutOf } from '../../batch/plan';
import { enqueue } from '../../batch/pollSchedule';
import type { PollSchedule } from '../../batch/pollSchedule';
import { roomFor } from '../../batch/queueAhead';
import { endsBatch, submitTask } from '../../batch/submit';
import { unknownTasks } from '../../account/unknownTasks';
import { runAfter } from '../../base/clock';
import { openAccount } from '../../execution/context';
import type { ExecutionContext } from '../../execution/context';
import { createTrace } from '../../execution/trace';
import { caught } from '../../base/result';
import type { Failure } from '../../base/result';
import { isWanted } from '../n8n/owner';
import { isExpected } from '../n8n/relatives';
import type { EntryProgress } from '../plan/state';
import { lostCreate } from '../plan/rounds';
import type { Order, OrderEntry, Report } from '../plan/checkMessages';

/** What the creates of a check have come to. */
interface Created {
	creating: Report['creating'];
	/** By place. */
	progress: Map<number, EntryProgress>;
	endedBy?: Failure;
}

export const NOTHING_CREATED: Readonly<Created> = { creating: 'done', progress: new Map() };

/** After so many creates it looks whether the user's execution still waits for them. */
const LOOKS_EVERY = 5;

/** What an earlier check may have created: nothing, or an end for every entry in doubt. */
async function recover(context: ExecutionContext, order: Order): Promise<Created | undefined> {
	if (!order.doubt) return undefined;
	const unknown = await unknownTasks(context.client, order.doubt);
	if (!unknown.ok) return { creating: 'unreadable', progress: new Map() };
	if (unknown.value.length === 0) return undefined;
	const candidates = unknown.value.map(({ taskId }) => taskId).join(', ');
	const failure = lostCreate(
		`Tasks of the account that this batch does not know, one of which may be this video: ${candidates}.`,
	);
	context.functions.logger.warn(
		`Emoji Video: execution ${order.owner?.executionId ?? ''} was interrupted while it created ${order.group.length} videos. They are not created again, because the account has tasks that may be theirs: ${candidates}.`,
	);
	const progress = new Map(order.group.map((place) => [place, { settled: failure }]));
	return { creating: 'done', progress };
}

/** Creates an entry; `undefined` when it could not be sent any more. */
async function createOne(
	context: ExecutionContext,
	{ place, itemIndex, address, areas, templateId, ...entry }: OrderEntry,
	order: Order,
): Promise<EntryProgress | undefined> {
	if (address === undefined || areas === undefined || templateId === undefined) return undefined;
	const about = aboutOf({ itemIndex, templateId, ...entry });
	const key = `${order.number}:${place}`;
	const trace = createTrace(context.functions, order.owner?.executionId);
	const result = await caught(
		async () =>
			await submitTask(
				{ job: { ...about, itemIndex, templateId, key }, address, areas },
				{ ...context, trace },
			),
	);
	if (!result.ok) {
		return result.failure.kind === 'stopped' ? undefined : { settled: result.failure };
	}
	const { taskId, requestId, acceptedAt } = result.value.entry;
	return { taskId, requestId, acceptedAt };
}

/** Creates the group, one after the other, as long as there is time and room. */
async function createInOrder(
	context: ExecutionContext,
	order: Order,
	schedule: PollSchedule,
): Promise<Created> {
	const { clock, functions } = context;
	const created: Created = { creating: 'done', progress: new Map() };
	const group = order.entries.filter(({ place }) => order.group.includes(place));
	for (const [index, entry] of group.entries()) {
		if (roomFor(schedule, order.queueAhead) === 0) break;
		const isToLook = index > 0 && index % LOOKS_EVERY === 0;
		if (isToLook && !(await isWanted(functions, order.owner?.executionId))) break;
		if (clock.now() > order.createUntil) {
			if (index === 0) created.creating = 'late';
			break;
		}
		const progress = await createOne(context, entry, order);
		if (!progress) break;
		created.progress.set(entry.place, progress);
		const { taskId, acceptedAt, settled } = progress;
		if (taskId !== undefined) {
			const { templateId } = entry;
			enqueue(schedule, { taskId, templateId, acceptedAt }, clock.now());
		}
		if (typeof settled !== 'object') continue;
		if (endsBatch(settled)) created.endedBy = settled;
		if (created.endedBy || order.stopsAtFirstFailure) break;
	}
	return created;
}

/** The account at the user's own pace: a check's node does not have the user's options. */
async function atUsersPace(
	context: ExecutionContext,
	{ createRate }: Order,
): Promise<ExecutionContext> {
	const { functions, signal, clock } = context;
	if (createRate === undefined) return context;
	const account = await openAccount(functions, { create: createRate }, signal, clock);
	return account.ok ? { ...context, client: account.value.client } : context;
}

/**
 * Makes the tasks that a check may make.
 * @param schedule of the open tasks; what is created is added to it
 */
export async function createGroup(
	context: ExecutionContext,
	order: Order,
	schedule: PollSchedule,
): Promise<Readonly<Created>> {
	const { clock, halt } = context;
	if (order.group.length === 0) return NOTHING_CREATED;
	const isTooLate = clock.now() > order.createUntil;
	if (isTooLate || !(await isExpected(context.functions, order)))
		return { ...NOTHING_CREATED, creating: 'late' };
	const callOff = runAfter(clock, order.creatingEndsAt - clock.now(), halt);
	try {
		const recovered = await recover(context, order);
		if (recovered) return recovered;
		if (!order.mayCreate) return NOTHING_CREATED;
		return await createInOrder(await atUsersPace(context, order), order, schedule);
	} finally {
		callOff();
	}
}
