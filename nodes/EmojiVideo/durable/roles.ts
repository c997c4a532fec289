/**
 * What the node does in the layers of a surviving wait below the user's workflow: keeper, turn and end
 * (see the drawing in batch/durable.ts). Rule: only the end throws; whatever else is thrown was n8n's.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';
import { z } from 'zod';
import { PARCEL_KEY, parkOn, SEAL_KEY, turnWorkflow } from './workflows';
import type { DurableRole } from './workflows';
import { isSettled, nextTurn, parcelSchema, takeTurn, waitBeforeTurn } from './state';
import type { Parcel, Piece } from './state';
import { aboutOf } from '../batch/plan';
import type { Accepted } from '../batch/submit';
import type { Answer } from '../dashscope/client';
import { fail, FAILURE_KINDS, succeed } from '../result';
import type { Failure, Result } from '../result';
import type { Task } from '../dashscope/schemas';
import { deliver, DOWNLOADS_AT_ONCE, packUp, toJson } from '../wait/deliver';
import type { LinkOfVideo } from '../wait/deliver';
import { toItem } from '../execution/outputItems';
import { failed } from '../execution/operation';
import type { Outcome, OutputItem } from '../execution/operation';
import { outcomesOf, parcelItem, toStopped } from './outcomes';
import type { Session } from '../execution/context';

/**
 * How long a turn may take before the keeper takes another: queries, and the downloads of the last
 * one. A turn that is only slow and not lost is taken twice, which costs nothing but requests.
 */
const turnGraceMs = ({ pieces }: Parcel) => 60_000 + pieces.length * 3_000;
const NOT_ASKED: Failure = {
	kind: 'timeLimit',
	message: 'n8n could not ask DashScope about this task in time',
	nextStep:
		'The task goes on, and may be billed. Use Get Status or Wait with this task ID within 24 hours.',
};

const toAccepted = (piece: Piece & { taskId: string }): Accepted => ({
	job: { itemIndex: piece.itemIndex, ...aboutOf(piece), key: piece.taskId },
	entry: { taskId: piece.taskId, requestId: piece.requestId, areas: piece.areas },
});

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
