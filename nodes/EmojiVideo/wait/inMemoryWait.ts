/**
 * Waiting for accepted tasks and fetching their videos: what Create and Wait does after submission.
 * Rule: an accepted task ends as exactly one outcome, with its task ID in it.
 */
import { createLimiter } from '../base/limiter';
import { followTasks } from '../batch/follow';
import type { TaskResult } from '../batch/follow';
import type { AcceptedTask, PreparedJob } from '../batch/submit';
import { aboutOf } from '../batch/plan';
import type { VideoLabel } from '../batch/plan';
import type { PollSettings } from '../batch/pollSchedule';
import { fail, succeed } from '../base/result';
import type { Result } from '../base/result';
import { cancelQueued } from './cancelOnStop';
import { deliver, DOWNLOADS_AT_ONCE, packUp, toJson } from './deliver';
import type { Delivery, LinkOfVideo } from './deliver';
import { failed } from '../execution/outcome';
import type { Outcome, OutputItem } from '../execution/outcome';
import type { ExecutionContext } from '../execution/context';

/** Options that hold for the whole batch. */
export interface WaitOptions extends PollSettings {
	/** A task that is not finished in time becomes an item rather than a failure. */
	returnsUnfinished: boolean;
	/** Tasks that are still in the queue when the user stops the execution are canceled. */
	cancelsOnStop: boolean;
	/** The wait moves into n8n's database. */
	survivesRestarts: boolean;
	/** How many tasks the batch keeps at the service; absent: about one hour of work. */
	queueAhead?: number;
}

/** What both ways to wait offer. */
interface AnyWaiting {
	add(accepted: AcceptedTask): void;
	/** A job that never became a task. */
	settle(job: VideoLabel, result: Result<OutputItem>): void;
	/** Resolves when one more task may be submitted, or the batch is to end. */
	untilRoom(): Promise<void>;
	/** No task comes any more; resolves with one outcome per job, in the order of the jobs. */
	finish(): Promise<Outcome[]>;
}

/** A wait in memory: the operation submits its jobs itself. */
export interface InMemoryWaiting extends AnyWaiting {
	mode: 'inMemory';
}

/** A wait in n8n's database: its checks submit the jobs, so that none is submitted before it is parked. */
export interface DurableWaiting extends AnyWaiting {
	mode: 'durable';
	/** Takes a prepared job, which a check will submit. */
	handOver(prepared: PreparedJob): void;
}

export type Waiting = InMemoryWaiting | DurableWaiting;

/** Delivers a finished video. An exception becomes a failure with the task ID. */
async function deliverOrFail(...video: Parameters<typeof deliver>): ReturnType<typeof deliver> {
	const [{ entry }, , , context] = video;
	try {
		return await deliver(...video);
	} catch (error) {
		return { result: fail({ ...context.recordException(error), taskId: entry.taskId }) };
	}
}

/**
 * Starts to wait; tasks are added as they are accepted.
 * @param options from parameters/waiting
 * @param videos all that are to come, in the order in which they come out
 * @param deliveriesWanted from parameters/delivery, by input item
 * @param refused outcomes of items that asked for nothing possible; they come out with the others
 */
export function startInMemoryWait(
	context: ExecutionContext,
	options: WaitOptions,
	videos: VideoLabel[],
	deliveriesWanted: ReadonlyMap<number, Delivery>,
	refused: Outcome[],
): InMemoryWaiting {
	const outcomes = new Map<string, Outcome>();
	const deliveries: Array<Promise<void>> = [];
	const download = createLimiter(DOWNLOADS_AT_ONCE);

	const settle = (label: VideoLabel, result: Result<OutputItem>, link?: LinkOfVideo) => {
		const { key, itemIndex } = label;
		const about = { ...aboutOf(label), ...link };
		outcomes.set(
			key,
			result.ok ? { itemIndex, result, about } : failed(itemIndex, result.failure, about),
		);
		if (!result.ok && context.stopsAtFirstFailure) context.endBatch();
	};

	const onEnd = (accepted: AcceptedTask, { result, lastAnswer }: TaskResult) => {
		const { job } = accepted;
		const wanted = deliveriesWanted.get(job.itemIndex);
		if (!wanted) return;
		if (result.ok) {
			const delivery = async () => {
				const delivered = await deliverOrFail(accepted, result.value, wanted, context);
				settle(job, delivered.result, delivered.link);
			};
			deliveries.push(download(delivery));
		} else if (result.failure.kind === 'timeLimit' && options.returnsUnfinished && lastAnswer) {
			settle(job, succeed({ json: toJson(accepted, lastAnswer, wanted) }));
		} else {
			settle(job, result);
		}
	};
	const follow = followTasks(context, options, onEnd, videos.length);

	return {
		mode: 'inMemory',
		add: (accepted) => follow.add(accepted),
		settle(job, result) {
			follow.miss(result.ok);
			settle(job, result);
		},
		untilRoom: async () => await follow.untilRoom(options.queueAhead),
		async finish() {
			await follow.finish();
			await Promise.all(deliveries);
			const all = videos.flatMap(({ key }) => outcomes.get(key) ?? []);
			const cancels = options.cancelsOnStop && context.stop.userStop.aborted;
			const ended = cancels ? await cancelQueued(context, all) : all;
			return [...refused, ...packUp(ended, deliveriesWanted)];
		},
	};
}
