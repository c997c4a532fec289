/**
 * From the credential's fields to the base URL of every API call. Rule: the API key is sent to this origin only.
 */
import { z } from 'zod';
import { fail, succeed } from '../base/result';
import type { Result } from '../base/result';
import { withoutSlashes } from '../base/text';
import { isLoopback, parseUrl } from '../net/publicHosts';
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

/** A workspace ID becomes a DNS label of the host. */
const WORKSPACE_ID = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * https to any host, http to this machine, optionally a port and a path. At most 2000 characters. User names,
 * backslashes, dot segments and escapes are excluded, because parsers disagree about them.
 */
const CUSTOM_URL =
	/^(?=.{0,2000}$)(?:https:\/\/(?:[\w.-]+|\[[\da-f:.]+\])|http:\/\/(?:localhost|[\w.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\]))(?::\d{1,5})?(?:\/(?:[\w~!$&'()*+,;=:-][\w.~!$&'()*+,;=:-]*)?)*$/i;

const refuse = (message: string, nextStep: string) => fail({ kind: 'invalid', message, nextStep });

function workspaceUrl(workspaceId: string): Result<string> {
	const nextStep =
		'Use the ID shown in Model Studio under Workspace, e.g. "llm-abc123xyz": letters, digits and hyphens.';
	if (workspaceId === '') return refuse("'Workspace ID' is empty", nextStep);
	const url = `https://${workspaceId}.cn-beijing.maas.aliyuncs.com`;
	// "xn--" and other invalid punycode matches the pattern, but is not a host name.
	return WORKSPACE_ID.test(workspaceId) && URL.canParse(url)
		? succeed(url)
		: refuse(`'Workspace ID' "${shownText(workspaceId, 100)}" is not a workspace ID`, nextStep);
}

const PLAIN_ADDRESS =
	'Use an address such as https://gateway.example.com, without user name, query or fragment.';

/** Wrong Custom URLs; the first row that fits is the message. No message repeats a URL, as it may hold a password. */
const URL_FAULTS: Array<{ fits: RegExp; message: string; nextStep: string }> = [
	{
		fits: /^$/,
		message: "'Custom URL' is empty",
		nextStep: "Enter the https address of your gateway, or set 'Endpoint' to China (Beijing).",
	},
	{
		fits: /[@?]/,
		message: "'Custom URL' has a user name, a password or a query in it",
		nextStep: PLAIN_ADDRESS,
	},
	{
		fits: /\s/,
		message: "'Custom URL' has a blank inside",
		nextStep: 'Remove the blank.',
	},
	{
		fits: /^http:\/\//i,
		message: "'Custom URL' begins with http://",
		nextStep:
			'Use https://, so that the API key is encrypted. http is accepted for localhost only.',
	},
	{
		fits: /^[\w.-]+(?::\d{1,5})?(?:\/.*)?$/,
		message: "'Custom URL' does not begin with https://",
		nextStep: 'Put https:// in front of it.',
	},
	{
		fits: /^/,
		message: "'Custom URL' is not a plain https address",
		nextStep: PLAIN_ADDRESS,
	},
];

function customBaseUrl(text: string): Result<string> {
	const url = CUSTOM_URL.test(text) ? parseUrl(text) : undefined;
	if (url && (url.protocol === 'https:' || isLoopback(url))) {
		// Alibaba's documents print the address with /api/v1, so people paste it with it.
		const path = withoutSlashes(url.pathname).replace(/\/api\/v1$/, '');
		return succeed(withoutSlashes(`${url.origin}${path}`));
	}
	const fault = URL_FAULTS.find(({ fits }) => fits.test(text));
	return refuse(fault?.message ?? "'Custom URL' cannot be used", fault?.nextStep ?? PLAIN_ADDRESS);
}

const COPY_THE_KEY = 'Paste a Model Studio API key of the China (Beijing) region, e.g. "sk-...".';

function validKey(key: string): Result<string> {
	if (key === '') return refuse("'API Key' is empty", COPY_THE_KEY);
	if (/\s/.test(key)) return refuse("'API Key' has a blank inside", COPY_THE_KEY);
	return /[^\x21-\x7e]/.test(key)
		? refuse("'API Key' has a character that no key has", COPY_THE_KEY)
		: succeed(key);
}

/**
 * Reads the "DashScope API" credential, for the node and for the credential's own test.
 * @param data the decrypted credential: `apiKey`, `endpoint` (beijing | workspace | custom), `workspaceId`,
 * `customUrl`; n8n leaves out hidden fields
 * @returns the account, or a failure that names the wrong field
 * @see docs/service.md, "Hosts and keys"
 */
export function readCredential(data: unknown): Result<Account> {
	const parsed = credentialSchema.safeParse(data);
	if (!parsed.success) {
		return refuse(
			'The DashScope API credential is incomplete',
			'Choose an endpoint and enter the API key.',
		);
	}
	const { apiKey, endpoint, workspaceId, customUrl } = parsed.data;
	const key = validKey(apiKey.trim());
	if (!key.ok) return key;
	const urls = {
		beijing: () => succeed(BEIJING_URL),
		workspace: () => workspaceUrl(workspaceId.trim()),
		custom: () => customBaseUrl(customUrl.trim()),
	};
	const baseUrl = urls[endpoint]();
	if (!baseUrl.ok) return baseUrl;
	return succeed({
		apiKey: key.value,
		baseUrl: baseUrl.value,
		isLoopback: isLoopback(new URL(baseUrl.value)),
	});
}

/** The same for the node, whose user has to open the credential first. */
export function accountOf(data: unknown): Result<Account> {
	const account = readCredential(data);
	if (account.ok) return account;
	const nextStep = `${account.failure.nextStep} Open the DashScope API credential to change it.`;
	return fail({ ...account.failure, nextStep });
}
