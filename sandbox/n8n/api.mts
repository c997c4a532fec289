/**
 * A client for n8n's internal REST API, which n8n's editor uses (checked against n8n 1.101.1 to 2.41.1). It has
 * only what the sandbox and the tests need. The rule: a rejected call throws with n8n's own message, and every
 * response is parsed, because this API changes without notice.
 */
import { parse as parseFlatted } from 'flatted';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import {
	credentialSchema,
	credentialTestSchema,
	executionListSchema,
	executionSchema,
	installedPackageSchema,
	nodeTypeSchema,
	runSchema,
	workflowSchema,
	type Credential,
	type CredentialTest,
	type Execution,
	type ExecutionSummary,
	type NodeTypeSummary,
	type RunData,
	type Workflow,
	type WorkflowFile,
} from './api-schemas.mts';

export type * from './api-schemas.mts';

export interface Owner {
	email: string;
	password: string;
	firstName: string;
	lastName: string;
}

export interface WaitOptions {
	/** Default 120 s. */
	timeoutMs?: number;
	signal?: AbortSignal;
}

export interface N8nApi {
	/** Any request below `/rest`. @returns the response's `data` */
	request(method: string, path: string, body?: unknown): Promise<unknown>;
	/** The session cookie, for a browser or a request of one's own. */
	cookie(): string;
	nodeTypes(): Promise<NodeTypeSummary[]>;
	installedPackages(): Promise<Array<z.infer<typeof installedPackageSchema>>>;
	/** Creates the credential, or replaces the data of the one with this name and type. */
	saveCredential(name: string, type: string, data: Record<string, unknown>): Promise<Credential>;
	/** What the credential's "Retry" button does: n8n sends the credential's test request. */
	testCredential(credential: Credential, data: Record<string, unknown>): Promise<CredentialTest>;
	/** Imports a workflow, replacing the one with this name. */
	importWorkflow(workflow: WorkflowFile): Promise<Workflow>;
	activate(workflow: Workflow): Promise<void>;
	/** Runs a workflow as the editor's button does. @returns the execution's id */
	run(workflow: Workflow, triggerName: string): Promise<string>;
	execution(id: string): Promise<Execution>;
	/** A workflow's last 50 executions, newest first. */
	executions(workflow: Workflow): Promise<ExecutionSummary[]>;
	waitForExecution(id: string, options?: WaitOptions): Promise<Execution>;
	stopExecution(id: string): Promise<void>;
	/**
	 * What "Retry" in the list of executions does, and waits for its end.
	 * @param using the workflow as it is now, or as it was
	 * @returns the new execution's id
	 */
	retryExecution(id: string, using: 'saved' | 'original'): Promise<string>;
	/** The content of a binary field, as the editor downloads it. */
	binary(id: string): Promise<Buffer>;
}

/** n8n 2.20 says this of an execution that has begun, before it stores anything. */
const NOT_STORED_YET = "Cannot read properties of undefined (reading 'resultData')";

const ENDED = new Set(['success', 'error', 'canceled', 'crashed']);

/** Whether an execution with this status has ended. One that waits in the database has not. */
export const hasEnded = (status: string) => ENDED.has(status);

/** Sets up the owner's account if there is none yet, and logs in. */
export async function connect(address: string, owner: Owner): Promise<N8nApi> {
	// Node.js tries "localhost" as IPv6 first and then gives IPv4 only 250 ms, too short for a busy machine.
	const url = address.replace('//localhost:', '//127.0.0.1:');
	const session = new Map<string, string>();
	// n8n ties a session to the browser it was opened in.
	const headers = () => ({ 'browser-id': 'emoji-video-sandbox', cookie: cookie(session) });

	const request: N8nApi['request'] = async (method, path, body) => {
		const send = async () =>
			await fetch(`${url}/rest${path}`, {
				method,
				// n8n may close an idle connection at any moment; a POST on it would fail and must not be repeated.
				headers: { ...headers(), 'content-type': 'application/json', connection: 'close' },
				body: body === undefined ? undefined : JSON.stringify(body),
			});
		const response = await send().catch(async (error: unknown) => {
			if (method !== 'GET') throw error;
			// A process that was busy for seconds may have missed that n8n closed the connection.
			await sleep(500);
			return await send();
		});
		remember(session, response);
		const text = await response.text();
		if (!response.ok) throw new Error(`n8n refused ${method} ${path}: ${complaint(text)}`);
		return z.object({ data: z.unknown() }).parse(JSON.parse(text)).data;
	};

	const settings = z
		.object({
			userManagement: z.object({ showSetupOnFirstLoad: z.boolean() }),
		})
		.parse(await request('GET', '/settings'));
	if (settings.userManagement.showSetupOnFirstLoad) await request('POST', '/owner/setup', owner);
	await request('POST', '/login', { emailOrLdapLoginId: owner.email, password: owner.password });

	// n8n tells its version only to users who have logged in.
	const { versionCli } = z
		.object({ versionCli: z.string() })
		.parse(await request('GET', '/settings'));
	const isFirstMajor = versionCli.startsWith('1.');
	return createApi(url, request, headers, () => cookie(session), isFirstMajor);
}

