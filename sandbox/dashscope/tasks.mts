/**
 * The tasks of all accounts. Rule: a task's state is read off its times and the clock, never stored;
 * a task of another account, or one past its 24 hours, does not exist.
 */
import { randomUUID } from 'node:crypto';
import { createQueue, type QueuedTask, type TaskQueue } from './queue.mts';
import type { Settings } from './options.mts';
import { templateSeconds } from './templates.mts';

/** Why a task ended FAILED. */
export interface TaskFailure {
	code: string;
	message: string;
}

export type TaskStatus = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';

export interface Task extends QueuedTask {
	readonly id: string;
	readonly index: number;
	readonly account: string;
	readonly model: string;
	readonly drivenId: string;
	readonly requestId: string;
	failure?: TaskFailure;
}

export interface NewTask {
	account: string;
	model: string;
	drivenId: string;
	requestId: string;
}

export interface TaskStore {
	/** Puts a task at the end of its account's queue. */
	create(task: NewTask): Task;
	/** The task, its times up to date, or undefined when `account` does not know it (any more). */
	find(account: string, id: string): Task | undefined;
	/** The task of this id, whatever its account and age. */
	byId(id: string): Task | undefined;
	/** All tasks `account` still knows, newest first. */
	newestFirst(account: string): Task[];
	/** Every task ever created, in order, whatever its age. */
	all(): Task[];
	/** True when the task was waiting and is now canceled. */
	cancel(task: Task): boolean;
	/** Makes a task, by id, or the next `target` new tasks, end FAILED. False: too late or unknown. */
	fail(target: string | number, failure: TaskFailure): boolean;
	setConcurrency(count: number): void;
	/** Brings all queues up to date, e.g. before the running time changes. */
	advance(): void;
}

/** The task's status at `nowMs`. */
export function statusOf(task: Task, nowMs: number): TaskStatus {
	if (task.canceledMs !== undefined) return 'CANCELED';
	if (task.endedMs !== undefined && task.endedMs <= nowMs) {
		return failureOf(task) ? 'FAILED' : 'SUCCEEDED';
	}
	return task.startedMs === undefined || task.startedMs > nowMs ? 'PENDING' : 'RUNNING';
}

/** Error page: an asynchronous task that had no result in 3 hours. */
const timeout: TaskFailure = {
	code: 'InternalError.Timeout',
	message:
		'An internal timeout error has occured during execution, please try again later or contact service support.',
};

/** Why the task ends FAILED; undefined when it does not. */
export function failureOf(task: Task): TaskFailure | undefined {
	return task.timedOut ? timeout : task.failure;
}

/** When the task ended or was canceled, in epoch ms; undefined before that. */
export function endOf(task: Task, nowMs: number): number | undefined {
	if (task.canceledMs !== undefined) return task.canceledMs;
	return task.endedMs !== undefined && task.endedMs <= nowMs ? task.endedMs : undefined;
}

/** Whole seconds of the task's video. */
export function videoSecondsOf(task: Task): number {
	return templateSeconds.get(task.drivenId) ?? 0;
}

function runningMs(task: Task, { taskSeconds }: Settings): number {
	const { index, id: taskId, drivenId } = task;
	if (typeof taskSeconds === 'function') return taskSeconds({ index, taskId, drivenId }) * 1000;
	if (typeof taskSeconds === 'number') return taskSeconds * 1000;
	return (taskSeconds[index % taskSeconds.length] ?? 0) * 1000;
}

/** A store with no tasks. `settings` is read anew at every step, so it may change. */
export function createTaskStore(settings: Settings, now: () => number): TaskStore {
	const byId = new Map<string, Task>();
	const byAccount = new Map<string, Task[]>();
	const queues = new Map<string, TaskQueue<Task>>();
	let nextFailures: TaskFailure[] = [];

	const queueOf = (account: string): TaskQueue<Task> => {
		const known = queues.get(account);
		if (known) return known;
		const queue = createQueue<Task>({
			concurrency: settings.concurrency,
			runningMs: (task) => runningMs(task, settings),
			resultTimeoutMs: settings.resultTimeoutMs,
		});
		queues.set(account, queue);
		return queue;
	};

	const listOf = (account: string): Task[] => {
		const known = byAccount.get(account) ?? [];
		byAccount.set(account, known);
		return known;
	};

	const isForgotten = (task: Task, nowMs: number): boolean => {
		const sinceMs = settings.taskRetentionFrom === 'submit' ? task.submittedMs : endOf(task, nowMs);
		return sinceMs !== undefined && nowMs - sinceMs >= settings.taskRetentionMs;
	};

	const advance = (): void => queues.forEach((queue) => queue.advance(now()));

	return {
		create(wanted) {
			const failure = nextFailures.shift();
			const task: Task = {
				...wanted,
				id: randomUUID(),
				index: byId.size,
				submittedMs: now(),
				...(failure && { failure }),
			};
			byId.set(task.id, task);
			listOf(task.account).push(task);
			queueOf(task.account).advance(task.submittedMs);
			queueOf(task.account).submit(task);
			return task;
		},
		find(account, id) {
			const task = byId.get(id);
			if (task?.account !== account) return undefined;
			queueOf(account).advance(now());
			return isForgotten(task, now()) ? undefined : task;
		},
		byId(id) {
			advance();
			return byId.get(id);
		},
		newestFirst(account) {
			queueOf(account).advance(now());
			return listOf(account)
				.filter((task) => !isForgotten(task, now()))
				.reverse();
		},
		all() {
			advance();
			return [...byId.values()];
		},
		cancel(task) {
			queueOf(task.account).advance(now());
			if (statusOf(task, now()) !== 'PENDING') return false;
			task.canceledMs = now();
			return true;
		},
		fail(target, failure) {
			if (typeof target === 'number') {
				nextFailures = Array.from({ length: target }, () => failure);
				return true;
			}
			advance();
			const task = byId.get(target);
			if (!task || endOf(task, now()) !== undefined) return false;
			task.failure = failure;
			return true;
		},
		setConcurrency(count) {
			queues.forEach((queue) => queue.setConcurrency(count, now()));
		},
		advance,
	};
}
