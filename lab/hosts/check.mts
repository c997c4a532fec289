/** What one check of the package in one n8n is, and what it works with. */
import type { DashScopeMock, DashScopeMockOptions } from '../../sandbox/dashscope/index.mts';
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Credential, N8nApi } from '../../sandbox/n8n/api.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';
import type { RunningN8n } from '../../sandbox/n8n/instance.mts';

/** An n8n with the package, an owner and nothing else. A check that kills it puts the new one here. */
export interface Host {
	version: string;
	n8n: RunningN8n;
	api: N8nApi;
}

/** @returns what was seen, in a few words. @throws if it is not what it must be */
export type Check = (host: Host) => Promise<string>;

/** A service of a check's own, and a credential for it in the host. */
export interface Service {
	double: DashScopeMock;
	credential: Credential;
}

/** Runs `work` with a double and a credential of its own. @param name no other check's */
export async function withService<T>(
	{ api }: Host,
	name: string,
	options: DashScopeMockOptions,
	work: (service: Service) => Promise<T>,
): Promise<T> {
	const double = await startDashScopeMock(options);
	try {
		const data = credentialDataFor(double);
		const credential = await api.saveCredential(name, CREDENTIAL_TYPE, data);
		return await work({ double, credential });
	} finally {
		await double.close();
	}
}
