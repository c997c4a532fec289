/**
 * The supervisor of a durable wait: keeps its state, and parks itself on one check after the other. Rules:
 * it makes no call to the outside, so that it runs for milliseconds only; its state lives in its node's
 * context, which n8n stores once, and not once per turn as it does with items.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';
import type { ExecutionContext } from '../../execution/context';
import type { Outcome } from '../../execution/outcome';
import { succeed } from '../../base/result';
import type { Failure } from '../../base/result';
import { isBeforeSubmits, markRoundUnconfirmed } from '../plan/unconfirmed';
import {
	errorItem,
	failUnfinished,
	toMessageOutcome,
	toMessageItem,
	itemsToOutcomes,
	entriesToOutcomes,
} from './outcomes';
import { pack } from '../plan/packing';
import { isSupervisorReplaced, readStoredCheck, STATE_KEY } from '../n8n/storedExecutions';
import type { StoredCheck } from '../n8n/storedExecutions';
import { recoverBatch } from './recovery';
import { NOT_POLLED, unconfirmedFailure } from '../plan/failures';
import { waitStateSchema } from '../plan/state';
import type { Round, WaitState } from '../plan/state';
import { checkRequestSchema, checkResultSchema } from '../plan/checkMessages';
import { planRound, applyKnownTasks, applyCheckResult } from '../plan/rounds';
import type { CheckResult } from '../plan/checkMessages';
import type { Plan } from '../plan/rounds';
import { parkOn, sleepUntil } from '../n8n/parking';
import { checkWorkflow, REPLACED_KEY, WAIT_STATE_KEY } from '../n8n/workflows';

/** So many checks in a row may be lost with an error; each is a worker that died in a check. */
const MAX_LOST_CHECKS = 5;

const LOST_CHECKS_KEY = 'emojiVideoLostChecks';

const UNCONFIRMED = unconfirmedFailure('Its check was lost again and again.');

/** What has come in: in the first run the state, then a report, or a mark. */
const readInput = (functions: IExecuteFunctions): unknown =>
	functions.getInputData()[0]?.json[WAIT_STATE_KEY];

/** The state as the last run has left it; in the first run, what the guard has sent. */
const readStoredState = (functions: IExecuteFunctions): unknown =>
	functions.getContext('node')[STATE_KEY] ?? readInput(functions);

const readCheckResult = (functions: IExecuteFunctions): CheckResult | undefined =>
	checkResultSchema.safeParse(readInput(functions)).data;

const guardIdSchema = z.object({ guardId: z.string() });

const keepState = (functions: IExecuteFunctions, state: WaitState): void => {
	functions.getContext('node')[STATE_KEY] = pack(state);
};

/** How many checks in a row n8n has lost with an error, by now. */
function countLostChecks(functions: IExecuteFunctions, isLost: boolean): number {
	const memory = functions.getContext('node');
	const lostChecks = isLost ? z.number().catch(0).parse(memory[LOST_CHECKS_KEY]) + 1 : 0;
	memory[LOST_CHECKS_KEY] = lostChecks;
	return lostChecks;
}

/** Whether a state has a check under way. */
const hasRound = (state: WaitState): state is WaitState & { round: Round } =>
	state.round !== undefined;

/** What its looks have left of a check that was lost counts. */
const applyStoredMessage = (state: WaitState, { last }: StoredCheck, now: number): WaitState => {
	const checkResult = checkResultSchema.safeParse(last).data;
	if (checkResult) return applyCheckResult(state, checkResult, now);
	return applyKnownTasks(state, checkRequestSchema.safeParse(last).data?.entries ?? [], now);
};

/**
 * The current check is lost, unless it has left its report.
 * @param isError n8n says so; otherwise its time is up, and with it that of its creates
 */
async function applyLostCheck(
	functions: IExecuteFunctions,
	state: WaitState & { round: Round },
	isError: boolean,
	now: number,
): Promise<WaitState> {
	const storedCheck = await readStoredCheck(functions, state.round.executionId);
	const known = applyStoredMessage(state, storedCheck, now);
	if (!hasRound(known)) return known;
	const loss = { runs: storedCheck.runs, isOver: !isError };
	return isBeforeSubmits(known.round, loss, now)
		? { ...known, round: undefined }
		: markRoundUnconfirmed(known);
}

/**
 * What the state is after what has come back in.
 * @returns with a turn when its check is still under way
 */
