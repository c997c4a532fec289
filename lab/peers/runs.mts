/** Runs a peer in n8n as a user runs a workflow: saved, started by the editor's button, looked at afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';

import { inARow, listOf, MANUAL, workflow, type Portrait } from '../stage/workflows.mts';
import { templateIds } from '../../sandbox/dashscope/index.mts';
import { connect, type Execution, type N8nApi } from '../../sandbox/n8n/api.mts';
import { OWNER, type Sandbox } from '../../sandbox/n8n/bring-up.mts';
import type { Account } from './peerAccount.mts';
import type { Peer, Variant } from './peers.mts';

/** A run under way. */
export interface Run {
	id: string;
	/** The node that puts out the videos. */
	videosFrom: string;
}

export interface Ended {
	status: string;
	/** From n8n's start of the execution until its end. */
	wallMs: number;
	/** Items that have a video, of all runs of the node. */
	videos: number;
}

const RUN_TIMEOUT_MS = 20 * 60_000;
const LEAST_VIDEO_BYTES = 1000;

/** So many portraits, each at an address of its own, so that each has to be looked at. */
export const portraitsFor = ({ double }: Account, count: number): Portrait[] =>
	Array.from({ length: count }, (_, number) => ({
		imageUrl: `${double.portraitUrl('ada.png')}?portrait=${number}`,
		template: templateIds[number % templateIds.length] ?? '',
		number,
	}));

/** Saves the peer's workflow behind a list of these portraits, and starts it. */
export async function start(
	api: N8nApi,
	peer: Peer,
	account: Account,
	portraits: Portrait[],
	variant?: Variant,
): Promise<Run> {
	const plan = peer.plan(account, variant);
	const before = [MANUAL, ...listOf(portraits)];
	const [first] = plan.steps;
	const wires = {
		...inARow([...before.map(({ name }) => name), first?.name ?? '']),
		...plan.wires,
	};
	const name = `${peer.title}, ${account.double.apiKey}`;
	const saved = await api.importWorkflow(workflow(name, [...before, ...plan.steps], wires));
	return { id: await api.run(saved, MANUAL.name), videosFrom: plan.videos };
}

function videosOf({ data }: Execution, node: string): number {
	const runs = data.resultData.runData[node] ?? [];
	const items = runs.flatMap((run) => run.data?.main?.[0] ?? []);
	return items.filter(({ binary }) => (binary?.['data']?.bytes ?? 0) > LEAST_VIDEO_BYTES).length;
}

const timeOf = (text: string | null | undefined) => (text ? Date.parse(text) : Number.NaN);

export async function untilEnded(api: N8nApi, { id, videosFrom }: Run): Promise<Ended> {
	const execution = await api.waitForExecution(id, { timeoutMs: RUN_TIMEOUT_MS });
	return {
		status: execution.status,
		wallMs: timeOf(execution.stoppedAt) - timeOf(execution.startedAt),
		videos: videosOf(execution, videosFrom),
	};
}

/** Looks again and again until something is so. @throws with `what` when it does not come */
export async function until(
	what: string,
	isSo: () => boolean | Promise<boolean>,
	timeoutMs = 180_000,
): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	while (!(await isSo())) {
		if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}`);
		await sleep(100);
	}
}

/** Starts n8n again with the same data, after `stop` or `kill`. */
export async function startAgain(sandbox: Sandbox): Promise<void> {
	sandbox.n8n = await sandbox.n8n.startAgain();
	sandbox.api = await connect(sandbox.n8n.url, OWNER);
}
