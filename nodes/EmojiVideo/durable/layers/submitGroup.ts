/**
 * The submits of one check: the only place where a durable batch pays. Rules: a check submits nothing after its
 * time, because then another check may. An unconfirmed group is submitted again only if the account's list has
 * no unknown task of that time.
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
import { isOwnerWaiting } from '../n8n/owner';
import { isCurrentCheck } from '../n8n/storedExecutions';
import type { EntryProgress } from '../plan/state';
import { unconfirmedFailure } from '../plan/failures';
import type { CheckRequest, RequestEntry, CheckResult } from '../plan/checkMessages';

/** The outcome of a check's submits. */
interface SubmittedGroup {
	submitting: CheckResult['submitting'];
	/** By position. */
	progress: Map<number, EntryProgress>;
	endedBy?: Failure;
}

export const NOTHING_SUBMITTED: Readonly<SubmittedGroup> = {
	submitting: 'done',
	progress: new Map(),
};

/** After this many submits, the check reads again whether the user's execution still waits. */
const SUBMITS_PER_OWNER_CHECK = 5;

/**
 * Searches the account's list for tasks that a lost check may have submitted.
 * @returns `undefined` if there is none; otherwise an end for every unconfirmed entry
 */
async function findUnknownTasks(
	context: ExecutionContext,
	request: CheckRequest,
): Promise<SubmittedGroup | undefined> {
	if (!request.unconfirmed) return undefined;
	const unknown = await unknownTasks(context.client, request.unconfirmed);
	if (!unknown.ok) return { submitting: 'unreadable', progress: new Map() };
	if (unknown.value.length === 0) return undefined;
	const candidates = unknown.value.map(({ taskId }) => taskId).join(', ');
	const failure = unconfirmedFailure(
		`Tasks of the account that this batch does not know, one of which may be this video: ${candidates}.`,
	);
	context.functions.logger.warn(
		`Emoji Video: execution ${request.owner?.executionId ?? ''} was interrupted while it created ${request.group.length} videos. They are not created again, because the account has tasks that may be theirs: ${candidates}.`,
	);
	const progress = new Map(request.group.map((position) => [position, { settled: failure }]));
	return { submitting: 'done', progress };
}

/** Submits an entry; `undefined` if the request could not be sent. */
async function submitOne(
	context: ExecutionContext,
	{ position, itemIndex, address, areas, templateId, ...entry }: RequestEntry,
	request: CheckRequest,
): Promise<EntryProgress | undefined> {
	if (address === undefined || areas === undefined || templateId === undefined) return undefined;
	const about = aboutOf({ itemIndex, templateId, ...entry });
	const key = `${request.number}:${position}`;
	const trace = createTrace(context.functions, request.owner?.executionId);
	const result = await caught(
		async () =>
			await submitTask(
				{ job: { ...about, itemIndex, templateId, key }, address, areas },
				{ ...context, trace },
			),
		context.recordException,
	);
	if (!result.ok) {
		return result.failure.kind === 'stopped' ? undefined : { settled: result.failure };
	}
	const { taskId, requestId, acceptedAt } = result.value.entry;
	return { taskId, requestId, acceptedAt };
}

/** Submits the group one by one, while there is time and room. */
async function submitInOrder(
	context: ExecutionContext,
	request: CheckRequest,
	schedule: PollSchedule,
): Promise<SubmittedGroup> {
	const { clock, functions } = context;
	const submitted: SubmittedGroup = { submitting: 'done', progress: new Map() };
	const group = request.entries.filter(({ position }) => request.group.includes(position));
	for (const [index, entry] of group.entries()) {
		if (roomFor(schedule, request.queueAhead) === 0) break;
		const isTimeToCheckOwner = index > 0 && index % SUBMITS_PER_OWNER_CHECK === 0;
		if (isTimeToCheckOwner && !(await isOwnerWaiting(functions, request.owner?.executionId))) break;
		if (clock.now() > request.submitUntil) {
			if (index === 0) submitted.submitting = 'late';
			break;
		}
		const progress = await submitOne(context, entry, request);
		if (!progress) break;
		submitted.progress.set(entry.position, progress);
		const { taskId, acceptedAt, settled } = progress;
		if (taskId !== undefined) {
			const { templateId } = entry;
			enqueue(schedule, { taskId, templateId, acceptedAt }, clock.now());
		}
		if (typeof settled !== 'object') continue;
		if (endsBatch(settled)) submitted.endedBy = settled;
		if (submitted.endedBy || request.stopsAtFirstFailure) break;
	}
	return submitted;
}

/** Opens the account at the user's own rate. A check's node does not have the user's options. */
async function openAtUsersRate(
	context: ExecutionContext,
	{ submitRate }: CheckRequest,
): Promise<ExecutionContext> {
	const { functions, clock } = context;
	const { batchEnd } = context.stop;
	if (submitRate === undefined) return context;
	// Another check may submit after the end of this one's time, so that end also cuts a paid request.
	const stop = { userStop: batchEnd, batchEnd };
	const account = await openAccount({ functions, rates: { create: submitRate }, clock, stop });
	return account.ok ? { ...context, client: account.value.client } : context;
}

/**
 * Submits the group of a check.
 * @param schedule of the open tasks; each accepted task is added to it
 */
export async function submitGroup(
	context: ExecutionContext,
	request: CheckRequest,
	schedule: PollSchedule,
): Promise<Readonly<SubmittedGroup>> {
	const { clock, endBatch } = context;
	if (request.group.length === 0) return NOTHING_SUBMITTED;
	const isTooLate = clock.now() > request.submitUntil;
	if (isTooLate || !(await isCurrentCheck(context.functions, request)))
		return { ...NOTHING_SUBMITTED, submitting: 'late' };
	const cancelAbort = runAfter(clock, request.submittingEndsAt - clock.now(), endBatch);
	try {
		const unconfirmed = await findUnknownTasks(context, request);
		if (unconfirmed) return unconfirmed;
		if (!request.maySubmit) return NOTHING_SUBMITTED;
		return await submitInOrder(await openAtUsersRate(context, request), request, schedule);
	} finally {
		cancelAbort();
	}
}
