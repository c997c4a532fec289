/** The result of a row: how its executions ended, and where a person finds each paid task. */
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, N8nApi } from '../../sandbox/n8n/api.mts';
import { outputOf } from '../../sandbox/n8n/report.mts';
import { findPaidTasks } from '../stage/paidTasks.mts';

export interface Verdict {
	/** How the executions ended, and how many. */
	executions: string;
	/** Right videos, byte for byte, of the wanted ones. */
	videos: string;
	/** Tasks for one (execution, item, template): the most, and how many more than one each. */
	creates: string;
	/** Accepted tasks without a video whose ID is in an item or an error. */
	idsTold: number;
	/** Accepted tasks that only n8n's log names. */
	idsInLog: number;
	/** Accepted tasks that nothing names. */
	lost: number;
	/** Responses with 429, of all requests that have a limit of 1 per second. */
	throttled: string;
	/** Time until the last execution had ended, over the time until the last task had ended. */
	overIdeal: number;
	/** Nothing is lost, each item is linked to its portrait, and every video is the right one. */
	isSound: boolean;
	paidTwice: number;
	missing: number;
}

const tally = (words: string[]) =>
	[...new Set(words)]
		.sort()
		.map((word) => `${words.filter((one) => one === word).length} ${word}`)
		.join(', ');

function throttledOf(mock: DashScopeMock): string {
	const limited = mock
		.ledger()
		.filter(({ operation }) => operation === 'detect' || operation === 'create');
	const count = limited.filter(({ throttled }) => throttled).length;
	const share = limited.length === 0 ? 0 : Math.round((100 * count) / limited.length);
	return `${count} (${share} %)`;
}

/** The time until `endedAt` over the time until the account had made its last video. */
export function overIdealOf(mock: DashScopeMock, startedAt: number, endedAt: number): number {
	const ends = mock.tasks().map(({ endedMs }) => endedMs ?? 0);
	const finishedAt = Math.max(startedAt + 1, ...ends);
	return Math.round((100 * (endedAt - startedAt)) / (finishedAt - startedAt)) / 100;
}

export interface Ended {
	executions: Execution[];
	wanted: number;
	startedAt: number;
	endedAt: number;
}

export async function judge(
	api: N8nApi,
	mock: DashScopeMock,
	{ executions, wanted, startedAt, endedAt }: Ended,
	logFiles: string[],
): Promise<Verdict> {
	const found = await findPaidTasks({ api, mock, executions, logFiles });
	const isLinked = executions.every((execution) =>
		outputOf(execution, 'After').every(({ json }, index) => json.number === index),
	);
	return {
		executions: tally(executions.map(({ status }) => status)),
		videos: `${found.videos} of ${wanted}`,
		creates: `at most ${found.mostCreates}, ${found.createdTwice} twice`,
		idsTold: found.named,
		idsInLog: found.inLog,
		lost: found.lost,
		throttled: throttledOf(mock),
		overIdeal: overIdealOf(mock, startedAt, endedAt),
		isSound: found.lost === 0 && isLinked && found.videos === found.items.length,
		paidTwice: found.createdTwice,
		missing: wanted - found.videos,
	};
}
