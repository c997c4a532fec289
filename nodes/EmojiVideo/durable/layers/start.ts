/**
 * Starts a wait. With Survive Restarts, it parks the user's execution in n8n's database; the layers below it are
 * guard.ts, supervisor.ts and check.ts.
 *
 * Rules: nothing is submitted before the execution is parked. Every accepted task ID comes out in an item or an
 * error, or is in n8n's log.
 */
import { DOWNLOADS_AT_END, keepsFilesInMemory } from '../n8n/filesInMemory';
import { parkOn } from '../n8n/parking';
import { guardWorkflow } from '../n8n/workflows';
import { INITIAL_LATE_MS, msUntilFirstPoll } from '../plan/pace';
import { isSettled, saveSchedule } from '../plan/state';
import type { WaitState, Entry } from '../plan/state';
import { aboutOf } from '../../batch/plan';
import type { VideoLabel } from '../../batch/plan';
import { createPollSchedule, enqueue } from '../../batch/pollSchedule';
import { submitPrepared } from '../../batch/submit';
import type { PreparedJob } from '../../batch/submit';
import type { Delivery } from '../../wait/deliver';
import { toItem } from '../../execution/outputItems';
import type { Outcome } from '../../execution/outcome';
import { pack } from '../plan/packing';
import {
	itemsToOutcomes,
	toMessageItem,
	toStopped,
	toUnfinished,
	waitingMessage,
} from './outcomes';
import type { ExecutionContext } from '../../execution/context';
import { startInMemoryWait } from '../../wait/inMemoryWait';
import type { DurableWaiting, Waiting, WaitOptions } from '../../wait/inMemoryWait';

/** The user's execution resumes by itself this long after the last check was due. */
const LAST_GRACE_MS = 60 * 60_000;

export const NOT_PARKED =
	'Survive Restarts is on, but n8n cannot park this execution: the wait stays in memory and ends if n8n restarts.';

type Deliveries = ReadonlyMap<number, Delivery>;

/** A batch whose wait is about to start. */
export interface WaitSetup {
	context: ExecutionContext;
	options: WaitOptions;
	videos: VideoLabel[];
	deliveries: Deliveries;
	/** Outcomes of invalid items; they come out with the others. */
	refused: Outcome[];
}

const waitInMemory = ({ context, options, videos, deliveries, refused }: WaitSetup): Waiting =>
	startInMemoryWait(context, options, videos, deliveries, refused);

function warn({ context }: WaitSetup, message: string): void {
	context.functions.addExecutionHints({ message, location: 'outputPane', type: 'warning' });
}

/** The state that the supervisor starts with. */
function toWaitState(
	{ context, options }: WaitSetup,
	entries: Entry[],
	schedule: WaitState['schedule'],
): WaitState {
	const { functions, clock, rates, stopsAtFirstFailure } = context;
	const { queueTimeoutMs, runTimeoutMs, returnsUnfinished, cancelsOnStop, queueAhead } = options;
	// An account may run one task at a time, each up to its time limit.
	const otherWorkMs = entries.length * runTimeoutMs;
	return {
		version: 3,
		entries,
		schedule,
		returnsUnfinished,
		stopsAtFirstFailure,
		queueAhead,
		submitRate: rates.create,
		lastCheckAt: clock.now() + otherWorkMs + queueTimeoutMs + runTimeoutMs,
		isLastCheck: false,
		lateMs: INITIAL_LATE_MS,
		rounds: 0,
		owner: { executionId: functions.getExecutionId(), cancelsOnStop },
	};
}

/** Warns in the node and in the log if videos cannot be downloaded as they finish. */
async function warnAboutFilesInMemory(setup: WaitSetup, { entries }: WaitState): Promise<void> {
	const { functions } = setup.context;
	const hasFiles = entries.some(({ field }) => field !== undefined);
	if (!hasFiles || !(await keepsFilesInMemory(functions))) return;
	warn(setup, DOWNLOADS_AT_END);
	functions.logger.warn(
		`Emoji Video: execution ${functions.getExecutionId()}: ${DOWNLOADS_AT_END}`,
	);
}

