/**
 * Waiting for accepted tasks and fetching their videos: what Create and Wait does after submission.
 * Rule: an accepted task ends as exactly one outcome, with its task ID in it.
 */
import type { INodeProperties } from 'n8n-workflow';
import pLimit from 'p-limit';
import { followTasks } from '../batch/submit';
import type { AcceptedTask } from '../batch/submit';
import { aboutOf } from '../batch/plan';
import type { VideoLabel } from '../batch/plan';
import type { PollSettings } from '../batch/pollSchedule';
import { succeed } from '../result';
import type { Result } from '../result';
import { cancelOnStopOption, cancelQueued } from './cancelOnStop';
import { deliver, DOWNLOADS_AT_ONCE, packUp, toJson } from './deliver';
import type { Delivery, LinkOfVideo } from './deliver';
import { failed } from '../execution/operation';
import type { Outcome, OutputItem } from '../execution/operation';
import type { ExecutionContext } from '../execution/context';
import { check, readField } from '../parameters/read';
import { numberValue } from '../parameters/schemas';

export const waitOptions: INodeProperties[] = [
	cancelOnStopOption,
	{
		displayName: 'Poll Interval',
		name: 'pollInterval',
		type: 'number',
		default: 15,
		typeOptions: { minValue: 1, maxValue: 300 },
		description: 'How many seconds at most until the node notices that a running task has finished',
	},
	{
		displayName: 'Queue Timeout',
		name: 'queueTimeout',
		type: 'number',
		default: 43200,
		typeOptions: { minValue: 1, maxValue: 86400 },
		description:
			'How many seconds a task may wait in the queue before it runs. An account runs one task at a time, so a batch queues up.',
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
		displayName: 'Timeout',
		name: 'timeout',
		type: 'number',
		default: 1800,
		typeOptions: { minValue: 1, maxValue: 86400 },
		description:
			'How many seconds a task may run, counted from the moment it runs. A video usually takes 60 to 300 seconds.',
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

/** How long one task's queries may fail in a row before the wait for it ends. */
const PATIENCE_MS = 15 * 60_000;

/** Options that hold for the whole batch. */
export interface WaitOptions extends PollSettings {
	/** A task that is not finished in time becomes an item rather than a failure. */
	returnsUnfinished: boolean;
	/** Tasks that are still in the queue when the user stops the execution are canceled. */
	cancelsOnStop: boolean;
	/** The wait moves into n8n's database. */
	survivesRestarts: boolean;
}

/** Reads the options of the whole batch; by expression, those of the first item count. */
export function readWaitOptions({ functions }: ExecutionContext): Result<WaitOptions> {
	const option = (name: string) => readField(functions, 0, `options.${name}`);
	const seconds = (name: string, label: string, fallback: number, max: number) => {
		const value = option(name);
		return value.ok ? check(numberValue(label, 1, max, 'seconds'), value.value ?? fallback) : value;
	};
	const pollInterval = seconds('pollInterval', 'Poll Interval', 15, 300);
	if (!pollInterval.ok) return pollInterval;
	const timeout = seconds('timeout', 'Timeout', 1800, 86_400);
	if (!timeout.ok) return timeout;
	const queueTimeout = seconds('queueTimeout', 'Queue Timeout', 43_200, 86_400);
	if (!queueTimeout.ok) return queueTimeout;
	const onTimeLimit = option('onTimeLimit');
	if (!onTimeLimit.ok) return onTimeLimit;
	const cancelOnStop = option('cancelOnStop');
	if (!cancelOnStop.ok) return cancelOnStop;
	const surviveRestarts = option('surviveRestarts');
	if (!surviveRestarts.ok) return surviveRestarts;
	return succeed({
		pollIntervalMs: pollInterval.value * 1000,
		runTimeoutMs: timeout.value * 1000,
		queueTimeoutMs: queueTimeout.value * 1000,
		patienceMs: PATIENCE_MS,
		returnsUnfinished: onTimeLimit.value === 'returnTask',
		cancelsOnStop: cancelOnStop.value === true,
		survivesRestarts: surviveRestarts.value === true,
	});
}

/** A wait under way. */
export interface Waiting {
	add(accepted: AcceptedTask): void;
	/** A job that never became a task. */
	settle(job: VideoLabel, result: Result<OutputItem>): void;
	/** No task comes any more; resolves with one outcome per job, in the order of the jobs. */
	finish(): Promise<Outcome[]>;
}

/**
 * Starts to wait; tasks are added as they are accepted.
 * @param options from `readWaitOptions`
 * @param deliveriesWanted from `readDelivery`, by input item
 * @param refused outcomes of items that asked for nothing possible; they come out with the others
 */
export function startInMemoryWait(
	context: ExecutionContext,
	options: WaitOptions,
	deliveriesWanted: ReadonlyMap<number, Delivery>,
	refused: Outcome[],
): Waiting {
	const outcomes = new Map<string, Outcome>();
	const order: string[] = [];
	const deliveries: Array<Promise<void>> = [];
	const download = pLimit(DOWNLOADS_AT_ONCE);

	const settle = (label: VideoLabel, result: Result<OutputItem>, link?: LinkOfVideo) => {
		const { key, itemIndex } = label;
		const about = { ...aboutOf(label), ...link };
		outcomes.set(
			key,
			result.ok ? { itemIndex, result, about } : failed(itemIndex, result.failure, about),
		);
		if (!result.ok && context.stopsAtFirstFailure) context.halt();
	};

	const follow = followTasks(context, options, (accepted, { result, lastAnswer }) => {
		const { job } = accepted;
		const wanted = deliveriesWanted.get(job.itemIndex);
		if (!wanted) return;
		if (result.ok) {
			const delivery = async () => {
				const delivered = await deliver(accepted, result.value, wanted, context);
				settle(job, delivered.result, delivered.link);
			};
			deliveries.push(download(delivery));
		} else if (result.failure.kind === 'timeLimit' && options.returnsUnfinished && lastAnswer) {
			settle(job, succeed({ json: toJson(accepted, lastAnswer, wanted) }));
		} else {
			settle(job, result);
		}
	});

	return {
		add(accepted) {
			order.push(accepted.job.key);
			follow.add(accepted);
		},
		settle(job, result) {
			order.push(job.key);
			settle(job, result);
		},
		async finish() {
			await follow.finish();
			await Promise.all(deliveries);
			const all = order.flatMap((key) => outcomes.get(key) ?? []);
			const isToCancel = options.cancelsOnStop && context.isStopped();
			const ended = isToCancel ? await cancelQueued(context, all) : all;
			return [...refused, ...packUp(ended, deliveriesWanted)];
		},
	};
}
