/** The lines by which a person follows a long wait. */
import {
	createProgress,
	progressLine,
	remainingMs,
} from '../../../nodes/EmojiVideo/batch/progress';
import { createPollSchedule, enqueue } from '../../../nodes/EmojiVideo/batch/pollSchedule';

const schedule = () =>
	createPollSchedule({
		pollIntervalMs: 15_000,
		runTimeoutMs: 1_800_000,
		queueTimeoutMs: 43_200_000,
		patienceMs: 900_000,
	});

describe('a line about a batch', () => {
	it.each([
		[
			{ finished: 3, failed: 0, running: 1, queued: 16, toCome: 0 },
			17 * 60_000,
			'3 of 20 finished, 1 running, 16 queued, about 17 minutes left',
		],
		[
			{ finished: 0, failed: 0, running: 1, queued: 0, toCome: 0 },
			5_000,
			'0 of 1 finished, 1 running, about a minute left',
		],
		[
			{ finished: 18, failed: 2, running: 0, queued: 0, toCome: 0 },
			0,
			'18 of 20 finished, 2 failed',
		],
		[
			{ finished: 0, failed: 0, running: 1, queued: 59, toCome: 240 },
			5.2 * 3_600_000,
			'0 of 300 finished, 1 running, 59 queued, 240 to come, about 5 hours left',
		],
		[
			{ finished: 1, failed: 0, running: 0, queued: 2, toCome: 0 },
			60_001,
			'1 of 3 finished, 2 queued, about 2 minutes left',
		],
		[
			{ finished: 1, failed: 0, running: 0, queued: 2, toCome: 0 },
			60_000,
			'1 of 3 finished, 2 queued, about a minute left',
		],
		[
			{ finished: 1, failed: 0, running: 0, queued: 0, toCome: 9 },
			119 * 60_000,
			'1 of 10 finished, 9 to come, about 119 minutes left',
		],
		[
			{ finished: 1, failed: 0, running: 0, queued: 0, toCome: 9 },
			120 * 60_000,
			'1 of 10 finished, 9 to come, about 2 hours left',
		],
	])('%j says so', (counts, leftMs, line) => {
		expect(progressLine(counts, leftMs)).toBe(line);
	});
});

describe('the time left', () => {
	it('is one run per open task, less what the head has run', () => {
		const polled = schedule();
		for (const taskId of ['a', 'b', 'c']) enqueue(polled, { taskId, acceptedAt: 0 }, 0);
		expect(remainingMs(polled, 0, 0)).toBe(180_000);
		expect(remainingMs(polled, 0, 7)).toBe(600_000);
		polled.runs.push({ ms: 100_000 });
		const head = polled.open.get('a');
		if (head) Object.assign(head, { status: 'RUNNING', startedAt: 1_000 });
		expect(remainingMs(polled, 31_000, 0)).toBe(270_000);
		expect(remainingMs(polled, 301_000, 0)).toBe(200_000);
		polled.width = 2;
		expect(remainingMs(polled, 1_000, 0)).toBe(200_000);
		polled.open.clear();
		expect(remainingMs(polled, 31_000, 0)).toBe(0);
	});
});

describe('progress', () => {
	it('tells each change once', () => {
		const lines: string[] = [];
		const progress = createProgress((line) => lines.push(line), 3);
		const polled = schedule();
		enqueue(polled, { taskId: 'a', acceptedAt: 0 }, 0);
		progress.come();
		progress.update(polled, 0);
		progress.update(polled, 5_000);
		polled.open.clear();
		progress.end(true);
		progress.update(polled, 9_000);
		progress.miss(false);
		progress.miss(true);
		progress.update(polled, 9_000);
		expect(lines).toEqual([
			'0 of 3 finished, 1 queued, 2 to come, about 3 minutes left',
			'1 of 3 finished, 2 to come, about 2 minutes left',
			'2 of 3 finished, 1 failed',
		]);
	});
});
