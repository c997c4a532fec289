/** n8n's own credential test, over real sockets: where it sends the key, and its messages. */
import { ExecuteContext, RoutingNode } from 'n8n-core';
import { createEmptyRunExecutionData, Workflow } from 'n8n-workflow';
import type { ICredentialDataDecryptedObject, INode, INodeType } from 'n8n-workflow';
import { DashScopeApi } from '../../credentials/DashScopeApi.credentials';
import { createAdditionalData } from './harness.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();
const TYPE = 'dashScopeApi';

/** As n8n's CredentialsTester does it: a node with one request, sent with the credential under test. */
async function testCredential(data: Record<string, unknown>): Promise<string> {
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
		return 'OK';
	} catch (error) {
		const cause = (error as { cause?: unknown }).cause;
		return JSON.stringify([error, String(error), cause, String(cause), (cause as Error)?.stack]);
	}
}

/** The mock's URL without "http://". */
const hostOf = () => new URL(sandbox.double.url).host;

it('the credential test asks the account and creates nothing', async () => {
	expect(await testCredential({ ...sandbox.credential })).toBe('OK');
	expect(sandbox.operations()).toEqual(['models']);
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
		const said = await testCredential({ ...sandbox.credential, customUrl: customUrl() });
		expect(said).toContain('NodeApiError: Invalid URL');
		expect(said).not.toContain('s3cret');
		expect(sandbox.operations()).toEqual([]);
	},
);

it('a Workspace ID with an underscore: the credential test sends no key', async () => {
	const { apiKey } = sandbox.credential;
	const said = await testCredential({ apiKey, endpoint: 'workspace', workspaceId: 'llm_abc' });
	expect(said).toContain('NodeApiError: Invalid URL');
	expect(said).not.toContain('maas.aliyuncs.com');
});
