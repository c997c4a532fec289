/**
 * What is left after a row. The rule: the double's ledger says what was paid for, n8n's executions and
 * log say what a person can find; nothing is taken from the node's word.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, N8nApi } from '../../sandbox/n8n/api.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import { countVideos } from '../stage/videos.mts';

export interface Verdict {
	/** How the executions ended, and how many. */
	executions: string;
	/** Right videos, byte for byte, of those that were asked for. */
	videos: string;
	/** Tasks that were made for one (execution, item, template): the most, and how many more than one each. */
	creates: string;
	/** Accepted tasks without a video whose ID is in an item or an error. */
	idsTold: number;
	/** Accepted tasks that only n8n's log tells of. */
	idsInLog: number;
	/** Accepted tasks that nothing tells of. */
	lost: number;
	/** Answered 429, of all requests that have a limit of 1 per second. */
	throttled: string;
	/** From the start until the last execution had ended, over the time until the last task had ended. */
	overIdeal: number;
	/** What must hold: nothing lost, each item linked to its portrait, no video that is not the right one. */
	isSound: boolean;
	paidTwice: number;
	missing: number;
}

const createSchema = z.object({
	input: z.object({ image_url: z.string(), driven_id: z.string() }),
});

/** Tasks that were made for each address and template. @param of default: all accounts */
export function createsOf(double: DashScopeMock, of?: string): number[] {
	const made = new Map<string, number>();
	for (const { createdTaskId, body, account } of double.ledger()) {
		if (createdTaskId === undefined || (of !== undefined && account !== of)) continue;
		const { input } = createSchema.parse(body);
		const key = `${input.image_url} ${input.driven_id}`;
		made.set(key, (made.get(key) ?? 0) + 1);
	}
	return [...made.values()];
}

const tally = (words: string[]) =>
	[...new Set(words)]
		.sort()
		.map((word) => `${words.filter((one) => one === word).length} ${word}`)
		.join(', ');

function throttledOf(double: DashScopeMock): string {
	const limited = double
		.ledger()
		.filter(({ operation }) => operation === 'detect' || operation === 'create');
	const refused = limited.filter(({ throttled }) => throttled).length;
	const share = limited.length === 0 ? 0 : Math.round((100 * refused) / limited.length);
	return `${refused} (${share} %)`;
}

export interface Ended {
	executions: Execution[];
	wanted: number;
	startedAt: number;
	endedAt: number;
}

export async function judge(
	api: N8nApi,
	double: DashScopeMock,
	{ executions, wanted, startedAt, endedAt }: Ended,
	logFiles: string[],
): Promise<Verdict> {
	const items = executions.flatMap((execution) => outputOf(execution, 'After'));
	const withVideo = items.filter(({ binary }) => binary !== undefined);
	const videos = await countVideos(api, withVideo);
	const isLinked = executions.every((execution) =>
		outputOf(execution, 'After').every(({ json }, index) => json.number === index),
	);
	const told = JSON.stringify(executions.map(({ data }) => data.resultData));
	const log = (
		await Promise.all(logFiles.map(async (file) => await readFile(file, 'utf8')))
	).join();
	const tasks = double.tasks();
	const others = tasks
		.map(({ id }) => id)
		.filter((id) => !withVideo.some(({ json }) => json.taskId === id));
	const idsInLog = others.filter((id) => !told.includes(id) && log.includes(id)).length;
	const idsTold = others.filter((id) => told.includes(id)).length;
	const lost = others.length - idsTold - idsInLog;
	const creates = createsOf(double);
	const paidTwice = creates.reduce((sum, count) => sum + count - 1, 0);
	const finishedAt = Math.max(startedAt + 1, ...tasks.map(({ endedMs }) => endedMs ?? 0));
	return {
		executions: tally(executions.map(({ status }) => status)),
		videos: `${videos} of ${wanted}`,
		creates: `at most ${Math.max(0, ...creates)}, ${paidTwice} twice`,
		idsTold,
		idsInLog,
		lost,
		throttled: throttledOf(double),
		overIdeal: Math.round((100 * (endedAt - startedAt)) / (finishedAt - startedAt)) / 100,
		isSound: lost === 0 && isLinked && videos === withVideo.length,
		paidTwice,
		missing: wanted - videos,
	};
}
