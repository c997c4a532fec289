/** The filters of a list of tasks. Rule: a period that DashScope cannot list is rejected here, before any request. */
import { DateTime } from 'luxon';
import type { INodeProperties } from 'n8n-workflow';
import { z } from 'zod';
import type { TaskFilter } from '../account/listTasks';
import { VIDEO_MODEL } from '../dashscope/client';
import { LIST_RANGE_MS } from '../dashscope/listTimeRange';
import { TASK_STATUSES } from '../dashscope/schemas';
import type { ListedTask, TaskStatus } from '../dashscope/schemas';
import { invalidFailure, succeed } from '../base/result';
import type { Result } from '../base/result';
import { optionsField, simplifyField, simplifyForm } from './common';
import { fieldOf, flagOf, numberOf } from './fields';
import { choose, constant, group, then } from './read';
import type { Form } from './read';
import { addIssue, isBlank, shown, withDefault } from './schemas';

const returnAllField = {
	displayName: 'Return All',
	name: 'returnAll',
	type: 'boolean',
	default: false,
	description: 'Whether to return all results or only up to a given limit',
} satisfies INodeProperties;

const limitField = {
	displayName: 'Limit',
	name: 'limit',
	type: 'number',
	default: 50,
	typeOptions: { minValue: 1, maxValue: 100_000, numberPrecision: 0 },
	displayOptions: { show: { returnAll: [false] } },
	description: 'Max number of results to return',
} satisfies INodeProperties;

const afterFilter = {
	displayName: 'Created After',
	name: 'createdAfter',
	type: 'dateTime',
	default: '',
	description:
		'Only tasks submitted at this time or later. DashScope lists 24 hours at a time, and keeps tasks for 24 hours after their end.',
} satisfies INodeProperties;

const beforeFilter = {
	displayName: 'Created Before',
	name: 'createdBefore',
	type: 'dateTime',
	default: '',
	description: 'Only tasks submitted at this time or earlier',
} satisfies INodeProperties;

const modelFilter = {
	displayName: 'Model',
	name: 'model',
	type: 'string',
	default: VIDEO_MODEL,
	placeholder: 'e.g. emoji-v1',
	description: 'Only tasks of this model. Leave empty for all models of the account.',
} satisfies INodeProperties;

const statusFilter = {
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
} satisfies INodeProperties;

const videoUrlOption = {
	displayName: 'Include Video URL',
	name: 'includeVideoUrl',
	type: 'boolean',
	default: true,
	description:
		'Whether to fetch the video link of each finished task. This takes one more request per task.',
} satisfies INodeProperties;

export const listFields: INodeProperties[] = [
	returnAllField,
	limitField,
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		description: 'Without filters, all emoji videos of the last 24 hours are returned',
		options: [afterFilter, beforeFilter, modelFilter, statusFilter],
	},
	simplifyField,
	optionsField([videoUrlOption]),
];

/** A task status to filter by; blank for every status. */
export const statusValue = z.unknown().transform((value, context): TaskStatus | undefined => {
	if (isBlank(value)) return undefined;
	const text = typeof value === 'string' ? value.trim().toUpperCase() : '';
	return (
		TASK_STATUSES.find((status) => status === text) ??
		addIssue(
			context,
			`Status ${shown(value)} is unknown`,
			`Use one of ${TASK_STATUSES.join(', ')}, or leave it empty for every status.`,
		)
	);
});

/** A model to filter by; blank for every model. */
export const modelValue = z
	.unknown()
	.transform((value, context): string | undefined =>
		isBlank(value)
			? undefined
			: typeof value === 'string' && /^[\w.-]{1,64}$/.test(value.trim())
				? value.trim()
				: addIssue(
						context,
						`Model ${shown(value)} cannot be a model name`,
						'Use a name such as "emoji-v1", or leave it empty for every model.',
					),
	);

