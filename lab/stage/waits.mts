/**
 * The moments that a test or a program waits for. The rule: a wait ends by what can be seen from outside. It
 * fails as soon as that cannot happen any more, and says what it saw.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Execution, N8nApi, Workflow } from '../../sandbox/n8n/api.mts';
import { subExecutionOf } from '../../sandbox/n8n/report.mts';

const CHECK_AGAIN_MS = 200;
const TIMEOUT_MS = 180_000;

/** Until `isSo` is true. @throws with `what` if that takes longer than `timeoutMs` */
export async function until(
	what: string,
	isSo: () => boolean | Promise<boolean>,
	timeoutMs = TIMEOUT_MS,
): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	while (!(await isSo())) {
		if (Date.now() > deadline)
			throw new Error(`Waited ${timeoutMs / 1000} s in vain until ${what}`);
		await sleep(Math.min(CHECK_AGAIN_MS, timeoutMs / 100));
	}
}

/** Until the service has accepted this many tasks. */
export const untilCreated = async (mock: DashScopeMock, count: number, timeoutMs?: number) =>
	await until(
		`${count} tasks were created`,
		() => mock.counts().createsAccepted >= count,
		timeoutMs,
	);

/** Until an active trigger has polled the service once, and n8n has stored when that was. */
export async function untilPolled(mock: DashScopeMock): Promise<void> {
	await until('the trigger polled', () =>
		mock.ledger().some(({ operation }) => operation === 'list'),
	);
	await sleep(1000);
}

/** Until an execution no longer runs: it has ended, or it is parked in n8n's database. */
export async function untilNotRunning(api: N8nApi, id: string): Promise<Execution> {
	for (;;) {
		const execution = await api.execution(id);
		if (execution.status !== 'running' && execution.status !== 'new') return execution;
		await sleep(CHECK_AGAIN_MS);
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

/** Until the status of a task is polled. That response and all later ones take `responseMs`. */
export async function untilStatusIsPolled(
	{ faults, ledger }: DashScopeMock,
	responseMs: number,
): Promise<void> {
	faults.add({
		match: { method: 'GET', path: '/api/v1/tasks/' },
		times: 'always',
		fault: { kind: 'delay', ms: responseMs },
	});
	const polls = () => ledger().filter(({ operation }) => operation === 'query').length;
	const before = polls();
	while (polls() === before) await sleep(20);
}

/** Sends to a webhook or a form until n8n has it: for some seconds after an activation it answers 404. */
export async function untilFound(send: () => Promise<Response>): Promise<Response> {
	const deadline = Date.now() + TIMEOUT_MS;
	for (;;) {
		const response = await send();
		if (response.status !== 404 || Date.now() > deadline) return response;
		await sleep(CHECK_AGAIN_MS);
	}
}

/** The IDs of a workflow's executions that were started in this mode, oldest first. */
async function idsOf(api: N8nApi, workflow: Workflow, wanted: string): Promise<number[]> {
	const executions = (await api.executions(workflow)).filter(({ mode }) => mode === wanted);
	return executions.map(({ id }) => Number(id)).sort((a, b) => a - b);
}

/** Calls a production webhook. @returns the ID of the execution that it has started */
export async function callWebhook(
	n8nUrl: string,
	api: N8nApi,
	workflow: Workflow,
	path: string,
): Promise<string> {
	const last = (await idsOf(api, workflow, 'webhook')).at(-1) ?? 0;
	await untilFound(async () => await fetch(`${n8nUrl}/webhook/${path}`, { method: 'POST' }));
	for (;;) {
		const started = (await idsOf(api, workflow, 'webhook')).find((id) => id > last);
		if (started !== undefined) return String(started);
		await sleep(CHECK_AGAIN_MS);
	}
}
