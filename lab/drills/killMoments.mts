/**
 * The moments at which a drill kills n8n. The rule: each can be seen from outside. If a moment is too short to
 * hit, the mock's responses are delayed.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';

/** Batches under way, all parked. */
export interface Scene {
	mock: DashScopeMock;
	/** How many batches there are. */
	batches: number;
	/** How many times as fast n8n's clock goes. */
	speed: number;
}

/** Three rounds: each waits more than 65 s, because n8n keeps a shorter wait in memory, and works some seconds. */
const ROUNDS_MS = 3 * 75_000;
const CREATE_RESPONSE_MS = 1500;
/** Tasks of each batch in its first group. */
const FIRST_GROUP = 12;

const randomMs = (most: number) => Math.round(Math.random() * most);
const inSeconds = (ms: number) => (ms / 1000).toFixed(1);

/** Each waits for its moment. @returns the moment in words */
export const MOMENTS = {
	random: async ({ speed }: Scene): Promise<string> => {
		const delayMs = randomMs(ROUNDS_MS);
		await sleep(delayMs / speed);
		return `${inSeconds(delayMs)} s after parking`;
	},
	creating: async ({ mock, batches }: Scene): Promise<string> => {
		mock.faults.add({
			match: { method: 'POST', path: '/video-synthesis' },
			times: 'always',
			fault: { kind: 'delay', ms: CREATE_RESPONSE_MS },
		});
		const accepted = () => mock.counts().createsAccepted;
		const enough = Math.round(batches * FIRST_GROUP * (0.1 + 0.7 * Math.random()));
		while (accepted() < enough) await sleep(20);
		await sleep(randomMs(CREATE_RESPONSE_MS));
		return `after ${accepted()} creates`;
	},
} satisfies Record<string, (scene: Scene) => Promise<string>>;

export type Moment = keyof typeof MOMENTS;
