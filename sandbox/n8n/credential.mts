/** What the "DashScope API" credential of a sandboxed n8n is filled with. */

/** The credential's type, as n8n knows it. */
export const CREDENTIAL_TYPE = 'dashScopeApi';

/** The data of a credential for a mock, whose host is not Alibaba's. */
export const credentialDataFor = ({ apiKey, url }: { apiKey: string; url: string }) => ({
	apiKey,
	endpoint: 'custom',
	customUrl: url,
});
