/**
 * Whatever the service does and whenever somebody presses Stop: a paid task is never lost and never
 * paid for twice. The engine and the client are the real ones; only the wire and the clock are not.
 */
import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import { DOCUMENTED_RATES, rateLimiterOf } from '../../../nodes/EmojiVideo/account/rateLimiter';
import { planJobs } from '../../../nodes/EmojiVideo/batch/plan';
import { portraitAt } from '../../../nodes/EmojiVideo/media/portrait';
import type { Job, ItemRequest } from '../../../nodes/EmojiVideo/batch/plan';
import { followTasks } from '../../../nodes/EmojiVideo/batch/follow';
import type { TaskResult } from '../../../nodes/EmojiVideo/batch/follow';
import { submitJobs } from '../../../nodes/EmojiVideo/batch/submit';
import type { AcceptedTask, BatchTools } from '../../../nodes/EmojiVideo/batch/submit';
import type { PollSettings } from '../../../nodes/EmojiVideo/batch/pollSchedule';
import { createClient } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Failure } from '../../../nodes/EmojiVideo/base/result';
import { expectProperty, PROPERTY_TIMEOUT_MS } from '../../properties.mts';
import { createAdversary } from '../support/adversary.mts';
import type { Call, Fate, Script, TaskEnd } from '../support/adversary.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import type { VirtualClock } from '../support/virtualClock.mts';
import { createStop } from '../../../nodes/EmojiVideo/base/stop';

/** How one job of one try ended. */
interface Ending {
	key: string;
	taskId?: string;
	failure?: Failure;
}

/** One run of `execute`: the first, or one more of Retry On Fail. */
interface Try {
	/** After how many ms the user presses Stop. */
	stopAfterMs?: number;
	/** The node stops at its first failure (no "Continue"). */
	stopsAtFirstFailure: boolean;
}

interface Scenario {
	orders: Array<Pick<ItemRequest, 'areas'> & { imageUrl: string; templates: number }>;
	tries: Try[];
	script: Script;
	settings: Partial<PollSettings>;
	/** Tasks that may be at the service at a time. */
	queueAhead?: number;
}

/** What was seen of one try. */
interface TrySeen {
	endings: Ending[];
	/** Tasks that the paidTasks knew before: job key -> task ID. */
	resumed: Map<string, string>;
	/** The calls of this try, and of nobody else. */
	calls: Call[];
}

let accounts = 0;

function jobsOf({ orders }: Scenario): Job[] {
	const asked = orders.map(
		({ imageUrl, areas, templates }, itemIndex): ItemRequest => ({
			itemIndex,
			portrait: portraitAt(imageUrl),
			areas,
			// A name of its own for each job, so that the wire tells them apart.
			templateIds: Array.from({ length: templates }, (_, nth) => `template_${itemIndex}_${nth}`),
		}),
	);
	return planJobs(asked, 0);
}

/** One execution of the batch as Create and Wait does it. */
async function execute(
	jobs: Job[],
	tools: BatchTools,
	settings: PollSettings,
	queueAhead: number | undefined,
	onEnding: (ending: Ending) => void,
): Promise<void> {
	const onEnd = ({ job, entry }: AcceptedTask, { result }: TaskResult) => {
		const failure = result.ok ? undefined : result.failure;
		const taskId = result.ok ? result.value.value.taskId : result.failure.taskId;
		expect(taskId).toBe(entry.taskId);
		onEnding({ key: job.key, taskId, failure });
	};
	const follow = followTasks(tools, settings, onEnd, jobs.length);
	await submitJobs(
		jobs,
		tools,
		(job, result) => {
			if (result.ok) return follow.add(result.value);
			const { failure } = result;
			onEnding({ key: job.key, taskId: failure.taskId, failure });
		},
		async () => await follow.untilRoom(queueAhead),
	);
	await follow.finish();
}

async function play(scenario: Scenario, clock: VirtualClock = createVirtualClock()) {
	const jobs = jobsOf(scenario);
	const adversary = createAdversary(scenario.script, clock);
	const context: IDataObject = {};
	const accountId = `account-${accounts++}`;
	const settings: PollSettings = {
		pollIntervalMs: 15_000,
		runTimeoutMs: 1_800_000,
		queueTimeoutMs: 43_200_000,
		patienceMs: 900_000,
		...scenario.settings,
	};
	const seen: TrySeen[] = [];
	for (const { stopAfterMs, stopsAtFirstFailure } of scenario.tries) {
		const { stop, endBatch } = createStop();
		const paidTasks = openPaidTasks(context);
		const acquire = rateLimiterOf(accountId, DOCUMENTED_RATES, clock);
		const client = createClient(adversary.connect(stop.batchEnd), acquire, clock, stop);
		const before = adversary.calls.length;
		const resumed = new Map(
			jobs.flatMap(({ key }): Array<[string, string]> => {
				const entry = paidTasks.find(key);
				return entry ? [[key, entry.taskId]] : [];
			}),
		);
		const endings: Ending[] = [];
		const finished = new AbortController();
		if (stopAfterMs !== undefined) {
			void clock.sleep(stopAfterMs, finished.signal).then(() => {
				if (!finished.signal.aborted) endBatch();
			});
		}
		await clock.until(
			execute(jobs, { client, paidTasks, clock, stop }, settings, scenario.queueAhead, (ending) => {
				endings.push(ending);
				if (ending.failure && stopsAtFirstFailure) endBatch();
			}),
		);
		finished.abort();
		// Whatever is still under way ends now, as it does when n8n drops the execution.
		endBatch();
		await clock.advance(10_000);
		seen.push({ endings, resumed, calls: adversary.calls.slice(before) });
		if (!endings.some(({ failure }) => failure)) break;
	}
	return { jobs, calls: adversary.calls, tasks: adversary.tasks, tries: seen };
}

