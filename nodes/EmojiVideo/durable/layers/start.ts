/**
 * The batch that survives a restart of n8n: what Create and Wait and Wait do when Survive Restarts is on.
 * What happens below the parked execution is in supervisor.ts and check.ts.
 * Rules: nothing is created before the execution is parked; whatever is lost on the way, every accepted
 * task ID comes out as an item or in an error, or is in n8n's log.
 */
import { DOWNLOADS_AT_END, keepsFilesInMemory } from '../n8n/filesInMemory';
import { canPark, parkOn } from '../n8n/parking';
import { guardWorkflow } from '../n8n/workflows';
import { msUntilFirstPoll } from '../plan/pace';
import { isSettled, saveSchedule } from '../plan/state';
import type { WaitState, Entry } from '../plan/state';
import { INITIAL_LATE_MS } from '../plan/pace';
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
import type { Waiting, WaitOptions } from '../../wait/inMemoryWait';

/** The user's workflow resumes by itself this long after the last check was due. */
const LAST_GRACE_MS = 60 * 60_000;

const NOT_PARKED =
	'Survive Restarts is on, but n8n cannot park this execution: the wait stays in memory and ends if n8n restarts.';

const MIXED_UP = `${NOT_PARKED} n8n would mix up which video belongs to which item: set Group Videos to One Item per Portrait, choose one template per item, or put the node into Loop Over Items with a batch size of 1.`;

type Deliveries = ReadonlyMap<number, Delivery>;

/**
 * n8n resumes a parked node with items linked by position, so position must be the truth: one item out
 * for each item in, or a single item in.
 */
function linksByPosition(itemIndexes: number[], deliveries: Deliveries, inputs: number): boolean {
	if (inputs === 1) return true;
	const out = itemIndexes.filter(
		(itemIndex, position) =>
			!deliveries.get(itemIndex)?.isPack || itemIndexes.indexOf(itemIndex) === position,
	);
	const inOrder = [...out].sort((a, b) => a - b);
	return out.length === inputs && inOrder.every((itemIndex, position) => itemIndex === position);
}

/** What a durable batch is begun with. */
interface WaitSetup {
	context: ExecutionContext;
	options: WaitOptions;
	videos: VideoLabel[];
	deliveries: Deliveries;
	/** Outcomes of items that asked for nothing possible; they come out with the others. */
	refused: Outcome[];
}

const waitInMemory = ({ context, options, videos, deliveries, refused }: WaitSetup): Waiting =>
	startInMemoryWait(context, options, videos, deliveries, refused);

function warn({ context }: WaitSetup, message: string): void {
	context.functions.addExecutionHints({ message, location: 'outputPane', type: 'warning' });
}

/** The state that the supervisor begins with. */
function toWaitState(
	{ context, options }: WaitSetup,
	entries: Entry[],
	schedule: WaitState['schedule'],
): WaitState {
	const { functions, clock, rates, stopsAtFirstFailure } = context;
	const { queueTimeoutMs, runTimeoutMs, returnsUnfinished, cancelsOnStop, queueAhead } = options;
	// An account may run one task at a time, each for as long as its time limit.
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

/** Says so where videos cannot be fetched as they finish: in the node as long as it waits, and in the log. */
async function warnAboutFilesInMemory(setup: WaitSetup, { entries }: WaitState): Promise<void> {
	const { functions } = setup.context;
	const hasFiles = entries.some(({ field }) => field !== undefined);
	if (!hasFiles || !(await keepsFilesInMemory(functions))) return;
	warn(setup, DOWNLOADS_AT_END);
	functions.logger.warn(
		`Emoji Video: execution ${functions.getExecutionId()}: ${DOWNLOADS_AT_END}`,
	);
}

/** Parks the user's execution. @throws what n8n throws when it does not start the supervisor */
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
	// In its place n8n's editor shows no items of a node that waits, but its hints.
	functions.addExecutionHints({ message, location: 'outputPane' });
	// No error items among them: one in the first place would make Retry On Fail run the node again at once.
	return open.map((entry) => toUnfinished(entry, executionId, message));
}

/** Goes on in memory with what was to be parked. */
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

/**
 * Like `startInMemoryWait`, but takes the jobs before they are created, and parks the execution in n8n's
 * database once all are prepared.
 */
function startDurableWait(setup: WaitSetup): Waiting {
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
			if (context.stopsAtFirstFailure) context.halt();
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
			if (context.signal.aborted || isSettled(state)) return entries.map(toStopped);
			// A Retry of this execution knows nothing of what the checks create.
			for (const { job } of prepared) paidTasks.markInFlight(job.key);
			try {
				return await park(setup, state);
			} catch (error) {
				// Were the supervisor there all the same, its check would find this execution not parked.
				const reason = error instanceof Error ? error.message : 'unknown reason';
				warn(setup, `${NOT_PARKED} (${reason})`);
				return await continueInMemory(setup, prepared, replay);
			}
		},
	};
}

/** Waits where the options say: in memory, or, where n8n can park the execution, in its database. */
export function startWait(
	context: ExecutionContext,
	options: WaitOptions,
	videos: VideoLabel[],
	deliveries: Deliveries,
	refused: Outcome[],
): Waiting {
	const setup: WaitSetup = { context, options, videos, deliveries, refused };
	if (!options.survivesRestarts) return waitInMemory(setup);
	if (!canPark(context.functions)) {
		warn(setup, NOT_PARKED);
		return waitInMemory(setup);
	}
	const itemIndexes = [...videos, ...refused].map(({ itemIndex }) => itemIndex);
	if (!linksByPosition(itemIndexes, deliveries, context.functions.getInputData().length)) {
		warn(setup, MIXED_UP);
		return waitInMemory(setup);
	}
	return startDurableWait(setup);
}
