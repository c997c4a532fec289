/**
 * From the form to what is wanted: reads each input item's fields once. Rule: an item that fails its
 * own check sends nothing.
 */
import pLimit from 'p-limit';
import { fail, succeed } from '../result';
import type { Failure, Result } from '../result';
import type { FaceAreas } from '../dashscope/schemas';
import type { JobSpec } from '../batch/plan';
import { failed } from '../execution/operation';
import type { Outcome } from '../execution/operation';
import { readPortrait } from './portrait';
import type { ExecutionContext } from '../execution/context';
import { check, readField, readFields } from './read';
import { areasValue } from './schemas';
import { templatesValue } from './templates';

function readAreas(
	{ functions }: ExecutionContext,
	itemIndex: number,
): Result<FaceAreas | undefined> {
	const mode = readField(functions, itemIndex, 'faceAreas');
	if (!mode.ok) return mode;
	if (mode.value === 'detect') return succeed(undefined);
	if (mode.value !== 'manual') {
		return fail({
			kind: 'input',
			message: `Face Areas "${String(mode.value)}" is unknown`,
			nextStep: 'Use "detect" or "manual".',
		});
	}
	const face = readField(functions, itemIndex, 'faceArea');
	if (!face.ok) return face;
	const expression = readField(functions, itemIndex, 'expressionArea');
	if (!expression.ok) return expression;
	return check(areasValue, { face: face.value, expression: expression.value });
}

/** What one item orders from Create or Create and Wait. */
export async function readOrder(
	context: ExecutionContext,
	itemIndex: number,
): Promise<Result<JobSpec>> {
	const fields = readFields(context.functions, itemIndex, { templates: templatesValue });
	if (!fields.ok) return fields;
	const areas = readAreas(context, itemIndex);
	if (!areas.ok) return areas;
	const portrait = await readPortrait(context, itemIndex);
	if (!portrait.ok) return portrait;
	return succeed({
		itemIndex,
		portrait: portrait.value,
		areas: areas.value,
		templateIds: fields.value.templates,
	});
}

/** What all items ask for, and the refusals of the items that ask for nothing possible. */
export interface Asked<T> {
	wanted: T[];
	refused: Outcome[];
	/** Set when the node is to stop at the first failure and there is one: send nothing at all. */
	stopBecause?: Failure;
}

/** Items read at once: their files may lie in a storage that takes its time. */
const READ_AT_ONCE = 4;

/**
 * Reads every item before anything is sent.
 * @param read one item's wish
 */
export async function readItems<T>(
	{ functions, stopsAtFirstFailure }: ExecutionContext,
	read: (itemIndex: number) => Result<T> | Promise<Result<T>>,
): Promise<Asked<T>> {
	const limit = pLimit(READ_AT_ONCE);
	const wishes = await Promise.all(
		functions.getInputData().map((_, itemIndex) => limit(async () => await read(itemIndex))),
	);
	const asked: Asked<T> = { wanted: [], refused: [] };
	wishes.forEach((wish, itemIndex) => {
		if (wish.ok) return asked.wanted.push(wish.value);
		if (stopsAtFirstFailure) asked.stopBecause ??= wish.failure;
		return asked.refused.push(failed(itemIndex, wish.failure));
	});
	return asked;
}

/** The outcomes of a node whose failure concerns every item. */
export const failAll = (
	{ functions }: Pick<ExecutionContext, 'functions'>,
	failure: Failure,
): Outcome[] => functions.getInputData().map((_, itemIndex) => failed(itemIndex, failure));

/** Outcomes in the order of the input items; several of one item keep their order. */
export const inInputOrder = (outcomes: Outcome[]): Outcome[] =>
	[...outcomes].sort((a, b) => a.itemIndex - b.itemIndex);
