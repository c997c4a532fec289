/** How long to wait for a batch, and where. Rule: these hold for the whole batch, not for one item. */
import type { INodeProperties } from 'n8n-workflow';
import { MOST_AHEAD } from '../batch/queueAhead';
import { succeed } from '../base/result';
import type { WaitOptions } from '../wait/inMemoryWait';
import { forTools } from './agentTool';
import { flag } from './common';
import { field, group, then } from './read';
import type { Form } from './read';
import { choiceValue, numberValue, withDefault } from './schemas';

const cancelOnStopOption: INodeProperties = {
	displayName: 'Cancel Queued Tasks on Stop',
	name: 'cancelOnStop',
	type: 'boolean',
	default: true,
	description:
		'Whether to cancel the tasks that are still in the queue when you stop the execution, so that they cost nothing. A task that already runs cannot be canceled and is billed.',
};

/** Of operations that submit. n8n shows the options by their labels' order. */
export const queueAheadOption: INodeProperties = {
	displayName: 'Queue Ahead',
	name: 'queueAhead',
	type: 'number',
	default: 0,
	typeOptions: { minValue: 0, maxValue: MOST_AHEAD },
	description:
		'How many tasks of the batch may be at DashScope at a time, running and queued; the next one is submitted when one has finished. When n8n is stopped or crashes, at most this many are paid for. 0: about one hour of work, 5 to 100 tasks. It costs no time as long as it is more than the account runs at once.',
};

export const waitOptions: INodeProperties[] = [
	cancelOnStopOption,
	{
		displayName: 'Poll Interval (Seconds)',
		name: 'pollInterval',
		type: 'number',
		default: 15,
		typeOptions: { minValue: 1, maxValue: 300 },
		description: 'How long it may take until the node notices that a running task has finished',
	},
	{
		displayName: 'Queue Timeout (Seconds)',
		name: 'queueTimeout',
		type: 'number',
		default: 43200,
		typeOptions: { minValue: 1, maxValue: 86400 },
		description:
			'How long a task may wait in the queue before it runs. An account runs one task at a time, so a batch queues up. 43200 seconds are 12 hours.',
	},
	{
		displayName: 'Survive Restarts',
		name: 'surviveRestarts',
		type: 'boolean',
		default: false,
		description:
			'Whether to move the wait into the database of n8n, so that it survives a restart and occupies no worker. Use it for batches that run for many minutes or overnight; tasks are then checked at most once per minute. Works with saved workflows, not as an AI tool.',
	},
	{
		displayName: 'Timeout (Seconds)',
		name: 'timeout',
		type: 'number',
		default: 1800,
		typeOptions: { minValue: 1, maxValue: 86400 },
		description:
			'How long a task may run, counted from the moment it runs. A video usually takes 60 to 300 seconds.',
	},
	{
		displayName: 'When Time Runs Out',
		name: 'onTimeLimit',
		type: 'options',
		default: 'error',
		options: [
			{
				name: 'Error',
				value: 'error',
				description: 'Fail the item; the error carries the task ID',
			},
			{
				name: 'Return the Task',
				value: 'returnTask',
				description: 'Return an item with the task ID and its status, to go on with later',
			},
		],
		description: 'What to do with a task that is not finished when Timeout or Queue Timeout ends',
	},
];

/** The longest that an agent's chat is kept waiting, unless the user says otherwise. */
const ANSWER_WITHIN_SECONDS = 90;

/** A chat has limits of its own (proxies cut at 60 to 100 s): a tool answers in time, with the task. */
export const answerWithinField: INodeProperties = forTools({
	displayName: 'Answer Within (Seconds)',
	name: 'answerWithin',
	type: 'number',
	default: ANSWER_WITHIN_SECONDS,
	typeOptions: { minValue: 1, maxValue: 86400 },
	description:
		'How long the agent waits for the video. After that it gets the task ID, to ask later with a second tool: Get Status. The task goes on meanwhile.',
});

/** How long one task's queries may fail in a row before the wait for it ends. */
const PATIENCE_MS = 15 * 60_000;

const seconds = (option: string, label: string, fallback: number, max: number) =>
	field(`options.${option}`, label, withDefault(numberValue(label, 1, max, 'seconds'), fallback));

/** By expression, the options of the first item count. */
export const waitForm: Form<WaitOptions> = then(
	group({
		pollInterval: seconds('pollInterval', 'Poll Interval (Seconds)', 15, 300),
		timeout: seconds('timeout', 'Timeout (Seconds)', 1800, 86_400),
		queueTimeout: seconds('queueTimeout', 'Queue Timeout (Seconds)', 43_200, 86_400),
		onTimeLimit: field(
			'options.onTimeLimit',
			'When Time Runs Out',
			withDefault(choiceValue('When Time Runs Out', ['error', 'returnTask'] as const), 'error'),
		),
		cancelsOnStop: flag('options.cancelOnStop', 'Cancel Queued Tasks on Stop', true),
		answerWithin: field(
			'answerWithin',
			'Answer Within (Seconds)',
			withDefault(
				numberValue('Answer Within (Seconds)', 1, 86_400, 'seconds'),
				ANSWER_WITHIN_SECONDS,
			),
		),
		survivesRestarts: flag('options.surviveRestarts', 'Survive Restarts'),
		queueAhead: field(
			'limitOptions.queueAhead',
			'Queue Ahead',
			withDefault(numberValue('Queue Ahead', 0, MOST_AHEAD, 'tasks'), 0),
		),
	}),
	(
		{ pollInterval, timeout, queueTimeout, onTimeLimit, queueAhead, answerWithin, ...flags },
		{ isTool, now },
	) =>
		succeed({
			...flags,
			survivesRestarts: flags.survivesRestarts && !isTool,
			queueAhead: queueAhead || undefined,
			pollIntervalMs: pollInterval * 1000,
			runTimeoutMs: timeout * 1000,
			queueTimeoutMs: queueTimeout * 1000,
			patienceMs: PATIENCE_MS,
			returnsUnfinished: isTool || onTimeLimit === 'returnTask',
			...(isTool && { endsAt: now + answerWithin * 1000 }),
		}),
);
