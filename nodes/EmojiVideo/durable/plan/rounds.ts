/**
 * What the supervisor decides between two checks. Pure: the state and what came back in, the next check out.
 *
 * Rules: a turn is in the state before its check begins, so that whoever comes after knows what it may have
 * created; two checks never create at the same time; what became known of an entry stays known.
 */
import { enqueue } from '../../batch/pollSchedule';
import { roomFor, usualRunMs } from '../../batch/queueAhead';
import { UNCONFIRMED_SUBMIT } from '../../dashscope/client';
import type { Failure } from '../../base/result';
import { looksBefore, secondsToNextLook } from './looks';
import type { Order, OrderEntry, Report } from './checkMessages';
import {
	GROUP_SIZE,
	isSettled,
	isToCreate,
	isToFetch,
	nextCheck,
	restoreSchedule,
	saveSchedule,
	waitBeforeCheck,
} from './state';
import type { EntryProgress, Turn, Entry, WaitState } from './state';

/** How late a check may be taken up and still create, at first and at most. */
export const FIRST_LATE_MS = 3 * 60_000;
const MOST_LATE_MS = 60 * 60_000;
/** The longest that the answer to a create takes (60 s), and a margin for clocks that differ. */
const LAST_REQUEST_MS = 90_000;
const MARGIN_MS = 60_000;
/** Of each create: the pace is shared with others, and some are refused at first. */
const PER_CREATE_MS = 3_000;
/** Queries and downloads of a check, beside its creates. */
const workMs = (entries: number) => 60_000 + entries * 3_000;

const MOST_UNREADABLE_LISTS = 5;
/** The service's list reaches back 24 hours. */
const LIST_REACHES_MS = 23 * 3_600_000;

const NOT_CREATED: Failure = {
	kind: 'timeLimit',
	message: 'There was no time left to create this video',
	nextStep: 'No task was made for it. Create it in a new execution.',
};

/** A create whose check n8n has lost. */
export const lostCreate = (why: string): Failure => ({
	kind: 'noResponse',
	message: 'n8n was interrupted while this video was being created',
	nextStep: `${why} ${UNCONFIRMED_SUBMIT}`,
});

const settleAll = (
	entries: Entry[],
	is: (entry: Entry, place: number) => boolean,
	failure: Failure,
): Entry[] =>
	entries.map((entry, place) => (is(entry, place) ? { ...entry, settled: failure } : entry));

/** How it ended, by all that is known; a video that is made can still fail to be fetched. */
const endOf = (entry: Entry, { settled }: EntryProgress) =>
	entry.settled === undefined || (entry.settled === 'succeeded' && entry.item === undefined)
		? (settled ?? entry.settled)
		: entry.settled;

/** An entry with what became known of it; once its task is known, nothing that was guessed without it counts. */
export function withProgress(entry: Entry, more: EntryProgress): Entry {
	const made = { ...entry, address: undefined };
	if (entry.taskId === undefined && more.taskId !== undefined) {
		return { ...made, settled: undefined, ...more };
	}
	if (entry.taskId !== more.taskId) return entry;
	return { ...entry, ...more, settled: endOf(entry, more), item: entry.item ?? more.item };
}

