/**
 * The speed of a batch with Survive Restarts, and the number of its checks. A file of its own, because a process
 * remembers an account's run times.
 */
import { PORTRAITS, survive } from './durableWait.mts';
import { useN8n } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 60, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);

const VIDEOS = 60;

it('a batch of 60 videos keeps the account busy with fewer than 20 checks', async () => {
	const startedAt = sandbox.time.now();
	const items = Array.from({ length: VIDEOS }, (_, number) => ({
		number,
		url: sandbox.double.portraitUrl(PORTRAITS[number % PORTRAITS.length] ?? ''),
	}));
	const id = await n8n.run({ items, parameters: survive() });
	await sandbox.time.until(() => n8n.execution(id).status === 'success', 24 * 3_600_000);
	expect(sandbox.double.counts().createsAccepted).toBe(VIDEOS);
	expect((sandbox.time.now() - startedAt) / (VIDEOS * 60_000)).toBeLessThan(1.1);
	expect(n8n.executions().filter(({ depth }) => depth === 3).length).toBeLessThan(20);
}, 600_000);
