/**
 * What the supervisor decides between two checks. Pure: the state and what came back in, the next check out.
 *
 * Rules: a turn is in the state before its check begins, so that whoever comes after knows what it may have
 * created; two checks never create at the same time; what became known of an entry stays known.
 */
import { enqueue } from '../../batch/pollSchedule';
import { roomFor, usualRunMs } from '../../batch/queueAhead';
import type { Failure } from '../../base/result';
import {
	allowMoreLateness,
	countPollsBeforeSubmit,
	GROUP_SIZE,
	nextCheck,
	planDeadlines,
	secondsToNextPoll,
	waitBeforeSubmit,
} from './pace';
import { NOT_SUBMITTED, unconfirmedFailure } from './failures';
import type { CheckRequest, RequestEntry, CheckResult } from './checkMessages';
import { isSettled, isToSubmit, isToDownload, restoreSchedule, saveSchedule } from './state';
import type { EntryProgress, Round, Entry, WaitState } from './state';

const MAX_UNREADABLE_LISTS = 5;
/** The service's list reaches back 24 hours. */
const LIST_REACHES_MS = 23 * 3_600_000;

const settleWhere = (
	entries: Entry[],
	is: (entry: Entry, position: number) => boolean,
	failure: Failure,
): Entry[] =>
	entries.map((entry, position) => (is(entry, position) ? { ...entry, settled: failure } : entry));

/** How it ended, by all that is known; a video that is made can still fail to be fetched. */
const mergeEnd = (entry: Entry, { settled }: EntryProgress) =>
	entry.settled === undefined || (entry.settled === 'succeeded' && entry.item === undefined)
		? (settled ?? entry.settled)
		: entry.settled;

/** An entry with what became known of it; once its task is known, nothing that was guessed without it counts. */
export function mergeProgress(entry: Entry, more: EntryProgress): Entry {
	const made = { ...entry, address: undefined };
	if (entry.taskId === undefined && more.taskId !== undefined) {
		return { ...made, settled: undefined, ...more };
	}
	if (entry.taskId !== more.taskId) return entry;
	return { ...entry, ...more, settled: mergeEnd(entry, more), item: entry.item ?? more.item };
}

/** Whoever has a task and no end is asked about; whoever has ended is not. */
function syncSchedule(state: WaitState, now: number): WaitState {
	const schedule = restoreSchedule(state.schedule);
	const unsettled = new Set<string>();
	for (const { taskId, settled, templateId, acceptedAt } of state.entries) {
		if (taskId === undefined || settled !== undefined) continue;
		unsettled.add(taskId);
		if (!schedule.open.has(taskId)) enqueue(schedule, { taskId, templateId, acceptedAt }, now);
	}
	for (const taskId of [...schedule.open.keys()]) {
		if (!unsettled.has(taskId)) schedule.open.delete(taskId);
	}
	return { ...state, schedule: saveSchedule(schedule) };
}

type Progress = CheckResult['progress'];

const applyProgress = (
	entries: Entry[],
	progress: Progress,
	counts: (more: EntryProgress) => boolean,
): Entry[] => {
	const known = new Map(progress.map(({ position, ...more }) => [position, more]));
	return entries.map((entry, position) => {
		const more = known.get(position);
		return more && counts(more) ? mergeProgress(entry, more) : entry;
	});
};

/** Takes in what a check has made and fetched that was lost, or taken for lost: what has its task. */
export const applyKnownTasks = (state: WaitState, progress: Progress, now: number): WaitState =>
	syncSchedule(
		{
			...state,
			entries: applyProgress(state.entries, progress, ({ taskId }) => taskId !== undefined),
		},
		now,
	);

/** Takes in what a check has found out: all of it from the current one, of an older one the facts. */
export function applyCheckResult(
	state: WaitState,
	checkResult: CheckResult,
	now: number,
): WaitState {
	if (checkResult.number !== state.round?.number)
		return applyKnownTasks(state, checkResult.progress, now);
	const entries = applyProgress(state.entries, checkResult.progress, () => true);
	const { submitting, endedBy, schedule } = checkResult;
	const isUnread = submitting === 'unreadable' || (submitting === 'late' && state.unconfirmed);
	const unconfirmed =
		state.unconfirmed && isUnread
			? {
					...state.unconfirmed,
					tries: state.unconfirmed.tries + (submitting === 'unreadable' ? 1 : 0),
				}
			: undefined;
	return syncSchedule(
		{
			...state,
			entries: endedBy
				? settleWhere(
						entries,
						(entry, position) => isToSubmit(entry) && !unconfirmed?.group.includes(position),
						endedBy,
					)
				: entries,
			schedule,
			round: undefined,
			unconfirmed,
			lateMs: submitting === 'late' ? allowMoreLateness(state.lateMs) : state.lateMs,
		},
		now,
	);
}

