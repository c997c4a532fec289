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
import { giveUp } from './outcomes';
import { unpack } from '../plan/packing';
import { remainsOf } from '../n8n/relatives';
import { progressSchema, waitEntrySchema } from '../plan/state';
import type { Entry } from '../plan/state';
import { lostCreate, withProgress } from '../plan/rounds';

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
const readLegible = <S extends z.ZodRawShape>(
	{ shape }: z.ZodObject<S>,
	json: unknown,
): Partial<z.infer<z.ZodObject<S>>> => {
	const fields = z.record(z.unknown()).catch({}).parse(json);
	const legible = Object.entries(shape).flatMap(([name, schema]) => {
		const { data } = schema.safeParse(fields[name]);
		return data === undefined ? [] : [[name, data] as const];
	});
	return Object.fromEntries(legible) as Partial<z.infer<z.ZodObject<S>>>;
};

const list = z.array(z.unknown()).catch([]);
const stateOf = z.object({ entries: list }).catch({ entries: [] });
/** A report, or an order into which looks have written. */
const reportOf = z.object({ progress: list, entries: list }).catch({ progress: [], entries: [] });
const placeOf = z.object({ place: z.number() });
const turnOf = z.object({ turn: z.object({ executionId: z.string() }) });

/** Places that may have been created without anybody's knowing. */
const groupSchema = z.object({ group: z.array(z.number()) }).optional();
const groupsOf = z.object({ turn: groupSchema, doubt: groupSchema });

/** All task IDs in plain JSON, wherever they stand, each once. */
function idsIn(json: unknown): string[] {
	if (typeof json !== 'object' || json === null) return [];
	const ids = Object.entries(json).flatMap(([name, value]) =>
		name === 'taskId' && typeof value === 'string' ? [value] : idsIn(value),
	);
	return [...new Set(ids)];
}

/** The entries of a state, with what reports add to them. */
function entriesOf(state: unknown, reports: unknown[]): Entry[] {
	const found = reports.flatMap((report) => {
		const { progress, entries } = reportOf.parse(report);
		return [...progress, ...entries];
	});
	return stateOf.parse(unpack(state)).entries.map((stored, place) => {
		const legible = readLegible(waitEntrySchema, stored);
		return found
			.filter((one) => placeOf.safeParse(one).data?.place === place)
			.map((one) => readLegible(progressSchema, one))
			.reduce<Entry>(withProgress, { itemIndex: place, simplify: true, ...legible });
	});
}

/** What tells of tasks that belong to no video that can be read. */
const tellOf = (ids: string[]): string =>
	ids.length === 0 ? '' : ` Accepted tasks of which nothing else can be read: ${ids.join(', ')}.`;

/** Whether its task ID comes out with it: a failure has it, a video whose item was changed may not. */
const comesOutByName = ({ taskId, item }: Entry): boolean =>
	item === undefined || (taskId !== undefined && JSON.stringify(item.json).includes(taskId));

/** The failure of something in which no video can be found: it names every task ID that stands there. */
export const legibleFailure = (json: unknown, reason: Failure): Failure => ({
	...reason,
	nextStep: `${reason.nextStep}${tellOf(idsIn(json))} ${IN_THE_LOG}`,
});

/**
 * Brings out what is legible of a state and of reports.
 * @param reports what checks have found out that the state does not know
 * @param reason why it cannot be taken up; its next step is about tasks that are known
 * @returns one outcome for each entry; one at least
 */
export function outcomesOfLegible(state: unknown, reports: unknown[], reason: Failure): Outcome[] {
	const all = [state, ...reports];
	const entries = entriesOf(state, reports);
	if (entries.length === 0) return [failed(0, legibleFailure(all, reason))];
	const groups = groupsOf.safeParse(state).data;
	const isInGroup = (place: number) =>
		!groups || [groups.turn, groups.doubt].some((one) => one?.group.includes(place));
	const known = new Set(entries.filter(comesOutByName).map(({ taskId }) => taskId));
	const others = tellOf(idsIn(all).filter((id) => !known.has(id)));
	const told = (failure: Failure): Failure => ({ ...failure, nextStep: failure.nextStep + others });
	const lost = told(lostCreate(`${reason.message}.`));
	const ended = entries.map((entry, place) => {
		const { taskId, settled } = entry;
		if (taskId !== undefined || settled !== undefined) return entry;
		const failure = isInGroup(place) ? lost : told({ ...reason, nextStep: NOT_MADE });
		return { ...entry, settled: failure };
	});
	return giveUp({ entries: ended }, told(reason), lost);
}

/**
 * Ends a wait that cannot be taken up.
 * @param state as it is stored, whatever it is
 * @param heard what a check has just handed on, whatever it is
 */
export async function salvage(
	functions: IExecuteFunctions,
	state: unknown,
	heard?: unknown,
	reason = CHANGED,
): Promise<Outcome[]> {
	const checkId = turnOf.safeParse(state).data?.turn.executionId;
	functions.logger.warn(
		`Emoji Video: ${reason.message}. It ends with all task IDs that can be read.`,
	);
	const { last } = await remainsOf(functions, checkId);
	return outcomesOfLegible(state, [last, heard], reason);
}
