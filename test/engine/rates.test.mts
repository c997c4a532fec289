/** Requests per second while the mock enforces DashScope's limits: documented rates, or the user's. */
import type { IDataObject } from 'n8n-workflow';
import { itemsOf, PORTRAITS } from './durableWait.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ rateLimits: { enforce: true } });

const run = async (options: IDataObject) =>
	await sandbox.run({
		items: itemsOf(sandbox.double),
		parameters: {
			resource: 'video',
			operation: 'createAndWait',
			imageUrl: '={{ $json.url }}',
			templates: ['mengwa_kaixin', 'jingdian_lei', 'dagong_wunai'],
			limitOptions: options as never,
		},
	});

it('the default rates are never throttled', async () => {
	const { error } = await run({});
	expect(error).toBeUndefined();
	expect(sandbox.double.counts()).toMatchObject({
		createsAccepted: 3 * PORTRAITS.length,
		detectsBilled: PORTRAITS.length,
		throttled: 0,
		maxInOneSecond: { creates: 1, detects: 1 },
	});
});

it('a rate of the user changes only its own kind of request', async () => {
	await run({ creationsPerSecond: 0.5 });
	const times = sandbox.double
		.ledger()
		.filter(({ operation }) => operation === 'create')
		.map(({ atMs }) => atMs);
	expect(times).toHaveLength(3 * PORTRAITS.length);
	const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
	expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2000);
	expect(sandbox.double.counts()).toMatchObject({ throttled: 0, maxInOneSecond: { detects: 1 } });
});
