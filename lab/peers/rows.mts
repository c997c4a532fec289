/** The rows of the table, in their order, as data. */
import { withAccount } from './peerAccount.mts';
import { loading, memory } from './footprint.mts';
import { oneByOne, type Measurement } from './measurement.mts';
import { countExpressions } from './peers.mts';
import { speed } from './speed.mts';
import { kill, retries, stop, throttledPoll } from './trouble.mts';

const building: Measurement = {
	rows: ['nodes beside the list of portraits', 'expressions to write'],
	measure: async ({ api }) =>
		await oneByOne(
			async (peer) =>
				await withAccount(api, {}, async (account) => {
					const steps = peer.plan(account).steps;
					const expressions = countExpressions(steps.map(({ parameters }) => parameters));
					return await Promise.resolve([String(steps.length), String(expressions)]);
				}),
		),
};

/** @param isQuick one portrait, for who works on this */
export const measurements = (isQuick: boolean): Measurement[] => [
	building,
	...(isQuick ? [1] : [1, 5, 20]).map(speed),
	throttledPoll,
	stop,
	...retries,
	kill,
	memory,
	loading,
];
