/**
 * A mock of the service for one test or one row, and a credential for it in n8n. The rule: no two rows
 * share a mock, so that its counts belong to one row.
 */
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock, DashScopeMockOptions } from '../../sandbox/dashscope/index.mts';
import type { Credential, N8nApi } from '../../sandbox/n8n/api.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';

export interface Service {
	mock: DashScopeMock;
	credential: Credential;
}

/** The mock downloads images from itself. A busy machine must not count as a slow image host, as it would after 5 s. */
export const IMAGE_TIMEOUT_MS = 60_000;

/** Starts a mock. Close it with `service.mock.close()`. @param name of the credential */
export async function openService(
	api: N8nApi,
	name: string,
	options: DashScopeMockOptions = {},
): Promise<Service> {
	const mock = await startDashScopeMock({ imageTimeoutMs: IMAGE_TIMEOUT_MS, ...options });
	try {
		const data = credentialDataFor(mock);
		return { mock, credential: await api.saveCredential(name, CREDENTIAL_TYPE, data) };
	} catch (error) {
		await mock.close();
		throw error;
	}
}

/** Runs `work` with a service of its own and closes it afterwards. */
export async function withService<T>(
	api: N8nApi,
	name: string,
	options: DashScopeMockOptions,
	work: (service: Service) => Promise<T>,
): Promise<T> {
	const service = await openService(api, name, options);
	try {
		return await work(service);
	} finally {
		await service.mock.close();
	}
}