/** Whoever has a task and no end is asked about; whoever has ended is not. */
function reconcile(state: WaitState, now: number): WaitState {
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

type Progress = Report['progress'];

const withAll = (
	entries: Entry[],
	progress: Progress,
	counts: (more: EntryProgress) => boolean,
): Entry[] => {
	const known = new Map(progress.map(({ place, ...more }) => [place, more]));
	return entries.map((entry, place) => {
		const more = known.get(place);
		return more && counts(more) ? withProgress(entry, more) : entry;
	});
};

/** Takes in what a check has made and fetched that was lost, or taken for lost: what has its task. */
export const takeFacts = (state: WaitState, progress: Progress, now: number): WaitState =>
	reconcile(
		{
			...state,
			entries: withAll(state.entries, progress, ({ taskId }) => taskId !== undefined),
		},
		now,
	);

/** Takes in what a check has found out: all of it from the current one, of an older one the facts. */
export function takeReport(state: WaitState, report: Report, now: number): WaitState {
	if (report.number !== state.turn?.number) return takeFacts(state, report.progress, now);
	const entries = withAll(state.entries, report.progress, () => true);
	const { creating, endedBy, schedule } = report;
	const isUnread = creating === 'unreadable' || (creating === 'late' && state.doubt);
	const doubt =
		state.doubt && isUnread
			? { ...state.doubt, tries: state.doubt.tries + (creating === 'unreadable' ? 1 : 0) }
			: undefined;
	return reconcile(
		{
			...state,
			entries: endedBy
				? settleAll(
						entries,
						(entry, place) => isToCreate(entry) && !doubt?.group.includes(place),
						endedBy,
					)
				: entries,
			schedule,
			turn: undefined,
			doubt,
			lateMs: creating === 'late' ? Math.min(MOST_LATE_MS, state.lateMs * 2) : state.lateMs,
		},
		now,
	);
}

/** What cannot be done any more ends. */
function endHopeless(state: WaitState, now: number): WaitState {
	const { doubt, entries, lastCheckAt, schedule } = state;
	let ended = entries;
	let open = doubt;
	if (doubt && (doubt.tries > MOST_UNREADABLE_LISTS || now - doubt.since > LIST_REACHES_MS)) {
		const isMeant = (entry: Entry, place: number) =>
			doubt.group.includes(place) && isToCreate(entry);
		const failure = lostCreate("The account's list of tasks could not tell whether it was made.");
		ended = settleAll(ended, isMeant, failure);
		open = undefined;
	}
	if (!open && now > lastCheckAt - schedule.settings.runTimeoutMs) {
		ended = settleAll(ended, isToCreate, NOT_CREATED);
	}
	return { ...state, entries: ended, doubt: open };
}

/** Which entries the next check may create: those in doubt first, alone. */
function nextGroup({ entries, doubt, schedule, queueAhead }: WaitState, waitMs: number): number[] {
	if (doubt) {
		return doubt.group.filter((place) => {
			const entry = entries[place];
			return entry !== undefined && isToCreate(entry);
		});
	}
	const todo = entries.flatMap((entry, place) => (isToCreate(entry) ? [place] : []));
	const knowledge = restoreSchedule(schedule);
	// Some will have ended by then; what there is no room for stays where it is.
	const ending = Math.ceil((waitMs / usualRunMs(knowledge)) * knowledge.width);
	const room = roomFor(knowledge, queueAhead) + Math.min(knowledge.open.size, ending);
	return todo.slice(0, Math.min(GROUP_SIZE, Math.max(1, room)));
}

const doubtOf = ({ doubt, entries }: WaitState) =>
	doubt && {
		since: doubt.since,
		until: doubt.until,
		known: entries.flatMap(({ taskId }) => taskId ?? []),
	};

/** What comes next. */
export type Plan =
	| { kind: 'check'; state: WaitState & { turn: Turn }; order: Order }
	| { kind: 'end'; state: WaitState }
	/** Its time is up and the last check was lost. */
	| { kind: 'giveUp'; state: WaitState };

/** When a check of this group is too late for each of its steps. */
export function datesOf(state: WaitState, group: number[], dueAt: number, entries: number) {
	const createMs = group.length * Math.max(PER_CREATE_MS, 2000 / (state.createRate ?? 1));
	const createUntil = dueAt + state.lateMs + createMs;
	const creatingEndsAt = createUntil + LAST_REQUEST_MS;
	const begins = group.length > 0 ? creatingEndsAt : dueAt + state.lateMs;
	return { createUntil, creatingEndsAt, lostAt: begins + workMs(entries) + MARGIN_MS };
}

/** What a check needs of the entries: the open ones, those to be fetched, and its group. */
const windowOf = (state: WaitState, group: number[]): OrderEntry[] => {
	const isEnd = isSettled(state);
	return state.entries.flatMap((entry, place) => {
		const isOpen = entry.taskId !== undefined && entry.settled === undefined;
		const isForEnd = isEnd && entry.fetchedAtEnd === true && entry.item === undefined;
		const isIn = isOpen || isToFetch(entry) || isForEnd || group.includes(place);
		return isIn ? [{ ...entry, place }] : [];
	});
};

/** Plans the next check. */
export function planTurn(before: WaitState, now: number): Plan {
	const hopeful = endHopeless(before, now);
	const { entries: all, stopsAtFirstFailure } = hopeful;
	const hasFailed = stopsAtFirstFailure && all.some(({ settled }) => typeof settled === 'object');
	const isFetched = all.every(({ settled, item }) => settled !== 'succeeded' || item !== undefined);
	const isOver = hasFailed || (isSettled(hopeful) && isFetched);
	// What may have been created is looked for in any case.
	if (isOver && !hopeful.doubt) return { kind: 'end', state: hopeful };
	const state = nextCheck(hopeful, now);
	if (!state) return { kind: 'giveUp', state: hopeful };
	const waitMs = waitBeforeCheck(state, now);
	const group = nextGroup(state, waitMs);
	const number = state.turns + 1;
	const entries = windowOf(state, group);
	const dueAt = now + waitMs;
	const { lostAt, ...dates } = datesOf(state, group, dueAt, entries.length);
	const looks = looksBefore(waitMs);
	const { creatingEndsAt } = dates;
	const turn = { number, group, since: dueAt, creatingEndsAt, lostAt, looks };
	const { schedule, isLastCheck, returnsUnfinished, queueAhead, createRate, owner, guardId } =
		state;
	const order: Order = {
		number,
		entries,
		dueAt,
		looks,
		waitSeconds: secondsToNextLook({ dueAt, looks }, now),
		group,
		schedule,
		...dates,
		isLastCheck,
		mayCreate: !hasFailed,
		isEnd: isSettled(state),
		returnsUnfinished,
		stopsAtFirstFailure,
		queueAhead,
		createRate,
		doubt: doubtOf(state),
		owner,
		guardId,
	};
	return { kind: 'check', state: { ...state, turns: number, turn }, order };
}