/** What cannot be done any more ends. */
function settleExpired(state: WaitState, now: number): WaitState {
	const { unconfirmed, entries, lastCheckAt, schedule } = state;
	let ended = entries;
	let open = unconfirmed;
	if (
		unconfirmed &&
		(unconfirmed.tries > MAX_UNREADABLE_LISTS || now - unconfirmed.since > LIST_REACHES_MS)
	) {
		const isMeant = (entry: Entry, position: number) =>
			unconfirmed.group.includes(position) && isToSubmit(entry);
		const failure = unconfirmedFailure(
			"The account's list of tasks could not tell whether it was made.",
		);
		ended = settleWhere(ended, isMeant, failure);
		open = undefined;
	}
	if (!open && now > lastCheckAt - schedule.settings.runTimeoutMs) {
		ended = settleWhere(ended, isToSubmit, NOT_SUBMITTED);
	}
	return { ...state, entries: ended, unconfirmed: open };
}

/** Which entries the next check may create: those in doubt first, alone. */
function chooseGroup(
	{ entries, unconfirmed, schedule, queueAhead }: WaitState,
	waitMs: number,
): number[] {
	if (unconfirmed) {
		return unconfirmed.group.filter((position) => {
			const entry = entries[position];
			return entry !== undefined && isToSubmit(entry);
		});
	}
	const todo = entries.flatMap((entry, position) => (isToSubmit(entry) ? [position] : []));
	const knowledge = restoreSchedule(schedule);
	// Some will have ended by then; what there is no room for stays where it is.
	const ending = Math.ceil((waitMs / usualRunMs(knowledge)) * knowledge.width);
	const room = roomFor(knowledge, queueAhead) + Math.min(knowledge.open.size, ending);
	return todo.slice(0, Math.min(GROUP_SIZE, Math.max(1, room)));
}

const unconfirmedWithKnown = ({ unconfirmed, entries }: WaitState) =>
	unconfirmed && {
		since: unconfirmed.since,
		until: unconfirmed.until,
		known: entries.flatMap(({ taskId }) => taskId ?? []),
	};

/** What comes next. */
export type Plan =
	| { kind: 'check'; state: WaitState & { round: Round }; request: CheckRequest }
	| { kind: 'end'; state: WaitState }
	/** Its time is up and the last check was lost. */
	| { kind: 'giveUp'; state: WaitState };

/** What a check needs of the entries: the open ones, those to be fetched, and its group. */
const selectEntries = (state: WaitState, group: number[]): RequestEntry[] => {
	const isEnd = isSettled(state);
	return state.entries.flatMap((entry, position) => {
		const isOpen = entry.taskId !== undefined && entry.settled === undefined;
		const isForEnd = isEnd && entry.downloadsAtEnd === true && entry.item === undefined;
		const isIn = isOpen || isToDownload(entry) || isForEnd || group.includes(position);
		return isIn ? [{ ...entry, position }] : [];
	});
};

/** Plans the next check. */
export function planRound(before: WaitState, now: number): Plan {
	const unexpired = settleExpired(before, now);
	const { entries: all, stopsAtFirstFailure } = unexpired;
	const hasFailed = stopsAtFirstFailure && all.some(({ settled }) => typeof settled === 'object');
	const isDownloaded = all.every(
		({ settled, item }) => settled !== 'succeeded' || item !== undefined,
	);
	const isOver = hasFailed || (isSettled(unexpired) && isDownloaded);
	// What may have been created is looked for in any case.
	if (isOver && !unexpired.unconfirmed) return { kind: 'end', state: unexpired };
	const state = nextCheck(unexpired, now);
	if (!state) return { kind: 'giveUp', state: unexpired };
	const waitMs = waitBeforeSubmit(state, now);
	const group = chooseGroup(state, waitMs);
	const number = state.rounds + 1;
	const entries = selectEntries(state, group);
	const dueAt = now + waitMs;
	const { deadlineAt, ...dates } = planDeadlines(state, group, dueAt, entries.length);
	const pollsBeforeSubmit = countPollsBeforeSubmit(waitMs);
	const { submittingEndsAt } = dates;
	const round = { number, group, since: dueAt, submittingEndsAt, deadlineAt, pollsBeforeSubmit };
	const { schedule, isLastCheck, returnsUnfinished, queueAhead, submitRate, owner, guardId } =
		state;
	const request: CheckRequest = {
		number,
		entries,
		dueAt,
		pollsBeforeSubmit,
		waitSeconds: secondsToNextPoll({ dueAt, pollsBeforeSubmit }, now),
		group,
		schedule,
		...dates,
		isLastCheck,
		maySubmit: !hasFailed,
		isEnd: isSettled(state),
		returnsUnfinished,
		stopsAtFirstFailure,
		queueAhead,
		submitRate,
		unconfirmed: unconfirmedWithKnown(state),
		owner,
		guardId,
	};
	return { kind: 'check', state: { ...state, rounds: number, round }, request };
}
