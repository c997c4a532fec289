/**
 * What a list of tasks may be narrowed to, and what the form may say about it. Rule: a period that
 * the service cannot answer for is refused here, before any call.
 */
import { DateTime } from 'luxon';
import type { INodeProperties } from 'n8n-workflow';
import type { TaskFilter } from '../batch/listTasks';
import { VIDEO_MODEL } from '../dashscope/client';
import { fail, succeed } from '../result';
import type { Result } from '../result';
import type { ListedTask } from '../dashscope/schemas';
import { LIST_RANGE_MS } from '../dashscope/listTimeRange';
import type { ExecutionContext } from '../execution/context';
import { check, readField } from './read';
import { dateValue, modelValue, numberValue, statusValue } from './schemas';

export const listFilterFields: INodeProperties = {
	displayName: 'Filters',
	name: 'filters',
	type: 'collection',
	placeholder: 'Add filter',
	default: {},
	description: 'Without filters, all emoji videos of the last 24 hours are returned',
	options: [
		{
			displayName: 'Created After',
			name: 'createdAfter',
			type: 'dateTime',
			default: '',
			description:
				'Only tasks submitted at this time or later. DashScope lists 24 hours at a time, and keeps tasks for 24 hours after their end.',
		},
		{
			displayName: 'Created Before',
			name: 'createdBefore',
			type: 'dateTime',
			default: '',
			description: 'Only tasks submitted at this time or earlier',
		},
		{
			displayName: 'Model',
			name: 'model',
			type: 'string',
			default: VIDEO_MODEL,
			placeholder: 'e.g. emoji-v1',
			description: 'Only tasks of this model. Leave empty for all models of the account.',
		},
		{
			displayName: 'Status',
			name: 'status',
			type: 'options',
			default: 'SUCCEEDED',
			options: [
				{ name: 'Canceled', value: 'CANCELED' },
				{ name: 'Failed', value: 'FAILED' },
				{ name: 'Pending', value: 'PENDING', description: 'Waits in the queue' },
				{ name: 'Running', value: 'RUNNING' },
				{ name: 'Succeeded', value: 'SUCCEEDED' },
			],
			description: 'Only tasks that are in this status now',
		},
	],
};

/** What one item asks for. */
export interface Listing {
	filter: TaskFilter;
	/** Infinity for all. */
	limit: number;
	simplify: boolean;
	includeVideoUrl: boolean;
	/** The period to the millisecond; the service takes whole seconds. */
	fits: (task: ListedTask) => boolean;
}

/** The service's clock may be ahead of this one: "until now" ends this much later. */
const CLOCK_MARGIN_MS = 5 * 60_000;

const wholeSecond = (ms: number) => Math.floor(ms / 1000) * 1000;

const say = (ms: number) => DateTime.fromMillis(ms, { zone: 'utc+8' }).toISO() ?? String(ms);

const refuse = (message: string, nextStep: string) => fail({ kind: 'input', message, nextStep });

/**
 * The period to list, from its two ends, either of which may be open.
 * @param after ms since the epoch
 * @param before ms since the epoch
 * @returns `undefined` for the service's own last 24 hours
 */
export function periodOf(
	after: number | undefined,
	before: number | undefined,
	now: number,
): Result<{ from: number; to: number } | undefined> {
	if (after === undefined && before === undefined) return succeed(undefined);
	const latest = now + CLOCK_MARGIN_MS;
	if (after !== undefined && after > latest) {
		return refuse(
			`Created After "${say(after)}" is in the future`,
			'Use a time within the last 24 hours.',
		);
	}
	const to = before ?? Math.min(wholeSecond(after ?? 0) + LIST_RANGE_MS, latest);
	const from = after ?? to - LIST_RANGE_MS;
	if (from > to) {
		return refuse(
			`Created After "${say(from)}" is later than Created Before "${say(to)}"`,
			'Use an earlier time for Created After, or swap the two.',
		);
	}
	if (before === undefined ? now - from > LIST_RANGE_MS : to - from > LIST_RANGE_MS) {
		const end = before === undefined ? 'now' : `Created Before "${say(to)}"`;
		return refuse(
			`From Created After "${say(from)}" to ${end} are more than 24 hours`,
			'DashScope lists 24 hours at a time. Use times that are at most 24 hours apart.',
		);
	}
	return succeed({ from, to });
}

/**
 * Reads what one item asks for.
 * @param now in ms since the epoch, one for all items, so that equal items ask for equal lists
 */
export function readListing(
	{ functions }: Pick<ExecutionContext, 'functions'>,
	itemIndex: number,
	now: number,
): Result<Listing> {
	const read = <T>(name: string, schema: Parameters<typeof check<T>>[0], fallback?: unknown) => {
		const value = readField(functions, itemIndex, name);
		return value.ok ? check(schema, value.value ?? fallback) : value;
	};
	const zone = functions.getTimezone();
	const after = read('filters.createdAfter', dateValue('Created After', zone));
	if (!after.ok) return after;
	const before = read('filters.createdBefore', dateValue('Created Before', zone));
	if (!before.ok) return before;
	const model = read('filters.model', modelValue, VIDEO_MODEL);
	if (!model.ok) return model;
	const status = read('filters.status', statusValue);
	if (!status.ok) return status;
	const returnAll = functions.getNodeParameter('returnAll', itemIndex, false) === true;
	const limit = returnAll
		? succeed(Number.POSITIVE_INFINITY)
		: read('limit', numberValue('Limit', 1, 100_000, 'tasks, or turn on Return All', 'whole'), 50);
	if (!limit.ok) return limit;
	const submitted = periodOf(after.value, before.value, now);
	if (!submitted.ok) return submitted;

	const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = submitted.value ?? {};
	return succeed({
		filter: { model: model.value, status: status.value, submitted: submitted.value },
		limit: limit.value,
		simplify: functions.getNodeParameter('simplify', itemIndex, true) === true,
		includeVideoUrl:
			functions.getNodeParameter('options.includeVideoUrl', itemIndex, false) === true,
		fits: ({ submittedAt }) =>
			submittedAt === undefined || (submittedAt >= from && submittedAt <= to),
	});
}
