/**
 * A durable wait under any responses, faults and crashes. Rules: each accepted task ID stays in the state, an end stays
 * as it is, and the wait ends by its limits.
 */
import fc from 'fast-check';
import { saveSchedule, waitStateSchema } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { Entry, WaitState } from '../../../../nodes/EmojiVideo/durable/plan/state';
import {
	checkRequestSchema,
	checkResultSchema,
} from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import type {
	CheckRequest,
	CheckResult,
} from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import {
	applyCheckResult,
	applyKnownTasks,
	planRound,
} from '../../../../nodes/EmojiVideo/durable/plan/rounds';
import { markRoundUnconfirmed } from '../../../../nodes/EmojiVideo/durable/plan/unconfirmed';
import { runCheck } from '../../../../nodes/EmojiVideo/durable/layers/check';
import { WAIT_STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import { createPollSchedule, enqueue } from '../../../../nodes/EmojiVideo/batch/pollSchedule';
import type { ApiResponse } from '../../../../nodes/EmojiVideo/dashscope/client';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import { fail } from '../../../../nodes/EmojiVideo/base/result';
import type { FailureKind, Result } from '../../../../nodes/EmojiVideo/base/result';
import type { Task } from '../../../../nodes/EmojiVideo/dashscope/schemas';
import { expectProperty, PROPERTY_TIMEOUT_MS } from '../../../properties.mts';
import { answered, defaults, START_MS, taskAt } from '../../support/simulatedAccount.mts';
import type { SimulatedTask } from '../../support/simulatedAccount.mts';
import { createStop } from '../../../../nodes/EmojiVideo/base/stop';

interface Scenario {
	tasks: Array<{
		runSeconds: number;
		end: 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'UNKNOWN';
		/** A task of another execution, with an unknown time of acceptance. */
		isExternal: boolean;
		/** How many entries wait for it. */
		entries: number;
		/** Time between the acceptance of the task before and of this one. */
		afterMs: number;
	}>;
	/** Jobs that never became tasks. */
	refused: number;
	/** The failure of the nth poll; `undefined`: a response. */
	faults: Array<FailureKind | undefined>;
	/** n8n loses the nth check after its work, so its result is lost. */
	crashes: boolean[];
	width: number;
	settings: { runTimeoutMs: number; queueTimeoutMs: number; patienceMs: number };
	returnsUnfinished: boolean;
	stopsAtFirstFailure: boolean;
}

/** The shortest wait between two checks (durable/plan/pace.ts). */
const SHORTEST_WAIT_MS = 66_000;
const LATENCY_MS = 100;

function unknownTask(taskId: string): never {
	throw new Error(`Unknown task ${taskId}.`);
}

/** First in, first out, `width` at a time. */
function simulate({ tasks, width }: Scenario): SimulatedTask[] {
	const freeAt = Array.from({ length: width }, () => START_MS);
	let acceptedAt = START_MS;
	return tasks.map(({ runSeconds, end, afterMs }, index) => {
		acceptedAt += afterMs;
		freeAt.sort((a, b) => a - b);
		const startedAt = Math.max(acceptedAt, freeAt[0] ?? acceptedAt);
		const finishedAt = startedAt + runSeconds * 1000;
		freeAt[0] = finishedAt;
		const taskId = `task-${index}`;
		return { taskId, templateId: 'mengwa_kaixin', acceptedAt, startedAt, finishedAt, end };
	});
}

const lastAcceptedAt = (simulated: SimulatedTask[]) =>
	Math.max(START_MS, ...simulated.map(({ acceptedAt }) => acceptedAt));

function pack(scenario: Scenario, simulated: SimulatedTask[]): WaitState {
	const schedule = createPollSchedule({ ...defaults, ...scenario.settings });
	const now = lastAcceptedAt(simulated);
	const entries: Entry[] = Array.from({ length: scenario.refused }, (_, itemIndex) => ({
		itemIndex,
		simplify: true,
		settled: { kind: 'rejected', message: 'rejected', nextStep: 'x' },
	}));
	scenario.tasks.forEach(({ isExternal, entries: copies }, index) => {
		const { taskId, templateId, acceptedAt } = simulated[index] ?? { taskId: '', acceptedAt: 0 };
		enqueue(schedule, { taskId, templateId, acceptedAt: isExternal ? undefined : acceptedAt }, now);
		for (let copy = 0; copy < copies; copy++) {
			entries.push({ itemIndex: entries.length, taskId, templateId, simplify: true });
		}
	});
	return {
		version: 3,
		lateMs: 0,
		rounds: 0,
		entries,
		schedule: saveSchedule(schedule),
		returnsUnfinished: scenario.returnsUnfinished,
		stopsAtFirstFailure: scenario.stopsAtFirstFailure,
		lastCheckAt: now + schedule.settings.queueTimeoutMs + schedule.settings.runTimeoutMs,
		isLastCheck: false,
	};
}

/** A state after a round trip through the database. */
const stored = (state: WaitState): WaitState =>
	waitStateSchema.parse(JSON.parse(JSON.stringify(state)));

const idsOf = ({ entries }: WaitState) => entries.map(({ taskId }) => taskId);
const endsOf = ({ entries }: WaitState) => entries.map(({ settled }) => settled);

/** Expects every ID at its position, and each open task in the schedule once. */
function expectNothingLost(before: WaitState, after: WaitState) {
	expect(idsOf(after)).toEqual(idsOf(before));
	const open = after.schedule.open.map(({ taskId }) => taskId);
	const withoutEnd = after.entries.filter(({ settled }) => settled === undefined);
	expect(new Set(open)).toEqual(new Set(withoutEnd.map(({ taskId }) => taskId)));
	expect(new Set(open).size).toBe(open.length);
}

/** Expects every end to be unchanged. */
function expectSettledKept(before: WaitState, after: WaitState) {
	const kept = endsOf(after).map((end, index) => (endsOf(before)[index] ? end : undefined));
	expect(kept).toEqual(endsOf(before));
}

/** Expects each end to be the service's, or to have the task's ID. */
function expectTrue({ entries }: WaitState, simulated: SimulatedTask[], now: number) {
	for (const { settled, taskId } of entries) {
		if (taskId === undefined || settled === undefined) continue;
		const task = simulated.find((candidate) => candidate.taskId === taskId);
		if (settled === 'succeeded') {
			expect(task?.end).toBe('SUCCEEDED');
			expect(task?.finishedAt).toBeLessThanOrEqual(now);
		} else if (settled !== 'outOfTime') {
			expect(settled.taskId).toBe(taskId);
		}
	}
}

/** Runs a check with all its polls, on an account whose clock moves with each poll. */
async function runAll(
	request: CheckRequest,
	time: { now: number },
	getTask: (taskId: string) => Promise<Result<ApiResponse<Task>>>,
): Promise<{ result: CheckResult; lastPoll: CheckRequest | undefined }> {
	const context = {
		client: { getTask },
		clock: { now: () => time.now },
		functions: {},
		...createStop(),
	} as unknown as ExecutionContext;
	let next = request;
	let lastPoll: CheckRequest | undefined;
	for (;;) {
		time.now += 1000 * next.waitSeconds;
		const [outcome] = await runCheck(context, next);
		const json = outcome?.result.ok === true ? outcome.result.value.json : {};
		const message: unknown = JSON.parse(JSON.stringify(json[WAIT_STATE_KEY]));
		const again = checkRequestSchema.safeParse(message).data;
		if (!again) return { result: checkResultSchema.parse(message), lastPoll };
		next = again;
		lastPoll = again;
	}
}

async function play(scenario: Scenario): Promise<void> {
	const simulated = simulate(scenario);
	let state = stored(pack(scenario, simulated));
	const time = { now: lastAcceptedAt(simulated) };
	let questions = 0;
	let checks = 0;
	let isLost = false;
	let responses: Array<Result<ApiResponse<Task>>> = [];

	const poll = async (taskId: string) => {
		time.now += LATENCY_MS;
		const task = simulated.find((candidate) => candidate.taskId === taskId);
		const kind = scenario.faults[questions++];
		const fault = kind && fail({ kind, message: kind, nextStep: 'x' });
		const response = fault ?? answered(taskAt(task ?? unknownTask(taskId), time.now));
		responses.push(response);
		return Promise.resolve(response);
	};
	// One check may have begun just before the limit; the last one comes after it.
	const endsBy = state.lastCheckAt + 2 * (SHORTEST_WAIT_MS + simulated.length * LATENCY_MS);

	for (;;) {
		const plan = planRound(state, time.now);
		if (plan.kind !== 'check') {
			// Only a last check that n8n loses leaves a task without an end.
			if (plan.kind === 'giveUp') expect(isLost).toBe(true);
			break;
		}
		const begun = stored(plan.state);
		const startedAt = time.now;
		responses = [];
		const { result, lastPoll } = await runAll(plan.request, time, poll);
		const endedAt = time.now;
		const after = stored(applyCheckResult(begun, result, time.now));
		expectNothingLost(state, after);
		expectSettledKept(state, after);
		expectTrue(after, simulated, time.now);

		// The same check once more, with the same responses at the same times, finds the same.
		const replayed = [...responses];
		time.now = startedAt;
		const again = await runAll(plan.request, time, async (taskId) => {
			time.now += LATENCY_MS;
			return await Promise.resolve(replayed.shift() ?? unknownTask(taskId));
		});
		expect(again.result.progress).toEqual(result.progress);
		expect([replayed, time.now]).toEqual([[], endedAt]);

		isLost = scenario.crashes[checks++] ?? false;
		state = isLost
			? markRoundUnconfirmed(applyKnownTasks(begun, lastPoll?.entries ?? [], time.now))
			: after;
		// A result that comes twice, or after its check was given up, changes no end.
		const late = applyCheckResult(state, result, time.now);
		expectSettledKept(state, late);
		expectNothingLost(state, late);
	}
	expect(time.now).toBeLessThanOrEqual(endsBy);
}

const scenarios: fc.Arbitrary<Scenario> = fc.record({
	tasks: fc.array(
		fc.record({
			runSeconds: fc.integer({ min: 0, max: 600 }),
			end: fc.oneof(
				{ weight: 3, arbitrary: fc.constant('SUCCEEDED' as const) },
				fc.constantFrom('FAILED' as const, 'CANCELED' as const, 'UNKNOWN' as const),
			),
			isExternal: fc.boolean(),
			entries: fc.integer({ min: 1, max: 2 }),
			afterMs: fc.integer({ min: 0, max: 60_000 }),
		}),
		{ maxLength: 8 },
	),
	refused: fc.integer({ min: 0, max: 2 }),
	faults: fc.array(
		fc.option(
			fc.constantFrom<FailureKind>(
				'throttled',
				'unavailable',
				'unreachable',
				'noResponse',
				'unreadable',
				'rejected',
				'unauthorized',
			),
			{ nil: undefined, freq: 2 },
		),
		{ maxLength: 20 },
	),
	crashes: fc.array(fc.boolean(), { maxLength: 10 }),
	width: fc.integer({ min: 1, max: 4 }),
	settings: fc.record({
		runTimeoutMs: fc.integer({ min: 1000, max: 1_800_000 }),
		queueTimeoutMs: fc.integer({ min: 1000, max: 43_200_000 }),
		patienceMs: fc.integer({ min: 0, max: 900_000 }),
	}),
	returnsUnfinished: fc.boolean(),
	stopsAtFirstFailure: fc.boolean(),
});

describe('a durable wait with any responses, faults and crashes', () => {
	it(
		'keeps every task ID, changes no end, and ends by its limits',
		async () => {
			await expectProperty(fc.asyncProperty(scenarios, play), 300);
		},
		PROPERTY_TIMEOUT_MS,
	);
});
