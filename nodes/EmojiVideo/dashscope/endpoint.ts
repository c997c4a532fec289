/**
 * From the credential's fields to the base URL of every API call. Rule: the API key is sent to this origin only.
 */
import { z } from 'zod';
import { fail, succeed } from '../base/result';
import type { Result } from '../base/result';
import { withoutSlashes } from '../base/text';
import { isLoopback, parseUrl } from '../net/publicHosts';
import { CUSTOM_URL, WORKSPACE_ID } from './addressForms';
import { shownText } from './tolerant';

export const BEIJING_URL = 'https://dashscope.aliyuncs.com';

const credentialSchema = z.object({
	apiKey: z.string().default(''),
	endpoint: z.enum(['beijing', 'workspace', 'custom']).default('beijing'),
	workspaceId: z.string().default(''),
	customUrl: z.string().default(''),
});

export interface Account {
	apiKey: string;
	/** Origin and optional path, without a slash at the end: `https://dashscope.aliyuncs.com`. */
	baseUrl: string;
	/** The account is a mock on this machine, so its links may lead to loopback addresses. */
	isLoopback: boolean;
}

const refuse = (message: string, nextStep: string) =>
	fail({
		kind: 'invalid',
		message,
		nextStep: `${nextStep} Open the DashScope API credential to change it.`,
	});

function workspaceUrl(workspaceId: string): Result<string> {
	const url = `https://${workspaceId}.cn-beijing.maas.aliyuncs.com`;
	// "xn--" and other invalid punycode matches the pattern, but is not a host name.
	if (!WORKSPACE_ID.test(workspaceId) || !URL.canParse(url)) {
		return refuse(
			`Workspace ID "${shownText(workspaceId, 100)}" is not a workspace ID`,
			'Use the ID shown in Model Studio under Workspace, e.g. "llm-abc123xyz": letters, digits and hyphens.',
		);
	}
	return succeed(url);
}

/** Text before an @ or after a question mark may be a password or a key, so messages do not repeat it. */
const SAYS_SECRET = /[@?]/;

/** Messages show an address only if no part of it could be a password. */
const SHOWN_ADDRESS = /^(?:[a-z]+:\/\/)?[\w.-]*(?::\d{0,5})?(?:[/#][\w./#-]*)?$/i;

function refusedAddress(text: string): string {
	if (SAYS_SECRET.test(text)) return 'Custom URL has a user name, a password or a query in it';
	return SHOWN_ADDRESS.test(text)
		? `Custom URL "${shownText(text, 200)}" cannot be used`
		: 'Custom URL is not a plain address';
}

function customBaseUrl(text: string): Result<string> {
	const url = CUSTOM_URL.test(text) ? parseUrl(text) : undefined;
	const secure = url?.protocol === 'https:' || (url !== undefined && isLoopback(url));
	if (!url || !secure) {
		return refuse(
			refusedAddress(text),
			'Use an https address without user name, query or fragment; http is accepted for localhost only.',
		);
	}
	return succeed(withoutSlashes(`${url.origin}${url.pathname}`));
}

/**
 * Reads the "DashScope API" credential.
 * @param data the decrypted credential: `apiKey`, `endpoint` (beijing | workspace | custom), `workspaceId`, `customUrl`
 * @returns the account, or a failure that names the wrong field
 * @see docs/service.md, "Hosts and keys"
 */
export function accountOf(data: unknown): Result<Account> {
	const parsed = credentialSchema.safeParse(data);
	if (!parsed.success) {
		return refuse(
			'The DashScope API credential is incomplete',
			'Choose an endpoint and enter the API key.',
		);
	}
	const { apiKey, endpoint, workspaceId, customUrl } = parsed.data;
	const key = apiKey.trim();
	if (key === '' || /[^\x21-\x7e]/.test(key)) {
		return refuse(
			key === '' ? 'API Key is empty' : 'API Key contains spaces or characters that no key has',
			'Paste a Model Studio API key of the China (Beijing) region, e.g. "sk-...".',
		);
	}
	const urls = {
		beijing: () => succeed(BEIJING_URL),
		workspace: () => workspaceUrl(workspaceId.trim()),
		custom: () => customBaseUrl(customUrl.trim()),
	};
	const baseUrl = urls[endpoint]();
	if (!baseUrl.ok) return baseUrl;
	return succeed({
		apiKey: key,
		baseUrl: baseUrl.value,
		isLoopback: isLoopback(new URL(baseUrl.value)),
	});
}
