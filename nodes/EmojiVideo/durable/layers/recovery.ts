/**
 * Ends a wait that cannot continue, because another version of the package stored it or n8n keeps losing it.
 * Rule: nothing more is submitted. Every readable entry comes out: a finished video as its item, any other entry as
 * a failure with its task ID and the reason.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';
import { failed } from '../../execution/outcome';
import type { Outcome } from '../../execution/outcome';
import type { Failure } from '../../base/result';
import { failUnfinished } from './outcomes';
import { unpack } from '../plan/packing';
import { readStoredCheck } from '../n8n/storedExecutions';
import { progressSchema, entrySchema } from '../plan/state';
import type { Entry } from '../plan/state';
import { unconfirmedFailure } from '../plan/failures';
import { mergeProgress } from '../plan/rounds';

const GOES_ON =
	'A task that DashScope has accepted goes on there, and may be billed: fetch its video with Wait or Get Status and its task ID, within 24 hours of its creation.';

/** The package was updated or downgraded during the wait. */
export const CHANGED: Failure = {
	kind: 'interrupted',
	message:
		'The package was changed while the execution waited, and this version cannot take up what the other one has stored',
	nextStep: GOES_ON,
};

/** n8n has lost the supervisor too often. */
export const LOST_TOO_OFTEN: Failure = {
	kind: 'interrupted',
	message: 'The wait was given up, because n8n has lost it again and again',
	nextStep: GOES_ON,
};

const NOT_MADE = 'No task was made for this video: create it in a new execution.';

const IN_THE_LOG =
	'n8n\'s log names each task that was accepted ("task accepted"), and Get Many lists the account\'s tasks of the last 24 hours.';

/** Reads each field of an object on its own, and leaves out those that do not match. */
const readFields = <S extends z.ZodRawShape>(
	{ shape }: z.ZodObject<S>,
	json: unknown,
): Partial<z.infer<z.ZodObject<S>>> => {
	const fields = z.record(z.unknown()).catch({}).parse(json);
	const readable = Object.entries(shape).flatMap(([name, schema]) => {
		const { data } = schema.safeParse(fields[name]);
		return data === undefined ? [] : [[name, data] as const];
	});
	return Object.fromEntries(readable) as Partial<z.infer<z.ZodObject<S>>>;
};

const list = z.array(z.unknown()).catch([]);
const stateOf = z.object({ entries: list }).catch({ entries: [] });
/** A check's result, or its request after a poll. */
const readableMessage = z
	.object({ progress: list, entries: list })
	.catch({ progress: [], entries: [] });
const positionOnly = z.object({ position: z.number() });
const roundExecutionSchema = z.object({ round: z.object({ executionId: z.string() }) });

/** Positions that may have been submitted. */
const groupSchema = z.object({ group: z.array(z.number()) }).optional();
const groupsSchema = z.object({ round: groupSchema, unconfirmed: groupSchema });

/** All task IDs in plain JSON, however deep they are, each once. */
function idsIn(json: unknown): string[] {
	if (typeof json !== 'object' || json === null) return [];
	const ids = Object.entries(json).flatMap(([name, value]) =>
		name === 'taskId' && typeof value === 'string' ? [value] : idsIn(value),
	);
	return [...new Set(ids)];
}

/** Reads the entries of a state, and adds the progress in the messages of checks. */
function readEntries(state: unknown, messages: unknown[]): Entry[] {
	const found = messages.flatMap((message) => {
		const { progress, entries } = readableMessage.parse(message);
		return [...progress, ...entries];
	});
	return stateOf.parse(unpack(state)).entries.map((stored, position) => {
		const readable = readFields(entrySchema, stored);
		return found
			.filter((one) => positionOnly.safeParse(one).data?.position === position)
			.map((one) => readFields(progressSchema, one))
			.reduce<Entry>(mergeProgress, { itemIndex: position, simplify: true, ...readable });
	});
}

/** A sentence that names tasks without a readable entry. */
const nameTasks = (ids: string[]): string =>
	ids.length === 0 ? '' : ` Accepted tasks of which nothing else can be read: ${ids.join(', ')}.`;

/** Whether an entry's outcome names its task ID. A failure does; a stored item may not. */
const isNamedByItsId = ({ taskId, item }: Entry): boolean =>
	item === undefined || (taskId !== undefined && JSON.stringify(item.json).includes(taskId));

/** The failure for JSON without a readable entry. It names every task ID in that JSON. */
export const toReadableFailure = (json: unknown, reason: Failure): Failure => ({
	...reason,
	nextStep: `${reason.nextStep}${nameTasks(idsIn(json))} ${IN_THE_LOG}`,
});

/**
 * Turns the readable part of a state into outcomes.
 * @param messages of checks, which the state does not have yet
 * @param reason why the wait cannot continue, with a next step for tasks that are known
 * @returns one outcome for each entry, and at least one
 */
export function recoverOutcomes(state: unknown, messages: unknown[], reason: Failure): Outcome[] {
	const all = [state, ...messages];
	const entries = readEntries(state, messages);
	if (entries.length === 0) return [failed(0, toReadableFailure(all, reason))];
	const groups = groupsSchema.safeParse(state).data;
	const isInGroup = (position: number) =>
		!groups || [groups.round, groups.unconfirmed].some((one) => one?.group.includes(position));
	const known = new Set(entries.filter(isNamedByItsId).map(({ taskId }) => taskId));
	const others = nameTasks(idsIn(all).filter((id) => !known.has(id)));
	const withTasks = (failure: Failure): Failure => ({
		...failure,
		nextStep: failure.nextStep + others,
	});
	const unconfirmed = withTasks(unconfirmedFailure(`${reason.message}.`));
	const ended = entries.map((entry, position) => {
		const { taskId, settled } = entry;
		if (taskId !== undefined || settled !== undefined) return entry;
		const failure = isInGroup(position)
			? unconfirmed
			: withTasks({ ...reason, nextStep: NOT_MADE });
		return { ...entry, settled: failure };
	});
	return failUnfinished({ entries: ended }, withTasks(reason), unconfirmed);
}

/**
 * Ends a wait that cannot continue.
 * @param state as it is stored, in any form
 * @param input of the layer's run, in any form
 */
export async function recoverBatch(
	functions: IExecuteFunctions,
	state: unknown,
	input?: unknown,
	reason = CHANGED,
): Promise<Outcome[]> {
	const checkId = roundExecutionSchema.safeParse(state).data?.round.executionId;
	functions.logger.warn(
		`Emoji Video: ${reason.message}. It ends with all task IDs that can be read.`,
	);
	const { last } = await readStoredCheck(functions, checkId);
	return recoverOutcomes(state, [last, input], reason);
}