/** Reads the value of a Date & Time field or an expression: text, a date, or ms since the epoch. */
function toDateTime(value: unknown, zone: string): DateTime | undefined {
	if (DateTime.isDateTime(value)) return value;
	if (value instanceof Date) return DateTime.fromJSDate(value);
	if (typeof value === 'number') return DateTime.fromMillis(value);
	if (typeof value !== 'string') return undefined;
	const iso = DateTime.fromISO(value.trim().replace(' ', 'T'), { zone });
	return iso.isValid ? iso : DateTime.fromRFC2822(value.trim(), { zone });
}

/** 2001 to 2286. A smaller number is probably seconds since the epoch, not milliseconds. */
const [EARLIEST_MS, LATEST_MS] = [1e12, 1e13];

/**
 * A moment, in milliseconds since the epoch; blank for none.
 * @param zone of texts that name none, e.g. the workflow's
 */
export const dateValue = (label: string, zone: string) =>
	z.unknown().transform((value, context): number | undefined => {
		if (isBlank(value)) return undefined;
		const ms = toDateTime(value, zone)?.toMillis() ?? Number.NaN;
		return ms >= EARLIEST_MS && ms < LATEST_MS
			? ms
			: addIssue(
					context,
					`${label} ${shown(value)} is not a time`,
					'Use a date and time, e.g. "2025-10-14T11:28:04+08:00".',
				);
	});

/** DashScope's clock may be ahead of this one, so "until now" ends this much later. */
const CLOCK_MARGIN_MS = 5 * 60_000;

const wholeSecond = (ms: number) => Math.floor(ms / 1000) * 1000;

const say = (ms: number) => DateTime.fromMillis(ms, { zone: 'utc+8' }).toISO() ?? String(ms);

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
		return invalidFailure(
			`Created After "${say(after)}" is in the future`,
			'Use a time within the last 24 hours.',
		);
	}
	const to = before ?? Math.min(wholeSecond(after ?? 0) + LIST_RANGE_MS, latest);
	const from = after ?? to - LIST_RANGE_MS;
	if (from > to) {
		return invalidFailure(
			`Created After "${say(from)}" is later than Created Before "${say(to)}"`,
			'Use an earlier time for Created After, or swap the two.',
		);
	}
	if (before === undefined ? now - from > LIST_RANGE_MS : to - from > LIST_RANGE_MS) {
		const end = before === undefined ? 'now' : `Created Before "${say(to)}"`;
		return invalidFailure(
			`From Created After "${say(from)}" to ${end} are more than 24 hours`,
			'DashScope lists 24 hours at a time. Use times that are at most 24 hours apart.',
		);
	}
	return succeed({ from, to });
}

/** The list that one item asks for. */
export interface Listing {
	filter: TaskFilter;
	/** Infinity for all. */
	limit: number;
	simplify: boolean;
	includeVideoUrl: boolean;
	/** Whether a task is in the period, to the millisecond. DashScope takes whole seconds. */
	fits: (task: ListedTask) => boolean;
}

const limitForm = choose<'all' | 'some', number>(
	then(flagOf(returnAllField), (all) => succeed(all ? 'all' : 'some')),
	{
		all: constant(Number.POSITIVE_INFINITY),
		some: numberOf(limitField, 'tasks, or turn on Return All'),
	},
);

const dateOf = (filter: INodeProperties): Form<number | undefined> =>
	fieldOf(filter, ({ timezone }) => dateValue(filter.displayName, timezone), 'filters');

const filtersForm = group({
	after: dateOf(afterFilter),
	before: dateOf(beforeFilter),
	model: fieldOf(modelFilter, withDefault(modelValue, modelFilter.default), 'filters'),
	status: fieldOf(statusFilter, statusValue, 'filters'),
	limit: limitForm,
	simplify: simplifyForm,
	includeVideoUrl: flagOf(videoUrlOption, 'options', false),
});

export const listForm: Form<Listing> = then(
	filtersForm,
	({ after, before, model, status, ...listing }, { now }) => {
		const period = periodOf(after, before, now);
		if (!period.ok) return period;
		const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = period.value ?? {};
		return succeed({
			...listing,
			filter: { model, status, submitted: period.value },
			fits: ({ submittedAt }: ListedTask) =>
				submittedAt === undefined || (submittedAt >= from && submittedAt <= to),
		});
	},
);
