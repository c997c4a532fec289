/**
 * The task list (docs/service.md, "Task list"). Rule: it speaks its own dialect: `status` for
 * `task_status`, epoch ms for times, and no video link.
 */
import { z } from 'zod';
import { parseBeijingStamp } from '../clock.mts';
import { videoModel } from '../models.mts';
import { refuse } from '../refusals.mts';
import { endOf, statusOf, type Task } from '../tasks.mts';
import type { Answer, Endpoint, Exchange } from './exchange.mts';

const dayMs = 24 * 60 * 60 * 1000;

const stamp = z
	.string()
	.transform((text, context) => {
		const epochMs = parseBeijingStamp(text);
		if (epochMs === undefined) context.addIssue({ code: 'custom' });
		return epochMs ?? 0;
	})
	.optional();

const querySchema = z.object({
	task_id: z.string().optional(),
	start_time: stamp,
	end_time: stamp,
	model_name: z.string().optional(),
	status: z.enum(['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'UNKNOWN']).optional(),
	page_no: z.coerce.number().int().min(1).default(1),
	page_size: z.coerce.number().int().min(1).default(10),
});

type ListQuery = z.infer<typeof querySchema>;

/** The asked period in epoch ms, both ends included; a missing end is 24 hours from the other. */
function period({ start_time: start, end_time: end }: ListQuery, nowMs: number) {
	if (start !== undefined) return { fromMs: start, toMs: end ?? start + dayMs };
	const toMs = end ?? nowMs;
	return { fromMs: toMs - dayMs, toMs };
}

const serviceOf = (model: string) => (model === videoModel ? 'image2video' : 'video-generation');

function row(task: Task, nowMs: number): object {
	const endMs = endOf(task, nowMs);
	const isStarted = task.startedMs !== undefined && task.startedMs <= nowMs;
	return {
		api_key_id: task.account,
		caller_parent_id: task.account,
		caller_uid: task.account,
		gmt_create: task.submittedMs,
		model_name: task.model,
		region: 'cn-beijing',
		request_id: task.requestId,
		...(isStarted && { start_time: task.startedMs }),
		...(endMs !== undefined && { end_time: endMs }),
		status: statusOf(task, nowMs),
		task_id: task.id,
		user_api_unique_key: `apikey:v1:aigc:${serviceOf(task.model)}:video-synthesis:${task.model}`,
	};
}

function list({ world, request, account, requestId }: Exchange): Answer {
	const parsed = querySchema.safeParse(request.query);
	if (!parsed.success) return { refusal: refuse('wrongParameter') };
	const query = parsed.data;
	if (query.page_size > world.settings.maxPageSize) return { refusal: refuse('wrongParameter') };
	const nowMs = world.now();
	const { fromMs, toMs } = period(query, nowMs);
	if (toMs < fromMs || toMs - fromMs > dayMs) return { refusal: refuse('wrongParameter') };
	const found = world.tasks
		.newestFirst(account)
		.filter(
			(task) =>
				task.submittedMs >= fromMs &&
				task.submittedMs <= toMs &&
				(query.task_id === undefined || task.id === query.task_id) &&
				(query.model_name === undefined || query.model_name === task.model) &&
				(query.status === undefined || statusOf(task, nowMs) === query.status),
		);
	const first = (query.page_no - 1) * query.page_size;
	return {
		status: 200,
		body: {
			total: found.length,
			data: found.slice(first, first + query.page_size).map((task) => row(task, nowMs)),
			total_page: Math.ceil(found.length / query.page_size),
			page_no: query.page_no,
			request_id: requestId,
			page_size: query.page_size,
		},
	};
}

export const listEndpoint: Endpoint = {
	operation: 'list',
	limit: { name: 'queriesPerSecond' },
	handle: list,
};
