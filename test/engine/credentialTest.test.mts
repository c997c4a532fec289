/** n8n's own credential test, over real sockets: where it sends the key, and its messages. */
import { ExecuteContext, RoutingNode } from 'n8n-core';
import { createEmptyRunExecutionData, Workflow } from 'n8n-workflow';
import type { ICredentialDataDecryptedObject, INode, INodeType } from 'n8n-workflow';
import { DashScopeApi } from '../../credentials/DashScopeApi.credentials';
import { createAdditionalData } from './harness.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();
const TYPE = 'dashScopeApi';

interface Cause {
	stack?: string;
	code?: string;
	response?: { status: number; statusText: string };
}

/** What the editor shows (n8n 2.40.7, credentials-tester.service.js, runRequestTest). */
function sentenceOf(cause: Cause | undefined, message: string): string {
	if (!cause?.response) return cause?.code ?? message;
	const { status, statusText } = cause.response;
	const rule = new DashScopeApi().test.rules?.find(
		({ type, properties }) => type === 'responseCode' && properties.value === status,
	);
	return rule?.properties.message ?? statusText;
}

/** As n8n's CredentialsTester does it: a node with one request, sent with the credential under test. */
async function testCredential(data: Record<string, unknown>) {
	const node: INode = {
		id: 'temp',
		name: 'Temp-Node',
		type: 'test.temp',
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
		credentials: { [TYPE]: { id: '1', name: 'DashScope API' } },
	};
	const { request } = new DashScopeApi().test;
	const nodeType = {
		description: {
			displayName: 'Temp',
			name: 'test.temp',
			group: ['output'],
			version: 1,
			description: '',
			defaults: { name: 'Temp' },
			inputs: ['main'],
			outputs: ['main'],
			credentials: [{ name: TYPE, required: true }],
			properties: [
				{ displayName: 'Temp', name: 'temp', type: 'string', default: '', routing: { request } },
			],
		},
	} as unknown as INodeType;
	const nodeTypes = {
		getByName: () => nodeType,
		getByNameAndVersion: () => nodeType,
		getKnownTypes: () => ({}),
	};
	const workflow = new Workflow({ nodes: [node], connections: {}, active: false, nodeTypes });
	const functions = new ExecuteContext(
		workflow,
		node,
		createAdditionalData(data as never),
		'internal',
		createEmptyRunExecutionData(),
		0,
		[],
		{ main: [[{ json: {} }]] },
		{ node, data: {}, source: null },
		[],
	);
	const decrypted = { id: '1', name: 'DashScope API', type: TYPE, data };
	const routing = new RoutingNode(functions, nodeType, {
		...decrypted,
		data: data as ICredentialDataDecryptedObject,
	});
	try {
		await sandbox.time.during(routing.runNode());
		return { said: 'OK', everything: '' };
	} catch (error) {
		const { cause, message } = error as { cause?: Cause; message: string };
		const parts = [error, String(error), cause, cause?.stack];
		return { said: sentenceOf(cause, message), everything: JSON.stringify(parts) };
	}
}

/** The mock's URL without "http://". */
const hostOf = () => new URL(sandbox.double.url).host;

it('the credential test asks the account and creates nothing', async () => {
	expect((await testCredential({ ...sandbox.credential })).said).toBe('OK');
	expect(sandbox.operations()).toEqual(['models']);
});

it('the credential test drops /api/v1/ at the end of a Custom URL', async () => {
	const customUrl = `${sandbox.double.url}/api/v1/`;
	expect((await testCredential({ ...sandbox.credential, customUrl })).said).toBe('OK');
});

it('the credential test puts a mistyped key before a key of another region', async () => {
	const { said } = await testCredential({ ...sandbox.credential, apiKey: 'sk-wrong' });
	expect(said).toMatch(/does not accept this API key\. It may be mistyped.* another region/);
});

it.each<[Record<string, unknown>, string]>([
	[{ apiKey: ' ' }, "'API Key' is empty."],
	[{ apiKey: 'sk-01 23' }, "'API Key' has a blank inside."],
	[{ customUrl: '' }, "'Custom URL' is empty."],
	[{ customUrl: 'gateway.example.com' }, "'Custom URL' does not begin with https://."],
	[{ customUrl: 'htps://gateway.example.com' }, "'Custom URL' is not a plain https address."],
	[{ customUrl: 'https://gate way.example.com' }, "'Custom URL' has a blank inside."],
	[{ customUrl: 'http://gateway.example.com' }, "'Custom URL' begins with http://."],
	[{ endpoint: 'workspace', workspaceId: '' }, "'Workspace ID' is empty."],
])('the credential test of %j sends nothing and says: %s', async (fields, sentence) => {
	const { said } = await testCredential({ ...sandbox.credential, ...fields });
	expect(said.startsWith(`${sentence} `)).toBe(true);
	expect(sandbox.operations()).toEqual([]);
});

it('the credential test says where to look if the address serves another API', async () => {
	const customUrl = `${sandbox.double.url}/compatible-mode/v1`;
	const { said } = await testCredential({ ...sandbox.credential, customUrl });
	expect(said).toMatch(/^There is no DashScope API at this address/);
});

it('the credential test shows a code of the network, which the notice in the form explains', async () => {
	const { said } = await testCredential({
		...sandbox.credential,
		customUrl: 'http://127.0.0.1:1',
	});
	expect(said).toBe('ECONNREFUSED');
	const [notice] = new DashScopeApi().properties;
	expect(notice?.displayName).toMatch(/only a code such as ENOTFOUND, n8n cannot reach/);
});

it.each([
	['a password', () => `http://user:s3cret@${hostOf()}`],
	['a password, its @ escaped', () => `http://user:s3cret%40${hostOf()}`],
	['a backslash before an @', () => `http://${hostOf()}\\@s3cret.example`],
	['an @ behind a backslash', () => `http://s3cret.example\\@${hostOf()}`],
	['a query', () => `http://${hostOf()}/?key=s3cret`],
	['a loopback in another form', () => `http://2130706433:${new URL(sandbox.double.url).port}`],
])(
	'a Custom URL with %s: the credential test sends no key and does not repeat the secret',
	async (_, customUrl) => {
		const { said, everything } = await testCredential({
			...sandbox.credential,
			customUrl: customUrl(),
		});
		expect(said).toMatch(/^'Custom URL' /);
		expect(everything).not.toContain('s3cret');
		expect(sandbox.operations()).toEqual([]);
	},
);

it('a Workspace ID with an underscore: the credential test sends no key', async () => {
	const { apiKey } = sandbox.credential;
	const { said } = await testCredential({ apiKey, endpoint: 'workspace', workspaceId: 'llm_abc' });
	expect(said).toMatch(/^'Workspace ID' "llm_abc" is not a workspace ID\./);
});
