/**
 * The moments between two checks of a parked wait, and the one before it is parked. Rule: found out from n8n's
 * tables and the mock's ledger, as soon as they tell.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import type { Scene } from './rows.mts';
import { inPostgres } from '../stage/servers.mts';

const LOOK_AGAIN_MS = 10;
const countSchema = z.array(z.object({ count: z.coerce.number() })).length(1);

/** Until a supervisor runs that was parked before. */
export async function untilSupervisorRuns({ servers, name }: Scene): Promise<void> {
	for (;;) {
		const rows = await inPostgres(
			servers,
			`SELECT count(*) FROM execution_entity JOIN execution_data ON "executionId" = id
			 WHERE status = 'running' AND "workflowData"->>'name' LIKE 'Emoji Video: waits%'`,
			name,
		);
		if ((countSchema.parse(rows)[0]?.count ?? 0) > 0) return;
		await sleep(LOOK_AGAIN_MS);
	}
}

/** Until every video that was asked for is fetched: what comes next is the last job. */
export async function untilAllFetched({ mock }: Scene, videos: number): Promise<void> {
	const fetched = () => mock.ledger().filter(({ operation }) => operation === 'result').length;
	while (fetched() < videos) await sleep(LOOK_AGAIN_MS);
}

/** Until the service has detected so many portraits: nothing is created and nothing parked yet. */
export async function untilDetected({ mock }: Scene, portraits: number): Promise<void> {
	while (mock.counts().detectsBilled < portraits) await sleep(LOOK_AGAIN_MS);
}
