/**
 * How many tasks a batch keeps in the service's queue. Few, because what is queued is paid for when n8n
 * dies or the user presses Stop, has an ID that is forgotten some day, and stands before every other
 * video of the account; enough, so that the account is never idle. Pure.
 *
 * Rule: no task waits in the queue for more than `LONGEST_WAIT_MS` by plan.
 */
import { median } from './pollSchedule';
import type { PollSchedule } from './pollSchedule';

/** What a batch keeps in the queue where the user names no number: so much work. */
const WORK_MS = 60 * 60_000;
/** A task that has not ended after 3 hours fails (docs/service.md, "Retention"). */
const LONGEST_WAIT_MS = 3 * 60 * 60_000;
const FEWEST = 5;
/** The most that anybody may want in the queue, and the most that is kept there without being asked. */
export const MOST_AHEAD = 100;
/** "Usually 1 to 5 minutes" (API reference); the long end, as long as nothing is known. */
const LONGEST_USUAL_RUN_MS = 5 * 60_000;

/** What is known of the account's queue. */
export type QueueKnowledge = Pick<PollSchedule, 'open' | 'runs' | 'width'>;

/** How long a run takes: as those that were seen, else as the documents say at most. */
export const usualRunMs = ({ runs }: Pick<QueueKnowledge, 'runs'>): number =>
	Math.max(1, median(runs.map(({ ms }) => ms)) ?? LONGEST_USUAL_RUN_MS);

/**
 * How many tasks the batch keeps at the service, running ones among them.
 * @param wanted the user's number; `undefined`: about one hour of work
 */
export function queueAheadOf(knowledge: QueueKnowledge, wanted: number | undefined): number {
	if (wanted !== undefined) return wanted;
	const { width } = knowledge;
	const runMs = usualRunMs(knowledge);
	const inTime = Math.floor((LONGEST_WAIT_MS / runMs) * width);
	// Twice the width: while one set runs, the next one waits, and nobody waits for the next look.
	const fewest = Math.max(width + 1, Math.min(Math.max(FEWEST, 2 * width), inTime));
	return Math.min(MOST_AHEAD, Math.max(fewest, Math.ceil((WORK_MS / runMs) * width)));
}

/**
 * How many more tasks may be submitted now.
 * @param wanted as for `queueAheadOf`
 */
export const roomFor = (knowledge: QueueKnowledge, wanted: number | undefined): number =>
	Math.max(0, queueAheadOf(knowledge, wanted) - knowledge.open.size);

/**
 * How long until there is room enough to be worth a look, where looking is dear: for a group, or for half
 * of the queue, so that the account never runs dry meanwhile.
 * @param wanted as for `queueAheadOf`
 * @param group the most that is submitted at a look
 * @returns milliseconds from now
 */
export function untilRoomFor(
	knowledge: QueueKnowledge,
	wanted: number | undefined,
	group: number,
	now: number,
): number {
	const most = queueAheadOf(knowledge, wanted);
	const worth = Math.max(1, Math.min(group, Math.floor(most / 2)));
	const toEnd = knowledge.open.size + worth - most;
	if (toEnd <= 0) return 0;
	const runMs = usualRunMs(knowledge);
	const [head] = knowledge.open.values();
	const elapsed = head?.startedAt === undefined ? 0 : Math.min(runMs, now - head.startedAt);
	return Math.ceil(toEnd / knowledge.width) * runMs - elapsed;
}
