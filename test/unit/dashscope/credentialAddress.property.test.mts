/**
 * The credential's test and the node come to the same address for the key, and where one refuses, the other sends
 * no key either.
 */
import fc from 'fast-check';
import { DashScopeApi } from '../../../credentials/DashScopeApi.credentials';
import { accountOf } from '../../../nodes/EmojiVideo/dashscope/endpoint';
import { expectProperty, PROPERTY_TIMEOUT_MS } from '../../properties.mts';

const RUNS = 2000;

const { authenticate, test: credentialTest } = new DashScopeApi();
const apiKey = 'sk-0123456789abcdef';

/** The URL that the credential's test sends the key to; `undefined` if it sends nothing. */
async function testedUrl(data: object): Promise<string | undefined> {
	const request = { url: credentialTest.request.url ?? '' };
	try {
		return (await authenticate({ apiKey, ...data }, request)).url;
	} catch {
		return undefined;
	}
}

async function expectAgreement(data: Record<string, unknown>): Promise<void> {
	const account = accountOf({ apiKey, ...data });
	const url = account.ok ? `${account.value.baseUrl}/api/v1/models` : undefined;
	expect({ data, asked: await testedUrl(data) }).toEqual({ data, asked: url });
	// A parser of URLs finds nothing to correct in it.
	if (url !== undefined)
		expect(new URL(url).href).toBe(url.replace(/^https:\/\/[^/]+/, (host) => host.toLowerCase()));
}

/** Each was read in more than one way by somebody. */
const ODD_ADDRESSES = [
	'https://gateway.example.com',
	'https://gateway.example.com/',
	' https://gateway.example.com/dashscope// ',
	'HTTPS://Gateway.Example.com:8443/A',
	'https://gateway.example.com:443/a/../b',
	'https://gateway.example.com/a/%2e%2e/b',
	'https://gateway.example.com\\@evil.example',
	'https://gateway.example.com\\.evil.example',
	'https://evil.example\\',
	'https:\\\\evil.example',
	'https:/evil.example',
	'https:evil.example',
	'https:///evil.example',
	'//evil.example',
	'https://user:pass@gateway.example.com',
	'https://user:pass%40gateway.example.com',
	'https://user:pass\uff20gateway.example.com',
	'https://gateway.example.com@evil.example',
	'https://gateway.example.com:pass@evil.example',
	'https://@evil.example',
	'https://gateway.example.com?x=1',
	'https://gateway.example.com?',
	'https://gateway.example.com#x',
	'https://gateway.example.com/#',
	'https://gateway.example.com/\\evil',
	'https://gateway.example.com\u3002evil.example',
	'https://gateway\u2024example.com',
	'https://gateway.example.com\u0000.evil.example',
	'https://gateway.example.com\t.evil.example',
	'https://gate\nway.example.com',
	'https://ev%69l.example',
	'https://xn--.example',
	'https://1.2.3.4.5',
	'https://0x7f.1',
	'https://[::ffff:127.0.0.1]',
	'https://[::1%25lo]',
	'https://[::1',
	'https://host:99999',
	'https://host:',
	'https://my_gateway/v1',
	'https://例子.example',
	'http://gateway.example.com',
	'http://localhost',
	'http://LOCALHOST:3000/x',
	'http://app.localhost:3000',
	'http://localhost.',
	'http://localhost.evil.example',
	'http://localhost@evil.example',
	'http://localhost:x@evil.example',
	'http://localhost\\@evil.example',
	'http://localhost\\.evil.example',
	'http://127.0.0.1:3000/',
	'http://127.0.0.1.evil.example',
	'http://127.1',
	'http://2130706433',
	'http://0x7f000001',
	'http://0177.0.0.1',
	'http://127.0.0.999',
	'http://127.0.0.1\u3000',
	'http://[::1]:3000',
	'http://[0:0:0:0:0:0:0:1]',
	'http://[::ffff:127.0.0.1]',
	'ftp://localhost',
	'javascript:alert(1)',
	`https://${'a'.repeat(3000)}`,
	`https://gateway.example.com${'/'.repeat(3000)}`,
	'{{ 1 }}',
	'$credentials.apiKey',
	"'+$credentials.apiKey+'",
];

const ODD_WORKSPACES = [
	'llm-abc123xyz',
	' llm-abc123xyz ',
	'llm_abc123xyz',
	'llm-abc_',
	'_',
	'a',
	'A1',
	'-abc',
	'abc-',
	'a b',
	'a\nb',
	'abc\n',
	'evil.example/',
	'evil.example#',
	'evil.example?',
	'evil.example\\',
	'evil.example\\@x',
	'user:pass@evil.example',
	'a'.repeat(63),
	'a'.repeat(64),
	'ａｂｃ',
	'\u212aey',
	'../..',
	'{{ 1 }}',
];

