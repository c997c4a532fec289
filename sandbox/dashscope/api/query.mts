/**
 * One task: its state, and its cancellation (docs/service.md, "Task status" and "Cancel").
 * Rule: a query never changes anything, and an unknown task is a response with status 200, not an error.
 */
import { beijingTime } from '../clock.mts';
import { refuse } from '../refusals.mts';
import { resultUrl } from '../results.mts';
import { endOf, failureOf, statusOf, videoSecondsOf, type Task } from '../tasks.mts';
import type { World } from '../world.mts';
import type { Answer, Endpoint, Exchange } from './exchange.mts';

function idOf({ request }: Exchange): string {
	const { id } = request.params as { id: string };
	return id;
}

function times(task: Task, nowMs: number): object {
	const isRunning = task.startedMs !== undefined && task.startedMs <= nowMs;
	const endMs = endOf(task, nowMs);
	return {
		submit_time: beijingTime(task.submittedMs),
		...(isRunning && { scheduled_time: beijingTime(task.startedMs ?? 0) }),
		...(endMs !== undefined && { end_time: beijingTime(endMs) }),
	};
}

function view(world: World, task: Task): object {
	const nowMs = world.now();
	const status = statusOf(task, nowMs);
	const output = { task_id: task.id, task_status: status, ...times(task, nowMs) };
	if (status === 'FAILED') return { output: { ...output, ...failureOf(task) } };
	if (status !== 'SUCCEEDED') return { output };
	return {
		output: { ...output, video_url: resultUrl(world, task) },
		usage: { video_duration: videoSecondsOf(task), video_ratio: 'standard' },
	};
}

export const queryEndpoint: Endpoint = {
	operation: 'query',
	limit: { name: 'queriesPerSecond' },
	handle(exchange): Answer {
		const { world, account, requestId } = exchange;
		const task = world.tasks.find(account, idOf(exchange));
		const found = task
			? view(world, task)
			: { output: { task_id: idOf(exchange), task_status: 'UNKNOWN' } };
		return { status: 200, body: { request_id: requestId, ...found } };
	},
};

export const cancelEndpoint: Endpoint = {
	operation: 'cancel',
	limit: { name: 'queriesPerSecond' },
	handle(exchange): Answer {
		const { world, account, requestId } = exchange;
		const task = world.tasks.find(account, idOf(exchange));
		if (!task || !world.tasks.cancel(task)) return { refusal: refuse('notPending') };
		return { status: 200, body: { request_id: requestId } };
	},
};
