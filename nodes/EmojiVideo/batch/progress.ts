/**
 * How far a batch is, in one line for n8n's log and for a person in the editor. Pure: counts in, text
 * out. Rule: what is guessed says "about".
 */
import { median } from './pollSchedule';
import type { PollSchedule } from './pollSchedule';

/** How many tasks of a batch have got how far. */
export interface BatchCounts {
	finished: number;
	failed: number;
	running: number;
	queued: number;
}

/** "Usually 1 to 5 minutes" (API reference); the short end, as long as no run was seen. */
const TYPICAL_RUN_MS = 60_000;

/** How long the open tasks will take, in milliseconds. */
export function remainingMs({ open, runs, width }: PollSchedule, now: number): number {
	const runMs = median(runs.map(({ ms }) => ms)) ?? TYPICAL_RUN_MS;
	const [head] = open.values();
	const elapsed = head?.startedAt === undefined ? 0 : Math.min(runMs, now - head.startedAt);
	return Math.max(0, Math.ceil(open.size / width) * runMs - elapsed);
}

const inWords = (ms: number): string => {
	const minutes = Math.ceil(ms / 60_000);
	if (minutes < 2) return 'about a minute left';
	if (minutes < 120) return `about ${minutes} minutes left`;
	return `about ${Math.round(minutes / 60)} hours left`;
};

/**
 * "3 of 20 finished, 1 running, 16 queued, about 17 minutes left"
 * @param leftMs from `remainingMs`
 */
export function progressLine(
	{ finished, failed, running, queued }: BatchCounts,
	leftMs: number,
): string {
	const total = finished + failed + running + queued;
	const parts = [
		`${finished} of ${total} finished`,
		failed > 0 && `${failed} failed`,
		running > 0 && `${running} running`,
		queued > 0 && `${queued} queued`,
		running + queued > 0 && inWords(leftMs),
	];
	return parts.filter(Boolean).join(', ');
}

/**
 * Tells how far a batch is, once per change.
 * @param tell hears each line
 */
export function createProgress(tell: (line: string) => void) {
	let told = '';
	const ended = { finished: 0, failed: 0 };
	return {
		/** A task has ended. */
		end(isOk: boolean): void {
			if (isOk) ended.finished++;
			else ended.failed++;
		},
		/** Something may have changed. */
		update(schedule: PollSchedule, now: number): void {
			const tasks = [...schedule.open.values()];
			const running = tasks.filter(({ status }) => status === 'RUNNING').length;
			const counts = { ...ended, running, queued: tasks.length - running };
			const key = JSON.stringify(counts);
			if (key === told) return;
			told = key;
			tell(progressLine(counts, remainingMs(schedule, now)));
		},
	};
}
