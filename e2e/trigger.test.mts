/** The trigger, without a crash (`everyHost.test.mts` kills n8n). n8n polls once a minute of its fast clock. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createdIn, creator, reportedTasks } from '../lab/hosts/killChecks.mts';
import { until, untilPolled } from '../lab/stage/waits.mts';
import { listener, MANUAL } from '../lab/stage/workflows.mts';
import { logIn, openMock, readWorld } from './world.mts';

const POLL_MS = 60_000;

describe('the trigger', () => {
	it('stores each video that another workflow has created, once', async () => {
		const { filesFolder, clock } = readWorld();
		const api = await logIn(readWorld());
		const { mock, credential } = await openMock(api, 'Trigger', { taskSeconds: 4 });
		try {
			const listening = await api.importWorkflow(listener(credential, filesFolder));
			await api.activate(listening);
			await untilPolled(mock);
			const creating = await api.importWorkflow(creator({ mock, credential }));
			const ids = createdIn(await api.waitForExecution(await api.run(creating, MANUAL.name)));
			expect(ids).toHaveLength(2);

			const files = ids.map((id) => path.join(filesFolder, `told-${id}.mp4`));
			await until('both videos were stored', () => files.every((file) => existsSync(file)));
			for (const file of files) {
				expect((await readFile(file)).subarray(4, 8).toString()).toBe('ftyp');
			}
			// One more poll, which must report nothing.
			await sleep((POLL_MS + 5000) / clock.times);
			expect((await reportedTasks({ api }, listening)).sort()).toEqual([...ids].sort());
		} finally {
			await mock.close();
		}
	});
});