async function applyInput(
	functions: IExecuteFunctions,
	state: WaitState,
	isError: boolean,
	now: number,
): Promise<WaitState> {
	if (!hasRound(state)) return state;
	const checkResult = isError ? undefined : readCheckResult(functions);
	const known = checkResult ? applyCheckResult(state, checkResult, now) : state;
	if (!hasRound(known)) return known;
	// n8n keeps timers that have been replaced: a date that is not the check's is nobody's. And an older
	// check may have woken it.
	const isLost = isError || now >= known.round.deadlineAt;
	return isLost ? await applyLostCheck(functions, known, isError, now) : known;
}

async function startCheck(
	{ functions, clock }: ExecutionContext,
	{ state, request }: Extract<Plan, { kind: 'check' }>,
): Promise<Outcome[]> {
	const mark = { number: request.number };
	// Before the check is there: whatever becomes of this run, n8n writes both down together.
	keepState(functions, state);
	const parked = await parkOn(
		functions,
		checkWorkflow(functions.getNode(), state.owner?.executionId),
		[toMessageItem({ ...request, supervisorId: functions.getExecutionId() })],
		Math.max(state.round.deadlineAt, clock.now()),
		[toMessageItem(mark)],
	);
	if (parked.kind === 'ended') return itemsToOutcomes(parked.items, state.entries);
	keepState(functions, { ...state, round: { ...state.round, executionId: parked.executionId } });
	return toMessageOutcome(mark);
}

/**
 * Whether its check has reported in time. Then it does not ask whether it was replaced, which reads a whole batch:
 * its guard does that after an error of n8n's, or long after that time; and whenever it does, the checks of one
 * that was replaced find it out themselves (storedExecutions.ts), create nothing, and are late.
 */
function isInTime(functions: IExecuteFunctions, round: Round | undefined, now: number): boolean {
	const checkResult = readCheckResult(functions);
	return (
		checkResult !== undefined && checkResult.submitting !== 'late' && now < (round?.deadlineAt ?? 0)
	);
}

/** Parks itself on the next check, as long as there is to be one. */
export async function runSupervisor(context: ExecutionContext): Promise<Outcome[]> {
	const { functions, clock } = context;
	const stored = readStoredState(functions);
	// In the first run its guard has not yet written down that it is the one.
	const isFirst = functions.getContext('node')[STATE_KEY] === undefined;
	const guardId = guardIdSchema.safeParse(stored).data?.guardId;
	const before = waitStateSchema.safeParse(stored).data;
	const now = clock.now();
	const isToCheckReplaced = !isFirst && !isInTime(functions, before?.round, now);
	if (
		isToCheckReplaced &&
		(await isSupervisorReplaced(functions, guardId, functions.getExecutionId()))
	) {
		return [{ itemIndex: 0, result: succeed({ json: { [REPLACED_KEY]: true } }) }];
	}
	if (!before) return await recoverBatch(functions, stored, readInput(functions));
	const json = functions.getInputData()[0]?.json;
	const isError = errorItem.safeParse(json).success;
	const lostChecks = countLostChecks(functions, isError);
	const state = await applyInput(functions, before, isError, now);
	if (hasRound(state)) {
		keepState(functions, state);
		await sleepUntil(functions, state.round.deadlineAt, [
			toMessageItem({ number: state.round.number }),
		]);
		return toMessageOutcome({ number: state.round.number });
	}
	const plan = planRound(state, now);
	if (plan.kind === 'check' && lostChecks <= MAX_LOST_CHECKS)
		return await startCheck(context, plan);
	const last = plan.kind === 'check' ? state : plan.state;
	keepState(functions, last);
	return plan.kind === 'end'
		? entriesToOutcomes(last)
		: failUnfinished(last, NOT_POLLED, UNCONFIRMED);
}

/** A batch whose account cannot be opened any more: every entry comes out, with the reason. */
export async function abandonBatch(
	functions: IExecuteFunctions,
	reason: Failure,
): Promise<Outcome[]> {
	const stored = readStoredState(functions);
	const state = waitStateSchema.safeParse(stored).data;
	if (!state) return await recoverBatch(functions, stored, readInput(functions));
	const checkResult = readCheckResult(functions);
	const known = checkResult ? applyCheckResult(state, checkResult, state.round?.since ?? 0) : state;
	return failUnfinished(known, reason, UNCONFIRMED);
}
