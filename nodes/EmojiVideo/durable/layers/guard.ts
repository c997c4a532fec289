/**
 * The guard of a durable wait: stands between the user's execution and the supervisor, and starts a new
 * supervisor where n8n has lost the old one in the milliseconds in which it runs. Rules: it looks rarely; what
 * it cannot read it does not replace; and of two supervisors only the one in its context counts, by which
 * checks and supervisors go (storedExecutions.ts).
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

/** How often it looks after its supervisor. */
const LOOK_EVERY_MS = 30 * 60_000;
/** A supervisor whose date has gone by may still wait for its turn: so long it is looked at again. */
const LATE_MS = 10 * 60_000;
/** It is not replaced more often: something is wrong with it. */
const MAX_SUPERVISORS = 10;

const MEMORY_KEY = 'emojiVideoGuard';
/** Under which it keeps the supervisor's state, as it has last seen it; at first what it was given. */
const COPY_KEY = 'emojiVideoCopy';
const copySchema = z.object({ state: waitStateSchema, at: z.number() });

const memorySchema = z.object({
	supervisors: z.number(),
	/** Since when the supervisor's date has gone by without a change, ms since the epoch. */
	lateSince: z.number().optional(),
	/** Which date that was. */
	lateUntil: z.number().optional(),
});
type Memory = z.infer<typeof memorySchema>;

const MARK = toMessageItem({ number: 0 });

const slept: Outcome[] = [{ itemIndex: 0, result: { ok: true, value: { json: MARK.json } } }];

/** Starts a supervisor and parks on it. */
async function startSupervisor(
	functions: IExecuteFunctions,
	state: WaitState,
	memory: Memory,
	now: number,
): Promise<Outcome[]> {
	const context = functions.getContext('node');
	// Before it is tried, so that it is not tried for ever.
	context[MEMORY_KEY] = { supervisors: memory.supervisors + 1 };
	const parked = await parkOn(
		functions,
		supervisorWorkflow(functions.getNode(), state.owner?.executionId),
		[toMessageItem(pack({ ...state, guardId: functions.getExecutionId() }))],
		now + LOOK_EVERY_MS,
		[MARK],
	);
	if (parked.kind === 'ended') return itemsToOutcomes(parked.items, state.entries);
	context[SUPERVISOR_KEY] = parked.executionId;
	return slept;
}

/** Parks again on the same supervisor. */
async function parkAgain(
	functions: IExecuteFunctions,
	memory: Memory,
	until: number,
): Promise<Outcome[]> {
	functions.getContext('node')[MEMORY_KEY] = memory;
	await sleepUntil(functions, until, [MARK]);
	return slept;
}

/** Starts another supervisor, because n8n has lost the last one. */
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

/** In queue mode n8n puts an error in the place of all that the supervisor had stored: its copy is what is left. */
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

/** Starts the first supervisor; afterwards looks whether it is still there. */
export async function runGuard(functions: IExecuteFunctions, clock: Clock): Promise<Outcome[]> {
	const now = clock.now();
	const context = functions.getContext('node');
	const remembered = context[MEMORY_KEY];
	// Another version's is not the first run's either.
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
	if (!supervisor) return await parkAgain(functions, memory, now + LOOK_EVERY_MS);
	// Its end was not handed on.
	if (supervisor.items) return itemsToOutcomes(supervisor.items, supervisor.state?.entries ?? []);
	const { parkedUntil = 0, state, stored } = supervisor;
	if (state) context[COPY_KEY] = { state: pack(state), at: now };
	if (!isError && parkedUntil > now)
		return await parkAgain(functions, { supervisors }, now + LOOK_EVERY_MS);
	const lateSince = (memory.lateUntil === parkedUntil ? memory.lateSince : undefined) ?? now;
	if (!isError && now < lateSince + LATE_MS)
		return await parkAgain(
			functions,
			{ supervisors, lateSince, lateUntil: parkedUntil },
			lateSince + LATE_MS,
		);
	if (stored === undefined) return await restartFromCopy(functions, memory, now);
	if (!state) return await recoverBatch(functions, stored);
	return await restartSupervisor(functions, state, memory, now);
}
