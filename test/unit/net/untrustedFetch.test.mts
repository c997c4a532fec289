/** A link's name may be public and its address not: n8n can look it up where it has a guard of its own. */
import { Readable } from 'node:stream';
import type { IExecuteFunctions } from 'n8n-workflow';
import { fetchUntrusted } from '../../../nodes/EmojiVideo/net/untrustedFetch';
import { readText } from '../../../nodes/EmojiVideo/net/safeRequest';
import { succeed } from '../../../nodes/EmojiVideo/base/result';
import { createVirtualClock } from '../support/virtualClock.mts';

const blocked = (ip: string) => Object.assign(new Error('restricted'), { ip });

/** n8n with a name server: names, and the addresses they lead to. */
function n8nWith(addresses: Record<string, string>, redirects: Record<string, string> = {}) {
	const asked: string[] = [];
	const policies: string[] = [];
	const helpers = {
		httpRequest: async ({ url }: { url: string }) => {
			asked.push(url);
			const location = redirects[new URL(url).hostname];
			return await Promise.resolve({
				statusCode: location ? 302 : 200,
				headers: location ? { location } : {},
				body: Readable.from(['hello']),
			});
		},
		getSecureEgressFilter: (policy: string) => ({
			validateUrl: async (url: URL) => {
				policies.push(policy);
				const ip = addresses[url.hostname];
				if (ip === undefined) throw new Error('ENOTFOUND');
				const isPublic = ip.startsWith('47.');
				return await Promise.resolve(
					isPublic ? { ok: true, result: undefined } : { ok: false, error: blocked(ip) },
				);
			},
		}),
	};
	return { helpers, asked, policies };
}

async function fetchFrom(
	address: string,
	helpers: object,
	allowLoopback = false,
): Promise<{ ok: boolean }> {
	const clock = createVirtualClock();
	const functions = { helpers } as unknown as IExecuteFunctions;
	return await clock.until(
		fetchUntrusted(
			new URL(address),
			{ name: 'The link', headers: {}, nextStep: 'x', timeoutMs: 1000, brokenOff: 'x' },
			{ functions, clock, allowLoopback },
			async ({ body }) => succeed(await readText(body, 100)),
		),
	);
}

it('is not followed to a private address, and n8n is asked whatever its own policy is', async () => {
	const { helpers, asked, policies } = n8nWith({ 'rebind.example.com': '10.0.0.1' });
	const result = await fetchFrom('https://rebind.example.com/a.png', helpers);
	expect(result).toMatchObject({
		ok: false,
		failure: { message: expect.stringContaining('rebind.example.com') as string },
	});
	expect(asked).toEqual([]);
	expect(policies).toEqual(['enforced']);
});

it('is looked up at every hop', async () => {
	const { helpers, asked } = n8nWith(
		{ 'public.example.com': '47.1.1.1', 'rebind.example.com': '169.254.169.254' },
		{ 'public.example.com': 'https://rebind.example.com/x' },
	);
	const result = await fetchFrom('https://public.example.com/a.png', helpers);
	expect(result.ok).toBe(false);
	expect(asked).toEqual(['https://public.example.com/a.png']);
});

it.each([
	['to a public address', { 'a.example.com': '47.1.1.1' }],
	['that only a proxy can look up', {}],
	["to a proxy's stand-in for an address", { 'a.example.com': '198.18.0.7' }],
])('is followed %s', async (_, addresses) => {
	const { helpers } = n8nWith(addresses);
	expect(await fetchFrom('https://a.example.com/a.png', helpers)).toEqual(succeed('hello'));
});

it('is followed by an n8n that has no guard', async () => {
	const { helpers } = n8nWith({});
	const older = { httpRequest: helpers.httpRequest };
	expect(await fetchFrom('https://a.example.com/a.png', older)).toEqual(succeed('hello'));
});

it('is not looked up where the sandbox is meant', async () => {
	const { helpers, policies } = n8nWith({});
	expect(await fetchFrom('http://127.0.0.1:9/a.png', helpers, true)).toEqual(succeed('hello'));
	expect(policies).toEqual([]);
});