type Played = Awaited<ReturnType<typeof play>>;

const createsOf = (calls: Call[], templateId: string) =>
	calls.filter((call) => call.bucket === 'create' && call.templateId === templateId);

function expectOneResultPerJob({ jobs, tries }: Played) {
	for (const { endings } of tries) {
		expect(endings.map(({ key }) => key).sort()).toEqual(jobs.map(({ key }) => key).sort());
	}
}

function expectEveryAcceptedTaskInAResult({ tries }: Played) {
	for (const { endings, calls, resumed } of tries) {
		const told = new Set(endings.map(({ taskId }) => taskId));
		const accepted = calls.filter(({ bucket, isHeard }) => bucket === 'create' && isHeard);
		for (const { taskId } of accepted) expect(told).toContain(taskId);
		for (const taskId of resumed.values()) expect(told).toContain(taskId);
	}
}

/** A create is sent again only after a refusal, or once its task is known to have failed. */
function expectNoSecondCreate({ jobs, calls, tasks }: Played) {
	for (const { templateId } of jobs) {
		const creates = createsOf(calls, templateId);
		creates.slice(1).forEach(({ at }, index) => {
			const before = creates[index];
			const task = before?.isHeard ? tasks.get(before.taskId ?? '') : undefined;
			const hasFailed = task?.end === 'FAILED' && task.finishedAt <= at;
			expect({ templateId, before, mayBeSentAgain: before?.isRefused || hasFailed }).toEqual(
				expect.objectContaining({ mayBeSentAgain: true }),
			);
		});
	}
}

function expectRepeatedOnlyAfterThrottling({ jobs, tries }: Played) {
	for (const { calls } of tries) {
		for (const { templateId } of jobs) {
			const creates = createsOf(calls, templateId);
			const repeated = creates.slice(0, -1).map(({ fate }) => fate);
			// After these responses, certainly no task was made.
			expect(repeated.filter((fate) => !['throttled', 'unauthorized'].includes(fate))).toEqual([]);
		}
	}
}

function expectPaced({ calls }: { calls: Call[] }) {
	for (const [bucket, most] of [
		['query', 20],
		['create', 1],
		['detect', 1],
	] as const) {
		const moments = calls.filter((call) => call.bucket === bucket).map(({ at }) => at);
		for (const from of moments) {
			expect(moments.filter((at) => at >= from && at < from + 1000).length).toBeLessThanOrEqual(
				most,
			);
		}
	}
}

const often = <T,>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
	fc.oneof({ weight: 2, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));

const fates = often<Fate>(
	'good',
	'late',
	'throttled',
	'down',
	'dropped',
	'lost',
	'garbage',
	'broken',
	'rejected',
	'unauthorized',
);

const scenarios: fc.Arbitrary<Scenario> = fc.record({
	orders: fc.array(
		fc.record({
			imageUrl: fc.constantFrom('https://example.com/a.png', 'https://example.com/b.png'),
			areas: fc.constantFrom(undefined, {
				face: [212, 194, 460, 441] as [number, number, number, number],
				expression: [63, 30, 609, 575] as [number, number, number, number],
			}),
			templates: fc.integer({ min: 1, max: 3 }),
		}),
		{ minLength: 1, maxLength: 4 },
	),
	tries: fc.array(
		fc.record({
			stopAfterMs: fc.option(fc.integer({ min: 0, max: 120_000 }), { nil: undefined, freq: 3 }),
			stopsAtFirstFailure: fc.boolean(),
		}),
		{ minLength: 1, maxLength: 3 },
	),
	script: fc.record({
		detect: fc.array(
			often<Fate | 'notPassed'>('good', 'notPassed', 'throttled', 'down', 'dropped', 'garbage'),
			{ maxLength: 6 },
		),
		create: fc.array(fates, { maxLength: 16 }),
		query: fc.array(fates, { maxLength: 24 }),
		ends: fc.array(often<TaskEnd>('SUCCEEDED', 'FAILED', 'CANCELED', 'UNKNOWN'), {
			maxLength: 12,
		}),
		runSeconds: fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 12 }),
		latencyMs: fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 5 }),
		width: fc.integer({ min: 1, max: 4 }),
	}),
	settings: fc.record(
		{
			pollIntervalMs: fc.integer({ min: 1000, max: 60_000 }),
			runTimeoutMs: fc.integer({ min: 1000, max: 120_000 }),
			queueTimeoutMs: fc.integer({ min: 1000, max: 600_000 }),
			patienceMs: fc.integer({ min: 0, max: 120_000 }),
		},
		{ requiredKeys: [] },
	),
	queueAhead: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
});

describe('any interleaving of answers, faults, stops and re-runs', () => {
	it(
		'keeps what was paid for, pays once, and stays within the account’s limits',
		async () => {
			await expectProperty(
				fc.asyncProperty(scenarios, async (scenario) => {
					const played = await play(scenario);
					expectOneResultPerJob(played);
					expectEveryAcceptedTaskInAResult(played);
					expectNoSecondCreate(played);
					expectRepeatedOnlyAfterThrottling(played);
					expectPaced(played);
				}),
				300,
			);
		},
		PROPERTY_TIMEOUT_MS,
	);
});
