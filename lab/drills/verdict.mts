/** The result of a batch after a drill: no task beyond the wanted ones, and every accepted task can be found. */
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, Item, N8nApi } from '../../sandbox/n8n/api.mts';
import { findPaidTasks, type PaidTasks } from '../stage/paidTasks.mts';
import type { Portrait } from '../stage/workflows.mts';

export interface Verdict extends Omit<PaidTasks, 'items'> {
	execution: string;
	links: string;
	passed: boolean;
}

/** Whether an item is linked to the portrait of which its video was made. */
const isLinked = ({ json }: Item, portraits: Portrait[]) =>
	portraits[Number(json.number)]?.template === json.templateId;

/** @param account whose only batch this is */
export async function judge(
	api: N8nApi,
	mock: DashScopeMock,
	account: string,
	execution: Execution,
	portraits: Portrait[],
	logFiles: string[],
): Promise<Verdict> {
	const where = { api, mock, executions: [execution], logFiles, account };
	const { items, ...found } = await findPaidTasks(where);
	const isWholeLinked = items.every((item) => isLinked(item, portraits));
	return {
		execution: execution.status,
		...found,
		links: isWholeLinked ? 'kept' : 'BROKEN',
		passed:
			execution.status === 'success' &&
			found.lost === 0 &&
			found.createdTwice === 0 &&
			isWholeLinked &&
			found.videos === items.length &&
			found.creates <= portraits.length,
	};
}
