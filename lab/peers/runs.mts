/** Runs a peer in n8n as a user runs a workflow: saves it, starts it by the editor's button, reads its execution. */
import { inARow, listOf, MANUAL, workflow, type Portrait } from '../stage/workflows.mts';
import { templateIds } from '../../sandbox/dashscope/index.mts';
import type { Execution, N8nApi } from '../../sandbox/n8n/api.mts';
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

/** Portraits, each with a URL of its own, so that each has to be detected. */
export const portraitsFor = ({ mock }: Account, count: number): Portrait[] =>
	Array.from({ length: count }, (_, number) => ({
		imageUrl: `${mock.portraitUrl('ada.png')}?portrait=${number}`,
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
	const name = `${peer.title}, ${account.mock.apiKey}`;
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
