/**
 * The credential's test is an expression in n8n, the node has its own code: both must come to the same
 * address, and where one refuses, the other sends no key either. Read by n8n's own engine.
 */
import { env } from 'node:process';
import fc from 'fast-check';
import { Workflow } from 'n8n-workflow';
import type { INodeTypes } from 'n8n-workflow';
import { DashScopeApi } from '../../../credentials/DashScopeApi.credentials';
import { accountOf } from '../../../nodes/EmojiVideo/dashscope/endpoint';
import { PROPERTY_LIMITS, PROPERTY_TIMEOUT_MS } from '../../properties.mts';

const RUNS = Number(env['FUZZ_RUNS'] ?? 2000);
const SEED = Number(env['FUZZ_SEED'] ?? 20251014);

const node = { id: '1', name: 'N', type: 'n', typeVersion: 1, position: [0, 0], parameters: {} };
const nodeTypes = {
	getByName: () => undefined,
	getByNameAndVersion: () => ({ description: { properties: [] } }),
	getKnownTypes: () => ({}),
} as unknown as INodeTypes;
const { expression } = new Workflow({
	nodes: [{ ...node, position: [0, 0] }],
	connections: {},
	active: false,
	nodeTypes,
});

const BASE_URL = String(new DashScopeApi().test.request.baseURL);

/** What n8n makes of the credential test's address; where it refuses to, nothing is sent. */
function testedUrl(data: Record<string, unknown>): unknown {
	try {
		return expression.getParameterValue(BASE_URL, null, 0, 0, 'N', [], 'internal', {
			$credentials: data,
		});
	} catch {
		return undefined;
	}
}

/** As both would ask it. */
const asAsked = (baseUrl: unknown): string | undefined => {
	const text = typeof baseUrl === 'string' ? `${baseUrl}/api/v1/models` : '';
	return URL.canParse(text) ? new URL(text).href : undefined;
};

function expectAgreement(data: Record<string, unknown>): void {
	const account = accountOf({ apiKey: 'sk-0123456789abcdef', ...data });
	const node = account.ok ? asAsked(account.value.baseUrl) : undefined;
	expect({ data, asked: asAsked(testedUrl(data)) }).toEqual({ data, asked: node });
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
	(customUrl) => {
		expectAgreement({ endpoint: 'custom', customUrl });
	},
);

it.each([...ODD_WORKSPACES, ...ODD_TYPES])(
	'the credential test and the node agree about Workspace ID %j',
	(workspaceId) => {
		expectAgreement({ endpoint: 'workspace', workspaceId });
	},
);

it.each(['beijing', 'singapore', '', 'constructor', '__proto__', null])(
	'the credential test and the node agree about Endpoint %j',
	(endpoint) => {
		expectAgreement({ endpoint, customUrl: 'https://a.example', workspaceId: 'w' });
	},
);

it('the credential test asks the right URL for every endpoint', () => {
	expect(testedUrl({ endpoint: 'beijing' })).toBe('https://dashscope.aliyuncs.com');
	expect(testedUrl({ endpoint: 'workspace', workspaceId: ' llm-1 ' })).toBe(
		'https://llm-1.cn-beijing.maas.aliyuncs.com',
	);
	expect(testedUrl({ endpoint: 'custom', customUrl: ' http://localhost:1/a/ ' })).toBe(
		'http://localhost:1/a',
	);
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
	`the credential test and the node agree about random addresses (${RUNS} of each)`,
	() => {
		const limits = { ...PROPERTY_LIMITS, numRuns: RUNS, seed: SEED };
		fc.assert(
			fc.property(text, (customUrl) => expectAgreement({ endpoint: 'custom', customUrl })),
			limits,
		);
		fc.assert(
			fc.property(text, (workspaceId) => expectAgreement({ endpoint: 'workspace', workspaceId })),
			limits,
		);
	},
	PROPERTY_TIMEOUT_MS,
);