function createApi(
	url: string,
	request: N8nApi['request'],
	headers: () => Record<string, string>,
	sessionCookie: () => string,
	isFirstMajor: boolean,
): N8nApi {
	const api: N8nApi = {
		request,
		cookie: sessionCookie,

		nodeTypes: async () => {
			const response = await fetch(`${url}/types/nodes.json`, { headers: headers() });
			return z.array(nodeTypeSchema).parse(await response.json());
		},

		installedPackages: async () =>
			z.array(installedPackageSchema).parse(await request('GET', '/community-packages')),

		saveCredential: async (name, type, data) => {
			const known = z.array(credentialSchema).parse(await request('GET', '/credentials'));
			const same = known.find((credential) => credential.name === name && credential.type === type);
			return credentialSchema.parse(
				same === undefined
					? await request('POST', '/credentials', { name, type, data })
					: await request('PATCH', `/credentials/${same.id}`, { name, type, data }),
			);
		},

		testCredential: async ({ id, name, type }, data) =>
			credentialTestSchema.parse(
				await request('POST', '/credentials/test', { credentials: { id, name, type, data } }),
			),

		importWorkflow: async (workflow) => {
			const known = z
				.array(z.object({ id: z.string(), name: z.string() }))
				.parse(await request('GET', '/workflows'));
			const same = known.find(({ name }) => name === workflow.name);
			return workflowSchema.parse(
				same === undefined
					? // n8n before 2.20 has no default for "active".
						await request('POST', '/workflows', { ...workflow, active: false })
					: await request('PATCH', `/workflows/${same.id}?forceSave=true`, workflow),
			);
		},

		activate: async ({ id, versionId }) => {
			if (isFirstMajor) await request('PATCH', `/workflows/${id}`, { active: true, versionId });
			else await request('POST', `/workflows/${id}/activate`, { versionId });
		},

		run: async (workflow, triggerName) => {
			const started = await request('POST', `/workflows/${workflow.id}/run`, {
				workflowData: workflow,
				triggerToStartFrom: { name: triggerName },
			});
			return runSchema.parse(started).executionId;
		},

		execution: async (id) => {
			const stored = await request('GET', `/executions/${id}`).catch((error: unknown) => {
				if (String(error).includes(NOT_STORED_YET)) return undefined;
				throw error;
			});
			if (stored === undefined) return { id, status: 'new', data: { resultData: { runData: {} } } };
			const { data, ...summary } = executionSchema.parse(stored);
			return { ...summary, data: parseFlatted(data) as RunData };
		},

		executions: async ({ id }) => {
			const filter = encodeURIComponent(JSON.stringify({ workflowId: id }));
			const list = await request('GET', `/executions?filter=${filter}&limit=50`);
			return executionListSchema.parse(list).results;
		},

		waitForExecution: async (id, { timeoutMs = 120_000, signal } = {}) => {
			const deadline = Date.now() + timeoutMs;
			for (;;) {
				const execution = await api.execution(id);
				if (hasEnded(execution.status)) return execution;
				if (Date.now() > deadline) {
					throw new Error(
						`Execution ${id} is still "${execution.status}" after ${timeoutMs / 1000} s`,
					);
				}
				await sleep(300, undefined, { signal });
			}
		},

		stopExecution: async (id) => {
			await request('POST', `/executions/${id}/stop`);
		},

		retryExecution: async (id, using) => {
			const body = { loadWorkflow: using === 'saved' };
			const retried = await request('POST', `/executions/${id}/retry`, body);
			return z.object({ id: z.string() }).parse(retried).id;
		},

		binary: async (id) => {
			const query = new URLSearchParams({ id, action: 'download' });
			const ask = async () =>
				await fetch(`${url}/rest/binary-data?${query.toString()}`, { headers: headers() });
			let response = await ask();
			// A busy n8n loses its database for moments.
			for (let tries = 1; response.status >= 500 && tries < 5; tries++) {
				await sleep(3000);
				response = await ask();
			}
			if (!response.ok) throw new Error(`n8n refused binary data ${id}: ${response.status}`);
			return Buffer.from(await response.arrayBuffer());
		},
	};
	return api;
}

function cookie(session: Map<string, string>): string {
	return [...session].map(([name, value]) => `${name}=${value}`).join('; ');
}

function remember(session: Map<string, string>, response: Response): void {
	for (const line of response.headers.getSetCookie()) {
		const [pair = ''] = line.split(';');
		const cut = pair.indexOf('=');
		session.set(pair.slice(0, cut), pair.slice(cut + 1));
	}
}

function complaint(text: string): string {
	try {
		return z.object({ message: z.string() }).parse(JSON.parse(text)).message;
	} catch {
		return text.slice(0, 300);
	}
}
