/** How long to wait for a batch, and where. Rule: these hold for the whole batch, not for one item. */
import type { INodeProperties } from 'n8n-workflow';
import { succeed } from '../base/result';
import type { WaitOptions } from '../wait/inMemoryWait';
import { forTools, notForTools } from './agentTool';
import { choiceField, choiceOf, flagOf, numberOf } from './fields';
import { queueAheadForm } from './limits';
import { group, then } from './read';
import type { Form } from './read';

const cancelOnStopOption = {
	displayName: 'Cancel Queued Tasks on Stop',
	name: 'cancelOnStop',
	type: 'boolean',
	default: true,
	description:
		'Whether to cancel the tasks that are still in the queue when you stop the execution, so that they cost nothing. A task that already runs cannot be canceled and is billed.',
} satisfies INodeProperties;

const pollIntervalOption = {
	displayName: 'Poll Interval (Seconds)',
	name: 'pollInterval',
	type: 'number',
	default: 15,
	typeOptions: { minValue: 1, maxValue: 300 },
	description: 'How long it may take until the node notices that a running task has finished',
} satisfies INodeProperties;

export const queueTimeoutOption = {
	displayName: 'Queue Timeout (Seconds)',
	name: 'queueTimeout',
	type: 'number',
	default: 43200,
	typeOptions: { minValue: 1, maxValue: 86400 },
	description:
		'How long a task may wait in the queue before it runs. An account runs one task at a time, so a batch queues up. 43200 seconds are 12 hours.',
} satisfies INodeProperties;

const surviveRestartsOption = {
	displayName: 'Survive Restarts',
	name: 'surviveRestarts',
	type: 'boolean',
	default: true,
	description:
		"Whether to move the wait into n8n's database, so that it survives a restart and occupies no worker. Use it for batches that run for many minutes or overnight. Tasks are then checked at most once per minute. The workflow must be saved.",
} satisfies INodeProperties;

export const timeoutOption = {
	displayName: 'Timeout (Seconds)',
	name: 'timeout',
	type: 'number',
	default: 1800,
	typeOptions: { minValue: 1, maxValue: 86400 },
	description:
		'How long a task may run, counted from the moment it runs. A video usually takes 60 to 300 seconds.',
} satisfies INodeProperties;

const timeLimitOption = choiceField({
	displayName: 'When Time Runs Out',
	name: 'onTimeLimit',
	type: 'options',
	default: 'returnTask',
	options: [
		{
			name: 'Error',
			value: 'error',
			description: 'Fail the item; the error carries the task ID',
		},
		{
			name: 'Return the Task',
			value: 'returnTask',
			description: 'Return an item with the task ID and its status, to wait for later',
		},
	],
	description: 'What to do with a task that is not finished when Timeout or Queue Timeout ends',
});

/** A tool answers within a time of its own and returns the task then, so it shows fewer options. */
export const waitOptions: INodeProperties[] = [
	cancelOnStopOption,
	pollIntervalOption,
	notForTools(queueTimeoutOption),
	notForTools(surviveRestartsOption),
	timeoutOption,
	notForTools(timeLimitOption),
];

/** Proxies cut a chat at 60 to 100 s, so a tool returns the task if its video is not finished by then. */
const answerWithin = {
	displayName: 'Answer Within (Seconds)',
	name: 'answerWithin',
	type: 'number',
	default: 90,
	typeOptions: { minValue: 1, maxValue: 86400 },
	description:
		'How long the agent waits for the video. After that it gets the task ID, and DashScope continues to work on the video.',
	hint: 'A video takes 1 to 5 minutes. Give the agent a second Emoji Video tool with the operation Get Status, to fetch the video later.',
} satisfies INodeProperties;

export const answerWithinField: INodeProperties = forTools(answerWithin);

/** How long one task's polls may fail in a row before the wait for it ends. */
const PATIENCE_MS = 15 * 60_000;

/** By expression, the options of the first item count. */
export const waitForm: Form<WaitOptions> = then(
	group({
		pollInterval: numberOf(pollIntervalOption, 'seconds', 'options'),
		timeout: numberOf(timeoutOption, 'seconds', 'options'),
		queueTimeout: numberOf(queueTimeoutOption, 'seconds', 'options'),
		onTimeLimit: choiceOf(timeLimitOption, 'options', 'error'),
		cancelsOnStop: flagOf(cancelOnStopOption, 'options'),
		answerWithin: numberOf(answerWithin, 'seconds'),
		survivesRestarts: flagOf(surviveRestartsOption, 'options', false),
		queueAhead: queueAheadForm,
	}),
	(
		{ pollInterval, timeout, queueTimeout, onTimeLimit, answerWithin, ...options },
		{ isTool, now },
	) =>
		succeed({
			...options,
			survivesRestarts: options.survivesRestarts && !isTool,
			pollIntervalMs: pollInterval * 1000,
			runTimeoutMs: timeout * 1000,
			queueTimeoutMs: queueTimeout * 1000,
			patienceMs: PATIENCE_MS,
			returnsUnfinished: isTool || onTimeLimit === 'returnTask',
			...(isTool && { endsAt: now + answerWithin * 1000 }),
		}),
);
