/**
 * The wait that survives a restart of n8n: what Create and Wait and Wait do after submission when
 * Survive Restarts is on. What happens below the parked execution is in roles.ts.
 * Rule: whatever is lost on the way, every accepted task ID comes out as an item or in an error.
 */
import { canPark, supervisorWorkflow, parkOn } from './workflows';
import { isSettled, saveSchedule, waitBeforeCheck } from './state';
import type { WaitState, WaitEntry } from './state';
import { aboutOf } from '../batch/plan';
import type { VideoLabel } from '../batch/plan';
import { createPollSchedule, enqueue } from '../batch/pollSchedule';
import type { Delivery } from '../wait/deliver';
import { toItem } from '../execution/outputItems';
import type { Outcome } from '../execution/operation';
import { outcomesOf, waitStateItem, toStopped, toUnfinished, waitingMessage } from './outcomes';
import type { ExecutionContext } from '../execution/context';
import { startInMemoryWait } from '../wait/inMemoryWait';
import type { Waiting, WaitOptions } from '../wait/inMemoryWait';

/** The user's workflow resumes by itself this long after the last check was due. */
const LAST_GRACE_MS = 60 * 60_000;

const NOT_PARKED =
	'Survive Restarts is on, but n8n cannot park this execution: the wait stays in memory and ends if n8n restarts.';

/**
 * n8n resumes a parked node with items linked by position, so position must be the truth: one item out
 * for each item in, or a single item in.
 */
const linksByPosition = (entries: WaitEntry[], inputs: number) =>
	inputs === 1 ||
	(entries.length === inputs && entries.every(({ itemIndex }, position) => itemIndex === position));

/**
 * Like `startInMemoryWait`, but parks the execution in n8n's database once everything is submitted.
 * Falls back to waiting in memory, with a hint, where n8n cannot park it.
 * @param refused outcomes of items that asked for nothing possible; they come out with the others
 */
function startDurableWait(
	context: ExecutionContext,
	options: WaitOptions,
	videos: VideoLabel[],
	deliveries: ReadonlyMap<number, Delivery>,
	refused: Outcome[],
): Waiting {
	const { functions, clock } = context;
	const schedule = createPollSchedule(options);
	const entries: WaitEntry[] = [];
	const inMemory: Array<(waiting: Waiting) => void> = [];

	const addEntry = (label: VideoLabel, more: Partial<WaitEntry>) => {
		const { itemIndex } = label;
		const delivery = deliveries.get(itemIndex) ?? { simplify: true };
		entries.push({ itemIndex, ...aboutOf(label), ...delivery, ...more });
	};

	const waitInMemory = async (hint: string): Promise<Outcome[]> => {
		functions.addExecutionHints({ message: hint, location: 'outputPane', type: 'warning' });
		const waiting = startInMemoryWait(context, options, videos, deliveries, refused);
		for (const replay of inMemory) replay(waiting);
		return await waiting.finish();
	};

	const toWaitState = (now: number): WaitState => ({
		version: 1,
		entries: [...entries].sort((a, b) => a.itemIndex - b.itemIndex),
		schedule: saveSchedule(schedule),
		returnsUnfinished: options.returnsUnfinished,
		stopsAtFirstFailure: context.stopsAtFirstFailure,
		lastCheckAt: now + options.queueTimeoutMs + options.runTimeoutMs,
		isLastCheck: false,
		owner: { executionId: functions.getExecutionId(), cancelsOnStop: options.cancelsOnStop },
	});

	return {
		add(accepted) {
			const { entry, job } = accepted;
			inMemory.push((waiting) => waiting.add(accepted));
			enqueue(schedule, { ...entry, templateId: job.templateId }, clock.now());
			addEntry(job, { taskId: entry.taskId, requestId: entry.requestId, areas: entry.areas });
		},
		settle(job, result) {
			inMemory.push((waiting) => waiting.settle(job, result));
			if (result.ok) return;
			addEntry(job, { settled: result.failure });
			if (context.stopsAtFirstFailure) context.halt();
		},
		untilRoom: async () => await Promise.resolve(),
		async finish() {
			for (const { itemIndex, result } of refused) {
				if (!result.ok) addEntry({ itemIndex, key: '' }, { settled: result.failure });
			}
			const now = clock.now();
			const state = toWaitState(now);
			if (context.signal.aborted || isSettled(state)) return entries.map(toStopped);
			if (!canPark(functions)) return await waitInMemory(NOT_PARKED);
			if (!linksByPosition(state.entries, functions.getInputData().length)) {
				return await waitInMemory(
					`${NOT_PARKED} n8n would mix up which video belongs to which item: choose one template per item, or put the node into Loop Over Items with a batch size of 1.`,
				);
			}
			try {
				const parked = await parkOn(
					functions,
					supervisorWorkflow(
						functions.getNode(),
						context.stopsAtFirstFailure,
						functions.getExecutionId(),
					),
					[waitStateItem(state)],
					state.lastCheckAt + LAST_GRACE_MS,
					state.entries.map((entry) => toItem(toUnfinished(entry))),
				);
				if (parked.kind === 'ended') return outcomesOf(parked.items, state.entries);
				// Nobody sees these but who looks at the waiting node. No error items among them: one in
				// the first place would make Retry On Fail run the node again at once.
				const open = state.entries.filter(({ settled }) => settled === undefined);
				const message = waitingMessage(
					open.length,
					now + waitBeforeCheck(state, now),
					functions.getTimezone(),
				);
				return open.map((entry) => toUnfinished(entry, message));
			} catch (error) {
				const reason = error instanceof Error ? error.message : 'unknown reason';
				return await waitInMemory(`${NOT_PARKED} (${reason})`);
			}
		},
	};
}

/** Waits where the options say: in memory, or in n8n's database. */
export const startWait = (
	context: ExecutionContext,
	options: WaitOptions,
	videos: VideoLabel[],
	deliveries: ReadonlyMap<number, Delivery>,
	refused: Outcome[],
): Waiting =>
	options.survivesRestarts
		? startDurableWait(context, options, videos, deliveries, refused)
		: startInMemoryWait(context, options, videos, deliveries, refused);
