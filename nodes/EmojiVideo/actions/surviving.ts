/**
 * The wait that survives a restart of n8n: what Create and Wait and Wait do after submission when
 * Survive Restarts is on, and what the node does in the two layers below (see batch/durable.ts).
 * Rule: whatever is lost on the way, every accepted task ID comes out as an item or in an error.
 */
import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import pLimit from 'p-limit';
import { z } from 'zod';
import {
	canPark,
	keeperWorkflow,
	PARCEL_KEY,
	parkOn,
	SEAL_KEY,
	turnWorkflow,
} from '../batch/durable';
import type { DurableRole } from '../batch/durable';
import {
	isSettled,
	nextTurn,
	parcelSchema,
	saveWatch,
	takeTurn,
	waitBeforeTurn,
} from '../batch/parcel';
import type { Parcel, Piece } from '../batch/parcel';
import { aboutOf } from '../batch/plan';
import type { VideoLabel } from '../batch/plan';
import type { Accepted } from '../batch/run';
import { createWatch, enqueue } from '../batch/watch';
import type { Answer } from '../dashscope/client';
import { fail, FAILURE_KINDS, STOPPED, succeed } from '../dashscope/failure';
import type { Failure, Result } from '../dashscope/failure';
import type { Task } from '../dashscope/schemas';
import { deliver, DOWNLOADS_AT_ONCE, packUp, toJson } from './delivery';
import type { Delivery, LinkOfVideo } from './delivery';
import { toItem } from './items';
import { failed } from './operation';
import type { Outcome, OutputItem } from './operation';
import type { Session } from './session';
import { startWaiting } from './waiting';
import type { Waiting, WaitOptions } from './waiting';

/** Tells the layers of a surviving wait apart; no user ever sees or sets it. */
export const durableRoleField: INodeProperties = {
	displayName: 'Durable Role',
	name: 'durableRole',
	type: 'hidden',
	default: '',
};

/**
 * How long a turn may take before the keeper takes another: queries, and the downloads of the last
 * one. A turn that is only slow and not lost is taken twice, which costs nothing but requests.
 */
const turnGraceMs = ({ pieces }: Parcel) => 60_000 + pieces.length * 3_000;
/** The user's workflow resumes by itself this long after the last turn was due. */
const LAST_GRACE_MS = 60 * 60_000;

const NOT_PARKED =
	'Survive Restarts is on, but n8n cannot park this execution: the wait stays in memory and ends if n8n restarts.';

const NOT_ASKED: Failure = {
	kind: 'timeLimit',
	message: 'n8n could not ask DashScope about this task in time',
	nextStep:
		'The task goes on, and may be billed. Use Get Status or Wait with this task ID within 24 hours.',
};

const parcelItem = (parcel: Parcel): INodeExecutionData => ({
	json: { [PARCEL_KEY]: parcel },
	pairedItem: { item: 0 },
});

const toAccepted = (piece: Piece & { taskId: string }): Accepted => ({
	job: { itemIndex: piece.itemIndex, ...aboutOf(piece), key: piece.taskId },
	entry: { taskId: piece.taskId, requestId: piece.requestId, areas: piece.areas },
});

/** The item that stands for a task while, or if, nobody has looked after it to its end. */
function toUnfinished(piece: Piece): Outcome {
	const { itemIndex, taskId, end } = piece;
	const about = aboutOf(piece);
	if (typeof end === 'object') return failed(itemIndex, end, about);
	const json = {
		taskId,
		status: 'PENDING',
		unfinished: true,
		message:
			'n8n was interrupted before this video was fetched. Use Get Status or Wait with this task ID within 24 hours.',
		...about,
	};
	return { itemIndex, result: succeed({ json }), about };
}

/**
 * n8n resumes a parked node with items linked by position, so position must be the truth: one item out
 * for each item in, or a single item in.
 */
