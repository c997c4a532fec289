/**
 * The moments at which a drill kills n8n. The rule: each is named by what can be seen from outside, and
 * the double is made slow where the moment would be too short to hit.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { DashScopeDouble } from '../../sandbox/dashscope/index.mts';
import type { N8nApi } from '../../sandbox/n8n/api.mts';
import { untilParked, untilStatusIsAsked } from '../moments.mts';

/** An execution under way. */
export interface Batch {
	api: N8nApi;
	double: DashScopeDouble;
	/** Executions that have just been started. */
	ids: string[];
	/** How many videos they are to make. */
	wanted: number;
}

/** Longer than the 65 s below which n8n keeps a wait in memory. */
const ROUND_MS = 75_000;
const CHECK_ANSWER_MS = 4000;
const CREATE_ANSWER_MS = 1500;

const randomMs = (most: number) => Math.round(Math.random() * most);
const inSeconds = (ms: number) => (ms / 1000).toFixed(1);

/** Waits for the moment. @returns when it was, in words */
export const MOMENTS = {
	random: async ({ api, ids }: Batch): Promise<string> => {
		await untilParked(api, ids);
		const delayMs = randomMs(ROUND_MS);
		await sleep(delayMs);
		return `${inSeconds(delayMs)} s after parking`;
	},
	check: async ({ api, ids, double }: Batch): Promise<string> => {
		await untilParked(api, ids);
		await untilStatusIsAsked(double, CHECK_ANSWER_MS);
		const delayMs = randomMs(CHECK_ANSWER_MS - 1000);
		await sleep(delayMs);
		return `${inSeconds(delayMs)} s into a check`;
	},
	creating: async ({ double, wanted }: Batch): Promise<string> => {
		const accepted = () => double.counts().createsAccepted;
		double.faults.add({
			match: { method: 'POST', path: '/video-synthesis' },
			times: 'always',
			fault: { kind: 'delay', ms: CREATE_ANSWER_MS },
		});
		const enough = Math.floor(Math.random() * wanted);
		while (accepted() < enough) await sleep(20);
		const delayMs = randomMs(CREATE_ANSWER_MS);
		await sleep(delayMs);
		return `${inSeconds(delayMs)} s after ${accepted()} of ${wanted} creates`;
	},
} satisfies Record<string, (batch: Batch) => Promise<string>>;

export type Moment = keyof typeof MOMENTS;
