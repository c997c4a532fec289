/**
 * Where a person finds each paid task after a row. The rule: the mock's ledger says what was paid for, n8n's
 * executions and logs say what a person can find. The node's own word counts for nothing.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, Item, N8nApi } from '../../sandbox/n8n/api.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import { countVideos } from './videos.mts';

export interface PaidTasks {
	/** Items of "After" that have a video. */
	items: Item[];
	/** How many of these videos equal the service's, byte for byte. */
	videos: number;
	/** Accepted tasks. */
	creates: number;
	/** Accepted tasks without a video whose ID is in an item or an error. */
	named: number;
	/** Accepted tasks that only n8n's log names. */
	inLog: number;
	/** Accepted tasks that nothing names. */
	lost: number;
	/** The most tasks for one image and template. */
	mostCreates: number;
	/** Tasks beyond one for each image and template. */
	createdTwice: number;
}

const createSchema = z.object({
	input: z.object({ image_url: z.string(), driven_id: z.string() }),
});

/** How many tasks were created for each image and template. @param account default: all accounts */
export function countCreates(mock: DashScopeMock, account?: string): number[] {
	const counts = new Map<string, number>();
	for (const call of mock.ledger()) {
		if (call.createdTaskId === undefined) continue;
		if (account !== undefined && call.account !== account) continue;
		const { input } = createSchema.parse(call.body);
		const key = `${input.image_url} ${input.driven_id}`;
		counts.set(key, (counts.get(key) ?? 0) + 1);
	}
	return [...counts.values()];
}

export const countTwice = (creates: number[]) => creates.reduce((sum, count) => sum + count - 1, 0);

interface Where {
	api: N8nApi;
	mock: DashScopeMock;
	executions: Execution[];
	logFiles: string[];
	/** Default: all accounts of the mock. */
	account?: string;
}

export async function findPaidTasks(where: Where): Promise<PaidTasks> {
	const { api, mock, executions, logFiles, account } = where;
	const items = executions
		.flatMap((execution) => outputOf(execution, 'After'))
		.filter(({ binary }) => binary !== undefined);
	const data = JSON.stringify(executions.map((execution) => execution.data.resultData));
	const logs = await Promise.all(logFiles.map(async (file) => await readFile(file, 'utf8')));
	const log = logs.join();
	const tasks = mock.tasks().filter((task) => account === undefined || task.account === account);
	const withVideo = new Set(items.map(({ json }) => json.taskId));
	const others = tasks.map(({ id }) => id).filter((id) => !withVideo.has(id));
	const named = others.filter((id) => data.includes(id)).length;
	const inLog = others.filter((id) => !data.includes(id) && log.includes(id)).length;
	const creates = countCreates(mock, account);
	return {
		items,
		videos: await countVideos(api, items),
		creates: tasks.length,
		named,
		inLog,
		lost: others.length - named - inLog,
		mostCreates: Math.max(0, ...creates),
		createdTwice: countTwice(creates),
	};
}
