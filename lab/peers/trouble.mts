/** Three portraits while something goes wrong: how many videos come, and how many are paid for. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { N8nApi } from '../../sandbox/n8n/api.mts';
import { until } from '../stage/waits.mts';
import { withAccount, type Account } from './peerAccount.mts';
import { NONE, seconds, sideBySide, TASK_SECONDS, type Measurement } from './measurement.mts';
import { PEERS, type Peer, type Variant } from './peers.mts';
import { portraitsFor, start, untilEnded, type Run } from './runs.mts';

const COUNT = 3;

/** From the last create, or from being parked in n8n's database. */
const INTO_THE_WAIT_MS = 2000;

/** Until a peer that makes {@link COUNT} videos does nothing but wait. */
async function untilInTheWait(
	api: N8nApi,
	peer: Peer,
	account: Account,
	run: Run,
	variant: Variant,
) {
	const wanted = peer.createsAhead ? COUNT : 1;
	await until(`${peer.title} was in its wait`, async () =>
		variant.survives === true
			? (await api.execution(run.id)).status === 'waiting'
			: account.mock.counts().createsAccepted >= wanted,
	);
	await sleep(INTO_THE_WAIT_MS);
}

const told = (videos: number, of: number, account: Account) =>
	`${videos} of ${of} videos, ${account.billed()} paid`;

export const throttledPoll: Measurement = {
	rows: ['one poll is answered 429'],
	measure: async ({ api }) =>
		await sideBySide(
			async (peer) =>
				await withAccount(api, { taskSeconds: TASK_SECONDS }, async (account) => {
					account.mock.faults.add({
						match: { operation: 'query' },
						fault: { kind: 'status', status: 429 },
					});
					const run = await start(api, peer, account, portraitsFor(account, COUNT));
					const { videos } = await untilEnded(api, run);
					return [told(videos, COUNT, account)];
				}),
		),
};

/** The mock counts the requests that come within this time after Stop. */
const LISTEN_MS = 45_000;

export const stop: Measurement = {
	rows: [
		'Stop in the wait: requests afterwards (this node cancels what still queues)',
		'Stop in the wait: paid tasks',
	],
	measure: async ({ api }) =>
		await sideBySide(
			async (peer) =>
				await withAccount(api, { taskSeconds: 30 }, async (account) => {
					const run = await start(api, peer, account, portraitsFor(account, COUNT));
					await untilInTheWait(api, peer, account, run, {});
					const stoppedAt = account.mock.now();
					await api.stopExecution(run.id);
					await sleep(LISTEN_MS);
					const later = account.mock.ledger().filter(({ atMs }) => atMs > stoppedAt);
					const last = later.at(-1);
					const asked = last ? `, the last ${seconds(last.atMs - stoppedAt)} later` : '';
					const { length: made } = account.mock.tasks();
					return [`${later.length}${asked}`, `${account.billed()} of ${made} made`];
				}),
		),
};

const RETRY = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1000 };

/** The second portrait shows no person. For a peer without face detection, its create is rejected in each try. */
function spoilSecond(account: Account, isLookedAt: boolean) {
	const { mock } = account;
	for (let attempt = 1; attempt <= RETRY.maxTries && !isLookedAt; attempt++) {
		mock.faults.add({
			match: { operation: 'create', after: attempt },
			fault: { kind: 'status', status: 400 },
		});
	}
	const bad = { imageUrl: mock.portraitUrl('no-human.png') };
	return portraitsFor(account, COUNT).map((portrait) =>
		portrait.number === 1 && isLookedAt ? { ...portrait, ...bad } : portrait,
	);
}

const retry = (what: string, settings: Variant['settings']): Measurement => ({
	rows: [`Retry On Fail (3 tries)${what}, one bad portrait of three`],
	measure: async ({ api }) =>
		await sideBySide(
			async (peer) =>
				await withAccount(api, { taskSeconds: TASK_SECONDS }, async (account) => {
					const portraits = spoilSecond(account, peer.isPortraitLookedAt);
					const run = await start(api, peer, account, portraits, { settings });
					const { videos } = await untilEnded(api, run);
					return [told(videos, COUNT - 1, account)];
				}),
		),
});

export const retries = [
	retry('', RETRY),
	retry(' and Continue (using error output)', { ...RETRY, onError: 'continueErrorOutput' }),
];

const VARIANTS: Variant[] = [{}, { survives: true }];

/** One `kill -9` for all: each peer as it is and, where it can, so that it survives. */
export const kill: Measurement = {
	rows: [
		'kill -9 of n8n in the wait, as built',
		'kill -9 of n8n in the wait, built to survive (Survive Restarts; a Wait of 70 s)',
	],
	measure: async (stage) => {
		// Held back, every task waits, and so does every peer.
		const options = { taskSeconds: TASK_SECONDS, concurrency: 0 };
		let inTheWait = 0;
		let isBackAgain = false;
		const all = PEERS.flatMap((peer) => VARIANTS.map((variant) => ({ peer, variant })));
		type One = (typeof all)[number];
		const isPossible = ({ peer, variant }: One) => peer.canSurvive || variant.survives !== true;
		const cellOf = async ({ peer, variant }: One) =>
			await withAccount(stage.api, options, async (account) => {
				const portraits = portraitsFor(account, COUNT);
				const run = await start(stage.api, peer, account, portraits, variant);
				await untilInTheWait(stage.api, peer, account, run, variant);
				inTheWait++;
				await until('n8n was back', () => isBackAgain);
				account.mock.setConcurrency(1);
				const { videos } = await untilEnded(stage.api, run);
				return told(videos, COUNT, account);
			});
		const killer = async () => {
			await until('all were in their wait', () => inTheWait === all.filter(isPossible).length);
			await stage.restart('kill');
			isBackAgain = true;
		};
		const [cells] = await Promise.all([
			Promise.all(all.map(async (one) => (isPossible(one) ? await cellOf(one) : NONE))),
			killer(),
		]);
		return PEERS.map((_, index) =>
			cells.slice(index * VARIANTS.length, (index + 1) * VARIANTS.length),
		);
	},
};
