/**
 * What is left after a drill. The rule it holds n8n and the node to: nothing is created beyond what
 * was asked for, and every task that the service has accepted is somewhere a person can find it.
 */
import { readFile } from 'node:fs/promises';

import type { DashScopeDouble } from '../../sandbox/dashscope/index.mts';
import type { Execution, Item, N8nApi } from '../../sandbox/n8n/api.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import { countVideos } from '../videos.mts';
import type { Portrait } from '../workflows.mts';

export interface Verdict {
	executions: string;
	/** Right videos, byte for byte. */
	videos: number;
	/** Accepted tasks that came out as IDs: in an item or in an error. */
	ids: number;
	/** Accepted tasks that only n8n's log tells of. */
	inLog: number;
	/** Accepted tasks that nothing tells of. */
	lost: number;
	creates: number;
	links: string;
	passed: boolean;
}

/** Whether an item is linked to the portrait of which its video was made. */
const isLinked = ({ json }: Item, portraits: Portrait[]) =>
	portraits[Number(json.number)]?.template === json.templateId;

/** @param portraits those of one execution; each was to make them all */
export async function judge(
	api: N8nApi,
	double: DashScopeDouble,
	executions: Execution[],
	portraits: Portrait[],
	logFile: string,
): Promise<Verdict> {
	const items = executions.flatMap((execution) => outputOf(execution, 'After'));
	const withVideo = items.filter(({ binary }) => binary !== undefined);
	const videos = await countVideos(api, withVideo);
	const told = JSON.stringify(executions.map(({ data }) => data.resultData));
	const log = await readFile(logFile, 'utf8');
	const has = (id: string) => withVideo.some(({ json }) => json.taskId === id);
	const others = double
		.tasks()
		.map(({ id }) => id)
		.filter((id) => !has(id));
	const ids = others.filter((id) => told.includes(id));
	const inLog = others.filter((id) => !told.includes(id) && log.includes(id));
	const lost = others.length - ids.length - inLog.length;
	const creates = double.counts().createsAccepted;
	const links = withVideo.every((item) => isLinked(item, portraits));
	return {
		executions: executions.map(({ status }) => status).join(' '),
		videos,
		ids: ids.length,
		inLog: inLog.length,
		lost,
		creates,
		links: links ? 'kept' : 'BROKEN',
		passed:
			lost === 0 &&
			links &&
			videos === withVideo.length &&
			creates <= executions.length * portraits.length,
	};
}
