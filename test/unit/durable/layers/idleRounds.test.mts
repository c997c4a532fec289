/**
 * How often the supervisor of a durable batch runs, and how often for nothing: the real plans and checks, on
 * an account that runs one video at a time. The figures stand in docs/reliability.md.
 */
import { createPollSchedule } from '../../../../nodes/EmojiVideo/batch/pollSchedule';
import { runCheck } from '../../../../nodes/EmojiVideo/durable/layers/check';
import { saveSchedule } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { WaitState } from '../../../../nodes/EmojiVideo/durable/plan/state';
import {
	checkRequestSchema,
	checkResultSchema,
} from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import type {
	CheckRequest,
	CheckResult,
} from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import { planRound, applyCheckResult } from '../../../../nodes/EmojiVideo/durable/plan/rounds';
import { WAIT_STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import { succeed } from '../../../../nodes/EmojiVideo/base/result';
import { INITIAL_LATE_MS } from '../../../../nodes/EmojiVideo/durable/plan/pace';
import { createStop } from '../../../../nodes/EmojiVideo/base/stop';

const SETTINGS = {
	pollIntervalMs: 15_000,
	runTimeoutMs: 1_800_000,
	queueTimeoutMs: 43_200_000,
	patienceMs: 900_000,
};
const START_MS = Date.UTC(2026, 10, 25);
/** From a check's date until it has polled. */
const TAKEN_UP_MS = 2_000;

/** An account that runs one task at a time, and what a check works with. */
function createAccount(runMs: number) {
	const tasks: Array<{ startedAt: number; finishedAt: number }> = [];
	const time = { now: START_MS };
	const client = {
		getTask: async (taskId: string) => {
			const { startedAt, finishedAt } = tasks[Number(taskId)] ?? { startedAt: 0, finishedAt: 0 };
			const has = (at: number) => time.now >= at;
			const status = has(finishedAt) ? 'SUCCEEDED' : has(startedAt) ? 'RUNNING' : 'PENDING';
			const value = {
				taskId,
				status,
				startedAt: has(startedAt) ? startedAt : undefined,
				finishedAt: has(finishedAt) ? finishedAt : undefined,
			};
			return await Promise.resolve(succeed({ value, raw: {} }));
		},
		submitTask: async () => {
			time.now += 1000;
			const startedAt = Math.max(time.now, tasks.at(-1)?.finishedAt ?? 0);
			tasks.push({ startedAt, finishedAt: startedAt + runMs });
			const value = { taskId: String(tasks.length - 1), requestId: 'r' };
			return await Promise.resolve(succeed({ value, raw: {} }));
		},
	};
	const context = {
		client,
		clock: { now: () => time.now, sleep: async () => await new Promise(() => undefined) },
		functions: { logger: { info: () => undefined }, getExecutionId: () => '1' },
		...createStop(),
		paidTasks: { markInFlight: () => undefined, write: () => undefined },
	} as unknown as ExecutionContext;
	return { time, context };
}

const stateOf = (videos: number): WaitState => ({
	version: 3,
	entries: Array.from({ length: videos }, (_, itemIndex) => ({
		itemIndex,
		templateId: 'mengwa_kaixin',
		address: 'oss://portrait',
		areas: { face: [192, 192, 448, 448], expression: [64, 64, 576, 576] },
		simplify: true,
	})),
	schedule: saveSchedule(createPollSchedule(SETTINGS)),
	returnsUnfinished: false,
	stopsAtFirstFailure: false,
	lastCheckAt: START_MS + 30 * 24 * 3_600_000,
	isLastCheck: false,
	lateMs: INITIAL_LATE_MS,
	rounds: 0,
});

/** Plays a batch to its end. @returns its turns, and those that brought nothing */
async function play(videos: number, runMs: number) {
	const { time, context } = createAccount(runMs);
	let state = stateOf(videos);
	let idle = 0;
	const reportOn = async (request: CheckRequest): Promise<CheckResult> => {
		time.now += 1000 * request.waitSeconds + TAKEN_UP_MS;
		const [outcome] = await runCheck(context, request);
		const json = outcome?.result.ok === true ? outcome.result.value.json : {};
		const look = checkRequestSchema.safeParse(json[WAIT_STATE_KEY]).data;
		return look ? await reportOn(look) : checkResultSchema.parse(json[WAIT_STATE_KEY]);
	};
	for (;;) {
		const plan = planRound(state, time.now);
		if (plan.kind !== 'check') break;
		const checkResult = await reportOn(plan.request);
		const hasChanged = checkResult.progress.some(
			({ position, taskId, settled }) =>
				settled !== undefined || taskId !== plan.state.entries[position]?.taskId,
		);
		if (!hasChanged) idle++;
		state = applyCheckResult(plan.state, checkResult, time.now);
	}
	expect(state.entries.every(({ settled }) => settled === 'succeeded')).toBe(true);
	return { rounds: state.rounds, idle };
}

it.each([
	[4, 60, 3, 0],
	[60, 60, 7, 0],
	[400, 60, 24, 0],
	[4, 240, 6, 3],
	[60, 240, 14, 3],
	[400, 240, 63, 3],
])(
	'%i videos of %i s take %i rounds, of which %i find nothing new',
	async (videos, seconds, rounds, idle) => {
		expect(await play(videos, seconds * 1000)).toEqual({ rounds, idle });
	},
);
