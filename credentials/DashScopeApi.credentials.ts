import type {
	Icon,
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';
import { readCredential } from '../nodes/EmojiVideo/dashscope/endpoint';

export class DashScopeApi implements ICredentialType {
	name = 'dashScopeApi';

	displayName = 'DashScope API';

	icon: Icon = { light: 'file:../icons/emojiVideo.svg', dark: 'file:../icons/emojiVideo.dark.svg' };

	documentationUrl =
		'https://github.com/n8n-nodes-emoji-video/n8n-nodes-emoji-video#which-keys-work';

	properties: INodeProperties[] = [
		{
			// The console's page of keys of this region (docs/service.md, "Hosts and keys").
			displayName:
				'The key must be from the region <b>China (Beijing)</b>, like the endpoint: emoji models exist nowhere else. <a href="https://bailian.console.aliyun.com/cn-beijing/?tab=model#/api-key" target="_blank">Create a key</a> in Model Studio (<a href="https://www.alibabacloud.com/help/en/model-studio/get-api-key" target="_blank">how</a>). A "Qwen Cloud" credential is another one and does not work here. If the test shows only a code such as ENOTFOUND, n8n cannot reach the endpoint: check the network and the spelling of the address.',
			name: 'keyNotice',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			placeholder: 'e.g. sk-...',
			description:
				'A Model Studio API key of the China (Beijing) region. Emoji models do not take keys of other regions.',
		},
		{
			displayName: 'Endpoint',
			name: 'endpoint',
			type: 'options',
			default: 'beijing',
			options: [
				{
					name: 'China (Beijing)',
					value: 'beijing',
					description: 'The shared endpoint: dashscope.aliyuncs.com',
				},
				{
					name: 'Workspace Host',
					value: 'workspace',
					description: "A workspace's own endpoint; only keys of that workspace work there",
				},
				{
					name: 'Custom URL',
					value: 'custom',
					description: 'A gateway in front of DashScope, or the sandbox of this package',
				},
			],
			description: 'Where the API is called. The API key is sent to this address only.',
		},
		{
			displayName: 'Workspace ID',
			name: 'workspaceId',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. llm-abc123xyz',
			displayOptions: { show: { endpoint: ['workspace'] } },
			description:
				'The ID shown in Model Studio under Workspace. The address becomes https://{WorkspaceId}.cn-beijing.maas.aliyuncs.com.',
		},
		{
			displayName: 'Custom URL',
			name: 'customUrl',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. https://gateway.example.com',
			displayOptions: { show: { endpoint: ['custom'] } },
			description:
				'The address of a gateway that serves the DashScope API. It must be https; http is accepted for localhost only.',
		},
	];

	/**
	 * Adds the key, and the account's endpoint to a URL that names no host. Only the test below sends one, so
	 * that it asks the address that the node uses. n8n shows the message of an error that is thrown here.
	 */
	authenticate = async (
		credentials: ICredentialDataDecryptedObject,
		request: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> => {
		const account = readCredential(credentials);
		if (!account.ok) {
			const { message, nextStep } = account.failure;
			throw new Error(`${message}. ${nextStep}`);
		}
		const { apiKey, baseUrl } = account.value;
		// n8n's HTTP Request node has no `url`, but the `uri` of an older helper.
		const { url }: Partial<IHttpRequestOptions> = request;
		return await Promise.resolve({
			...request,
			...(url?.startsWith('/') && { url: `${baseUrl}${url}` }),
			headers: { ...request.headers, Authorization: `Bearer ${apiKey}` },
		});
	};

	/**
	 * Listing models is free: it proves the key and creates nothing. If no response comes, n8n shows the bare
	 * code of the network (credentials-tester.service.js of n8n 2.40.7, `message: error.cause.code`).
	 */
	test: ICredentialTestRequest = {
		request: {
			url: '/api/v1/models',
			qs: { page_no: 1, page_size: 1 },
			disableFollowRedirect: true,
		},
		rules: [
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message:
						'DashScope does not accept this API key. It may be mistyped or deleted: copy it again from Model Studio. If it is complete, it is from another region: create one with the region set to China (Beijing).',
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 403,
					message:
						'DashScope knows this API key but denies access. Check that the key belongs to the workspace, and that Model Studio is activated for the account.',
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 404,
					message:
						"There is no DashScope API at this address. Check the spelling of 'Custom URL' and its path.",
				},
			},
		],
	};
}
