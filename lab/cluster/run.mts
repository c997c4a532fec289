/**
 * n8n in queue mode, with kills and lost connections: `npm run test:cluster` runs every row, `npm run
 * test:cluster -- burst main` some. PostgreSQL and Redis are those of `lab/compose.yaml`. The run creates a
 * database and a queue of its own, and removes them. It writes `lab/cluster/report.md`.
 */
import { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';

import { hasEnded } from '../../sandbox/n8n/api.mts';
import type { Execution } from '../../sandbox/n8n/api.mts';
import { withCluster } from './cluster.mts';
import type { Cluster } from './cluster.mts';
import { addResult } from './results.mts';
import type { RowResult } from './results.mts';
import { ROWS } from './rows.mts';
import type { RowPlan, Scene } from './rows.mts';
import { executionsOf, withServerOptions } from '../stage/servers.mts';
import type { ExecutionRow, Servers } from '../stage/servers.mts';
import { today } from '../stage/report.mts';
import { TRIGGER_ROW, runTriggerRow } from './trigger.mts';
import { judge } from './verdict.mts';
import { KINDS, saveWorkflows, videosOf } from './workflows.mts';
import type { Kind, Workflows } from './workflows.mts';

const ROW_MINUTES = 12;
const STARTED_BY_HAND = ['webhook', 'retry'];

/** Calls a webhook until it answers: n8n activates workflows some seconds after its start. */
export async function callWebhook(cluster: Cluster, kind: Kind, run: string): Promise<void> {
	for (;;) {
		const answer = await fetch(`${cluster.main.now().url}/webhook/${kind}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ run }),
		}).catch(() => undefined);
		if (answer?.ok) return;
		await sleep(300);
	}
}

/** The executions of a row, as they are in the database. */
function rowsOf(cluster: Cluster, workflows: Workflows, afterId: number) {
	const ids = KINDS.map((kind) => workflows[kind].id);
	return async () =>
		await executionsOf(cluster.servers, cluster.name, ids, STARTED_BY_HAND, afterId);
}

async function waitFor(
	rows: () => Promise<ExecutionRow[]>,
	isSo: (rows: ExecutionRow[]) => boolean,
	minutes = ROW_MINUTES,
): Promise<ExecutionRow[]> {
	const deadline = Date.now() + minutes * 60_000;
	for (;;) {
		const known = await rows().catch(() => undefined);
		if (known && isSo(known)) return known;
		if (Date.now() > deadline) throw new Error(`Not in time: ${JSON.stringify(known)}`);
		await sleep(1000);
	}
}

const haveEnded = (rows: ExecutionRow[]) => rows.every(({ status }) => hasEnded(status));

async function retryFailed(
	cluster: Cluster,
	rows: () => Promise<ExecutionRow[]>,
	using: 'saved' | 'original',
): Promise<string[]> {
	const api = await cluster.api();
	const failed = (await rows()).filter(({ status }) => status !== 'success');
	return await Promise.all(
		failed.map(async ({ id }) => {
			try {
				await api.retryExecution(id, using);
				return 'accepted';
			} catch (error) {
				return `refused: ${error instanceof Error ? error.message : String(error)}`;
			}
		}),
	);
}

async function runRow(
	cluster: Cluster,
	workflows: Workflows,
	name: string,
	plan: RowPlan,
): Promise<RowResult> {
	const { mock } = cluster;
	const before = await rowsOf(cluster, workflows, 0)();
	const rows = rowsOf(cluster, workflows, Math.max(0, ...before.map(({ id }) => Number(id))));
	mock.reset();
	const startedAt = Date.now();
	const starts = Object.entries(plan.starts).flatMap(([kind, count]) =>
		Array.from({ length: count }, (_, nth) => ({
			kind: kind as Kind,
			run: `${name}-${kind}-${nth}`,
		})),
	);
	await Promise.all(starts.map(async ({ kind, run }) => await callWebhook(cluster, kind, run)));
	await waitFor(rows, (known) => known.length >= starts.length);
	const scene: Scene = {
		...cluster,
		untilParked: async (count) => {
			await waitFor(
				rows,
				(known) => known.filter(({ status }) => status === 'waiting').length >= count,
			);
		},
		untilEnded: async () => void (await waitFor(rows, haveEnded)),
		retryFailed: async (using) => await retryFailed(cluster, rows, using),
	};
	const note = (await plan.meanwhile(scene)) ?? '';
	const ended = await waitFor(rows, haveEnded, plan.minutes);
	const endedAt = Date.now();
	const api = await cluster.api();
	const executions: Execution[] = [];
	for (const { id } of ended) executions.push(await api.execution(id));
	// What still runs at the account is a part of the row.
	while (mock.tasks().some(({ status }) => status === 'PENDING' || status === 'RUNNING')) {
		await sleep(500);
	}
	const wanted = starts.reduce((sum, { kind }) => sum + videosOf(kind), 0);
	const verdict = await judge(
		api,
		mock,
		{ executions, wanted, startedAt, endedAt },
		cluster.logFiles,
	);
	const { isSound, paidTwice, missing, ...figures } = verdict;
	const passed =
		isSound && (plan.paysTwice || paidTwice === 0) && (!plan.isComplete || missing === 0);
	const errors = executions.flatMap(({ data }) => data.resultData.error?.message ?? []);
	const says = [...new Set(errors)].map((message) => `"${message.slice(0, 120)}"`);
	return {
		row: name,
		date: today(),
		passed: Boolean(passed),
		seconds: Math.round((endedAt - startedAt) / 1000),
		...figures,
		note: [note, ...says].filter(Boolean).join('; ').replaceAll('|', '/').replaceAll('\n', ' '),
	};
}

async function main() {
	const order = [...Object.keys(ROWS), TRIGGER_ROW];
	const program = withServerOptions(new Command('npm run test:cluster --'))
		.argument('[rows...]', `some of: ${order.join(', ')}`)
		.parse();
	const asked = program.args.length > 0 ? program.args : order;
	const unknown = asked.filter((row) => !order.includes(row));
	if (unknown.length > 0)
		program.error(`There is no row "${unknown[0]}". Rows: ${order.join(', ')}`);
	await withCluster(program.opts<Servers>(), async (cluster) => {
		const workflows = await saveWorkflows(await cluster.api(), cluster.mock, cluster.credential);
		for (const row of asked) {
			const plan = ROWS[row];
			const result = plan
				? await runRow(cluster, workflows, row, plan)
				: await runTriggerRow(cluster, async (run) => await callWebhook(cluster, 'create', run));
			console.log(JSON.stringify(result));
			await addResult(result, order);
			if (!result.passed) process.exitCode = 1;
		}
	});
}

await main();
