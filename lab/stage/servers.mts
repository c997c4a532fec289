/**
 * PostgreSQL and Redis, through the clients that n8n itself brings. The rule: a run removes the database and the
 * queue that it has created, and touches nothing else.
 */
import type { Command } from 'commander';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';

import { ensureN8n } from '../../sandbox/n8n/install.mts';
import { HOST_FOLDER } from '../../sandbox/n8n/paths.mts';

export interface Servers {
	postgresHost: string;
	postgresPort: string;
	postgresUser: string;
	postgresPassword: string;
	redisHost: string;
	redisPort: string;
}

/** Adds the options that say where they are. Default: as `lab/compose.yaml` starts them. */
export const withServerOptions = (command: Command): Command =>
	command
		.option('--postgres-host <host>', '', '127.0.0.1')
		.option('--postgres-port <port>', '', '5432')
		.option('--postgres-user <user>', '', 'postgres')
		.option('--postgres-password <password>', '', '')
		.option('--redis-host <host>', '', '127.0.0.1')
		.option('--redis-port <port>', '', '6379');

const requireOfN8n = createRequire(path.join(HOST_FOLDER, 'package.json'));

interface PostgresClient {
	connect(): Promise<void>;
	query(sql: string): Promise<{ rows: unknown[] }>;
	end(): Promise<void>;
	on(event: 'error', listener: () => void): void;
}
interface RedisClient {
	keys(pattern: string): Promise<string[]>;
	del(keys: string[]): Promise<number>;
	quit(): Promise<unknown>;
}

/** Loads a library that n8n brings, after installing n8n if that is still to be done. */
async function ofN8n(library: string): Promise<unknown> {
	await ensureN8n({ onProgress: (message) => void process.stderr.write(`\r${message} `) });
	return requireOfN8n(library);
}

/** Runs one statement. @param database default: PostgreSQL's own */
export async function inPostgres(
	servers: Servers,
	sql: string,
	database = 'postgres',
): Promise<unknown[]> {
	const { Client } = (await ofN8n('pg')) as {
		Client: new (options: object) => PostgresClient;
	};
	const client = new Client({
		host: servers.postgresHost,
		port: Number(servers.postgresPort),
		user: servers.postgresUser,
		password: servers.postgresPassword,
		database,
	});
	client.on('error', () => undefined);
	await client.connect();
	try {
		return (await client.query(sql)).rows;
	} finally {
		await client.end();
	}
}

/** n8n's settings for a database. */
export const databaseSettings = (servers: Servers, database: string): Record<string, string> => ({
	DB_TYPE: 'postgresdb',
	DB_POSTGRESDB_HOST: servers.postgresHost,
	DB_POSTGRESDB_PORT: servers.postgresPort,
	DB_POSTGRESDB_USER: servers.postgresUser,
	DB_POSTGRESDB_PASSWORD: servers.postgresPassword,
	DB_POSTGRESDB_DATABASE: database,
});

/** Ends every connection to a database, as a restart of the server would. */
export const endConnections = async (servers: Servers, database: string) =>
	await inPostgres(
		servers,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
	);

/** Removes the queue of one cluster. */
export async function removeQueue(
	{ redisHost, redisPort }: Servers,
	prefix: string,
): Promise<void> {
	const Redis = (await ofN8n('ioredis')) as new (options: object) => RedisClient;
	const client = new Redis({ host: redisHost, port: Number(redisPort) });
	const keys = await client.keys(`*${prefix}*`);
	if (keys.length > 0) await client.del(keys);
	await client.quit();
}

const rowSchema = z.object({
	id: z.coerce.string(),
	status: z.string(),
	mode: z.string(),
	retryOf: z.string().nullable(),
});

export type ExecutionRow = z.infer<typeof rowSchema>;

/** The executions of some workflows that began in one of these ways, oldest first. */
export async function executionsOf(
	servers: Servers,
	database: string,
	workflowIds: string[],
	modes: readonly string[],
	afterId = 0,
): Promise<ExecutionRow[]> {
	const listed = (values: readonly string[]) => values.map((value) => `'${value}'`).join(', ');
	const rows = await inPostgres(
		servers,
		`SELECT id, status, mode, "retryOf" FROM execution_entity WHERE "workflowId" IN (${listed(workflowIds)})
		 AND mode IN (${listed(modes)}) AND id > ${afterId} ORDER BY id`,
		database,
	);
	return z.array(rowSchema).parse(rows);
}
