/**
 * The package is changed while a batch waits, for one that stores its state differently. Rule: the batch
 * ends with a sentence that says why, every task ID is in the error or in n8n's log, and nothing is paid for
 * twice.
 */
import type { IDataObject } from 'n8n-workflow';
import { created, itemsOf, PORTRAITS, survive } from './durableWait.mts';
import { readLog } from './harness.mts';
import { useN8n } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 600, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);

/** What is stored is of version 99, as far as can be seen. */
function changeVersion() {
	let changed = 0;
	for (const { id } of n8n.executions().filter(({ depth }) => depth > 0))
		n8n.edit(id, ({ executionData }) => {
			for (const context of Object.values(executionData?.contextData ?? {})) {
				const state = context['emojiVideoBatch'] as IDataObject | undefined;
				if (state === undefined) continue;
				state['version'] = 99;
				changed++;
			}
		});
	// The supervisor's, and the guard's copy where it has one.
	expect(changed).toBeGreaterThan(0);
}

it('the execution ends with an error that says why, and every task can be found', async () => {
	const told = readLog();
	const id = await n8n.run({ items: itemsOf(sandbox.double), parameters: survive() });
	await created(sandbox, n8n, id);
	changeVersion();
	const { status, error } = await n8n.ended(id);
	expect(status).toBe('error');
	expect(error?.description).toMatch(/package was .*changed while the execution waited/);
	const tasks = sandbox.double.tasks();
	expect(tasks).toHaveLength(PORTRAITS.length);
	const places = `${error?.description} ${told()}`;
	for (const task of tasks) expect(places).toContain(task.id);
	expect(sandbox.double.counts().createsAccepted).toBe(PORTRAITS.length);
});
