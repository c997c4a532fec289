/**
 * A wait that cannot be taken up: another version of the package has written it down, or n8n loses it again
 * and again. Rule: nothing more is created; what is legible comes out, finished videos as videos, everything
 * else with its own task ID and the sentence that says why.
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

/** The package was updated, or set back. */
export const CHANGED: Failure = {
	kind: 'interrupted',
	message:
		'The package was changed while the execution waited, and this version cannot take up what the other one has stored',
	nextStep: GOES_ON,
};

/** n8n has lost what waited, more often than can be by chance. */
export const LOST_TOO_OFTEN: Failure = {
	kind: 'interrupted',
	message: 'The wait was given up, because n8n has lost it again and again',
	nextStep: GOES_ON,
};

const NOT_MADE = 'No task was made for this video: create it in a new execution.';

const IN_THE_LOG =
	'n8n\'s log names each task that was accepted ("task accepted"), and Get Many lists the account\'s tasks of the last 24 hours.';

/** Each field of an object, as far as it can be read. */
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
/** A report, or an order into which looks have written. */
const readableMessage = z
	.object({ progress: list, entries: list })
	.catch({ progress: [], entries: [] });
const positionOnly = z.object({ position: z.number() });
const roundExecutionSchema = z.object({ round: z.object({ executionId: z.string() }) });

/** Places that may have been created without anybody's knowing. */
const groupSchema = z.object({ group: z.array(z.number()) }).optional();
const groupsSchema = z.object({ round: groupSchema, unconfirmed: groupSchema });

/** All task IDs in plain JSON, wherever they stand, each once. */
function idsIn(json: unknown): string[] {
	if (typeof json !== 'object' || json === null) return [];
	const ids = Object.entries(json).flatMap(([name, value]) =>
		name === 'taskId' && typeof value === 'string' ? [value] : idsIn(value),
	);
	return [...new Set(ids)];
}

/** The entries of a state, with what reports add to them. */
function entriesOf(state: unknown, checkResults: unknown[]): Entry[] {
	const found = checkResults.flatMap((checkResult) => {
		const { progress, entries } = readableMessage.parse(checkResult);
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

/** What tells of tasks that belong to no video that can be read. */
const nameTasks = (ids: string[]): string =>
	ids.length === 0 ? '' : ` Accepted tasks of which nothing else can be read: ${ids.join(', ')}.`;

/** Whether its task ID comes out with it: a failure has it, a video whose item was changed may not. */
const isNamedByItsId = ({ taskId, item }: Entry): boolean =>
	item === undefined || (taskId !== undefined && JSON.stringify(item.json).includes(taskId));

/** The failure of something in which no video can be found: it names every task ID that stands there. */
export const toReadableFailure = (json: unknown, reason: Failure): Failure => ({
	...reason,
	nextStep: `${reason.nextStep}${nameTasks(idsIn(json))} ${IN_THE_LOG}`,
});

/**
 * Brings out what is legible of a state and of reports.
 * @param reports what checks have found out that the state does not know
 * @param reason why it cannot be taken up; its next step is about tasks that are known
 * @returns one outcome for each entry; one at least
 */
export function recoverOutcomes(
	state: unknown,
	checkResults: unknown[],
	reason: Failure,
): Outcome[] {
	const all = [state, ...checkResults];
	const entries = entriesOf(state, checkResults);
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
	const lost = withTasks(unconfirmedFailure(`${reason.message}.`));
	const ended = entries.map((entry, position) => {
		const { taskId, settled } = entry;
		if (taskId !== undefined || settled !== undefined) return entry;
		const failure = isInGroup(position) ? lost : withTasks({ ...reason, nextStep: NOT_MADE });
		return { ...entry, settled: failure };
	});
	return failUnfinished({ entries: ended }, withTasks(reason), lost);
}

/**
 * Ends a wait that cannot be taken up.
 * @param state as it is stored, whatever it is
 * @param heard what a check has just handed on, whatever it is
 */
export async function recoverBatch(
	functions: IExecuteFunctions,
	state: unknown,
	known?: unknown,
	reason = CHANGED,
): Promise<Outcome[]> {
	const checkId = roundExecutionSchema.safeParse(state).data?.round.executionId;
	functions.logger.warn(
		`Emoji Video: ${reason.message}. It ends with all task IDs that can be read.`,
	);
	const { last } = await readStoredCheck(functions, checkId);
	return recoverOutcomes(state, [last, known], reason);
}
