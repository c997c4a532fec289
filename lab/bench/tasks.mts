/**
 * The requests that listing and polling 1,000 tasks costs, beside the ideal (one for each page of 100, and one for
 * each link or status), and the most within one second, beside the limit. The mock enforces its limits.
 */
import pLimit from 'p-limit';
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock, Operation } from '../../sandbox/dashscope/index.mts';
import { LARGEST_PAGE, listAllTasks } from '../../nodes/EmojiVideo/account/listTasks';
import {
	accountIdOf,
	DOCUMENTED_RATES,
	rateLimiterOf,
} from '../../nodes/EmojiVideo/account/rateLimiter';
import { systemClock } from '../../nodes/EmojiVideo/base/clock';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import type { Client } from '../../nodes/EmojiVideo/dashscope/client';
import type { Send } from '../../nodes/EmojiVideo/dashscope/transport';
import type { Bench, Figure } from './figures.mts';
import { createHttpSend } from './network.mts';

/** One line of the result. */
interface TaskBenchRow {
	name: string;
	/** Tasks the account has. */
	tasks: number;
	requests: number;
	/** The least that is possible. */
	ideal: number;
	/** The most requests that arrived within any one second; the limit is 20. */
	mostPerSecond: number;
	/** Requests that the mock throttled. */
	throttled: number;
	seconds: number;
}

const QUERIES: Operation[] = ['list', 'query', 'cancel'];

async function makeTasks(send: Send, imageUrl: string, count: number) {
	for (let made = 0; made < count; made++) {
		const sent = await send({
			method: 'POST',
			path: '/api/v1/services/aigc/image2video/video-synthesis',
			headers: { 'X-DashScope-Async': 'enable' },
			body: {
				model: 'emoji-v1',
				input: {
					image_url: imageUrl,
					driven_id: 'mengwa_kaixin',
					face_bbox: [192, 192, 448, 448],
					ext_bbox: [64, 64, 576, 576],
				},
			},
			timeoutMs: 10_000,
		});
		if (!sent.ok || sent.value.httpStatus !== 200) throw new Error('The mock rejected a task');
	}
}

function mostWithinASecond(times: number[]): number {
	let most = 0;
	for (let first = 0, last = 0; last < times.length; last++) {
		while ((times[last] ?? 0) - (times[first] ?? 0) >= 1000) first++;
		most = Math.max(most, last - first + 1);
	}
	return most;
}

/** Runs `work` and counts what arrived at the mock meanwhile. */
async function measure(
	mock: DashScopeMock,
	name: string,
	ideal: number,
	work: () => Promise<void>,
): Promise<TaskBenchRow> {
	const before = mock.ledger().length;
	const startedAt = Date.now();
	await work();
	const seen = mock
		.ledger()
		.slice(before)
		.filter(({ operation }) => QUERIES.includes(operation));
	return {
		name,
		tasks: mock.tasks().length,
		requests: seen.length,
		ideal,
		mostPerSecond: mostWithinASecond(seen.map(({ atMs }) => atMs)),
		throttled: seen.filter(({ throttled }) => throttled).length,
		seconds: (Date.now() - startedAt) / 1000,
	};
}

async function listWithLinks(client: Client): Promise<number> {
	const listed = await listAllTasks(client, { model: 'emoji-v1' });
	if (!listed.ok) throw new Error(listed.failure.message);
	const atOnce = pLimit(5);
	const links = await Promise.all(
		listed.value.map(async ({ taskId }) => await atOnce(async () => await client.getTask(taskId))),
	);
	return links.filter((link) => link.ok && link.value.value.videoUrl !== undefined).length;
}

/**
 * Lists the tasks of an account, lists them with their links, and asks for each one's status.
 * @param tasks how many the account has
 */
async function benchTasks(tasks = 1000): Promise<TaskBenchRow[]> {
	const mock = await startDashScopeMock({
		taskSeconds: 0,
		rateLimits: { createPerSecond: Infinity },
	});
	try {
		const send = createHttpSend(mock.url, mock.apiKey);
		await makeTasks(send, mock.portraitUrl('ada.png'), tasks);
		mock.advanceClock(60_000);
		const acquire = rateLimiterOf(
			accountIdOf(mock.apiKey, mock.url),
			DOCUMENTED_RATES,
			systemClock,
		);
		const client = createClient(send, acquire, systemClock);
		const pages = Math.ceil(tasks / LARGEST_PAGE);
		const expectAll = (found: number) => {
			if (found !== tasks) throw new Error(`${found} of ${tasks} tasks were found.`);
		};
		return [
			await measure(mock, 'list', pages, async () => {
				const listed = await listAllTasks(client, { model: 'emoji-v1' });
				expectAll(listed.ok ? listed.value.length : 0);
			}),
			await measure(mock, 'list with video links', pages + tasks, async () =>
				expectAll(await listWithLinks(client)),
			),
			await measure(mock, 'status of each', tasks, async () => {
				const ids = mock.tasks().map(({ id }) => id);
				const answers = await Promise.all(ids.map(async (id) => await client.getTask(id)));
				expectAll(answers.filter(({ ok }) => ok).length);
			}),
		];
	} finally {
		await mock.close();
	}
}

const LIMIT_PER_SECOND = 20;

export const tasksBench: Bench = {
	title: 'List and status of 1,000 tasks',
	about:
		'The real client and pace, real HTTP to the mock on the wall clock, its documented limits enforced. The ideal is one request per page of 100 and one per wanted link or status.',
	async measure() {
		const rows = await benchTasks();
		return rows.flatMap(({ name, requests, ideal, mostPerSecond, throttled }): Figure[] => [
			{
				what: `${name}: requests`,
				unit: '',
				atMost: ideal,
				node: requests,
				ideal,
				basis: 'real time',
			},
			{
				what: `${name}: most within one second`,
				unit: '',
				atMost: LIMIT_PER_SECOND,
				node: mostPerSecond,
				ideal: LIMIT_PER_SECOND,
				basis: 'real time',
			},
			{
				what: `${name}: answered 429`,
				unit: '',
				atMost: 0,
				node: throttled,
				ideal: 0,
				basis: 'real time',
			},
		]);
	},
};
