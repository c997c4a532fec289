/** How long it takes, and what it asks of the account. */
import { withAccount } from './peerAccount.mts';
import { oneByOne, seconds, TASK_SECONDS, type Measurement } from './measurement.mts';
import { portraitsFor, start, untilEnded } from './runs.mts';

const WIDTHS = [1, 4];

/** So many portraits on an account that runs one at a time and on one that runs four, side by side. */
export function speed(count: number): Measurement {
	const what = `${count} ${count === 1 ? 'portrait' : 'portraits'}`;
	return {
		rows: [
			...WIDTHS.map((width) => `${what}, account runs ${width} at a time: wall time`),
			`${what}: requests to the API (of them answered 429), ${WIDTHS.join(' and ')} at a time`,
		],
		measure: async ({ api }) =>
			await oneByOne(async (peer) => {
				const measureOne = async (concurrency: number) =>
					await withAccount(api, { concurrency, taskSeconds: TASK_SECONDS }, async (account) => {
						const run = await start(api, peer, account, portraitsFor(account, count));
						const { status, wallMs, videos } = await untilEnded(api, run);
						const isWhole = status === 'success' && videos === count;
						return {
							wall: isWhole ? seconds(wallMs) : `${status}, ${videos} of ${count} videos`,
							asked: `${account.requests()} (${account.throttled()})`,
						};
					});
				const both = await Promise.all(WIDTHS.map(measureOne));
				return [...both.map(({ wall }) => wall), both.map(({ asked }) => asked).join(', ')];
			}),
	};
}
