/** A public name may have a private address. We ask n8n's SSRF filter for the address, if n8n has one. */
import { Readable } from 'node:stream';
import type { IExecuteFunctions } from 'n8n-workflow';
import { fetchUntrusted } from '../../../nodes/EmojiVideo/net/untrustedFetch';
import { readText } from '../../../nodes/EmojiVideo/net/safeRequest';
import { succeed } from '../../../nodes/EmojiVideo/base/result';
import { createVirtualClock } from '../support/virtualClock.mts';

const blocked = (ip: string) => Object.assign(new Error('restricted'), { ip });

/** n8n with an SSRF filter that knows the addresses of these names. */
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

async function fetchLink(
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

it('a link to a name with a private address is not followed, whatever policy n8n has', async () => {
	const { helpers, asked, policies } = n8nWith({ 'rebind.example.com': '10.0.0.1' });
	const result = await fetchLink('https://rebind.example.com/a.png', helpers);
	expect(result).toMatchObject({
		ok: false,
		failure: { message: expect.stringContaining('rebind.example.com') as string },
	});
	expect(asked).toEqual([]);
	expect(policies).toEqual(['enforced']);
});

it('n8n looks up the name of every redirect', async () => {
	const { helpers, asked } = n8nWith(
		{ 'public.example.com': '47.1.1.1', 'rebind.example.com': '169.254.169.254' },
		{ 'public.example.com': 'https://rebind.example.com/x' },
	);
	const result = await fetchLink('https://public.example.com/a.png', helpers);
	expect(result.ok).toBe(false);
	expect(asked).toEqual(['https://public.example.com/a.png']);
});

it.each([
	['with a public address', { 'a.example.com': '47.1.1.1' }],
	['that n8n cannot resolve', {}],
	["with a TUN proxy's stand-in address", { 'a.example.com': '198.18.0.7' }],
])('a link to a name %s is followed', async (_, addresses) => {
	const { helpers } = n8nWith(addresses);
	expect(await fetchLink('https://a.example.com/a.png', helpers)).toEqual(succeed('hello'));
});

it('a link is followed by an n8n without an SSRF filter', async () => {
	const { helpers } = n8nWith({});
	const older = { httpRequest: helpers.httpRequest };
	expect(await fetchLink('https://a.example.com/a.png', older)).toEqual(succeed('hello'));
});

it('a link of a sandbox on loopback is followed without a look-up', async () => {
	const { helpers, policies } = n8nWith({});
	expect(await fetchLink('http://127.0.0.1:9/a.png', helpers, true)).toEqual(succeed('hello'));
	expect(policies).toEqual([]);
});
