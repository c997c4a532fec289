import { credentialData, logIn, readWorld } from './world.mts';

describe("the credential's test", () => {
	const world = readWorld();

	it('succeeds with the right key', async () => {
		const api = await logIn(world);
		const result = await api.testCredential(world.credential, credentialData(world));
		expect(result).toEqual({ status: 'OK', message: 'Connection successful!' });
	});

	it('names the likely cause for a wrong key', async () => {
		const api = await logIn(world);
		const result = await api.testCredential(world.credential, credentialData(world, 'sk-wrong'));
		expect(result.status).toBe('Error');
		expect(result.message).toMatch(/does not accept this API key/);
		expect(result.message).toMatch(/China \(Beijing\)/);
	});

	it('does not show the key to anyone who reads the credential', async () => {
		const api = await logIn(world);
		const stored = await api.request('GET', `/credentials/${world.credential.id}?includeData=true`);
		expect(JSON.stringify(stored)).not.toContain(world.apiKey);
	});
});
