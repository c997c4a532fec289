/** How many tasks of a batch are at the service at a time: never so few that the account is idle. */
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import { accountMemoryOf } from '../../../nodes/EmojiVideo/account/accountMemory';
import { followTasks } from '../../../nodes/EmojiVideo/batch/follow';
import { planJobs } from '../../../nodes/EmojiVideo/batch/plan';
import {
	MOST_AHEAD,
	queueAheadOf,
	roomFor,
	untilRoomFor,
	usualRunMs,
} from '../../../nodes/EmojiVideo/batch/queueAhead';
import { DOCUMENTED_RATES, rateLimiterOf } from '../../../nodes/EmojiVideo/account/rateLimiter';
import { submitJobs } from '../../../nodes/EmojiVideo/batch/submit';
import type { AcceptedTask, BatchTools } from '../../../nodes/EmojiVideo/batch/submit';
import { createClient } from '../../../nodes/EmojiVideo/dashscope/client';
import { portraitAt } from '../../../nodes/EmojiVideo/media/portrait';
import { createAdversary } from '../support/adversary.mts';
import { defaults, median } from '../support/simulatedAccount.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import { createStop } from '../../../nodes/EmojiVideo/base/stop';

const knowing = (seconds: number[], width = 1, open = 0) => ({
	runs: seconds.map((value) => ({ ms: value * 1000 })),
	width,
	open: new Map(Array.from({ length: open }, (_, index) => [String(index), {} as never])),
});

describe('how many', () => {
	test.each([
		['nothing is known: an hour of the longest usual runs', [], 1, 12],
		['runs of a minute', [60], 1, 60],
		['runs of a minute, four at a time', [60], 4, MOST_AHEAD],
		['runs of two seconds', [2], 1, MOST_AHEAD],
		['runs of half an hour', [1800], 1, 5],
		['runs of half an hour, ten at a time', [1800], 10, 20],
		['runs of an hour: no more than end within three hours', [3600], 1, 3],
		['runs of an hour, three at a time: three run, three wait', [3600], 3, 6],
		['runs of three hours: one runs, one waits', [10_800], 1, 2],
	])('%s', (_, runs, width, count) => {
		expect(queueAheadOf(knowing(runs, width), undefined)).toBe(count);
	});

	it('the user’s number counts, whatever is known', () => {
		expect(queueAheadOf(knowing([60], 10), 3)).toBe(3);
		expect(roomFor(knowing([60], 1, 2), 3)).toBe(1);
		expect(roomFor(knowing([60], 1, 5), 3)).toBe(0);
	});
});

it.each([
	[[], 300_000],
	[[60], 60_000],
	[[60, 90], 90_000],
	[[90, 60, 70], 70_000],
	[[0], 1],
])('a run takes, after runs of %j s, %i ms', (seconds, ms) => {
	expect(usualRunMs(knowing(seconds))).toBe(ms);
});

describe('how long until there is room that is worth a look', () => {
	/** With runs of a minute, so many tasks open, the head running for so long. */
	const until = (open: number, { width = 1, most = 10, group = 3, runsForS = -1 } = {}) => {
		const knowledge = knowing([60], width, open);
		const startedAt = runsForS < 0 ? undefined : 1_000_000 - runsForS * 1000;
		if (open > 0) knowledge.open.set('0', { startedAt } as never);
		return untilRoomFor(knowledge, most, group, 1_000_000) / 1000;
	};

	it.each([
		['none, where a group has room', until(7), 0],
		['none, where nothing is open', until(0), 0],
		['one run for one place', until(8), 60],
		['a run for each place', until(10), 180],
		['less what the head has run', until(8, { runsForS: 20 }), 40],
		['at once where the head is late', until(8, { runsForS: 90 }), 0],
		['but not less than the runs behind it', until(9, { runsForS: 90 }), 60],
		['runs side by side count once', until(10, { width: 2 }), 120],
		['half of the queue is worth a look, where a group is more', until(10, { group: 8 }), 300],
		['one place is, where one task is all that may wait', until(1, { most: 1 }), 60],
	])('%s', (_, seconds, expected) => expect(seconds).toBe(expected));
});

