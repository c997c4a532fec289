/** A public name may have a private address. We ask n8n's SSRF filter for the address, if n8n has one. */
import { Readable } from 'node:stream';
import type { IExecuteFunctions } from 'n8n-workflow';
import { fetchUntrusted } from '../../../nodes/EmojiVideo/net/untrustedFetch';
import { readText } from '../../../nodes/EmojiVideo/net/safeRequest';
import { succeed } from '../../../nodes/EmojiVideo/base/result';
import { createVirtualClock } from '../support/virtualClock.mts';
import { neverStops } from '../../../nodes/EmojiVideo/base/stop';

/** n8n with an SSRF filter that knows the addresses of these names. Addresses of 47.0.0.0/8 are public. */
function n8nWith(addresses: Record<string, string>, redirects: Record<string, string> = {}) {
	const asked: string[] = [];
	const resolved: string[] = [];
	const isPublic = (ip: string) => ip.startsWith('47.');
	const validateUrl = async ({ hostname }: URL) => {
		resolved.push(hostname);
		const ip = /^[\d.]+$/.test(hostname) ? hostname : addresses[hostname];
		if (ip === undefined) throw new Error('ENOTFOUND');
		const error = Object.assign(new Error('restricted'), { ip });
		return await Promise.resolve(isPublic(ip) ? { ok: true } : { ok: false, error });
	};
	const createSecureLookup =
		() => (name: string, _: object, onResult: (error: null, found: string) => void) =>
			onResult(null, addresses[name] ?? '');
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
		getSecureEgressFilter: (policy: string) =>
			policy === 'enforced' ? { validateUrl } : { createSecureLookup },
	};
	return { helpers, asked, resolved };
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
			{ functions, clock, stop: neverStops(), allowLoopback },
			async ({ body }) => succeed(await readText(body, 100)),
		),
	);
}

it('a link that a proxy refuses with HTTP 407 was not opened', async () => {
	const httpRequest = async () =>
		await Promise.resolve({ statusCode: 407, headers: {}, body: Readable.from([]) });
	expect(await fetchLink('https://a.example/a.png', { httpRequest })).toMatchObject({
		failure: {
			kind: 'unreachable',
			message: 'The link could not be opened: the proxy refused the connection (HTTP 407)',
			lasts: true,
		},
	});
});

it('a link to a name with a private address is not followed', async () => {
	const { helpers, asked } = n8nWith({ 'rebind.example.com': '10.0.0.1' });
	const result = await fetchLink('https://rebind.example.com/a.png', helpers);
	expect(result).toMatchObject({
		ok: false,
		failure: {
			message: 'The link leads into a private network (rebind.example.com, by its address)',
		},
	});
	expect(asked).toEqual([]);
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
])('a link to a name %s is followed', async (_, addresses) => {
	const { helpers } = n8nWith(addresses);
	expect(await fetchLink('https://a.example.com/a.png', helpers)).toEqual(succeed('hello'));
});

it("a link to another host behind a TUN proxy's stand-in is not followed, and says so", async () => {
	const { helpers, asked } = n8nWith({ 'a.example.com': '198.18.0.7' });
	expect(await fetchLink('https://a.example.com/a.png', helpers)).toMatchObject({
		ok: false,
		obstacle: 'hidden',
		failure: {
			kind: 'rejected',
			message: 'The link leads to a.example.com, whose address a proxy hides from n8n',
		},
	});
	expect(asked).toEqual([]);
});

it('a link is followed by an n8n without an SSRF filter', async () => {
	const { helpers } = n8nWith({});
	const older = { httpRequest: helpers.httpRequest };
	expect(await fetchLink('https://a.example.com/a.png', older)).toEqual(succeed('hello'));
});

it('a link of a sandbox on loopback is followed without a look-up', async () => {
	const { helpers, resolved } = n8nWith({});
	expect(await fetchLink('http://127.0.0.1:9/a.png', helpers, true)).toEqual(succeed('hello'));
	expect(resolved).toEqual([]);
});

