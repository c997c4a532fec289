/**
 * What the node does in the layers of a durable wait below the user's workflow: supervisor, check and finalizer
 * (see the drawing in workflows.ts). Rule: only the finalizer throws; whatever else is thrown was n8n's.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { createLimiter } from '../limiter';
import { endStopped, wasStopped } from './owner';
import { z } from 'zod';
import { WAIT_STATE_KEY, parkOn, SEAL_KEY, checkWorkflow } from './workflows';
import type { DurableRole } from './workflows';
import {
	isSettled,
	nextCheck,
	NOT_ASKED,
	waitStateSchema,
	runCheck,
	waitBeforeCheck,
} from './state';
import type { WaitState, WaitEntry } from './state';
import { aboutOf } from '../batch/plan';
import type { AcceptedTask } from '../batch/submit';
import type { Answer } from '../dashscope/client';
import { fail, failureSchema, succeed } from '../result';
import type { Failure, Result } from '../result';
import type { Task } from '../dashscope/schemas';
import { deliver, DOWNLOADS_AT_ONCE, packUp, toJson } from '../wait/deliver';
import type { LinkOfVideo } from '../wait/deliver';
import { aboutSchema, failed } from '../execution/operation';
import type { Outcome, OutputItem } from '../execution/operation';
import { outcomesOf, waitStateItem, toStopped } from './outcomes';
import type { ExecutionContext } from '../execution/context';

/**
 * How long a check may take before the supervisor takes another: queries, and the downloads of the last
 * one. A check that is only slow and not lost is taken twice, which costs nothing but requests.
 */
const checkGraceMs = ({ entries }: WaitState) => 60_000 + entries.length * 3_000;

const toAccepted = (entry: WaitEntry & { taskId: string }): AcceptedTask => ({
	job: { itemIndex: entry.itemIndex, ...aboutOf(entry), key: entry.taskId },
	entry: { taskId: entry.taskId, requestId: entry.requestId, areas: entry.areas },
});

/** What the node got from the layer above. */
function readWaitState(functions: IExecuteFunctions): Result<WaitState> {
	const [item] = functions.getInputData();
	const parsed = z.object({ [WAIT_STATE_KEY]: waitStateSchema }).safeParse(item?.json);
	if (parsed.success && parsed.data[WAIT_STATE_KEY]) return succeed(parsed.data[WAIT_STATE_KEY]);
	return fail({
		kind: 'input',
		message: 'What this wait was about cannot be read',
		nextStep:
			'The package was probably changed while the execution waited. Use Get Status with the task IDs of the execution that started it.',
	});
}

/** Every entry as its outcome: finished videos are fetched now. */
async function deliverAll(
	context: ExecutionContext,
	{ entries }: WaitState,
	answers: ReadonlyMap<string, Answer<Task>>,
): Promise<Outcome[]> {
	const limit = createLimiter(DOWNLOADS_AT_ONCE);
	const fetch = async (
		entry: WaitEntry,
		taskId: string,
	): Promise<{ result: Result<OutputItem>; link?: LinkOfVideo }> => {
		const known = answers.get(taskId);
		const answer = known ? succeed(known) : await context.client.getTask(taskId);
		if (!answer.ok) return { result: fail({ ...answer.failure, taskId }) };
		const accepted = toAccepted({ ...entry, taskId });
		return entry.settled === 'succeeded'
			? await deliver(accepted, answer.value, entry, context)
			: { result: succeed({ json: toJson(accepted, answer.value, entry) }) };
	};
	const outcomes = await Promise.all(
		entries.map(async (entry): Promise<Outcome> => {
			const { itemIndex, taskId, settled } = entry;
			if (typeof settled === 'object' || settled === undefined || taskId === undefined)
				return toStopped(entry);
			const { result, link } = await limit(async () => await fetch(entry, taskId));
			return { itemIndex, result, about: { ...aboutOf(entry), ...link } };
		}),
	);
	return packUp(outcomes, new Map(entries.map((entry) => [entry.itemIndex, entry])));
}

const stillWaiting = (state: WaitState): Outcome[] => [
	{ itemIndex: 0, result: succeed({ json: { [WAIT_STATE_KEY]: state } }) },
];

