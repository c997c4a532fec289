/**
 * A simplified item has at most ten fields (n8n's UX guidelines, "Simplify"): the largest possible one of
 * every operation, with everything that the service, the portrait and the options can add.
 */
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { explainUnknown } from '../../../nodes/EmojiVideo/actions/explainUnknown';
import { TASK_STATUSES } from '../../../nodes/EmojiVideo/dashscope/schemas';
import type { FaceAreas, ListedTask, Task } from '../../../nodes/EmojiVideo/dashscope/schemas';
import type { ExecutionContext } from '../../../nodes/EmojiVideo/execution/context';
import {
	cancelToJson,
	createdToJson,
	detectionToJson,
	listedTaskToJson,
	listedVideoToJson,
	taskToJson,
} from '../../../nodes/EmojiVideo/output';
import { deliver, packUp } from '../../../nodes/EmojiVideo/wait/deliver';
import type { Delivery } from '../../../nodes/EmojiVideo/wait/deliver';
import { neverStops } from '../../../nodes/EmojiVideo/base/stop';

/** Areas that are worth a hint. */
const areas: FaceAreas = { face: [10, 10, 400, 400], expression: [100, 100, 500, 500] };
const facts = {
	templateId: 'mengwa_kaixin',
	imageUrl: 'https://example.com/a.png',
	imageFile: 'a.png',
	areas,
};

const START_MS = Date.UTC(2025, 9, 14);

/** A task of which the service says everything there is, also what cannot be. */
const full = (status: Task['status'], videoUrl?: string): Task => ({
	taskId: 'task-1',
	status,
	submittedAt: START_MS,
	startedAt: START_MS,
	finishedAt: status === 'PENDING' ? undefined : START_MS,
	videoUrl,
	code: 'InvalidParameter',
	message: 'Says who?',
	billedSeconds: 2,
	requestId: 'r',
});

const listed: ListedTask = { ...full('SUCCEEDED'), model: 'emoji-v1', raw: {}, requestId: 'r' };

const price = { pricePerSecond: 0.08 };
const LINK = 'http://10.0.0.1/a.mp4';

const job = { itemIndex: 0, key: 'k', ...facts };
const accepted = (n = 1) => ({ job, entry: { taskId: `task-${n}`, areas } });
const delivery: Delivery = { simplify: true, field: 'data', ...price };

/** An execution in which no download can succeed. */
const context = {
	functions: { helpers: {} } as IExecuteFunctions,
	account: { isLoopback: false },
	stop: neverStops(),
} as ExecutionContext;

async function delivered(task: Task, wanted: Partial<Delivery> = {}) {
	const { result } = await deliver(
		accepted(),
		{ value: task, raw: {} },
		{ ...delivery, ...wanted },
		context,
	);
	if (!result.ok) throw new Error(result.failure.message);
	return result.value;
}

const LINKS = [undefined, LINK];
const eachTask = TASK_STATUSES.flatMap((status) => LINKS.map((link) => full(status, link)));

const largest: Array<[string, () => IDataObject[] | Promise<IDataObject[]>]> = [
	['Create', () => [createdToJson({ taskId: 't', status: 'PENDING', requestId: 'r' }, 0, facts)]],
	[
		'Create and Wait and Wait, without a file',
		async () =>
			(await Promise.all(eachTask.map(async (task) => await delivered(task)))).map(
				({ json }) => json,
			),
	],
	[
		'Create and Wait and Wait, of what is unfinished or not downloaded',
		() => eachTask.map((task) => taskToJson(task, facts, price)),
	],
	[
		'Get Status',
		() =>
			eachTask.map((task) => ({
				...taskToJson(task, {}, { withEnd: true }),
				...(task.status === 'UNKNOWN' && explainUnknown('task-1', { taskId: 'task-1' }, 0)),
			})),
	],
	['Get Many', () => [listedTaskToJson(listed)]],
	[
		'Get Many with its video, and the trigger whose download fails',
		() =>
			eachTask.map((task) => ({
				...listedVideoToJson({ ...listed, status: task.status }, task),
				...(task.videoUrl && task.status === 'SUCCEEDED' && { downloadError: 'why' }),
			})),
	],
	[
		'Cancel',
		() => [
			cancelToJson({
				taskId: 't',
				canceled: false,
				status: 'RUNNING',
				reason: 'why',
				requestId: 'r',
			}),
		],
	],
	[
		'Detect Face',
		() => [
			detectionToJson({ passed: true, areas, requestId: 'r' }, facts),
			detectionToJson({ passed: false, code: 'C', message: 'm', requestId: 'r' }, facts, 'hint'),
		],
	],
];

it.each(largest)('%s puts out at most ten fields', async (_, jsonsOf) => {
	const jsons = await jsonsOf();
	for (const json of jsons) expect(Object.keys(json).length).toBeLessThanOrEqual(10);
	expect(jsons.length).toBeGreaterThan(0);
});

it('a video without its file has the reason instead of a hint', async () => {
	const { json } = await delivered(full('SUCCEEDED', LINK));
	expect(Object.keys(json)).toEqual([
		'taskId',
		'status',
		'templateId',
		'templateName',
		'imageUrl',
		'videoUrl',
		'videoUrlExpiresAt',
		'billedSeconds',
		'cost',
		'downloadError',
	]);
	const { json: withDetails } = await delivered(full('SUCCEEDED', LINK), { withDetails: true });
	for (const field of ['hint', 'finishedAt', 'requestId', 'faceArea', 'expressionArea'])
		expect(Object.keys(withDetails)).toContain(field);
});

it('a pack has two fields, and each of its videos at most ten', () => {
	const json = taskToJson(full('SUCCEEDED', LINK), facts, price);
	const { imageUrl, ...other } = taskToJson(full('SUCCEEDED', LINK), facts, price);
	const binary = { data_x: { data: '', mimeType: 'video/mp4' } };
	const outcomes = [json, other].map((video) => ({
		itemIndex: 0,
		result: { ok: true as const, value: { json: video, binary } },
	}));
	const [pack] = packUp(outcomes, new Map([[0, { ...delivery, isPack: true }]]));
	const packed = pack?.result.ok ? pack.result.value.json : {};
	expect(Object.keys(packed)).toEqual(['hint', 'videos']);
	const videos = packed['videos'] as IDataObject[];
	expect(videos.map((video) => Object.keys(video).length)).toEqual([10, 9]);
	expect(videos.map((video) => video['imageUrl'])).toEqual([imageUrl, undefined]);
});