const linksByPosition = (pieces: Piece[], inputs: number) =>
	inputs === 1 ||
	(pieces.length === inputs && pieces.every(({ itemIndex }, position) => itemIndex === position));

/** What came back from a sub-workflow that did not wait, as outcomes. */
const outcomesOf = (items: INodeExecutionData[], pieces: Piece[]): Outcome[] =>
	items.map(({ json, binary }, index) => ({
		itemIndex: pieces[index]?.itemIndex ?? 0,
		result: succeed({ json, binary }),
	}));

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

/** A piece of a batch that ends before anything was waited for. */
function toStopped(piece: Piece): Outcome {
	const { itemIndex, taskId, end } = piece;
	const failure = typeof end === 'object' ? end : { ...STOPPED, taskId };
	return failed(itemIndex, failure, aboutOf(piece));
}

/** What the node got from the layer above. */
function readParcel(functions: IExecuteFunctions): Result<Parcel> {
	const [item] = functions.getInputData();
	const parsed = z.object({ [PARCEL_KEY]: parcelSchema }).safeParse(item?.json);
	if (parsed.success && parsed.data[PARCEL_KEY]) return succeed(parsed.data[PARCEL_KEY]);
	return fail({
		kind: 'input',
		message: 'What this wait was about cannot be read',
		nextStep:
			'The package was probably changed while the execution waited. Use Get Status with the task IDs of the execution that started it.',
	});
}

/** Every piece as its outcome: finished videos are fetched now. */
async function deliverAll(
	session: Session,
	{ pieces }: Parcel,
	answers: ReadonlyMap<string, Answer<Task>>,
): Promise<Outcome[]> {
	const limit = pLimit(DOWNLOADS_AT_ONCE);
	const fetch = async (
		piece: Piece,
		taskId: string,
	): Promise<{ result: Result<OutputItem>; link?: LinkOfVideo }> => {
		const known = answers.get(taskId);
		const answer = known ? succeed(known) : await session.client.getTask(taskId);
		if (!answer.ok) return { result: fail({ ...answer.failure, taskId }) };
		const accepted = toAccepted({ ...piece, taskId });
		return piece.end === 'succeeded'
			? await deliver(accepted, answer.value, piece, session)
			: { result: succeed({ json: toJson(accepted, answer.value, piece) }) };
	};
	const outcomes = await Promise.all(
		pieces.map(async (piece): Promise<Outcome> => {
			const { itemIndex, taskId, end } = piece;
			if (typeof end === 'object' || end === undefined || taskId === undefined)
				return toStopped(piece);
			const { result, link } = await limit(async () => await fetch(piece, taskId));
			return { itemIndex, result, about: { ...aboutOf(piece), ...link } };
		}),
	);
	return packUp(outcomes, new Map(pieces.map((piece) => [piece.itemIndex, piece])));
}

const stillWaiting = (parcel: Parcel): Outcome[] => [
	{ itemIndex: 0, result: succeed({ json: { [PARCEL_KEY]: parcel } }) },
];

/** Asks about the open tasks; delivers when all are settled. */
async function turn(session: Session, parcel: Parcel): Promise<Outcome[]> {
	const { client, clock } = session;
	const taken = await takeTurn(
		parcel,
		async (taskId) => await client.getTask(taskId, 'once'),
		() => clock.now(),
	);
	return isSettled(taken.parcel)
		? await deliverAll(session, taken.parcel, taken.answers)
		: stillWaiting(taken.parcel);
}

/** Every task that has not failed by itself fails for this reason, with its ID. */
const giveUp = ({ pieces }: Parcel, reason: Failure): Outcome[] =>
	pieces.map((piece) => {
		const { taskId, end } = piece;
		return toStopped({
			...piece,
			end: end && typeof end === 'object' ? end : { ...reason, taskId },
		});
	});

/** So many turns in a row may be lost with an error; each is a worker that died in a check. */
const MOST_LOST_TURNS = 5;

