/** What a batch leaves in PostgreSQL. Rule: read off n8n's own tables, nothing is taken from the node's word. */
import { z } from 'zod';

import { inPostgres } from '../stage/servers.mts';
import type { Servers } from '../stage/servers.mts';

const sizesSchema = z
	.object({ onDisk: z.coerce.number(), inAll: z.coerce.number(), rows: z.coerce.number() })
	.array()
	.length(1);

/** In bytes. */
export interface Sizes {
	/** The execution tables with their indexes and whatever old versions of rows are not cleared away yet. */
	onDisk: number;
	/** The texts of all executions' data, uncompressed. */
	inAll: number;
	/** Executions. */
	rows: number;
}

export async function sizesOf(servers: Servers, database: string): Promise<Sizes> {
	const rows = await inPostgres(
		servers,
		`SELECT pg_total_relation_size('execution_entity') + pg_total_relation_size('execution_data')
		        + pg_total_relation_size('execution_metadata') AS "onDisk",
		        coalesce(sum(octet_length(data) + octet_length("workflowData"::text)), 0) AS "inAll",
		        count(*) AS rows FROM execution_data`,
		database,
	);
	const [sizes] = sizesSchema.parse(rows);
	if (!sizes) throw new Error('PostgreSQL answered without a row');
	return sizes;
}

/** What n8n's table says of an execution: its list shows only the newest, and to read it whole takes memory. */
export async function statusOf(servers: Servers, database: string, id: string): Promise<string> {
	const rows = await inPostgres(
		servers,
		`SELECT status FROM execution_entity WHERE id = ${Number(id)}`,
		database,
	);
	return z.object({ status: z.string() }).array().parse(rows)[0]?.status ?? 'unknown';
}

const turnSchema = z.object({
	id: z.coerce.number(),
	bytes: z.coerce.number(),
	createdMs: z.coerce.number(),
});
export type TurnRow = z.infer<typeof turnSchema>;

/** The checks in n8n's list, oldest first: each is the beginning of a turn. */
export async function turnsOf(servers: Servers, database: string): Promise<TurnRow[]> {
	const rows = await inPostgres(
		servers,
		`SELECT id, octet_length(data) AS bytes, extract(epoch FROM "createdAt" AT TIME ZONE 'UTC') * 1000 AS "createdMs"
		 FROM execution_entity JOIN execution_data ON "executionId" = id
		 WHERE "workflowData"->>'name' LIKE 'Emoji Video: next look%' ORDER BY id`,
		database,
	);
	return turnSchema.array().parse(rows);
}

const layerSchema = z.object({
	layer: z.string(),
	count: z.coerce.number(),
	bytes: z.coerce.number(),
});

/** Executions and the length of their data, by the name of their workflow. */
export async function layersOf(servers: Servers, database: string) {
	const rows = await inPostgres(
		servers,
		`SELECT regexp_replace("workflowData"->>'name', ' for execution.*| execution .*', '') AS layer,
		        count(*) AS count, sum(octet_length(data)) AS bytes
		 FROM execution_data GROUP BY 1 ORDER BY 3 DESC`,
		database,
	);
	return layerSchema.array().parse(rows);
}
