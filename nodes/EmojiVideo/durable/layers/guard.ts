/**
 * The guard of a durable wait. It runs between the user's execution and the supervisor, and starts a new
 * supervisor if n8n lost the old one while it ran.
 *
 * Rules: the guard wakes rarely. It replaces no supervisor that it cannot read. Of two supervisors, only the one
 * named in the guard's context is valid; checks and supervisors read that name (n8n/storedExecutions.ts).
 *
 * The trade: 1,000 videos take 53 rounds of 0.52 s (lab/proof.md, `npm run test:night`), so a supervisor runs
 * for 28 s of an eight-hour night, 0.1 %. The guard covers those seconds, for one more workflow and this file.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';
import type { Clock } from '../../base/clock';
import type { Outcome } from '../../execution/outcome';
import { errorItem, toMessageItem, itemsToOutcomes } from './outcomes';
import { pack } from '../plan/packing';
import { readSupervisor, SUPERVISOR_KEY } from '../n8n/storedExecutions';
import { LOST_TOO_OFTEN, recoverBatch } from './recovery';
import { waitStateSchema } from '../plan/state';
import type { WaitState } from '../plan/state';
import { parkOn, sleepUntil } from '../n8n/parking';
import { markUnconfirmedSince } from '../plan/unconfirmed';
import { supervisorWorkflow, WAIT_STATE_KEY } from '../n8n/workflows';

/** How often the guard reads its supervisor. The longest wait of a check is as long (plan/pace.ts). */
const GUARD_INTERVAL_MS = 30 * 60_000;
/**
 * A supervisor whose date has passed is replaced after this time: it may still wait for a free worker, and n8n
 * looks for due executions once a minute (docs/n8n.md, "Waiting in the database").
 */
const SUPERVISOR_LATE_MS = 10 * 60_000;
/** After this many supervisors the guard gives up: a loss at each start is no accident. */
const MAX_SUPERVISORS = 10;

const MEMORY_KEY = 'emojiVideoGuard';
/** Context key of the last state that the guard has read; at first, the state that it was given. */
const COPY_KEY = 'emojiVideoCopy';
const copySchema = z.object({ state: waitStateSchema, at: z.number() });

const memorySchema = z.object({
	supervisors: z.number(),
	/** When the guard first found the supervisor's date in the past, ms since the epoch. */
	lateSince: z.number().optional(),
	/** That date, ms since the epoch. */
	lateUntil: z.number().optional(),
});
type Memory = z.infer<typeof memorySchema>;

const MARK = toMessageItem({ number: 0 });

const asleep: Outcome[] = [{ itemIndex: 0, result: { ok: true, value: { json: MARK.json } } }];

/** Starts a supervisor and parks the guard on it. */
async function startSupervisor(
	functions: IExecuteFunctions,
	state: WaitState,
	memory: Memory,
	now: number,
): Promise<Outcome[]> {
	const context = functions.getContext('node');
	// Counted before the start, so that a start that always fails ends.
	context[MEMORY_KEY] = { supervisors: memory.supervisors + 1 };
	const parked = await parkOn(
		functions,
		supervisorWorkflow(functions.getNode(), state.owner?.executionId),
		[toMessageItem(pack({ ...state, guardId: functions.getExecutionId() }))],
		now + GUARD_INTERVAL_MS,
		[MARK],
	);
	if (parked.kind === 'ended') return itemsToOutcomes(parked.items, state.entries);
	context[SUPERVISOR_KEY] = parked.executionId;
	return asleep;
}

/** Parks the guard again on the same supervisor. */
async function parkAgain(
	functions: IExecuteFunctions,
	memory: Memory,
	until: number,
): Promise<Outcome[]> {
	functions.getContext('node')[MEMORY_KEY] = memory;
	await sleepUntil(functions, until, [MARK]);
	return asleep;
}

/** Starts another supervisor after n8n lost the last one. */
async function restartSupervisor(
	functions: IExecuteFunctions,
	state: WaitState,
	memory: Memory,
	now: number,
): Promise<Outcome[]> {
	if (memory.supervisors >= MAX_SUPERVISORS)
		return await recoverBatch(functions, state, undefined, LOST_TOO_OFTEN);
	functions.logger.warn(
		`Emoji Video: n8n has lost what waited for execution ${state.owner?.executionId ?? ''}; it is taken up again.`,
	);
	return await startSupervisor(functions, state, memory, now);
}

/** Starts another supervisor from the guard's copy. In queue mode, n8n's error replaces all that a lost supervisor stored. */
async function restartFromCopy(
	functions: IExecuteFunctions,
	memory: Memory,
	now: number,
): Promise<Outcome[]> {
	const stored = functions.getContext('node')[COPY_KEY];
	const copy = copySchema.safeParse(stored).data;
	if (!copy) return await recoverBatch(functions, stored);
	return await restartSupervisor(
		functions,
		markUnconfirmedSince(copy.state, copy.at, now),
		memory,
		now,
	);
}

/** The first run starts a supervisor. Every later run reads whether it still exists. */
export async function runGuard(functions: IExecuteFunctions, clock: Clock): Promise<Outcome[]> {
	const now = clock.now();
	const context = functions.getContext('node');
	const remembered = context[MEMORY_KEY];
	// A memory that another version wrote also means that this is not the first run.
	const memory =
		remembered === undefined ? undefined : memorySchema.catch({ supervisors: 1 }).parse(remembered);
	const [input] = functions.getInputData();
	const isError = errorItem.safeParse(input?.json).success;
	if (!memory) {
		const sent = input?.json[WAIT_STATE_KEY];
		const state = waitStateSchema.safeParse(sent).data;
		if (!state) return await recoverBatch(functions, sent);
		context[COPY_KEY] = { state: pack(state), at: now };
		return await startSupervisor(functions, state, { supervisors: 0 }, now);
	}
	const supervisor = await readSupervisor(
		functions,
		z.string().safeParse(context[SUPERVISOR_KEY]).data,
	);
	const { supervisors } = memory;
	if (!supervisor && isError) return await restartFromCopy(functions, memory, now);
	if (!supervisor) return await parkAgain(functions, memory, now + GUARD_INTERVAL_MS);
	// The supervisor has ended, but n8n did not pass its items on.
	if (supervisor.items) return itemsToOutcomes(supervisor.items, supervisor.state?.entries ?? []);
	const { parkedUntil = 0, state, stored } = supervisor;
	if (state) context[COPY_KEY] = { state: pack(state), at: now };
	if (!isError && parkedUntil > now)
		return await parkAgain(functions, { supervisors }, now + GUARD_INTERVAL_MS);
	const lateSince = (memory.lateUntil === parkedUntil ? memory.lateSince : undefined) ?? now;
	if (!isError && now < lateSince + SUPERVISOR_LATE_MS)
		return await parkAgain(
			functions,
			{ supervisors, lateSince, lateUntil: parkedUntil },
			lateSince + SUPERVISOR_LATE_MS,
		);
	if (stored === undefined) return await restartFromCopy(functions, memory, now);
	if (!state) return await recoverBatch(functions, stored);
	return await restartSupervisor(functions, state, memory, now);
}