/** What n8n puts beside the parcel when a turn ended in an error of n8n's own. */
const lostTurn = z.object({ error: z.unknown().refine(Boolean) });

/** Parks itself on the next turn, as long as there is to be one. */
async function keep(session: Session, carried: Parcel): Promise<Outcome[]> {
	const { functions, clock } = session;
	const now = clock.now();
	const isLost = lostTurn.safeParse(functions.getInputData()[0]?.json).success;
	const lostTurns = isLost ? carried.lostTurns + 1 : carried.lostTurns;
	const parcel = nextTurn({ ...carried, lostTurns }, now);
	// Its time is up and the last turn was lost, or n8n loses them all.
	if (!parcel || lostTurns > MOST_LOST_TURNS) return giveUp(carried, NOT_ASKED);
	const waitMs = waitBeforeTurn(parcel, now);
	const item = parcelItem(parcel);
	const parked = await parkOn(
		functions,
		turnWorkflow(functions.getNode(), waitMs),
		[item],
		now + waitMs + turnGraceMs(parcel),
		[item],
	);
	return parked.kind === 'parked' ? stillWaiting(parcel) : outcomesOf(parked.items, parcel.pieces);
}

/** The layers below the end. */
type Layer = Exclude<DurableRole, 'end'>;

const LAYERS: Record<Layer, (session: Session, parcel: Parcel) => Promise<Outcome[]>> = {
	keeper: keep,
	turn,
};

/** The layer that this node is; `undefined` when it is not one, but a node of the user's. */
function roleOf(functions: IExecuteFunctions): DurableRole | undefined {
	const name = functions.getNodeParameter('durableRole', 0, '');
	return name === 'keeper' || name === 'turn' || name === 'end' ? name : undefined;
}

/** Failures as items that only the end opens. */
const seal = (outcomes: Outcome[]): Outcome[] =>
	outcomes.map((outcome) => {
		const { itemIndex, result } = outcome;
		if (result.ok) return outcome;
		const { json } = toItem(outcome);
		return { itemIndex, result: succeed({ json: { ...json, [SEAL_KEY]: result.failure.kind } }) };
	});

const sealedSchema = z.object({
	[SEAL_KEY]: z.enum(FAILURE_KINDS),
	error: z
		.object({
			message: z.string(),
			description: z.string(),
			code: z.string().optional(),
			requestId: z.string().optional(),
			taskId: z.string().optional(),
			status: z.string().optional(),
			httpStatus: z.number().optional(),
		})
		.passthrough(),
});

/** The end of a surviving wait: hands on what the last turn has brought; failures are failures again. */
const end = (functions: IExecuteFunctions): Outcome[] =>
	functions.getInputData().map(({ json, binary }, itemIndex) => {
		const sealed = sealedSchema.safeParse(json);
		if (!sealed.success) return { itemIndex, result: succeed({ json, binary }) };
		const { [SEAL_KEY]: kind, error } = sealed.data;
		const { message, description, code, requestId, taskId, status, httpStatus, ...about } = error;
		return failed(
			itemIndex,
			{ kind, message, nextStep: description, code, requestId, taskId, status, httpStatus },
			about,
		);
	});

/**
 * Runs the node as a layer of a surviving wait.
 * @param session failed when the credential was changed meanwhile; then every task ID comes out, with
 * the reason
 * @returns `undefined` when it is not one, but a node of the user's
 */
export async function runDurableRole(
	functions: IExecuteFunctions,
	session: Result<Session>,
): Promise<Outcome[] | undefined> {
	const role = roleOf(functions);
	if (!role) return undefined;
	if (role === 'end') return end(functions);
	const parcel = readParcel(functions);
	if (!parcel.ok) return seal([failed(0, parcel.failure)]);
	return seal(
		session.ok
			? await LAYERS[role](session.value, parcel.value)
			: giveUp(parcel.value, session.failure),
	);
}
