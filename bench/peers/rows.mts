/**
 * The rows of the table, as data. The rule: a measurement says what it did in the words of its rows, and
 * what it counts is counted by the double and by n8n, not by a peer.
 */
import type { Sandbox } from '../../sandbox/n8n/bring-up.mts';
import { withAccount } from './account.mts';
import { countExpressions, PEERS, type Peer } from './peers.mts';
import { portraitsFor, start, untilEnded } from './runs.mts';

/** One measurement: its rows, and for each peer their cells. */
export interface Measurement {
	rows: string[];
	/** @returns the cells of each peer, in the order of {@link PEERS} */
	measure: (sandbox: Sandbox) => Promise<string[][]>;
}

/** A video takes so long, so that the whole run takes less than half an hour. */
export const TASK_SECONDS = 5;

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** One peer after another: what is measured depends on what else n8n does. */
export async function oneByOne<T>(measure: (peer: Peer) => Promise<T>): Promise<T[]> {
	const all: T[] = [];
	for (const peer of PEERS) all.push(await measure(peer));
	return all;
}

const building: Measurement = {
	rows: ['nodes beside the list of portraits', 'expressions to write'],
	measure: async ({ api }) =>
		await oneByOne(async (peer) => {
			return await withAccount(api, {}, async (account) => {
				const steps = peer.plan(account)?.steps ?? [];
				const expressions = countExpressions(steps.map(({ parameters }) => parameters));
				return await Promise.resolve([String(steps.length), String(expressions)]);
			});
		}),
};

/** How long it takes, and what it asks, on accounts that run one and four at a time, side by side. */
const speed = (count: number): Measurement => {
	const widths = [1, 4];
	const what = `${count} ${count === 1 ? 'portrait' : 'portraits'}`;
	return {
		rows: [
			...widths.map((width) => `${what}, account runs ${width} at a time: wall time`),
			`${what}: requests to the API (of them answered 429), 1 and 4 at a time`,
		],
		measure: async ({ api }) =>
			await oneByOne(async (peer) => {
				const measureOne = async (concurrency: number) =>
					await withAccount(api, { concurrency, taskSeconds: TASK_SECONDS }, async (account) => {
						const run = await start(api, peer, account, portraitsFor(account, count));
						if (run === undefined) return { wall: '-', asked: '-' };
						const { status, wallMs, videos } = await untilEnded(api, run);
						const isWhole = status === 'success' && videos === count;
						return {
							wall: isWhole ? seconds(wallMs) : `${status}, ${videos} of ${count} videos`,
							asked: `${account.requests()} (${account.throttled()})`,
						};
					});
				const both = await Promise.all(widths.map(measureOne));
				return [...both.map(({ wall }) => wall), both.map(({ asked }) => asked).join(', ')];
			}),
	};
};

/** @param isQuick one portrait, for who works on this */
export const measurements = (isQuick: boolean): Measurement[] => [
	building,
	...(isQuick ? [1] : [1, 5, 20]).map(speed),
];