let accounts = 0;

jest.setTimeout(120_000);

interface Played {
	jobs: number;
	width: number;
	queueAhead?: number;
	stopAfterMs?: number;
}

/** Submits and follows a batch; runs of 40 to 120 s. */
async function play({ jobs: count, width, queueAhead, stopAfterMs }: Played) {
	const clock = createVirtualClock();
	const runSeconds = Array.from({ length: count }, (_, index) => 40 + ((index * 37) % 81));
	const adversary = createAdversary(
		{ detect: [], create: [], query: [], ends: [], runSeconds, latencyMs: [50], width },
		clock,
	);
	const { stop, endBatch } = createStop();
	const accountId = `ahead-${accounts++}`;
	const acquire = rateLimiterOf(accountId, DOCUMENTED_RATES, clock);
	const client = createClient(adversary.connect(stop.batchEnd), acquire, clock, stop);
	const traced: string[] = [];
	const tools: BatchTools = {
		client,
		paidTasks: openPaidTasks({}),
		clock,
		stop,
		memory: accountMemoryOf(accountId),
		trace: (_, taskId) => traced.push(taskId),
	};
	const jobs = planJobs(
		Array.from({ length: count }, (_, itemIndex) => ({
			itemIndex,
			portrait: portraitAt(`https://example.com/${itemIndex}.png`),
			areas: undefined,
			templateIds: [`template_${itemIndex}_0`],
		})),
		0,
	);
	let open = 0;
	let mostOpen = 0;
	const knownAt: number[] = [];
	const startedAt = clock.now();
	const onEnd = ({ entry }: AcceptedTask) => {
		open--;
		knownAt.push(clock.now());
		const task = adversary.tasks.get(entry.taskId);
		if (task) delays.push(clock.now() - task.finishedAt);
	};
	const follow = followTasks(tools, defaults, onEnd, jobs.length);
	const delays: number[] = [];
	if (stopAfterMs !== undefined) void clock.sleep(stopAfterMs).then(() => endBatch());
	const submitted = submitJobs(
		jobs,
		tools,
		(_, result) => {
			if (!result.ok) return;
			open++;
			mostOpen = Math.max(mostOpen, open);
			follow.add(result.value);
		},
		async () => await follow.untilRoom(queueAhead),
	).then(async () => await follow.finish());
	await clock.until(submitted);
	const idealMs = (runSeconds.reduce((sum, seconds) => sum + seconds, 0) * 1000) / width;
	const queries = adversary.calls.filter(({ bucket }) => bucket === 'query').length;
	return {
		makespan: (Math.max(...knownAt) - startedAt) / idealMs,
		medianDelayMs: median(delays),
		queriesPerVideo: queries / count,
		mostOpen,
		accepted: adversary.tasks.size,
		traced,
		detections: adversary.calls.filter(({ bucket }) => bucket === 'detect').length,
	};
}

describe('a batch', () => {
	test.each([
		[150, 1],
		[250, 4],
		[400, 10],
	])('of %i videos costs no time on an account that runs %i at a time', async (jobs, width) => {
		const { makespan, mostOpen, accepted } = await play({ jobs, width });
		expect(accepted).toBe(jobs);
		expect(mostOpen).toBeLessThanOrEqual(MOST_AHEAD);
		expect(makespan).toBeLessThanOrEqual(1.02);
	});

	it('that is stopped leaves no more than Queue Ahead, and has not detected far ahead', async () => {
		const { accepted, detections, traced } = await play({
			jobs: 80,
			width: 1,
			queueAhead: 5,
			stopAfterMs: 1_800_000,
		});
		const finished = 1800 / 80;
		expect(accepted).toBeLessThanOrEqual(finished + 5 + 3);
		expect(detections).toBeLessThanOrEqual(accepted + 12);
		expect(traced).toHaveLength(accepted);
	});

	it('keeps the order, and never more than the user’s number', async () => {
		const { mostOpen, accepted } = await play({ jobs: 30, width: 1, queueAhead: 2 });
		expect(accepted).toBe(30);
		expect(mostOpen).toBe(2);
	});
});
