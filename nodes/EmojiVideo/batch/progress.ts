/**
 * How far a batch is, in one line for n8n's log and for a person in the editor. Pure: counts in, text
 * out. Rule: what is guessed says "about".
 */
import { median } from './pollSchedule';
import type { PollSchedule } from './pollSchedule';

/** How many videos of a batch have got how far. */
export interface BatchCounts {
	finished: number;
	failed: number;
	running: number;
	queued: number;
	/** No task was made for them yet. */
	toCome: number;
}

/** "Usually 1 to 5 minutes" (API reference); the short end, as long as no run was seen. */
const TYPICAL_RUN_MS = 60_000;

/**
 * How long the open tasks will take, in milliseconds.
 * @param toCome so many more that are yet to be created
 */
export function remainingMs(
	{ open, runs, width }: PollSchedule,
	now: number,
	toCome: number,
): number {
	const runMs = median(runs.map(({ ms }) => ms)) ?? TYPICAL_RUN_MS;
	const [head] = open.values();
	const elapsed = head?.startedAt === undefined ? 0 : Math.min(runMs, now - head.startedAt);
	return Math.max(0, Math.ceil((open.size + toCome) / width) * runMs - elapsed);
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
	{ finished, failed, running, queued, toCome }: BatchCounts,
	leftMs: number,
): string {
	const open = running + queued + toCome;
	const total = finished + failed + open;
	const parts = [
		`${finished} of ${total} finished`,
		failed > 0 && `${failed} failed`,
		running > 0 && `${running} running`,
		queued > 0 && `${queued} queued`,
		toCome > 0 && `${toCome} to come`,
		open > 0 && inWords(leftMs),
	];
	return parts.filter(Boolean).join(', ');
}

/**
 * Tells how far a batch is, once per change.
 * @param tell hears each line
 * @param videos of the batch, all of them
 */
export function createProgress(tell: (line: string) => void, videos: number) {
	let told = '';
	let toCome = videos;
	const ended = { finished: 0, failed: 0 };
	const end = (isOk: boolean): void => {
		if (isOk) ended.finished++;
		else ended.failed++;
	};
	return {
		/** There is a task for a video. */
		come(): void {
			toCome--;
		},
		/** There will be none for a video, which has ended. */
		miss(isOk: boolean): void {
			toCome--;
			end(isOk);
		},
		/** A task has ended. */
		end,
		/** Something may have changed. */
		update(schedule: PollSchedule, now: number): void {
			const tasks = [...schedule.open.values()];
			const running = tasks.filter(({ status }) => status === 'RUNNING').length;
			const counts = { ...ended, running, queued: tasks.length - running, toCome };
			const key = JSON.stringify(counts);
			if (key === told) return;
			told = key;
			tell(progressLine(counts, remainingMs(schedule, now, toCome)));
		},
	};
}
