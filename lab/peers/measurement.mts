/** The shape of a measurement. The rule: the mock, n8n or the kernel counts, never a peer. */
import type { Stage } from '../stage/stage.mts';
import { PEERS, type Peer } from './peers.mts';

/** Its rows, and for each peer their cells. */
export interface Measurement {
	rows: string[];
	/** @returns the cells of each peer, in the order of {@link PEERS} */
	measure: (stage: Stage) => Promise<string[][]>;
}

/** The cell of a peer that has nothing to measure. */
export const NONE = '-';

/** Chosen so that the whole run takes less than half an hour. */
export const TASK_SECONDS = 5;

export const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** One peer after another: where a figure depends on what else n8n does. */
export async function oneByOne<T>(measure: (peer: Peer) => Promise<T>): Promise<T[]> {
	const all: T[] = [];
	for (const peer of PEERS) all.push(await measure(peer));
	return all;
}

/** All peers at once: where only what happens counts. Each has an account of its own. */
export const sideBySide = async <T,>(measure: (peer: Peer) => Promise<T>): Promise<T[]> =>
	await Promise.all(PEERS.map(measure));
