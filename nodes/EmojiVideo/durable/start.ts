/**
 * The wait that survives a restart of n8n: what Create and Wait and Wait do after submission when
 * Survive Restarts is on. What happens below the parked execution is in durableLayers.ts.
 * Rule: whatever is lost on the way, every accepted task ID comes out as an item or in an error.
 */
import type { INodeProperties } from 'n8n-workflow';
import { canPark, keeperWorkflow, parkOn } from './workflows';
import { isSettled, saveWatch } from './state';
import type { Parcel, Piece } from './state';
import { aboutOf } from '../batch/plan';
import type { VideoLabel } from '../batch/plan';
import { createWatch, enqueue } from '../batch/pollSchedule';
import type { Delivery } from '../wait/deliver';
import { toItem } from '../execution/outputItems';
import type { Outcome } from '../execution/operation';
import { outcomesOf, parcelItem, toStopped, toUnfinished } from './outcomes';
import type { Session } from '../execution/context';
import { startWaiting } from '../wait/inMemoryWait';
import type { Waiting, WaitOptions } from '../wait/inMemoryWait';

/** Tells the layers of a surviving wait apart; no user ever sees or sets it. */
export const durableRoleField: INodeProperties = {
	displayName: 'Durable Role',
	name: 'durableRole',
	type: 'hidden',
	default: '',
};

/** The user's workflow resumes by itself this long after the last turn was due. */
const LAST_GRACE_MS = 60 * 60_000;

const NOT_PARKED =
	'Survive Restarts is on, but n8n cannot park this execution: the wait stays in memory and ends if n8n restarts.';

/**
 * n8n resumes a parked node with items linked by position, so position must be the truth: one item out
 * for each item in, or a single item in.
 */
const linksByPosition = (pieces: Piece[], inputs: number) =>
	inputs === 1 ||
	(pieces.length === inputs && pieces.every(({ itemIndex }, position) => itemIndex === position));

/**
 * Like `startWaiting`, but parks the execution in n8n's database once everything is submitted.
 * Falls back to waiting in memory, with a hint, where n8n cannot park it.
 * @param refused outcomes of items that asked for nothing possible; they come out with the others
 */
export function startSurvivingWait(
	session: Session,
	options: WaitOptions,
	deliveries: ReadonlyMap<number, Delivery>,
	refused: Outcome[],
): Waiting {
	const { functions, clock } = session;
	const watch = createWatch(options);
	const pieces: Piece[] = [];
	const inMemory: Array<(waiting: Waiting) => void> = [];

	const addPiece = (label: VideoLabel, more: Partial<Piece>) => {
		const { itemIndex } = label;
		const delivery = deliveries.get(itemIndex) ?? { simplify: true };
		pieces.push({ itemIndex, ...aboutOf(label), ...delivery, ...more });
	};

	const waitInMemory = async (hint: string): Promise<Outcome[]> => {
		functions.addExecutionHints({ message: hint, location: 'outputPane', type: 'warning' });
		const waiting = startWaiting(session, options, deliveries, refused);
		for (const replay of inMemory) replay(waiting);
		return await waiting.finish();
	};

	const toParcel = (now: number): Parcel => ({
		version: 1,
		pieces: [...pieces].sort((a, b) => a.itemIndex - b.itemIndex),
		watch: saveWatch(watch),
		returnsUnfinished: options.returnsUnfinished,
		stopsAtFirstFailure: session.stopsAtFirstFailure,
		lastTurnAt: now + options.queueTimeoutMs + options.runTimeoutMs,
		isLastTurn: false,
		lostTurns: 0,
	});

	return {
		add(accepted) {
			const { entry, job } = accepted;
			inMemory.push((waiting) => waiting.add(accepted));
			enqueue(watch, { ...entry, templateId: job.templateId }, clock.now());
			addPiece(job, { taskId: entry.taskId, requestId: entry.requestId, areas: entry.areas });
		},
		settle(job, result) {
			inMemory.push((waiting) => waiting.settle(job, result));
			if (result.ok) return;
			addPiece(job, { end: result.failure });
			if (session.stopsAtFirstFailure) session.halt();
		},
		async finish() {
			for (const { itemIndex, result } of refused) {
				if (!result.ok) addPiece({ itemIndex, key: '' }, { end: result.failure });
			}
			const now = clock.now();
			const parcel = toParcel(now);
			if (session.signal.aborted || isSettled(parcel)) return pieces.map(toStopped);
			if (!canPark(functions)) return await waitInMemory(NOT_PARKED);
			if (!linksByPosition(parcel.pieces, functions.getInputData().length)) {
				return await waitInMemory(
					`${NOT_PARKED} n8n would mix up which video belongs to which item: choose one template per item, or put the node into Loop Over Items with a batch size of 1.`,
				);
			}
			try {
				const parked = await parkOn(
					functions,
					keeperWorkflow(functions.getNode(), session.stopsAtFirstFailure),
					[parcelItem(parcel)],
					parcel.lastTurnAt + LAST_GRACE_MS,
					parcel.pieces.map(toUnfinished).map(toItem),
				);
				if (parked.kind === 'ended') return outcomesOf(parked.items, parcel.pieces);
				// Nobody sees these but who looks at the waiting node. No error items among them: one in
				// the first place would make Retry On Fail run the node again at once.
				return parcel.pieces.filter(({ end }) => end === undefined).map(toUnfinished);
			} catch (error) {
				const reason = error instanceof Error ? error.message : 'unknown reason';
				return await waitInMemory(`${NOT_PARKED} (${reason})`);
			}
		},
	};
}
