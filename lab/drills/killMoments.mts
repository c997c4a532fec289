/**
 * The moments at which a drill kills n8n. The rule: each is named by what can be seen from outside, and
 * the double is made slow where the moment would be too short to hit.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';

/** Batches under way, all parked. */
export interface Scene {
	double: DashScopeMock;
	/** How many batches there are. */
	batches: number;
	/** How many times as fast n8n's clock goes. */
	speed: number;
}

/** Three turns: longer than the 65 s below which n8n keeps a wait in memory, and what is done in one. */
const TURNS_MS = 3 * 75_000;
const CREATE_ANSWER_MS = 1500;
/** Of each batch, in its first group. */
const FIRST_GROUP = 12;

const randomMs = (most: number) => Math.round(Math.random() * most);
const inSeconds = (ms: number) => (ms / 1000).toFixed(1);

/** Waits for the moment. @returns when it was, in words */
export const MOMENTS = {
	random: async ({ speed }: Scene): Promise<string> => {
		const delayMs = randomMs(TURNS_MS);
		await sleep(delayMs / speed);
		return `${inSeconds(delayMs)} s after parking`;
	},
	creating: async ({ double, batches }: Scene): Promise<string> => {
		double.faults.add({
			match: { method: 'POST', path: '/video-synthesis' },
			times: 'always',
			fault: { kind: 'delay', ms: CREATE_ANSWER_MS },
		});
		const accepted = () => double.counts().createsAccepted;
		const enough = Math.round(batches * FIRST_GROUP * (0.1 + 0.7 * Math.random()));
		while (accepted() < enough) await sleep(20);
		await sleep(randomMs(CREATE_ANSWER_MS));
		return `after ${accepted()} creates`;
	},
} satisfies Record<string, (scene: Scene) => Promise<string>>;

export type Moment = keyof typeof MOMENTS;
