/**
 * How often the supervisor of a durable batch runs, and how often for nothing: the real plans and checks, on
 * an account that runs one video at a time. The figures stand in docs/reliability.md.
 */
import { createPollSchedule } from '../../../../nodes/EmojiVideo/batch/pollSchedule';
import { runOrder } from '../../../../nodes/EmojiVideo/durable/layers/check';
import { saveSchedule } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { WaitState } from '../../../../nodes/EmojiVideo/durable/plan/state';
import { orderSchema, reportSchema } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import type { Order, Report } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import {
	FIRST_LATE_MS,
	planTurn,
	takeReport,
} from '../../../../nodes/EmojiVideo/durable/plan/rounds';
import { WAIT_STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import { succeed } from '../../../../nodes/EmojiVideo/base/result';

const SETTINGS = {
	pollIntervalMs: 15_000,
	runTimeoutMs: 1_800_000,
	queueTimeoutMs: 43_200_000,
	patienceMs: 900_000,
};
const START_MS = Date.UTC(2026, 10, 25);
/** From a check's date until it has asked. */
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
		signal: new AbortController().signal,
		halt: () => undefined,
		paidTasks: { markInFlight: () => undefined, write: () => undefined },
	} as unknown as ExecutionContext;
	return { time, context };
}

const stateOf = (videos: number): WaitState => ({
	version: 2,
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
	lateMs: FIRST_LATE_MS,
	turns: 0,
});

/** Plays a batch to its end. @returns its turns, and those that brought nothing */
async function play(videos: number, runMs: number) {
	const { time, context } = createAccount(runMs);
	let state = stateOf(videos);
	let idle = 0;
	const reportOn = async (order: Order): Promise<Report> => {
		time.now += 1000 * order.waitSeconds + TAKEN_UP_MS;
		const [outcome] = await runOrder(context, order);
		const json = outcome?.result.ok === true ? outcome.result.value.json : {};
		const look = orderSchema.safeParse(json[WAIT_STATE_KEY]).data;
		return look ? await reportOn(look) : reportSchema.parse(json[WAIT_STATE_KEY]);
	};
	for (;;) {
		const plan = planTurn(state, time.now);
		if (plan.kind !== 'check') break;
		const report = await reportOn(plan.order);
		const hasChanged = report.progress.some(
			({ place, taskId, settled }) =>
				settled !== undefined || taskId !== plan.state.entries[place]?.taskId,
		);
		if (!hasChanged) idle++;
		state = takeReport(plan.state, report, time.now);
	}
	expect(state.entries.every(({ settled }) => settled === 'succeeded')).toBe(true);
	return { turns: state.turns, idle };
}

it.each([
	[4, 60, 3, 0],
	[60, 60, 7, 0],
	[400, 60, 24, 0],
	[4, 240, 6, 3],
	[60, 240, 14, 3],
	[400, 240, 63, 3],
])('%i videos of %i s: %i turns, %i of them idle', async (videos, seconds, turns, idle) => {
	expect(await play(videos, seconds * 1000)).toEqual({ turns, idle });
});