const ODD_TYPES = [undefined, null, '', ' ', 1, true, [], {}, ['https://evil.example']];

it.each([...ODD_ADDRESSES, ...ODD_TYPES])(
	'the credential test and the node agree about Custom URL %j',
	async (customUrl) => await expectAgreement({ endpoint: 'custom', customUrl }),
);

it.each([...ODD_WORKSPACES, ...ODD_TYPES])(
	'the credential test and the node agree about Workspace ID %j',
	async (workspaceId) => await expectAgreement({ endpoint: 'workspace', workspaceId }),
);

it.each(['beijing', 'singapore', '', 'constructor', '__proto__', null])(
	'the credential test and the node agree about Endpoint %j',
	async (endpoint) =>
		await expectAgreement({ endpoint, customUrl: 'https://a.example', workspaceId: 'w' }),
);

it.each([
	[{ endpoint: 'beijing' }, 'https://dashscope.aliyuncs.com/api/v1/models'],
	[
		{ endpoint: 'workspace', workspaceId: ' llm-1 ' },
		'https://llm-1.cn-beijing.maas.aliyuncs.com/api/v1/models',
	],
	[
		{ endpoint: 'custom', customUrl: ' http://localhost:1/a/ ' },
		'http://localhost:1/a/api/v1/models',
	],
	[
		{ endpoint: 'custom', customUrl: 'https://gateway.example.com/api/v1/' },
		'https://gateway.example.com/api/v1/models',
	],
])('the test of the credential %j asks %s', async (data, url) => {
	expect(await testedUrl(data)).toBe(url);
});

it('a request of the HTTP Request node gets the key', async () => {
	const request = { uri: 'https://dashscope.aliyuncs.com/x' };
	expect(await authenticate({ apiKey, endpoint: 'beijing' }, request as never)).toEqual({
		...request,
		headers: { Authorization: `Bearer ${apiKey}` },
	});
});

it('a request to a URL with a host keeps its URL and its headers, and gets the key', async () => {
	const request = { url: 'https://dashscope.aliyuncs.com/x', headers: { accept: 'text/plain' } };
	expect(await authenticate({ apiKey, endpoint: 'beijing' }, request)).toEqual({
		url: 'https://dashscope.aliyuncs.com/x',
		headers: { accept: 'text/plain', Authorization: `Bearer ${apiKey}` },
	});
});

/** Pieces of addresses, put together as nobody would. */
const piece = fc.constantFrom(
	...[
		'https://',
		'http://',
		'HTTP:',
		'//',
		'/',
		'\\',
		'@',
		':',
		'?',
		'#',
		'.',
		'../..',
		'_',
		'-',
		'%',
	],
	...['%40', '%2e', '[', ']', '::1', '127.0.0.1', '127', '0x7f', 'localhost', '.localhost', 'evil'],
	...['.example', 'user:pass', '443', '65536', ' ', '\t', '\n', '\0', '\u3002', '\uff0e', '\uff20'],
	...[
		'\ud83d',
		'é',
		'xn--',
		'{',
		'}}',
		"'",
		'`',
		'$&',
		'*',
		'+',
		'(',
		')',
		';',
		',',
		'=',
		'~',
		'!',
	],
);
const text = fc.oneof(
	fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
	fc.array(piece, { maxLength: 6 }).map((pieces) => `https://${pieces.join('')}`),
	fc.array(piece, { maxLength: 6 }).map((pieces) => `http://localhost${pieces.join('')}`),
	fc.string({ unit: 'binary', maxLength: 20 }),
	fc.webUrl({ withQueryParameters: true, withFragments: true }),
);

it(
	'the credential test and the node agree about random addresses',
	async () => {
		await expectProperty(
			fc.asyncProperty(
				text,
				async (customUrl) => await expectAgreement({ endpoint: 'custom', customUrl }),
			),
			RUNS,
		);
		await expectProperty(
			fc.asyncProperty(
				text,
				async (workspaceId) => await expectAgreement({ endpoint: 'workspace', workspaceId }),
			),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);

it('the credential sends the key without the spaces around it, as the node does', async () => {
	const request = await authenticate({ apiKey: ' sk-1\n' }, { url: '/x' });
	expect(request.headers).toEqual({ Authorization: 'Bearer sk-1' });
});
