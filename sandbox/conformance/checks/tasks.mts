/** Asking for tasks, listing and canceling them, and the video. All free. */
import type { Answer, Check, Visit } from '../check.mts';
import { valuesAt } from '../compare.mts';
import { documents } from '../documents.mts';

const tasks = '/api/v1/tasks/';
const pollMs = 15_000;
/** A task without a result is given up after 3 hours; a video takes 1 to 5 minutes. */
const patienceMs = 30 * 60_000;

const query = ({ ask }: Visit, id = '') => ask({ path: tasks + id });
const cancel = ({ ask }: Visit, id = '') => ask({ method: 'POST', path: `${tasks}${id}/cancel` });
const statusOf = ({ body }: Answer) => valuesAt(body, 'output.task_status')[0];

/** Asks until the first video has ended, and remembers its link. */
async function queryUntilEnded(visit: Visit): Promise<Answer> {
	let answer = await query(visit, visit.found.taskId);
	for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
		if (statusOf(answer) !== 'PENDING' && statusOf(answer) !== 'RUNNING') break;
		await visit.wait(pollMs);
		answer = await query(visit, visit.found.taskId);
	}
	const url = valuesAt(answer.body, 'output.video_url')[0];
	if (typeof url === 'string') visit.found.videoUrl = url;
	return answer;
}

/** Asks until the first video is being made: only a waiting task can be canceled. */
async function cancelRunning(visit: Visit): Promise<Answer> {
	for (let turn = 0; turn < 10; turn += 1) {
		if (statusOf(await query(visit, visit.found.taskId)) !== 'PENDING') break;
		await visit.wait(3000);
	}
	return await cancel(visit, visit.found.taskId);
}

/** "YYYYMMDDhhmmss" in UTC+8. */
const stamp = (epochMs: number) =>
	new Date(epochMs + 8 * 3_600_000).toISOString().replaceAll(/\D/g, '').slice(0, 14);

function listed({ now }: Visit, hours: number): string {
	const nowMs = now();
	return `?start_time=${stamp(nowMs - hours * 3_600_000)}&end_time=${stamp(nowMs)}`;
}

const row = ['api_key_id', 'gmt_create', 'model_name', 'region', 'status', 'task_id'];
const notPending = {
	status: 400,
	code: 'UnsupportedOperation',
	message: 'Failed to cancel the task, please confirm if the task is in PENDING status.',
};

/** While the first video is made. */
export const runningChecks: readonly Check[] = [
	{
		id: 'query-new',
		title: 'Asking for the first video right after it was created',
		document: documents.tasks,
		section: 'Query, "UNKNOWN"',
		kind: 'task',
		needs: ['taskId'],
		ask: (visit) => query(visit, visit.found.taskId),
		expected: { status: 200, says: { 'output.task_status': ['PENDING', 'RUNNING'] } },
	},
	{
		id: 'cancel-queued',
		title: 'Canceling the second video, which waits',
		document: documents.tasks,
		section: 'Cancel',
		kind: 'canceled',
		needs: ['queuedId'],
		ask: (visit) => cancel(visit, visit.found.queuedId),
		expected: { status: 200, has: ['request_id'] },
	},
	{
		id: 'query-canceled',
		title: 'Asking for the canceled video',
		document: documents.tasks,
		section: 'Query, CANCELED',
		kind: 'task',
		needs: ['queuedId'],
		ask: (visit) => query(visit, visit.found.queuedId),
		expected: { status: 200, says: { 'output.task_status': 'CANCELED' } },
	},
	{
		id: 'cancel-running',
		title: 'Canceling the first video, which is being made',
		document: documents.tasks,
		section: 'Cancel',
		kind: 'refusal',
		needs: ['taskId'],
		ask: cancelRunning,
		expected: notPending,
	},
	{
		id: 'query-running',
		title: 'Asking for the first video',
		document: documents.emoji,
		section: 'Step 2, response parameters',
		kind: 'task',
		needs: ['taskId'],
		ask: (visit) => query(visit, visit.found.taskId),
		expected: {
			status: 200,
			has: ['request_id', 'output.task_id', 'output.submit_time'],
			says: { 'output.task_status': ['PENDING', 'RUNNING'] },
		},
	},
	{
		id: 'query-unknown',
		title: 'Asking for a task that never was',
		document: documents.emoji,
		section: 'Step 2, "Task query expired"',
		kind: 'task',
		ask: (visit) => query(visit, '00000000-0000-4000-8000-000000000000'),
		expected: { status: 200, says: { 'output.task_status': 'UNKNOWN' } },
	},
	{
		id: 'list',
		title: 'The task list, by model',
		document: documents.tasks,
		section: 'List, response',
		kind: 'list',
		needs: ['taskId'],
		ask: ({ ask }) => ask({ path: `${tasks}?model_name=emoji-v1&page_no=1&page_size=10` }),
		expected: {
			status: 200,
			has: ['total', 'total_page', 'page_no', 'page_size', ...row.map((name) => `data.0.${name}`)],
			says: { 'data.0.model_name': 'emoji-v1' },
		},
	},
	{
		id: 'list-by-id',
		title: 'The task list, by a task and a time',
		document: documents.tasks,
		section: 'List, request parameters',
		kind: 'list',
		needs: ['taskId'],
		ask: (visit) =>
			visit.ask({ path: `${tasks}${listed(visit, 23)}&task_id=${visit.found.taskId}` }),
		expected: { status: 200, says: { total: 1 } },
	},
	{
		id: 'list-100',
		title: 'The task list, 100 a page',
		document: documents.tasks,
		section: 'List, "page_size" (no limit is named)',
		kind: 'list',
		ask: ({ ask }) => ask({ path: `${tasks}?page_size=100` }),
		expected: { status: 200 },
	},
	{
		id: 'list-1000',
		title: 'The task list, 1,000 a page',
		document: documents.tasks,
		section: 'List, "page_size" (no limit is named)',
		kind: 'list',
		ask: ({ ask }) => ask({ path: `${tasks}?page_size=1000` }),
		expected: { status: [200, 400] },
	},
	{
		id: 'list-48-hours',
		title: 'The task list of two days',
		document: documents.tasks,
		section: 'List, "at most 24 hours"',
		kind: 'list',
		ask: (visit) => visit.ask({ path: tasks + listed(visit, 48) }),
		expected: { status: 400 },
	},
];

/** Once the first video is there. */
export const endedChecks: readonly Check[] = [
	{
		id: 'query-succeeded',
		title: 'Asking for the first video until it is there',
		document: documents.emoji,
		section: 'Step 2, "Task successful"',
		kind: 'task',
		needs: ['taskId'],
		ask: queryUntilEnded,
		expected: {
			status: 200,
			has: ['output.submit_time', 'output.scheduled_time', 'output.end_time', 'output.video_url'],
			says: { 'output.task_status': 'SUCCEEDED', 'usage.video_ratio': 'standard' },
		},
	},
	{
		id: 'download',
		title: 'The video, without the key',
		document: documents.emoji,
		section: 'Step 2, "video_url"',
		kind: 'other',
		needs: ['videoUrl'],
		ask: ({ ask, found }) => ask({ path: found.videoUrl ?? '', key: null }),
		expected: {
			status: 200,
			says: { 'mp4.brand': 'ftyp' },
			headers: { 'content-type': 'video/mp4' },
		},
	},
	{
		id: 'cancel-ended',
		title: 'Canceling a video that is there',
		document: documents.recorded,
		section: 'cancel-completed-task',
		kind: 'refusal',
		needs: ['taskId'],
		ask: (visit) => cancel(visit, visit.found.taskId),
		expected: notPending,
	},
];
