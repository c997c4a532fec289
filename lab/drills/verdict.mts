/**
 * What is left of a batch after a drill. The rule it holds n8n and the node to: nothing is created beyond
 * what was asked for, and every task that the service has accepted is somewhere a person can find it.
 */
import { readFile } from 'node:fs/promises';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, Item, N8nApi } from '../../sandbox/n8n/api.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import { createsOf } from '../cluster/verdict.mts';
import { countVideos } from '../stage/videos.mts';
import type { Portrait } from '../stage/workflows.mts';

export interface Verdict {
	execution: string;
	/** Right videos, byte for byte. */
	videos: number;
	/** Accepted tasks without a video that an error names. */
	candidates: number;
	/** Accepted tasks that only n8n's log tells of. */
	inLog: number;
	/** Accepted tasks that nothing tells of. */
	lost: number;
	creates: number;
	/** Tasks for a video that has one already. */
	twice: number;
	links: string;
	passed: boolean;
}

/** Whether an item is linked to the portrait of which its video was made. */
const isLinked = ({ json }: Item, portraits: Portrait[]) =>
	portraits[Number(json.number)]?.template === json.templateId;

/** @param account whose only batch this is */
export async function judge(
	api: N8nApi,
	double: DashScopeMock,
	account: string,
	execution: Execution,
	portraits: Portrait[],
	logFiles: string[],
): Promise<Verdict> {
	const withVideo = outputOf(execution, 'After').filter(({ binary }) => binary !== undefined);
	const videos = await countVideos(api, withVideo);
	const told = JSON.stringify(execution.data.resultData);
	const log = (
		await Promise.all(logFiles.map(async (file) => await readFile(file, 'utf8')))
	).join();
	const tasks = double.tasks().filter((task) => task.account === account);
	const others = tasks
		.map(({ id }) => id)
		.filter((id) => !withVideo.some(({ json }) => json.taskId === id));
	const candidates = others.filter((id) => told.includes(id));
	const inLog = others.filter((id) => !told.includes(id) && log.includes(id));
	const lost = others.length - candidates.length - inLog.length;
	const twice = createsOf(double, account).reduce((sum, count) => sum + count - 1, 0);
	const links = withVideo.every((item) => isLinked(item, portraits));
	return {
		execution: execution.status,
		videos,
		candidates: candidates.length,
		inLog: inLog.length,
		lost,
		creates: tasks.length,
		twice,
		links: links ? 'kept' : 'BROKEN',
		passed:
			execution.status === 'success' &&
			lost === 0 &&
			twice === 0 &&
			links &&
			videos === withVideo.length &&
			tasks.length <= portraits.length,
	};
}
