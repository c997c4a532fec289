/**
 * The moments that a test, a drill or a cluster run waits for. The rule: each waits for what can be
 * seen from outside, and says what it saw instead when that can not come any more.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, N8nApi, Workflow } from '../../sandbox/n8n/api.mts';
import { subExecutionOf } from '../../sandbox/n8n/report.mts';

const LOOK_AGAIN_MS = 200;

/** Until an execution does not run any more: it has ended, or it is parked in n8n's database. */
export async function untilNotRunning(api: N8nApi, id: string): Promise<Execution> {
	for (;;) {
		const execution = await api.execution(id);
		if (execution.status !== 'running' && execution.status !== 'new') return execution;
		await sleep(LOOK_AGAIN_MS);
	}
}

/**
 * The rows below an execution whose node is parked (durable/n8n/workflows.ts), once all are parked.
 * @param execution that `untilNotRunning` has seen
 */
export async function rowsBelow(api: N8nApi, execution: Execution, nodeName: string) {
	const next = async (parent: Execution, name: string) =>
		await untilNotRunning(api, subExecutionOf(parent, name));
	const guard = await next(execution, nodeName);
	const supervisor = await next(guard, 'Guard');
	return { guard, supervisor, check: await next(supervisor, 'Supervisor') };
}

/** Until every one of these executions is parked. @throws if one ends instead */
export async function untilParked(api: N8nApi, ids: string[]): Promise<void> {
	for (const id of ids) {
		const { status, data } = await untilNotRunning(api, id);
		if (status === 'waiting') continue;
		const why = data.resultData.error?.message ?? 'without an error';
		throw new Error(`Execution ${id} was not parked, it ended as "${status}": ${why}`);
	}
}

/** Until DashScope is asked about a task. That answer and all later ones take `answerMs`. */
export async function untilStatusIsAsked(
	{ faults, ledger }: DashScopeMock,
	answerMs: number,
): Promise<void> {
	faults.add({
		match: { method: 'GET', path: '/api/v1/tasks/' },
		times: 'always',
		fault: { kind: 'delay', ms: answerMs },
	});
	const asked = () => ledger().filter(({ operation }) => operation === 'query').length;
	const before = asked();
	while (asked() === before) await sleep(20);
}

/**
 * Calls a production webhook, which answers 404 for some seconds after its workflow was activated.
 * @returns the id of the execution that it started
 */
export async function callWebhook(
	n8nUrl: string,
	api: N8nApi,
	workflow: Workflow,
	path: string,
): Promise<string> {
	const started = async () =>
		(await api.executions(workflow))
			.filter(({ mode }) => mode === 'webhook')
			.map(({ id }) => Number(id));
	const before = Math.max(0, ...(await started()));
	while (!(await fetch(`${n8nUrl}/webhook/${path}`, { method: 'POST' })).ok) {
		await sleep(LOOK_AGAIN_MS);
	}
	for (;;) {
		const ids = (await started()).filter((id) => id > before);
		if (ids.length > 0) return String(Math.min(...ids));
		await sleep(LOOK_AGAIN_MS);
	}
}
