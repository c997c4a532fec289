/**
 * The supervisor of a durable wait. It keeps the state and parks on one check after the other.
 *
 * Rules: the supervisor sends no request, so each of its runs takes milliseconds. Its state is in its node's
 * context, which n8n stores once; n8n stores items once per round.
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

/** After this many lost checks in a row the batch ends. Each is a worker that died in a check. */
const MAX_LOST_CHECKS = 5;

const LOST_CHECKS_KEY = 'emojiVideoLostChecks';

const UNCONFIRMED = unconfirmedFailure('Its check was lost again and again.');

/** The input of this run: in the first run the state, later a check's result or the supervisor's own mark. */
const readInput = (functions: IExecuteFunctions): unknown =>
	functions.getInputData()[0]?.json[WAIT_STATE_KEY];

/** The state that the last run has stored; in the first run, the guard's input. */
const readStoredState = (functions: IExecuteFunctions): unknown =>
	functions.getContext('node')[STATE_KEY] ?? readInput(functions);

const readCheckResult = (functions: IExecuteFunctions): CheckResult | undefined =>
	checkResultSchema.safeParse(readInput(functions)).data;

const guardIdSchema = z.object({ guardId: z.string() });

const keepState = (functions: IExecuteFunctions, state: WaitState): void => {
	functions.getContext('node')[STATE_KEY] = pack(state);
};

/** Counts how many checks in a row n8n has lost with an error. */
function countLostChecks(functions: IExecuteFunctions, isLost: boolean): number {
	const memory = functions.getContext('node');
	const lostChecks = isLost ? z.number().catch(0).parse(memory[LOST_CHECKS_KEY]) + 1 : 0;
	memory[LOST_CHECKS_KEY] = lostChecks;
	return lostChecks;
}

/** Whether a check is running or due. */
const hasRound = (state: WaitState): state is WaitState & { round: Round } =>
	state.round !== undefined;

/** Applies the last message that a lost check has stored: its result, or the request after a poll. */
const applyStoredMessage = (state: WaitState, { last }: StoredCheck, now: number): WaitState => {
	const checkResult = checkResultSchema.safeParse(last).data;
	if (checkResult) return applyCheckResult(state, checkResult, now);
	return applyKnownTasks(state, checkRequestSchema.safeParse(last).data?.entries ?? [], now);
};

/**
 * Ends the round of a lost check, and applies what the check has stored.
 * @param isError n8n has reported the loss; otherwise the check's deadline has passed
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
 * Applies this run's input to the state.
 * @returns a state with a round if the check is still running
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
	// An outdated timer of n8n, or an older check, may have woken the supervisor. Only the deadline counts.
	const isLost = isError || now >= known.round.deadlineAt;
	return isLost ? await applyLostCheck(functions, known, isError, now) : known;
}

/** Starts a check and parks the supervisor on it. */
async function startCheck(
	{ functions, clock }: ExecutionContext,
	{ state, request }: Extract<Plan, { kind: 'check' }>,
): Promise<Outcome[]> {
	const mark = { number: request.number };
	// Stored before the check starts: n8n writes the state and the check's row together.
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
 * True if the check reported before `deadlineAt`. We then skip the replacement query, because it loads the guard's
 * entire row. This is safe: the guard only replaces a supervisor after an n8n error or well past that deadline,
 * and a replaced supervisor's checks refuse to submit anything.
 */
function isInTime(functions: IExecuteFunctions, round: Round | undefined, now: number): boolean {
	const checkResult = readCheckResult(functions);
	return (
		checkResult !== undefined && checkResult.submitting !== 'late' && now < (round?.deadlineAt ?? 0)
	);
}

/** One run of the supervisor: applies its input, then parks on the next check or ends the batch. */
export async function runSupervisor(context: ExecutionContext): Promise<Outcome[]> {
	const { functions, clock } = context;
	const stored = readStoredState(functions);
	// In the first run, the guard has not stored this supervisor's ID yet.
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

/** Ends a batch whose credential no longer works: every entry ends with the reason. */
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