/** Asks about the open tasks; delivers when all are settled. */
async function check(context: ExecutionContext, state: WaitState): Promise<Outcome[]> {
	const { client, clock, functions } = context;
	if (await wasStopped(functions, state.owner?.executionId))
		return await endStopped(context, state);
	const taken = await runCheck(
		state,
		async (taskId) => await client.getTask(taskId, 'once'),
		() => clock.now(),
	);
	return isSettled(taken.state)
		? await deliverAll(context, taken.state, taken.answers)
		: stillWaiting(taken.state);
}

/** Every task that has not failed by itself fails for this reason, with its ID. */
const giveUp = ({ entries }: WaitState, reason: Failure): Outcome[] =>
	entries.map((entry) => {
		const { taskId, settled } = entry;
		return toStopped({
			...entry,
			settled: settled && typeof settled === 'object' ? settled : { ...reason, taskId },
		});
	});

/** So many checks in a row may be lost with an error; each is a worker that died in a check. */
const MOST_LOST_CHECKS = 5;

/** What n8n puts beside the state when a check ended in an error of n8n's own. */
const lostCheck = z.object({ error: z.unknown().refine(Boolean) });

const LOST_CHECKS_KEY = 'emojiVideoLostChecks';

/**
 * How many checks in a row n8n has lost with an error, by now. Counted in the node's context: with such
 * an error n8n hands on the state that the supervisor had before it, so in the state it would stay at 1.
 */
function countLostChecks(functions: IExecuteFunctions): number {
	const memory = functions.getContext('node');
	const isLost = lostCheck.safeParse(functions.getInputData()[0]?.json).success;
	const lostChecks = isLost ? z.number().catch(0).parse(memory[LOST_CHECKS_KEY]) + 1 : 0;
	memory[LOST_CHECKS_KEY] = lostChecks;
	return lostChecks;
}

/** Parks itself on the next check, as long as there is to be one. */
async function keep(context: ExecutionContext, carried: WaitState): Promise<Outcome[]> {
	const { functions, clock } = context;
	const now = clock.now();
	const lostChecks = countLostChecks(functions);
	const state = nextCheck(carried, now);
	// Its time is up and the last check was lost, or n8n loses them all.
	if (!state || lostChecks > MOST_LOST_CHECKS) return giveUp(carried, NOT_ASKED);
	const waitMs = waitBeforeCheck(state, now);
	const item = waitStateItem(state);
	const parked = await parkOn(
		functions,
		checkWorkflow(functions.getNode(), waitMs, state.owner?.executionId),
		[item],
		now + waitMs + checkGraceMs(state),
		[item],
	);
	return parked.kind === 'parked' ? stillWaiting(state) : outcomesOf(parked.items, state.entries);
}

/** The layers below the finalizer. */
type Layer = Exclude<DurableRole, 'finalizer'>;

const LAYERS: Record<Layer, (context: ExecutionContext, state: WaitState) => Promise<Outcome[]>> = {
	supervisor: keep,
	check,
};

/** Failures as items that only the finalizer opens. */
const seal = (outcomes: Outcome[]): Outcome[] =>
	outcomes.map(({ itemIndex, result, about }) =>
		result.ok
			? { itemIndex, result, about }
			: {
					itemIndex,
					result: succeed({ json: { [SEAL_KEY]: { failure: result.failure, about } } }),
				},
	);

const sealedSchema = z.object({
	[SEAL_KEY]: z.object({ failure: failureSchema, about: aboutSchema.optional() }),
});

/** The finalizer of a durable wait: hands on what the last check has brought; failures are failures again. */
const finalize = (functions: IExecuteFunctions): Outcome[] =>
	functions.getInputData().map(({ json, binary }, itemIndex) => {
		const sealed = sealedSchema.safeParse(json);
		if (!sealed.success) return { itemIndex, result: succeed({ json, binary }) };
		const { failure, about } = sealed.data[SEAL_KEY];
		return failed(itemIndex, failure, about);
	});

/**
 * Runs the node as a layer of a durable wait.
 * @param context failed when the credential was changed meanwhile; then every task ID comes out, with
 * the reason
 */
export async function runDurableRole(
	role: DurableRole,
	functions: IExecuteFunctions,
	context: Result<ExecutionContext>,
): Promise<Outcome[]> {
	if (role === 'finalizer') return finalize(functions);
	const state = readWaitState(functions);
	if (!state.ok) return seal([failed(0, state.failure)]);
	return seal(
		context.ok
			? await LAYERS[role](context.value, state.value)
			: giveUp(state.value, context.failure),
	);
}
