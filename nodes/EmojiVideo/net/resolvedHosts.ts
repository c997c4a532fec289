/**
 * Judges a host by the addresses that its name resolves to. Nodes have no DNS, but n8n 2.40 and newer lend
 * theirs (docs/n8n.md, "Where requests may go"). Rule: every address counts. One private address is enough
 * to reject a host, whatever stands beside it.
 */
import type { IExecuteFunctions, IPollFunctions } from 'n8n-workflow';
import { isPrivate, isUnknownToN8n, parseUrl } from './publicHosts';

type Helpers = (IExecuteFunctions | IPollFunctions)['helpers'];
type EgressFilter = ReturnType<Helpers['getSecureEgressFilter']>;

/** `hidden`: a proxy on this machine or network answers DNS queries with stand-ins of its own. */
export type HostVerdict = 'public' | 'private' | 'hidden';

/** Metadata services of Alibaba, Amazon and Google in ranges that a host of DashScope may otherwise use. */
const METADATA = [/^100\.100\.100\.200$/, /^\[fd00:ec2:/, /^\[fd20:ce:/];

/** sing-box, Clash and mihomo use 198.18.0.0/15 (RFC 2544) and fc00::/7 (RFC 4193) for stand-ins. */
const STAND_IN = [/^198\.1[89]\./, /^\[f[cd][0-9a-f]{2}:/];

/** Inside Alibaba Cloud, OSS buckets have addresses of 100.64.0.0/10 (docs/service.md, "Result video"). */
const SHARED = [/^100\./];

const labelsOf = (host: string) => host.toLowerCase().replace(/\.$/, '').split('.');

/** DashScope's API hosts, with those of workspaces, and DashScope's OSS buckets. */
export function isServiceHost(host: string): boolean {
	const labels = labelsOf(host);
	return (
		labels.slice(-2).join('.') === 'aliyuncs.com' &&
		labels.some((label) => /^(?:maas|dashscope|dashscope-[a-z0-9-]+)$/.test(label))
	);
}

const isServiceBucket = (host: string) =>
	isServiceHost(host) && labelsOf(host).some((label) => label.startsWith('oss-'));

const asUrl = (address: string) =>
	parseUrl(address.includes(':') ? `http://[${address}]/` : `http://${address}/`);

/** Returns the IPv4 address inside a NAT64 address (RFC 6052, 64:ff9b::/96), or the address itself. */
function unwrapNat64(url: URL): URL {
	const groups = /^\[64:ff9b::(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})?\]$/.exec(url.hostname);
	if (!groups) return url;
	const bits = parseInt(groups[1] ?? '0', 16) * 0x1_0000 + parseInt(groups[2] ?? '0', 16);
	// A URL parser reads a host that is one number as an IPv4 address.
	return new URL(`http://${bits}/`);
}

const isIn = (ranges: RegExp[], { hostname }: URL) => ranges.some((range) => range.test(hostname));

/** @param isAllowed n8n's filter, with the operator's own lists, lets this address pass */
function judgeAddress(host: string, address: URL, isAllowed: boolean): HostVerdict {
	if (isAllowed && !isUnknownToN8n(address)) return 'public';
	if (isIn(METADATA, address)) return 'private';
	if (isIn(STAND_IN, address)) return isServiceHost(host) ? 'public' : 'hidden';
	if (isIn(SHARED, address) && isPrivate(address) && isServiceBucket(host)) return 'public';
	return 'private';
}

/** Resolves a name to all of its addresses. */
async function resolveName(name: string, filter: EgressFilter): Promise<string[]> {
	return await new Promise((resolve, reject) => {
		filter.createSecureLookup()(name, { all: true }, (error, found) => {
			if (error) reject(error);
			else resolve(typeof found === 'string' ? [found] : found.map(({ address }) => address));
		});
	});
}

/**
 * Judges the host of a URL by its addresses.
 * @returns `public` also if n8n is too old to ask, or cannot resolve the name: behind an HTTP proxy, the proxy
 * resolves it
 */
export async function judgeHost(url: URL, helpers: Helpers): Promise<HostVerdict> {
	const { getSecureEgressFilter }: Partial<Helpers> = helpers;
	if (!getSecureEgressFilter) return 'public';
	// The guard applies even if the operator has switched it off, with the operator's own lists.
	const guard = getSecureEgressFilter('enforced');
	// The guard names only the first blocked address. "unsafe" is n8n's plain DNS look-up: no request uses it.
	const lookup = getSecureEgressFilter('unsafe');
	try {
		const byName = await guard.validateUrl(url);
		// An error without an address means that the operator blocks the name.
		if (!byName.ok && !('ip' in byName.error)) return 'private';
		const verdicts = new Set<HostVerdict>();
		for (const text of await resolveName(url.hostname.replace(/^\[|\]$/g, ''), lookup)) {
			const resolved = asUrl(text);
			if (!resolved) return 'private';
			const address = unwrapNat64(resolved);
			const isAllowed =
				(byName.ok && address === resolved) || (await guard.validateUrl(address)).ok;
			verdicts.add(judgeAddress(url.hostname, address, isAllowed));
		}
		return (['private', 'hidden'] as const).find((verdict) => verdicts.has(verdict)) ?? 'public';
	} catch {
		return 'public';
	}
}
