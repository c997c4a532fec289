import {
	accountOf,
	BEIJING_URL,
	readCredential,
} from '../../../nodes/EmojiVideo/dashscope/endpoint';

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

	it('that is empty is invalid', () => {
		expect(baseUrlOf({ endpoint: 'workspace', workspaceId: ' ' })).toBe("'Workspace ID' is empty");
	});

	it.each([
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
				message: `'Workspace ID' "${workspaceId.replace('\n', ' ')}" is not a workspace ID`,
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
		['https://gateway.example.com/api/v1', 'https://gateway.example.com', false],
		[
			'https://gateway.example.com/dashscope/api/v1//',
			'https://gateway.example.com/dashscope',
			false,
		],
		['https://gateway.example.com/my-api/v1', 'https://gateway.example.com/my-api/v1', false],
	])('%j becomes the base URL %j', (customUrl, baseUrl, isLoopback) => {
		expect(accountOf({ apiKey, endpoint: 'custom', customUrl })).toEqual({
			ok: true,
			value: { apiKey, baseUrl, isLoopback },
		});
	});

	it.each([
		['', "'Custom URL' is empty"],
		['  ', "'Custom URL' is empty"],
		['gateway.example.com', "'Custom URL' does not begin with https://"],
		['gateway.example.com:8443/dashscope', "'Custom URL' does not begin with https://"],
		['nowhere', "'Custom URL' does not begin with https://"],
		['http://gateway.example.com', "'Custom URL' begins with http://"],
		['http://192.168.1.5', "'Custom URL' begins with http://"],
		['http://localhost.example.com', "'Custom URL' begins with http://"],
		['http://2130706433', "'Custom URL' begins with http://"],
		['https://gateway. example.com', "'Custom URL' has a blank inside"],
		['https://gateway.example.com/#top', "'Custom URL' is not a plain https address"],
		['htps://gateway.example.com', "'Custom URL' is not a plain https address"],
		['ftp://gateway.example.com', "'Custom URL' is not a plain https address"],
		['file:///etc/passwd', "'Custom URL' is not a plain https address"],
		['https://xn--.example', "'Custom URL' is not a plain https address"],
	])('%j is invalid: %s', (customUrl, message) => {
		expect(accountOf({ apiKey, endpoint: 'custom', customUrl })).toEqual({
			ok: false,
			failure: {
				kind: 'invalid',
				message,
				nextStep: expect.stringMatching(
					/^(Use|Put|Enter|Remove) .*\. Open the DashScope API credential to change it\.$/,
				) as string,
			},
		});
	});
});

it("the credential's own test does not say that the credential must be opened", () => {
	expect(readCredential({ apiKey, endpoint: 'custom', customUrl: 'nowhere' })).toEqual({
		ok: false,
		failure: {
			kind: 'invalid',
			message: "'Custom URL' does not begin with https://",
			nextStep: 'Put https:// in front of it.',
		},
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
				message: "'Custom URL' has a user name, a password or a query in it",
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
		'https://gateway.example.com;s3cret',
		'javascript:s3cret',
	])('%j is invalid, and the failure does not repeat it', (customUrl) => {
		const account = accountOf({ apiKey, endpoint: 'custom', customUrl });
		expect(account).toMatchObject({
			failure: { kind: 'invalid', message: "'Custom URL' is not a plain https address" },
		});
		expect(JSON.stringify(account)).not.toContain('s3cret');
	});
});

describe('an API key', () => {
	it.each(['', '   ', '\n', undefined])('%j is invalid because it is empty', (key) => {
		expect(accountOf({ apiKey: key })).toMatchObject({
			ok: false,
			failure: { kind: 'invalid', message: "'API Key' is empty" },
		});
	});

	it.each([
		['sk-a b', "'API Key' has a blank inside"],
		['sk-a\nb', "'API Key' has a blank inside"],
		['sk-ключ', "'API Key' has a character that no key has"],
		['sk-…', "'API Key' has a character that no key has"],
	])('%j is invalid, and the failure does not repeat it', (key, message) => {
		const account = accountOf({ apiKey: key });
		expect(account).toMatchObject({
			ok: false,
			failure: {
				kind: 'invalid',
				message,
				nextStep:
					'Paste a Model Studio API key of the China (Beijing) region, e.g. "sk-...". Open the DashScope API credential to change it.',
			},
		});
		expect(JSON.stringify(account)).not.toContain(key);
	});

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
