import { openEditor, screenshot, updateImage, type Editor } from './browser.mts';
import { credentialData, logIn, readWorld } from './world.mts';

describe("the credential's test", () => {
	const world = readWorld();

	it('succeeds with the right key', async () => {
		const api = await logIn(world);
		const result = await api.testCredential(world.credential, credentialData(world));
		expect(result).toEqual({ status: 'OK', message: 'Connection successful!' });
	});

	it('names the likely cause if the key is wrong', async () => {
		const api = await logIn(world);
		const result = await api.testCredential(world.credential, credentialData(world, 'sk-wrong'));
		expect(result.status).toBe('Error');
		expect(result.message).toMatch(/does not accept this API key/);
		expect(result.message).toMatch(/China \(Beijing\)/);
	});

	it('names a Custom URL without https:// in a sentence of its own', async () => {
		const api = await logIn(world);
		const data = { ...credentialData(world), customUrl: 'gateway.example.com' };
		expect(await api.testCredential(world.credential, data)).toEqual({
			status: 'Error',
			message: "'Custom URL' does not begin with https://. Put https:// in front of it.",
		});
	});

	it('does not return the key to a person who reads the credential', async () => {
		const api = await logIn(world);
		const stored = await api.request('GET', `/credentials/${world.credential.id}?includeData=true`);
		expect(JSON.stringify(stored)).not.toContain(world.apiKey);
	});
});

describe('the form of the credential', () => {
	const world = readWorld();
	let editor: Editor;

	beforeAll(async () => {
		editor = await openEditor(world.n8nUrl);
	});

	afterAll(async () => {
		await editor?.close();
	});

	it('says above the key field which key it takes, where to create one, and that "Qwen Cloud" is another credential', async () => {
		const { page } = editor;
		await page.goto(`${world.n8nUrl}/home/credentials/${world.credential.id}`);
		const form = page.getByTestId('editCredential-modal');
		const notice = form.locator('.notice', { hasText: 'region China (Beijing)' });
		await notice.waitFor();
		expect(await notice.innerText()).toContain('"Qwen Cloud" credential is another one');
		const link = notice.getByRole('link', { name: 'Create a key' });
		expect(await link.getAttribute('href')).toContain('bailian.console.aliyun.com/cn-beijing');

		const key = form.getByTestId('parameter-input-apiKey').locator('input');
		expect(await key.getAttribute('type')).toBe('password');
		const [above, below] = [await notice.boundingBox(), await key.boundingBox()];
		expect((above?.y ?? 0) + (above?.height ?? 0)).toBeLessThan(below?.y ?? 0);
		await updateImage(await screenshot(page, 'credential'));
	});
});
