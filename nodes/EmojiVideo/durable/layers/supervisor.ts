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
import { isBeforeCreates, loseTurn } from '../plan/unconfirmed';
import { errorItem, giveUp, handOn, itemOf, outcomesOf, toOutcomes } from './outcomes';
import { pack } from '../plan/packing';
import { isReplaced, remainsOf, STATE_KEY } from '../n8n/relatives';
import type { Remains } from '../n8n/relatives';
import { salvage } from './recovery';
import { NOT_ASKED, waitStateSchema } from '../plan/state';
import type { Turn, WaitState } from '../plan/state';
import { orderSchema, reportSchema } from '../plan/checkMessages';
import { lostCreate, planTurn, takeFacts, takeReport } from '../plan/rounds';
import type { Report } from '../plan/checkMessages';
import type { Plan } from '../plan/rounds';
import { parkOn, sleepUntil } from '../n8n/parking';
import { checkWorkflow, REPLACED_KEY, WAIT_STATE_KEY } from '../n8n/workflows';

/** So many checks in a row may be lost with an error; each is a worker that died in a check. */
const MOST_LOST_CHECKS = 5;

const LOST_CHECKS_KEY = 'emojiVideoLostChecks';

const LOST = lostCreate('Its check was lost again and again.');

/** What has come in: in the first run the state, then a report, or a mark. */
const readInput = (functions: IExecuteFunctions): unknown =>
	functions.getInputData()[0]?.json[WAIT_STATE_KEY];

/** The state as the last run has left it; in the first run, what the guard has sent. */
const readStored = (functions: IExecuteFunctions): unknown =>
	functions.getContext('node')[STATE_KEY] ?? readInput(functions);

const readReport = (functions: IExecuteFunctions): Report | undefined =>
	reportSchema.safeParse(readInput(functions)).data;

const guardOf = z.object({ guardId: z.string() });

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
const hasTurn = (state: WaitState): state is WaitState & { turn: Turn } => state.turn !== undefined;

/** What its looks have left of a check that was lost counts. */
const takeLeft = (state: WaitState, { last }: Remains, now: number): WaitState => {
	const report = reportSchema.safeParse(last).data;
	if (report) return takeReport(state, report, now);
	return takeFacts(state, orderSchema.safeParse(last).data?.entries ?? [], now);
};

/**
 * The current check is lost, unless it has left its report.
 * @param isError n8n says so; otherwise its time is up, and with it that of its creates
 */
async function lose(
	functions: IExecuteFunctions,
	state: WaitState & { turn: Turn },
	isError: boolean,
	now: number,
): Promise<WaitState> {
	const remains = await remainsOf(functions, state.turn.executionId);
	const heard = takeLeft(state, remains, now);
	if (!hasTurn(heard)) return heard;
	const loss = { runs: remains.runs, isOver: !isError };
	return isBeforeCreates(heard.turn, loss, now) ? { ...heard, turn: undefined } : loseTurn(heard);
}

/**
 * What the state is after what has come back in.
 * @returns with a turn when its check is still under way
 */
async function takeInput(
	functions: IExecuteFunctions,
	state: WaitState,
	isError: boolean,
	now: number,
): Promise<WaitState> {
	if (!hasTurn(state)) return state;
	const report = isError ? undefined : readReport(functions);
	const heard = report ? takeReport(state, report, now) : state;
	if (!hasTurn(heard)) return heard;
	// n8n keeps timers that have been replaced: a date that is not the check's is nobody's. And an older
	// check may have woken it.
	const isLost = isError || now >= heard.turn.lostAt;
	return isLost ? await lose(functions, heard, isError, now) : heard;
}

async function begin(
	{ functions, clock }: ExecutionContext,
	{ state, order }: Extract<Plan, { kind: 'check' }>,
): Promise<Outcome[]> {
	const mark = { number: order.number };
	// Before the check is there: whatever becomes of this run, n8n writes both down together.
	keepState(functions, state);
	const parked = await parkOn(
		functions,
		checkWorkflow(functions.getNode(), state.owner?.executionId),
		[itemOf({ ...order, supervisorId: functions.getExecutionId() })],
		Math.max(state.turn.lostAt, clock.now()),
		[itemOf(mark)],
	);
	if (parked.kind === 'ended') return outcomesOf(parked.items, state.entries);
	keepState(functions, { ...state, turn: { ...state.turn, executionId: parked.executionId } });
	return handOn(mark);
}

/**
 * Whether its check has reported in time. Then it does not ask whether it was replaced, which reads a whole batch:
 * its guard does that after an error of n8n's, or long after that time; and whenever it does, the checks of one
 * that was replaced find it out themselves (relatives.ts), create nothing, and are late.
 */
function isInTime(functions: IExecuteFunctions, turn: Turn | undefined, now: number): boolean {
	const report = readReport(functions);
	return report !== undefined && report.creating !== 'late' && now < (turn?.lostAt ?? 0);
}

/** Parks itself on the next check, as long as there is to be one. */
export async function supervise(context: ExecutionContext): Promise<Outcome[]> {
	const { functions, clock } = context;
	const stored = readStored(functions);
	// In the first run its guard has not yet written down that it is the one.
	const isFirst = functions.getContext('node')[STATE_KEY] === undefined;
	const guardId = guardOf.safeParse(stored).data?.guardId;
	const before = waitStateSchema.safeParse(stored).data;
	const now = clock.now();
	const mayBeReplaced = !isFirst && !isInTime(functions, before?.turn, now);
	if (mayBeReplaced && (await isReplaced(functions, guardId, functions.getExecutionId()))) {
		return [{ itemIndex: 0, result: succeed({ json: { [REPLACED_KEY]: true } }) }];
	}
	if (!before) return await salvage(functions, stored, readInput(functions));
	const json = functions.getInputData()[0]?.json;
	const isError = errorItem.safeParse(json).success;
	const lostChecks = countLostChecks(functions, isError);
	const state = await takeInput(functions, before, isError, now);
	if (hasTurn(state)) {
		keepState(functions, state);
		await sleepUntil(functions, state.turn.lostAt, [itemOf({ number: state.turn.number })]);
		return handOn({ number: state.turn.number });
	}
	const plan = planTurn(state, now);
	if (plan.kind === 'check' && lostChecks <= MOST_LOST_CHECKS) return await begin(context, plan);
	const last = plan.kind === 'check' ? state : plan.state;
	keepState(functions, last);
	return plan.kind === 'end' ? toOutcomes(last) : giveUp(last, NOT_ASKED, LOST);
}

/** A batch whose account cannot be opened any more: every entry comes out, with the reason. */
export async function abandon(functions: IExecuteFunctions, reason: Failure): Promise<Outcome[]> {
	const stored = readStored(functions);
	const state = waitStateSchema.safeParse(stored).data;
	if (!state) return await salvage(functions, stored, readInput(functions));
	const report = readReport(functions);
	const known = report ? takeReport(state, report, state.turn?.since ?? 0) : state;
	return giveUp(known, reason, LOST);
}
