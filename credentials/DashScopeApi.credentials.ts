import type {
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';
import { CUSTOM_URL, WORKSPACE_ID } from '../nodes/EmojiVideo/dashscope/addressForms';

/**
 * The same choice as `accountOf` in nodes/EmojiVideo/dashscope/endpoint.ts, as an expression, by the same
 * patterns; without an address n8n sends nothing. n8n leaves out fields that are hidden, so each may be
 * missing.
 */
const BASE_URL = String.raw`={{ {
	beijing: 'https://dashscope.aliyuncs.com',
	workspace: ${WORKSPACE_ID}.test(($credentials.workspaceId ?? '').trim()) ? 'https://' + $credentials.workspaceId.trim() + '.cn-beijing.maas.aliyuncs.com' : '',
	custom: ${CUSTOM_URL}.test(($credentials.customUrl ?? '').trim()) ? $credentials.customUrl.trim() : '',
}[$credentials.endpoint].replace(/\/+$/, '') }}`;

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
				'The key must be from the region <b>China (Beijing)</b>, like the endpoint: emoji models exist nowhere else. <a href="https://bailian.console.aliyun.com/cn-beijing/?tab=model#/api-key" target="_blank">Create a key</a> in Model Studio (<a href="https://www.alibabacloud.com/help/en/model-studio/get-api-key" target="_blank">how</a>). A "Qwen Cloud" credential is another one and does not work here.',
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
				'An address that serves the DashScope API, without /api/v1 at the end. It must be https; http is accepted for localhost only.',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.apiKey.trim()}}' } },
	};

	/** Listing models is free: it proves the key without making anything. */
	test: ICredentialTestRequest = {
		request: {
			baseURL: BASE_URL,
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
						'DashScope does not accept this API key. The likely cause: the key is from another region. Emoji models take keys of China (Beijing) only: create one in Model Studio with the region set to China (Beijing).',
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
		],
	};
}
