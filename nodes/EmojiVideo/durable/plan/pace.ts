/**
 * The pace of a durable batch: how many videos a check submits, how long it waits, how often it polls before
 * it submits, and when each of its steps is too late. Pure.
 *
 * Rule: every wait exceeds the 65 s below which n8n keeps an execution in memory. The stored row therefore
 * shows how many polls ran, and whether the check could have started to submit.
 */
import { untilAllShouldBeDone } from '../../batch/pollSchedule';
import { untilRoomFor } from '../../batch/queueAhead';
import type { CheckRequest } from './checkMessages';
import { isSettled, isToDownload, isToSubmit, restoreSchedule } from './state';
import type { WaitState } from './state';

/** Submits of one check. If n8n dies in a check, this many videos at most are unconfirmed. */
export const GROUP_SIZE = 20;

/** n8n keeps a shorter Wait than 65 s in memory (docs/n8n.md, "Waiting in the database"). */
export const SHORTEST_WAIT_MS = 66_000;
/** A group of 20 videos at 90 s each, on an account that runs one task at a time. */
const LONGEST_WAIT_MS = 30 * 60_000;
/** The editor's text promises a poll "every 1 to 4 minutes" (`waitingMessage`). */
const POLL_INTERVAL_MS = 4 * 60_000;

/** How late a check may start and still submit. Doubles with each late check, up to `MAX_LATE_MS`. */
export const INITIAL_LATE_MS = 3 * 60_000;
const MAX_LATE_MS = 60 * 60_000;
/** The timeout of a submit request is 60 s (dashscope/client.ts); the rest covers clocks that differ. */
const LAST_SUBMIT_MS = 90_000;
/** The service allows one submit per second and account (docs/service.md). Other executions share that rate. */
const SUBMIT_MS = 3_000;
/** At a user's own rate, each submit gets twice its share of a second. */
const SUBMIT_AT_RATE_MS = 2_000;
/** Polls and downloads of a check, beside its submits. */
const otherWorkMs = (entries: number) => 60_000 + entries * 3_000;
/** The clocks of two workers differ by less. */
export const CLOCK_MARGIN_MS = 60_000;

/** The lateness that the next check may have after a late one. */
export const allowMoreLateness = (lateMs: number): number => Math.min(MAX_LATE_MS, lateMs * 2);

/** The state for the next check; `undefined` if the last one has run or was lost. */
export function nextCheck(state: WaitState, now: number): WaitState | undefined {
	if (now <= state.lastCheckAt) return state;
	return state.isLastCheck ? undefined : { ...state, isLastCheck: true };
}

/**
 * How long until a check has work: a video to download, room for a group, or all tasks should be done.
 * @returns milliseconds from `now`
 */
export function untilWorthwhile(
	{ entries, queueAhead, schedule }: Pick<WaitState, 'entries' | 'queueAhead' | 'schedule'>,
	now: number,
): number {
	if (entries.some(isToDownload)) return 0;
	const knowledge = restoreSchedule(schedule);
	const untilDone = untilAllShouldBeDone(knowledge, now);
	if (!entries.some(isToSubmit)) return untilDone;
	return Math.min(untilDone, untilRoomFor(knowledge, queueAhead, GROUP_SIZE, now));
}

/** How long the next check lets the tasks run before it submits, in milliseconds. */
export function waitBeforeSubmit(state: WaitState, now: number): number {
	const { unconfirmed, lastCheckAt } = state;
	// The account's list is searched only after the lost check must have stopped to submit.
	if (unconfirmed) return Math.max(SHORTEST_WAIT_MS, unconfirmed.until - now);
	const longest = Math.min(LONGEST_WAIT_MS, lastCheckAt - now);
	return Math.max(SHORTEST_WAIT_MS, Math.min(untilWorthwhile(state, now), longest));
}

/**
 * How many polls a check runs before it submits.
 * @param waitMs until it submits
 */
export const countPollsBeforeSubmit = (waitMs: number): number =>
	Math.max(0, Math.ceil(waitMs / POLL_INTERVAL_MS) - 1);

/** How long a check waits for its next poll, or for its submits after the last poll; whole seconds, rounded up. */
export const secondsToNextPoll = (
	{ dueAt, pollsBeforeSubmit }: Pick<CheckRequest, 'dueAt' | 'pollsBeforeSubmit'>,
	now: number,
): number => Math.ceil(Math.max(SHORTEST_WAIT_MS, (dueAt - now) / (pollsBeforeSubmit + 1)) / 1000);

/** Milliseconds from now until the batch is polled for the first time. */
export function msUntilFirstPoll(state: WaitState, now: number): number {
	const waitMs = waitBeforeSubmit(state, now);
	const pollsBeforeSubmit = countPollsBeforeSubmit(waitMs);
	return 1000 * secondsToNextPoll({ dueAt: now + waitMs, pollsBeforeSubmit }, now);
}

/**
 * Whether a poll changes the plan: every video has an end, or the queue moves more than twice as fast as planned.
 * @param request with the results of the poll
 */
export function isRequestOutdated(request: CheckRequest, now: number): boolean {
	// Until its date the lost check may still submit.
	if (request.unconfirmed) return false;
	if (isSettled(request)) return true;
	const waitMs = Math.max(SHORTEST_WAIT_MS, untilWorthwhile(request, now));
	return 2 * waitMs < request.dueAt - now;
}

/**
 * The deadlines of a check.
 * @param group positions of the entries that it may submit
 * @param dueAt when it may submit, ms since the epoch
 * @param entries how many entries it polls, downloads or submits
 */
export function planDeadlines(
	{ lateMs, submitRate = 1 }: Pick<WaitState, 'lateMs' | 'submitRate'>,
	group: number[],
	dueAt: number,
	entries: number,
) {
	const submitMs = group.length * Math.max(SUBMIT_MS, SUBMIT_AT_RATE_MS / submitRate);
	const submitUntil = dueAt + lateMs + submitMs;
	const submittingEndsAt = submitUntil + LAST_SUBMIT_MS;
	const beginsBy = group.length > 0 ? submittingEndsAt : dueAt + lateMs;
	return {
		submitUntil,
		submittingEndsAt,
		deadlineAt: beginsBy + otherWorkMs(entries) + CLOCK_MARGIN_MS,
	};
}
