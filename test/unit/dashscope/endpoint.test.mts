import { accountOf, BEIJING_URL } from '../../../nodes/EmojiVideo/dashscope/endpoint';

const apiKey = 'sk-0123456789abcdef';

const baseUrlOf = (data: Record<string, unknown>) => {
	const account = accountOf({ apiKey, ...data });
	return account.ok ? account.value.baseUrl : account.failure.message;
};

it('the endpoint is China (Beijing) by default', () => {
	expect(BEIJING_URL).toBe('https://dashscope.aliyuncs.com');
	const account = { apiKey, baseUrl: BEIJING_URL, isLoopback: false };
	expect(accountOf({ apiKey })).toEqual({ ok: true, value: account });
	expect(accountOf({ apiKey, endpoint: 'beijing', customUrl: 'https://a.example' })).toEqual({
		ok: true,
		value: account,
	});
});

describe('a Workspace ID', () => {
	it.each(['llm-abc123xyz', 'W', 'a1', ' llm-abc123xyz '])(
		'%j becomes the host of the account',
		(id) => {
			expect(baseUrlOf({ endpoint: 'workspace', workspaceId: id })).toBe(
				`https://${id.trim()}.cn-beijing.maas.aliyuncs.com`,
			);
		},
	);

	it.each([
		'',
		'evil.com/#',
		'evil.com/',
		'evil.com',
		'evil.com?',
		'evil.com\\',
		'a@evil.com',
		'user:pass@evil',
		'evil.com:443/',
		'-abc',
		'abc-',
		'a b',
		'a\nb',
		'ａｂｃ',
		'a'.repeat(64),
		'../..',
		'{{ 1 }}',
	])('%j is invalid, and the failure names it and says what to enter', (workspaceId) => {
		expect(accountOf({ apiKey, endpoint: 'workspace', workspaceId })).toEqual({
			ok: false,
			failure: {
				kind: 'invalid',
				message: `Workspace ID "${workspaceId.replace('\n', ' ')}" is not a workspace ID`,
				nextStep: expect.stringMatching(/letters, digits and hyphens.*credential/) as string,
			},
		});
	});
});

describe('a Custom URL', () => {
	it.each([
		['https://gateway.example.com', 'https://gateway.example.com', false],
		['https://gateway.example.com/', 'https://gateway.example.com', false],
		['https://gateway.example.com/dashscope//', 'https://gateway.example.com/dashscope', false],
		['  https://Gateway.Example.com:8443  ', 'https://gateway.example.com:8443', false],
		['https://192.168.1.5', 'https://192.168.1.5', false],
		['http://localhost:3000', 'http://localhost:3000', true],
		['http://127.0.0.1:3000/', 'http://127.0.0.1:3000', true],
		['http://[::1]:3000', 'http://[::1]:3000', true],
		['https://localhost:3000', 'https://localhost:3000', true],
	])('%j becomes the base URL %j', (customUrl, baseUrl, isLoopback) => {
		expect(accountOf({ apiKey, endpoint: 'custom', customUrl })).toEqual({
			ok: true,
			value: { apiKey, baseUrl, isLoopback },
		});
	});

	it.each([
		'',
		'gateway.example.com',
		'http://gateway.example.com',
		'http://192.168.1.5',
		'http://localhost.example.com',
		'https://gateway.example.com/#top',
		'ftp://gateway.example.com',
		'file:///etc/passwd',
		'http://2130706433',
	])('%j is invalid, and the failure names it and says what to enter', (customUrl) => {
		expect(accountOf({ apiKey, endpoint: 'custom', customUrl })).toEqual({
			ok: false,
			failure: {
				kind: 'invalid',
				message: `Custom URL "${customUrl}" cannot be used`,
				nextStep: expect.stringMatching(/https.*localhost only.*credential/) as string,
			},
		});
	});
});

describe('a Custom URL with a secret', () => {
	it.each([
		'http://localhost@evil.example',
		'http://localhost:s3cret@evil.example',
		'https://user:s3cret@gateway.example.com',
		'https://s3cret@gateway.example.com',
		'https:user:s3cret@gateway.example.com',
		'user:s3cret@gateway.example.com',
		'https://gateway.example.com\\@s3cret.example',
		'https://gateway.example.com/?key=s3cret',
	])('%j is invalid, and the failure does not repeat it', (customUrl) => {
		const account = accountOf({ apiKey, endpoint: 'custom', customUrl });
		expect(account).toMatchObject({
			ok: false,
			failure: {
				kind: 'invalid',
				message: 'Custom URL has a user name, a password or a query in it',
				nextStep: expect.stringMatching(/https.*credential/) as string,
			},
		});
		expect(JSON.stringify(account)).not.toContain('s3cret');
	});
});

describe('a Custom URL that may hide a secret', () => {
	it.each([
		'https://user:s3cret',
		'https://user:s3cret%40gateway.example.com',
		'https://user:s3cret\uff20gateway.example.com',
		'user s3cret gateway.example.com',
		'https://gateway.example.com;s3cret',
		'javascript:s3cret',
	])('%j is invalid, and the failure does not repeat it', (customUrl) => {
		const account = accountOf({ apiKey, endpoint: 'custom', customUrl });
		expect(account).toMatchObject({
			failure: { kind: 'invalid', message: 'Custom URL is not a plain address' },
		});
		expect(JSON.stringify(account)).not.toContain('s3cret');
	});
});

describe('an API key', () => {
	it.each(['', '   ', '\n', undefined])('%j is invalid because it is empty', (key) => {
		expect(accountOf({ apiKey: key })).toMatchObject({
			ok: false,
			failure: { kind: 'invalid', message: 'API Key is empty' },
		});
	});

	it.each(['sk-a b', 'sk-a\nb', 'sk-ключ', 'sk-…'])(
		'%j is invalid, and the failure does not repeat it',
		(key) => {
			const account = accountOf({ apiKey: key });
			expect(account).toMatchObject({
				ok: false,
				failure: {
					kind: 'invalid',
					message: 'API Key contains spaces or characters that no key has',
					nextStep:
						'Paste a Model Studio API key of the China (Beijing) region, e.g. "sk-...". Open the DashScope API credential to change it.',
				},
			});
			expect(JSON.stringify(account)).not.toContain(key);
		},
	);

	it('is read without the spaces around it', () => {
		expect(accountOf({ apiKey: ` ${apiKey}\n` })).toMatchObject({ ok: true, value: { apiKey } });
	});
});

it.each([undefined, null, 'text', { apiKey: 1 }, { apiKey, endpoint: 'singapore' }])(
	'a credential that is %j is incomplete',
	(data) => {
		expect(accountOf(data)).toEqual({
			ok: false,
			failure: {
				kind: 'invalid',
				message: 'The DashScope API credential is incomplete',
				nextStep:
					'Choose an endpoint and enter the API key. Open the DashScope API credential to change it.',
			},
		});
	},
);