it('a request that n8n’s own SSRF protection blocks fails at once, with the setting to change', async () => {
	const httpRequest = jest
		.fn()
		.mockRejectedValue(Object.assign(new Error('restricted'), { ip: '198.18.0.7' }));
	expect(await fetchLink('https://a.example.com/a.png', { httpRequest })).toMatchObject({
		failure: {
			kind: 'rejected',
			message:
				"The link was blocked by n8n's SSRF protection (a.example.com has the address 198.18.0.7)",
			nextStep: expect.stringContaining('N8N_SSRF_ALLOWED_IP_RANGES') as string,
		},
	});
});

const thrown = (code: string) => Object.assign(new Error(code), { code });

it.each([
	[
		thrown('SELF_SIGNED_CERT_IN_CHAIN'),
		{
			kind: 'unreachable',
			lasts: true,
			message:
				'The link leads to a host that could not be reached (the certificate is not trusted)',
			nextStep: expect.stringMatching(/NODE_EXTRA_CA_CERTS .* x$/) as string,
		},
	],
	[
		thrown('ENOTFOUND'),
		{
			kind: 'unreachable',
			message: 'The link leads to a host that could not be reached (host name not found)',
			nextStep: 'x',
		},
	],
	[
		thrown('ECONNRESET'),
		{
			kind: 'noResponse',
			message: 'The link leads to a host that did not answer (connection reset)',
			nextStep: 'x',
		},
	],
	[
		new Error('odd'),
		{
			kind: 'noResponse',
			message: 'The link leads to a host that did not answer',
			nextStep: 'x',
		},
	],
])('a connection that fails with %s has its cause in the message', async (error, failure) => {
	const httpRequest = jest.fn().mockRejectedValue(error);
	expect(await fetchLink('https://a.example.com/a.png', { httpRequest })).toEqual({
		ok: false,
		failure,
	});
});

describe('a storage host that responds with 403 or 404', () => {
	const FUTURE = 4_000_000_000;
	const PAST = 1_500_000_000;
	const fetchStatus = async (statusCode: number, query: string, xml = '') => {
		const headers = { 'content-type': 'application/xml' };
		const body = Readable.from([Buffer.from(xml)]);
		const httpRequest = jest.fn().mockResolvedValue({ statusCode, headers, body });
		return await fetchLink(`https://a.example.com/a.mp4?${query}`, { httpRequest });
	};

	it.each([
		[403, 'a file that may not be read'],
		[404, 'no file'],
	])('has no file yet for a link that is still valid (HTTP %i)', async (status, file) => {
		expect(await fetchStatus(status, `Expires=${FUTURE}`)).toMatchObject({
			obstacle: 'missing',
			failure: {
				kind: 'rejected',
				message: `The link leads to ${file} (HTTP ${status}), although it is valid until 2096-10-02 15:06 (UTC+8)`,
			},
		});
	});

	it.each([
		['its own date', `Expires=${PAST}`, '', ' The link was valid until 2017-07-14 10:40 (UTC+8).'],
		[
			'the storage host',
			`Expires=${FUTURE}`,
			'<Error><Code>AccessDenied</Code><Message>Request has expired.</Message></Error>',
			' The link was valid until 2096-10-02 15:06 (UTC+8).',
		],
		['the storage host alone', '', '<Error><Message>Request has expired</Message></Error>', ''],
	])('has an expired link if %s says so', async (_, query, xml, advice) => {
		expect(await fetchStatus(403, query, xml)).toEqual({
			ok: false,
			failure: {
				kind: 'rejected',
				message: 'The link has expired (HTTP 403)',
				nextStep: `x${advice}`,
			},
		});
	});

	it.each([
		[403, 'The link leads to a file that may not be read (HTTP 403)'],
		[404, 'The link leads to no file (HTTP 404)'],
	])('does not make a link without a date expired (HTTP %i)', async (status, message) => {
		const xml = '<Error><Message>The specified key does not exist.</Message></Error>';
		expect(await fetchStatus(status, '', xml)).toMatchObject({ failure: { message } });
	});
});
