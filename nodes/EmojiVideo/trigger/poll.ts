/**
 * One poll of the trigger: look, find the news, fetch what belongs to them, hand them over, remember.
 *
 * Rules: n8n saves the memory together with the items it is given, so the memory changes only at the
 * end, in one step, right before the items are returned. A poll that fails changes nothing, and the
 * next one finds the same news. Two polls of one node never run side by side.
 */
import type { IDataObject, INodeExecutionData, IPollFunctions } from 'n8n-workflow';
import { createLimiter } from '../base/limiter';
import { openAccount } from '../execution/context';
import type { AccountTools } from '../execution/context';
import { systemClock } from '../base/clock';
import type { Clock } from '../base/clock';
import { fail, succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import { neverStops } from '../base/stop';
import type { ListedTask } from '../dashscope/schemas';
import { videoFileName } from '../media/fileNames';
import { downloadVideo } from '../media/downloadVideo';
import { listedTaskToJson, listedVideoToJson } from '../output';
import { listChangedTasks } from './listChanged';
import { findNews, readSeenTasks, remember } from './seenTasks';
import type { FormSource } from '../parameters/read';
import { triggerForm } from '../parameters/trigger';
import type { TriggerSettings } from '../parameters/trigger';

/** Tasks fetched, and videos downloaded, at once. */
const AT_ONCE = 3;

/** News handed over before the time is looked at again. */
const CHUNK = 12;

/** No further videos are fetched after this long; the rest is left to the next poll. */
const LONGEST_MS = 60_000;

/** Half of what n8n gives a poll, where it says so (from 2.40 on). */
function budgetMs(functions: IPollFunctions): number {
	const { getPollBudgetMs } = functions as Partial<Pick<IPollFunctions, 'getPollBudgetMs'>>;
	return Math.min(LONGEST_MS, (getPollBudgetMs?.call(functions) ?? Infinity) / 2);
}

async function videoOf(
	url: string,
	task: ListedTask,
	functions: IPollFunctions,
	{ clock, stop, account }: AccountTools,
) {
	const fileName = videoFileName({}, undefined, task.taskId);
	const allowLoopback = account.isLoopback;
	return await downloadVideo(url, fileName, { functions, clock, stop, allowLoopback });
}

/**
 * A finished task as an item, with all that only a query tells: link, price, reason of a failure.
 * @returns a failure when it should be told later
 */
async function toItem(
	listed: ListedTask,
	{ simplify, field }: TriggerSettings,
	functions: IPollFunctions,
	tools: AccountTools,
): Promise<Result<INodeExecutionData>> {
	const row: IDataObject = simplify ? listedTaskToJson(listed) : { ...listed.raw };
	if (listed.status === 'CANCELED') return succeed({ json: row });
	const answer = await tools.client.getTask(listed.taskId);
	// Asked again, a refusal would be one again: the task is told with what the list says.
	if (!answer.ok) return answer.failure.kind === 'rejected' ? succeed({ json: row }) : answer;
	const { value: task, raw } = answer.value;
	if (task.status === 'UNKNOWN') return succeed({ json: row });
	const json: IDataObject = simplify ? listedVideoToJson(listed, task) : { ...raw };
	if (field === undefined || task.videoUrl === undefined) return succeed({ json });

	const video = await videoOf(task.videoUrl, listed, functions, tools);
	if (video.ok) return succeed({ json, binary: { [field]: video.value } });
	const { message, nextStep } = video.failure;
	return succeed({ json: { ...json, downloadError: `${message}. ${nextStep}` } });
}

interface HandOver {
	items: INodeExecutionData[];
	/** IDs of tasks that are left to the next poll. */
	postponed: Set<string>;
	failure?: Failure;
}

/** Makes items of the news, in order, for as long as there is time. */
async function handOver(
	news: ListedTask[],
	settings: TriggerSettings,
	functions: IPollFunctions,
	tools: AccountTools,
): Promise<HandOver> {
	const { clock } = tools;
	const end = clock.now() + budgetMs(functions);
	const atOnce = createLimiter(AT_ONCE);
	const done: HandOver = { items: [], postponed: new Set(news.map(({ taskId }) => taskId)) };
	for (let next = 0; next < news.length && clock.now() < end; next += CHUNK) {
		const chunk = news.slice(next, next + CHUNK);
		const results = await Promise.all(
			chunk.map(
				async (task) => await atOnce(async () => await toItem(task, settings, functions, tools)),
			),
		);
		results.forEach((result, index) => {
			const taskId = chunk[index]?.taskId ?? '';
			if (!result.ok) return void (done.failure ??= result.failure);
			done.items.push(result.value);
			return void done.postponed.delete(taskId);
		});
		if (done.failure) break;
	}
	return done;
}

/** "Fetch test event": the newest finished task, whether it was told before or not. */
async function newestTask(
	settings: TriggerSettings,
	functions: IPollFunctions,
	tools: AccountTools,
): Promise<Result<INodeExecutionData[]>> {
	const listed = await listChangedTasks(tools.client, undefined);
	if (!listed.ok) return listed;
	const newest = findNews(undefined, listed.value, settings.statuses, true).at(-1);
	if (!newest) {
		return fail({
			kind: 'invalid',
			message: `No task has ended as ${settings.statuses.join(' or ')} within the last 24 hours`,
			nextStep:
				'Make a video with the Emoji Video node, or choose other statuses, and fetch again.',
		});
	}
	const item = await toItem(newest, settings, functions, tools);
	return item.ok ? succeed([item.value]) : item;
}

/** News since the last poll; remembers what it returns. */
async function newItems(
	settings: TriggerSettings,
	functions: IPollFunctions,
	tools: AccountTools,
): Promise<Result<INodeExecutionData[]>> {
	const stored = functions.getWorkflowStaticData('node');
	const memory = readSeenTasks(stored.memory);
	const listed = await listChangedTasks(tools.client, memory);
	if (!listed.ok) return listed;
	const news = findNews(memory, listed.value, settings.statuses, settings.includesLast24Hours);
	const { items, postponed, failure } = await handOver(news, settings, functions, tools);
	if (failure && items.length === 0) return fail(failure);
	stored.memory = remember(memory, listed.value, postponed);
	return succeed(items);
}

/** The trigger's form; it has no items. */
const formOf = (functions: IPollFunctions, now: number): FormSource => ({
	get: (path) => functions.getNodeParameter(path, null),
	fileFields: [],
	isTool: false,
	timezone: functions.getTimezone(),
	allowLoopback: false,
	now,
});

/** Nodes with a poll under way, by workflow and node. */
const underWay = new Set<string>();

/**
 * Polls once.
 * @returns the items to start an execution with; none when there is nothing new
 */
export async function poll(
	functions: IPollFunctions,
	clock: Clock = systemClock,
): Promise<Result<INodeExecutionData[]>> {
	const settings = triggerForm(formOf(functions, clock.now()));
	if (!settings.ok) return settings;
	const tools = await openAccount({ functions, clock, stop: neverStops() });
	if (!tools.ok) return tools;
	if (functions.getMode() === 'manual')
		return await newestTask(settings.value, functions, tools.value);

	const key = `${functions.getWorkflow().id ?? ''}:${functions.getNode().id}`;
	if (underWay.has(key)) return succeed([]);
	underWay.add(key);
	return await newItems(settings.value, functions, tools.value).finally(() => underWay.delete(key));
}