/** Parks the user's execution. @throws n8n's error if it does not start the guard */
async function park(setup: WaitSetup, state: WaitState): Promise<Outcome[]> {
	const { functions, clock, stopsAtFirstFailure } = setup.context;
	await warnAboutFilesInMemory(setup, state);
	const executionId = functions.getExecutionId();
	const parked = await parkOn(
		functions,
		guardWorkflow(functions.getNode(), stopsAtFirstFailure, executionId),
		[toMessageItem(pack(state))],
		state.lastCheckAt + LAST_GRACE_MS,
		state.entries.map((entry) => toItem(toUnfinished(entry, executionId))),
	);
	if (parked.kind === 'ended') return itemsToOutcomes(parked.items, state.entries);
	const open = state.entries.filter(({ settled }) => settled === undefined);
	const now = clock.now();
	const message = waitingMessage(
		open.length,
		now + msUntilFirstPoll(state, now),
		functions.getTimezone(),
	);
	// n8n's editor shows a waiting node's hints, and not its items.
	functions.addExecutionHints({ message, location: 'outputPane' });
	// An error item at the first position would make Retry On Fail run the node again at once.
	return open.map((entry) => toUnfinished(entry, executionId, message));
}

/** Continues in memory after n8n failed to park the execution. */
async function continueInMemory(
	setup: WaitSetup,
	prepared: PreparedJob[],
	replay: Array<(waiting: Waiting) => void>,
): Promise<Outcome[]> {
	const waiting = waitInMemory(setup);
	for (const step of replay) step(waiting);
	await submitPrepared(
		prepared,
		setup.context,
		(job, result) => {
			if (result.ok) waiting.add(result.value);
			else waiting.settle(job, result);
		},
		async () => await waiting.untilRoom(),
	);
	return await waiting.finish();
}

/** Starts a wait that takes the prepared jobs, and parks the execution once all are prepared. */
export function startDurableWait(setup: WaitSetup): DurableWaiting {
	const { context, options, deliveries, refused } = setup;
	const { clock, paidTasks } = context;
	const schedule = createPollSchedule(options, context.memory?.recall());
	const entries: Entry[] = [];
	const prepared: PreparedJob[] = [];
	const replay: Array<(waiting: Waiting) => void> = [];

	const addEntry = (label: VideoLabel, more: Partial<Entry>) => {
		const { itemIndex } = label;
		const delivery = deliveries.get(itemIndex) ?? { simplify: true };
		entries.push({ itemIndex, ...aboutOf(label), ...delivery, ...more });
	};

	return {
		mode: 'durable',
		add(accepted) {
			const { entry, job } = accepted;
			const { taskId, requestId, areas, acceptedAt } = entry;
			replay.push((waiting) => waiting.add(accepted));
			enqueue(schedule, { ...entry, templateId: job.templateId }, clock.now());
			addEntry(job, { taskId, requestId, areas, acceptedAt });
		},
		settle(job, result) {
			replay.push((waiting) => waiting.settle(job, result));
			if (result.ok) return;
			addEntry(job, { settled: result.failure });
			if (context.stopsAtFirstFailure) context.endBatch();
		},
		handOver(job) {
			prepared.push(job);
			addEntry(job.job, { address: job.address, areas: job.areas });
		},
		untilRoom: async () => await Promise.resolve(),
		async finish() {
			for (const { itemIndex, result } of refused) {
				if (!result.ok) addEntry({ itemIndex, key: '' }, { settled: result.failure });
			}
			const sorted = [...entries].sort((a, b) => a.itemIndex - b.itemIndex);
			const state = toWaitState(setup, sorted, saveSchedule(schedule));
			if (context.stop.batchEnd.aborted || isSettled(state)) return entries.map(toStopped);
			// A Retry of this execution does not know which tasks the checks submit.
			for (const { job } of prepared) paidTasks.markInFlight(job.key);
			try {
				return await park(setup, state);
			} catch (error) {
				// If n8n started the guard all the same, its check finds that this execution is not parked.
				const reason = error instanceof Error ? error.message : 'unknown reason';
				warn(setup, `${NOT_PARKED} (${reason})`);
				return await continueInMemory(setup, prepared, replay);
			}
		},
	};
}
