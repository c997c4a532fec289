/** The trigger across five kills of main: every finished task starts a workflow, once. */
import { setTimeout as sleep } from 'node:timers/promises';

import { outputOf } from '../../sandbox/n8n/report.mts';
import type { Cluster } from './cluster.mts';
import type { RowResult } from './results.mts';
import { executionsOf } from '../stage/servers.mts';
import { today } from '../stage/report.mts';
import { untilPolled } from '../stage/waits.mts';
import { overIdealOf } from './verdict.mts';
import { listens } from './workflows.mts';

export const TRIGGER_ROW = 'trigger';
const KILLS = 5;
/** Two polls, and what they start. */
const SETTLE_MS = 130_000;

/** @param create starts an execution that makes four tasks and does not wait for them */
export async function runTriggerRow(
	cluster: Cluster,
	create: (run: string) => Promise<void>,
): Promise<RowResult> {
	const { mock, main } = cluster;
	mock.reset();
	const api = await cluster.api();
	const listening = await api.importWorkflow(listens(cluster.credential));
	await api.activate(listening);
	// The trigger reports what finishes after its first poll.
	await untilPolled(mock);
	const startedAt = Date.now();
	for (let kill = 0; kill < KILLS; kill++) {
		await create(`trigger-${kill}`);
		await sleep(5000 + Math.random() * 20_000);
		const back = main.untilBack();
		await main.now().kill();
		await back;
	}
	await sleep(SETTLE_MS);
	const endedAt = Date.now();
	const rows = await executionsOf(cluster.servers, cluster.name, [listening.id], ['trigger']);
	const again = await cluster.api();
	const told: string[] = [];
	for (const { id } of rows) {
		const execution = await again.execution(id);
		told.push(...outputOf(execution, 'Trigger').map(({ json }) => String(json.taskId)));
	}
	const ids = mock.tasks().map(({ id }) => id);
	const missed = ids.filter((id) => !told.includes(id)).length;
	const twice = told.length - new Set(told).size;
	return {
		row: TRIGGER_ROW,
		date: today(),
		passed: ids.length > 0 && missed === 0 && twice === 0,
		seconds: Math.round((endedAt - startedAt) / 1000),
		executions: `${rows.length} started by the trigger`,
		videos: `${new Set(told).size} of ${ids.length} told`,
		creates: `${ids.length} tasks`,
		idsTold: 0,
		idsInLog: 0,
		lost: missed,
		throttled: String(mock.counts().throttled),
		overIdeal: overIdealOf(mock, startedAt, endedAt),
		note: `main killed ${KILLS} times; told twice: ${twice}`,
	};
}
