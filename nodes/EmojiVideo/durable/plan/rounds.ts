/**
 * The supervisor's decisions between two checks: applies a check's result to the state, and plans the next check.
 * Pure.
 *
 * Rules: the state has the round before its check begins, so a later check knows what this one may have
 * submitted. Two checks never submit at the same time. What is known of an entry stays known.
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

/** After this many failed readings of the account's task list, the unconfirmed videos fail. */
const MAX_UNREADABLE_LISTS = 5;
/** The account's task list reaches back 24 hours (docs/service.md, "Retention"). */
const LIST_REACHES_MS = 23 * 3_600_000;

const settleWhere = (
	entries: Entry[],
	is: (entry: Entry, position: number) => boolean,
	failure: Failure,
): Entry[] =>
	entries.map((entry, position) => (is(entry, position) ? { ...entry, settled: failure } : entry));

/** Keeps the first end. Only the download of a finished video can still fail. */
const mergeEnd = (entry: Entry, { settled }: EntryProgress) =>
	entry.settled === undefined || (entry.settled === 'succeeded' && entry.item === undefined)
		? (settled ?? entry.settled)
		: entry.settled;

/** Adds what a check found out about an entry. A task ID that was missing replaces an end without one. */
export function mergeProgress(entry: Entry, more: EntryProgress): Entry {
	if (entry.taskId === undefined && more.taskId !== undefined) {
		return { ...entry, address: undefined, settled: undefined, ...more };
	}
	if (entry.taskId !== more.taskId) return entry;
	return { ...entry, ...more, settled: mergeEnd(entry, more), item: entry.item ?? more.item };
}

/** Makes the schedule hold exactly the tasks without an end. */
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

/** Applies what a lost or an older check found out about entries that have a task. */
export const applyKnownTasks = (state: WaitState, progress: Progress, now: number): WaitState =>
	syncSchedule(
		{
			...state,
			entries: applyProgress(state.entries, progress, ({ taskId }) => taskId !== undefined),
		},
		now,
	);

/** Applies the whole result of the current check; of an older check, only entries that have a task. */
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

/** Settles the videos whose time to submit, or to confirm, is over. */
function settleExpired(state: WaitState, now: number): WaitState {
	const { unconfirmed, entries, lastCheckAt, schedule } = state;
	let ended = entries;
	let open = unconfirmed;
	if (
		unconfirmed &&
		(unconfirmed.tries > MAX_UNREADABLE_LISTS || now - unconfirmed.since > LIST_REACHES_MS)
	) {
		const isUnconfirmed = (entry: Entry, position: number) =>
			unconfirmed.group.includes(position) && isToSubmit(entry);
		const failure = unconfirmedFailure(
			"The account's list of tasks could not tell whether it was made.",
		);
		ended = settleWhere(ended, isUnconfirmed, failure);
		open = undefined;
	}
	if (!open && now > lastCheckAt - schedule.settings.runTimeoutMs) {
		ended = settleWhere(ended, isToSubmit, NOT_SUBMITTED);
	}
	return { ...state, entries: ended, unconfirmed: open };
}

/** The positions that the next check may submit. Unconfirmed entries come first, alone. */
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
	const unsubmitted = entries.flatMap((entry, position) => (isToSubmit(entry) ? [position] : []));
	const knowledge = restoreSchedule(schedule);
	// Some tasks will have ended by then. The check leaves out the entries that it has no room for.
	const ending = Math.ceil((waitMs / usualRunMs(knowledge)) * knowledge.width);
	const room = roomFor(knowledge, queueAhead) + Math.min(knowledge.open.size, ending);
	return unsubmitted.slice(0, Math.min(GROUP_SIZE, Math.max(1, room)));
}

const unconfirmedWithKnown = ({ unconfirmed, entries }: WaitState) =>
	unconfirmed && {
		since: unconfirmed.since,
		until: unconfirmed.until,
		known: entries.flatMap(({ taskId }) => taskId ?? []),
	};

/** The next step of a batch. */
export type Plan =
	| { kind: 'check'; state: WaitState & { round: Round }; request: CheckRequest }
	| { kind: 'end'; state: WaitState }
	/** All time limits have ended, and the last check was lost. */
	| { kind: 'giveUp'; state: WaitState };

/** The entries that a check needs: the open ones, those to download, and its group. */
const selectEntries = (state: WaitState, group: number[]): RequestEntry[] => {
	const isEnd = isSettled(state);
	return state.entries.flatMap((entry, position) => {
		const isOpen = entry.taskId !== undefined && entry.settled === undefined;
		const isForEnd = isEnd && entry.downloadsAtEnd === true && entry.item === undefined;
		const isIn = isOpen || isToDownload(entry) || isForEnd || group.includes(position);
		return isIn ? [{ ...entry, position }] : [];
	});
};

/** Plans the next round. */
export function planRound(before: WaitState, now: number): Plan {
	const unexpired = settleExpired(before, now);
	const { entries: all, stopsAtFirstFailure } = unexpired;
	const hasFailed = stopsAtFirstFailure && all.some(({ settled }) => typeof settled === 'object');
	const isDownloaded = all.every(
		({ settled, item }) => settled !== 'succeeded' || item !== undefined,
	);
	const isOver = hasFailed || (isSettled(unexpired) && isDownloaded);
	// Unconfirmed entries are searched for even if the batch is over.
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
